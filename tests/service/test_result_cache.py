"""Results as bytes, and how many of them are kept."""

import orjson
import pytest

from service.result_cache import Packed, ResultCache, pack, unpack
from service.result_shelf import ResultShelf
from service.schemas import Failure, Result, Status, TestResult, Verdict


def test_what_is_unpacked_is_what_was_packed_with_its_id() -> None:
    test = TestResult(index=1, rank=0, tier=1, input_bytes=3, verdict=Verdict.WA, message='"é\n')
    result = Result(verdict=Verdict.WA, failure=Failure.CORRECTNESS, tests=[test] * 50, problem="p")
    told = orjson.loads(unpack(pack(result), "abc", cached=True))
    assert Result.model_validate(told) == result.model_copy(update={"id": "abc", "cached": True})
    assert len(pack(result).body) < 600


def packed(size: int, verdict: Verdict | None = Verdict.AC, status: Status = Status.DONE) -> Packed:
    return Packed(status, verdict, b"x" * size)


def test_cache_forgets_what_was_used_longest_ago() -> None:
    cache = ResultCache(3 * packed(1000).bytes_kept)
    for name in (b"a", b"b", b"c"):
        cache.put(name, packed(1000))
    assert cache.get(b"a")
    cache.put(b"d", packed(1000))
    assert [cache.get(name) is not None for name in (b"a", b"b", b"c", b"d")] == [True, False, True, True]
    assert cache.bytes_kept == 3 * packed(1000).bytes_kept
    cache.put(b"large", packed(100_000))
    assert cache.get(b"large") is None
    assert len(cache) == 3


def test_cache_counts_a_replaced_result_once() -> None:
    cache = ResultCache(10_000)
    for _ in range(50):
        cache.put(b"a", packed(1000))
    assert (len(cache), cache.bytes_kept) == (1, packed(1000).bytes_kept)


@pytest.mark.parametrize("found", [packed(1, Verdict.JE), packed(1, None, Status.CANCELLED)], ids=["JE", "cancelled"])
def test_cache_keeps_no_result_that_says_nothing_of_the_program(found: Packed) -> None:
    cache = ResultCache(10_000)
    cache.put(b"a", found)
    assert cache.get(b"a") is None


def test_shelf_is_bounded_by_bytes_and_tells_what_it_drops() -> None:
    shelf: ResultShelf[str] = ResultShelf(max_bytes=250, ttl_s=60)
    dropped: list[str] = []
    for name in "abcd":
        shelf.put(name, name, 100, dropped.extend)
    assert dropped == ["a", "b"]
    assert [shelf.get(name) for name in "abcd"] == [None, None, "c", "d"]


def test_shelf_keeps_what_cannot_be_put_away() -> None:
    shelf: ResultShelf[str] = ResultShelf(max_bytes=250, ttl_s=60)

    def fail(items: list[str]) -> None:
        raise OSError(f"no space for {items}")

    shelf.put("a", "a", 100, fail)
    shelf.put("b", "b", 100, fail)
    with pytest.raises(OSError, match=r"\['a', 'b'\]"):
        shelf.put("c", "c", 100, fail)
    assert [shelf.get(name) for name in "abc"] == ["a", "b", "c"]
