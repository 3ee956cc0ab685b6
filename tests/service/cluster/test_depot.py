import os
import threading
import time
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from service.blobs import BlobDamaged
from service.cluster.depot import Depot, DepotUnfit, reachable
from service.kept_manifests import kept_name
from service.store import ProblemStore
from tests.service.cluster.depot_kit import a_problem


@pytest.fixture(params=["folder", "memory"])
def depot(request: pytest.FixtureRequest, tmp_path: Path) -> Depot:
    """Each kind of files behind a depot; memory:// stands for what is no folder."""
    return Depot(str(tmp_path / "depot") if request.param == "folder" else f"memory://{tmp_path.name}-{time.monotonic_ns()}")


def old(path: Path, days: float) -> None:
    then = time.time() - days * 86400
    os.utime(path, (then, then))


def test_what_is_written_is_read(depot: Depot, tmp_path: Path) -> None:
    depot.write("a/b.json", b"one")
    depot.write("a/b.json", b"two")
    assert depot.read("a/b.json") == b"two"
    depot.fetch("a/b.json", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == b"two"
    (tmp_path / "here").write_bytes(b"three")
    depot.send("a/b.json", tmp_path / "here")
    assert depot.read("a/b.json") == b"three"
    assert set(depot.infos("a")) == {"b.json"}
    info = depot.info("a/b.json")
    assert info is not None
    assert (info.size, info.age_s is not None and 0 <= info.age_s < 60) == (5, True)


def test_what_is_not_there_is_missing_and_removing_it_is_harmless(depot: Depot, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        depot.read("a")
    with pytest.raises(FileNotFoundError):
        depot.fetch("a", tmp_path / "here")
    depot.remove("a")
    assert depot.info("a") is None
    assert depot.infos("folder") == {}
    depot.write("a", b"")
    depot.remove("a")
    assert depot.info("a") is None


def test_each_writing_is_told_from_the_last_though_the_size_is_the_same(depot: Depot) -> None:
    seen = set()
    for number in range(50):
        depot.write("a", b"%02d" % number)
        info = depot.info("a")
        assert info is not None
        assert depot.infos("")["a"].stamp == info.stamp
        seen.add(info.stamp)
    assert len(seen) == 50


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    depot.write("a", b"0" * 200_000)
    ended = threading.Event()

    def write() -> None:
        for number in range(100):
            depot.write("a", b"%d" % (number % 10) * 200_000)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not ended.is_set():
        data = depot.read("a")
        assert len(data) == 200_000
        assert len(set(data)) == 1
    writer.join()
    assert [path.name for path in (tmp_path / "depot").iterdir()] == ["a"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    depot.write("a", b"before")
    with pytest.raises(FileNotFoundError):
        depot.send("a", tmp_path / "missing")
    assert depot.read("a") == b"before"
    assert [path.name for path in (tmp_path / "depot").iterdir()] == ["a"]


def test_what_a_killed_writer_left_is_not_listed_and_goes_after_a_day(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path))
    (tmp_path / "inline").mkdir()
    young, left = tmp_path / "inline/.x.1.part", tmp_path / "inline/.y.2.part"
    young.touch()
    left.touch()
    old(left, 2)
    assert depot.infos("inline") == {}
    assert (young.exists(), left.exists()) == (True, False)


@pytest.mark.parametrize("name", ["with space", "p%41ercent", "a::b", "ünï", "q?x#y"])
@pytest.mark.parametrize("scheme", ["", "file://", "local://"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str, scheme: str) -> None:
    depot = Depot(f"{scheme}{tmp_path / name}")
    depot.write("x/y", b"1")
    assert (tmp_path / name / "x/y").read_bytes() == b"1"
    assert depot.url == f"file://{tmp_path / name}"
    assert Depot(depot.url).read("x/y") == b"1"


def test_a_relative_folder_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    depot = Depot("some/folder")
    monkeypatch.chdir("/")
    depot.write("x", b"1")
    assert (tmp_path / "some/folder/x").read_bytes() == b"1"
    assert depot.url == f"file://{tmp_path}/some/folder"


def test_it_knows_its_folder_by_any_path(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    depot = Depot(f"file://{tmp_path}/link")
    assert depot.is_folder(tmp_path / "real")
    assert not depot.is_folder(tmp_path)
    assert not Depot(f"memory://{tmp_path}").is_folder(tmp_path)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("file://relative/folder", "no full path"),
        ("nothing://bucket", "Protocol not known: nothing"),
        ("simplecache::memory://x", "a chain of file systems"),
        ("ftp://me:hidden@[::1", "cannot be opened"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str, told: str) -> None:
    with pytest.raises(DepotUnfit, match=told) as refused:
        Depot(url)
    assert "Fix:" in refused.value.detail
    assert "hidden" not in refused.value.detail


class Failing(MemoryFileSystem):
    """A store whose library has exceptions of its own."""

    protocol = "failing"

    def _refuse(self, *_: object, **__: object) -> None:
        raise RuntimeError("EndpointConnectionError: no route")

    cat_file = pipe_file = info = ls = rm_file = get_file = put_file = _refuse


def test_whatever_a_library_raises_is_unavailable_and_never_taken_for_a_missing_file(tmp_path: Path) -> None:
    fsspec.register_implementation("failing", Failing, clobber=True)
    depot = Depot("failing://bucket")
    (tmp_path / "x").touch()
    for ask in (
        lambda: depot.read("x"),
        lambda: depot.write("x", b""),
        lambda: depot.info("x"),
        lambda: depot.infos("x"),
        lambda: depot.remove("x"),
        lambda: depot.fetch("x", tmp_path / "x"),
        lambda: depot.send("x", tmp_path / "x"),
    ):
        with pytest.raises(DepotUnfit, match="no route") as failed, reachable(depot):
            ask()
        assert failed.value.retry_after_s == 2


def test_a_manifest_by_content_comes_back_and_damage_is_noticed(tmp_path: Path) -> None:
    store = ProblemStore(tmp_path / "data")
    digest = store.put("p", a_problem("1", time_limit_s=2)).digest
    manifest = store.manifest_of(store.load("p"))
    depot = Depot(str(tmp_path / "depot"))
    depot.keep(manifest)
    assert depot.kept(digest) == manifest
    path = tmp_path / "depot" / kept_name(digest)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BlobDamaged):
            depot.kept(digest)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(BlobDamaged):
            depot.kept(digest)


def test_what_nobody_needed_for_a_week_goes_and_nothing_else(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path))
    names = ["inline/a.json.zst", "inline/b.json.zst", "manifests/a.json.zst", "manifests/b.json.zst", "problems/a.json"]
    for name in [*names, "blobs/aa/a.zst"]:
        depot.write(name, b"x")
    for name in ("inline/a.json.zst", "manifests/a.json.zst", "problems/a.json", "blobs/aa/a.zst"):
        old(tmp_path / name, 7.1)
    for name in ("inline/b.json.zst", "manifests/b.json.zst"):
        old(tmp_path / name, 6.9)
    assert depot.drop_old() == 2
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"inline/b.json.zst", "manifests/b.json.zst", "problems/a.json", "blobs/aa/a.zst"}
