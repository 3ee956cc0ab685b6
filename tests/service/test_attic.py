"""Results that memory has no room for."""

import sqlite3
from pathlib import Path

import pytest

from service.attic import Attic, Stored
from service.result_cache import pack, unpack
from service.schemas import Result, Verdict


def stored(number: int, key: str | None = None) -> Stored:
    packed = pack(Result(verdict=Verdict.WA, problem=f"p{number}"))
    return Stored(f"id{number}", packed, number % 2 == 1, ("me", key) if key else None, b"digest")


def test_what_went_up_comes_down_unchanged(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 60)
    sent = [stored(1, "k"), stored(2)]
    for one in sent:
        attic.put(one)
    assert [attic.find(one.id) for one in sent] == sent
    assert attic.known("me", "k") == sent[0]
    assert attic.known("you", "k") is None
    found = attic.find("id2")
    assert found is not None
    assert b'"problem":"p2"' in unpack(found.packed, "id2", cached=False)
    attic.close()


def test_many_go_up_together_and_a_key_among_them_stands_for_the_last(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 60)
    attic.put(stored(1, "k"), stored(2), stored(3, "k"))
    assert [attic.find(f"id{number}") for number in (1, 2, 3)] == [None, stored(2), stored(3, "k")]
    assert len(attic) == 2
    attic.close()


def test_of_many_none_goes_up_when_one_cannot(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 60)
    attic.put(stored(1))
    with pytest.raises(sqlite3.IntegrityError):
        attic.put(stored(2), stored(1))
    assert ([attic.find("id1"), attic.find("id2")], len(attic)) == ([stored(1), None], 1)
    attic.close()


def test_oldest_goes_first(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 60)
    for number in range(3):
        attic.put(stored(number))
    attic.drop_oldest()
    assert [attic.find(f"id{number}") is None for number in range(3)] == [True, False, False]
    assert len(attic) == 2
    attic.close()


def test_what_is_past_its_time_goes(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1e-9)
    attic.put(stored(1))
    attic.drop_old()
    assert (len(attic), attic.find("id1")) == (0, None)
    attic.close()


def test_a_key_that_is_used_again_stands_for_the_newer(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 60)
    attic.put(stored(1, "k"))
    attic.put(stored(2, "k"))
    assert attic.known("me", "k") == stored(2, "k")
    assert len(attic) == 1
    attic.close()


@pytest.mark.parametrize("count", [1, 100])
def test_nothing_is_left_in_the_folder(tmp_path: Path, count: int) -> None:
    attic = Attic(tmp_path, 60)
    for number in range(count):
        attic.put(stored(number))
    assert list(tmp_path.iterdir()) == []
    attic.close()
