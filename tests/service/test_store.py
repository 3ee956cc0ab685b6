import os
import resource
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import Invalid, JudgeFailed, NotFound, TooLarge
from service.schemas import ExactChecker, Problem, ProblemSettings, Test
from service.store import BlobDamaged, NewTest, ProblemStore

BIG = 300_000


@pytest.fixture
def store(tmp_path: Path) -> ProblemStore:
    return ProblemStore(tmp_path / "data")


def a_problem(*texts: str, **more: object) -> Problem:
    return Problem(tests=tuple(Test(input=text, output=text[::-1]) for text in texts or ("1 2\n", "3 4\n")), **more)


def files_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and modification time of each file: equal only if nothing was written anew."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def blob_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "data" / "blobs").glob("??/*.zst"))


texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=200)
sizes = st.none() | st.integers(0, 2**40)
some_tests = st.lists(st.builds(Test, input=texts, output=texts, size=sizes, name=st.none() | texts), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(tests=some_tests, title=st.text(max_size=50), tiers=st.sampled_from([1, 4, (0.5, 1.0)]))
def test_what_was_put_comes_back(tests: list[Test], title: str, tiers: int | tuple[float, ...]) -> None:
    problem = Problem(tests=tuple(tests), title=title, tiers=tiers, checker=ExactChecker(type="exact"))
    with tempfile.TemporaryDirectory() as folder:
        store = ProblemStore(Path(folder))
        summary = store.put("p", problem)
        got = store.get("p")
        assert got.model_dump(exclude={"tests"}) == problem.model_dump(exclude={"tests"})
        for test, back in zip(problem.tests, got.tests, strict=True):
            assert (back.input, back.output, back.name) == (test.input, test.output, test.name)
        given_sizes = [len(test.input.encode()) if test.size is None else test.size for test in tests]
        assert [test.size for test in store.load("p").tests] == given_sizes
        assert summary.digest == store.inline(problem).digest == store.load("p").digest


def test_inputs_and_outputs_of_all_sizes_are_read_back_from_their_slices(store: ProblemStore) -> None:
    texts = ["", "x", "a" * 65536, "b" * 65537, "c" * BIG, "", "d" * 70_000, *(str(number) * 9000 for number in range(60))]
    store.put("p", a_problem(*texts))
    problem = ProblemStore(store._folder.parent).load("p")
    for index, text in enumerate(texts):
        with problem.input(index) as file:
            assert file.read() == text.encode()
        assert problem.expected(index) == text[::-1].encode()
        assert (problem.tests[index].index, problem.tests[index].input_bytes) == (index, len(text))


def test_small_texts_share_blobs(store: ProblemStore, tmp_path: Path) -> None:
    store.put("p", a_problem(*(f"{number}\n" for number in range(500))))
    assert len(blob_files(tmp_path)) == 2


def test_putting_the_same_again_writes_nothing(store: ProblemStore, tmp_path: Path) -> None:
    first = store.put("p", a_problem("1", "x" * BIG))
    before = files_of(tmp_path)
    second = store.put("p", a_problem("1", "x" * BIG))
    assert first == second
    assert files_of(tmp_path) == before


def test_changed_content_replaces(store: ProblemStore) -> None:
    first = store.put("p", a_problem("1"))
    old = store.load("p")
    second = store.put("p", a_problem("2"))
    assert first.digest != second.digest
    assert store.load("p").expected(0) == b"2"
    assert old.expected(0) == b"1"


@pytest.mark.parametrize(
    "other",
    [
        a_problem("1", "3"),
        a_problem("2", "1"),
        a_problem("1", "2", time_limit_s=3),
        a_problem("1", "2", tiers=2),
        Problem(tests=(Test(input="1", output="1", size=5), Test(input="2", output="2"))),
        Problem(tests=(Test(input="1", output="2"), Test(input="2", output="2"))),
    ],
)
def test_whatever_may_change_a_verdict_changes_the_digest(store: ProblemStore, other: Problem) -> None:
    assert store.inline(a_problem("1", "2")).digest != store.inline(other).digest


def test_a_renamed_test_keeps_the_digest_and_is_stored(store: ProblemStore) -> None:
    first = store.put("p", Problem(tests=(Test(input="1", output="1", name="a"),)))
    second = store.put("p", Problem(tests=(Test(input="1", output="1", name="b"),)))
    assert first.digest == second.digest
    assert store.load("p").tests[0].name == "b"


def test_loading_twice_gives_one_object_until_it_changes(store: ProblemStore) -> None:
    store.put("p", a_problem("1"))
    first = store.load("p")
    assert store.load("p") is first
    store.put("p", a_problem("2"))
    assert store.load("p") is not first


def test_what_another_process_stored_is_seen(store: ProblemStore, tmp_path: Path) -> None:
    store.put("p", a_problem("1"))
    store.load("p")
    other = ProblemStore(tmp_path / "data")
    other.put("p", a_problem("2"))
    assert store.load("p").expected(0) == b"2"
    other.delete("p")
    with pytest.raises(NotFound):
        store.load("p")


def test_inputs_are_sealed(store: ProblemStore) -> None:
    store.put("p", a_problem("1"))
    for problem in (store.load("p"), store.inline(a_problem("1"))):
        with problem.input(0) as file, pytest.raises(PermissionError):
            os.pwrite(file.fd, b"2", 0)


def test_inline_problems_never_reach_the_disk(tmp_path: Path) -> None:
    problem = ProblemStore(tmp_path / "data").inline(a_problem("1", "x" * BIG))
    with problem.input(1) as file:
        assert file.size == BIG
    assert problem.expected(0) == b"1"
    assert not (tmp_path / "data").exists()


def test_an_evicted_input_stays_usable_until_its_user_leaves(tmp_path: Path) -> None:
    store = ProblemStore(tmp_path, input_cache_bytes=150_000)
    store.put("p", a_problem("a" * 100_000, "b" * 100_000))
    problem = store.load("p")
    with problem.input(0) as first:
        with problem.input(1) as second:
            assert second.read(1) == b"b"
        assert first.read() == b"a" * 100_000
        fd = first.fd
    del first
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_an_input_larger_than_the_cache_still_works(tmp_path: Path) -> None:
    store = ProblemStore(tmp_path, input_cache_bytes=10_000)
    store.put("p", a_problem("a" * BIG))
    problem = store.load("p")
    with problem.input(0) as file:
        assert file.size == BIG
    assert len(problem.expected(0)) == BIG


def test_many_small_inputs_do_not_use_up_the_descriptors(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, hard))
    try:
        problem = ProblemStore(tmp_path).inline(a_problem(*map(str, range(1000))))
        for index in range(1000):
            with problem.input(index) as file:
                assert file.read() == str(index).encode()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_threads_that_want_one_test_load_it_once(store: ProblemStore) -> None:
    store.put("p", a_problem("a" * 5_000_000))
    problem = store.load("p")
    barrier, files = threading.Barrier(8), []

    def use() -> None:
        barrier.wait()
        with problem.input(0) as file:
            files.append((file.fd, file.read(3)))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files) == 8
    assert set(files) == {(files[0][0], b"aaa")}


def test_a_cached_input_costs_microseconds(store: ProblemStore) -> None:
    store.put("p", a_problem("a" * 1_000_000))
    problem = store.load("p")
    with problem.input(0):
        pass
    started = time.process_time()
    for _ in range(1000):
        with problem.input(0):
            pass
    assert time.process_time() - started < 0.1


def damage_flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)


def damage_other(path: Path) -> None:
    raw = zstandard.ZstdDecompressor().decompress(path.read_bytes(), max_output_size=BIG)
    path.write_bytes(zstandard.compress(b"#" + raw[1:]))


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


@pytest.mark.parametrize("damage", [damage_flip, damage_cut, damage_other, lambda path: path.write_bytes(b""), Path.unlink])
def test_damage_is_the_judges_failure_and_putting_again_mends_it(store: ProblemStore, tmp_path: Path, damage: object) -> None:
    problem = a_problem("".join(map(str, range(20_000))))
    store.put("p", problem)
    for path in blob_files(tmp_path):
        damage(path)  # type: ignore[operator]
    loaded = store.load("p")
    with pytest.raises(JudgeFailed, match="put the problem again"):
        loaded.input(0)
    with pytest.raises(BlobDamaged, match="put the problem again"):
        loaded.expected(0)
    store.put("p", problem)
    with loaded.input(0) as file:
        assert file.read() == problem.tests[0].input.encode()
    assert loaded.expected(0) == problem.tests[0].output.encode()


def test_a_damaged_manifest_is_the_judges_failure(store: ProblemStore, tmp_path: Path) -> None:
    store.put("p", a_problem("1"))
    store.put("q", a_problem("2"))
    manifest = tmp_path / "data" / "problems" / "p.json"
    manifest.write_bytes(manifest.read_bytes()[:-10])
    with pytest.raises(BlobDamaged):
        store.load("p")
    assert [summary.id for summary in store.list()] == ["q"]
    with pytest.raises(BlobDamaged):
        store.collect_garbage()
    assert store.load("q").expected(0) == b"2"


def test_a_text_past_its_bound_is_refused_and_named(tmp_path: Path) -> None:
    store = ProblemStore(tmp_path, max_test_bytes=1000)
    too_large = Problem(tests=(Test(input="1", output="1"), Test(input="1", output="é" * 501)))
    for attempt in (lambda: store.put("p", too_large), lambda: store.inline(too_large)):
        with pytest.raises(TooLarge) as caught:
            attempt()
        assert caught.value.errors[0].path == "tests.1.output"
        assert "TIERLINE_MAX_TEST_MB" in caught.value.errors[0].message
    with pytest.raises(NotFound):
        store.load("p")


def test_an_endless_stream_stops_at_the_bound(tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 10_000

    store = ProblemStore(tmp_path, max_test_bytes=1_000_000)
    with pytest.raises(TooLarge):
        store.put_stream("p", ProblemSettings(), [NewTest(endless(), b"")])


def test_streamed_chunks_are_stored_like_whole_texts(store: ProblemStore) -> None:
    chunks = NewTest((b"abc" * 1000 for _ in range(100)), (b"y" for _ in range(10)), None, "t")
    streamed = store.put_stream("p", ProblemSettings(), iter([chunks]))
    whole = store.inline(Problem(tests=(Test(input="abc" * 100_000, output="y" * 10),)))
    assert streamed.digest == whole.digest
    assert streamed.input_bytes == 300_000


def test_a_stream_that_fails_stores_nothing(store: ProblemStore) -> None:
    def tests() -> Iterator[NewTest]:
        yield NewTest(b"1", b"2")
        raise ValueError("row is broken")

    store.put("p", a_problem("old"))
    with pytest.raises(ValueError, match="row is broken"):
        store.put_stream("p", ProblemSettings(), tests())
    assert store.load("p").expected(0) == b"dlo"


def test_no_tests_is_refused(store: ProblemStore) -> None:
    with pytest.raises(Invalid) as caught:
        store.put_stream("p", ProblemSettings(), [])
    assert caught.value.errors[0].path == "tests"


@pytest.mark.parametrize("id", ["../p", "/p", "", "P", "a\0b", "a b", "é", "a~b", ".p", "a" * 201, "a\n", "a%2fb"])
def test_what_is_no_id_is_refused_everywhere(store: ProblemStore, id: str) -> None:
    for attempt in (lambda: store.put(id, a_problem()), lambda: store.load(id), lambda: store.delete(id), lambda: store.get(id)):
        with pytest.raises(Invalid):
            attempt()


@pytest.mark.parametrize("id", ["a/../b", "a/b/c", "a//b", "0", "a" * 200, "a/"])
def test_ids_with_slashes_stay_inside_the_folder(store: ProblemStore, tmp_path: Path, id: str) -> None:
    store.put(id, a_problem("1"))
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "data" / "problems"]
    assert [summary.id for summary in store.list()] == [id]
    assert store.load(id).id == id


def test_the_list_is_sorted_and_can_be_cut(store: ProblemStore) -> None:
    for id in ("b", "lcb/2", "a", "lcb/1"):
        store.put(id, a_problem("12", "3", title=id.upper(), tiers=2))
    listed = store.list()
    assert [summary.id for summary in listed] == ["a", "b", "lcb/1", "lcb/2"]
    assert [summary.id for summary in store.list(prefix="lcb/", offset=1, limit=1)] == ["lcb/2"]
    assert (listed[0].title, listed[0].tests, listed[0].input_bytes, listed[0].tiers) == ("A", 2, 3, [0.5, 1.0])


def test_a_deleted_problem_is_gone(store: ProblemStore) -> None:
    store.put("p", a_problem())
    store.delete("p")
    assert store.list() == []
    for attempt in (store.load, store.get, store.delete):
        with pytest.raises(NotFound) as caught:
            attempt("p")
        assert caught.value.errors


def test_garbage_is_what_no_problem_names(store: ProblemStore, tmp_path: Path) -> None:
    store.put("p", a_problem("12", "x" * BIG))
    store.put("q", a_problem("34", "x" * BIG))
    (tmp_path / "data" / "blobs" / "tmp" / "left").write_text("by a killed writer")
    assert store.collect_garbage().files == 1
    before = blob_files(tmp_path)
    store.delete("p")
    assert store.collect_garbage().files == 0
    a_week_goes_by(tmp_path)
    assert store.collect_garbage().files == 2
    assert list((tmp_path / "data" / "manifests").iterdir()) == []
    assert len(blob_files(tmp_path)) == len(before) - 2
    assert store.load("q").expected(1) == b"x" * BIG
    store.delete("q")


@pytest.mark.parametrize("change", ["replaced", "deleted"])
def test_garbage_collection_spares_what_another_process_judges_by(store: ProblemStore, tmp_path: Path, change: str) -> None:
    store.put("p", a_problem("1"))
    loaded = store.load("p")
    elsewhere = ProblemStore(tmp_path / "data")
    if change == "replaced":
        elsewhere.put("p", a_problem("2"))
    else:
        elsewhere.delete("p")
    assert ProblemStore(tmp_path / "data").collect_garbage().files == 0
    assert loaded.expected(0) == b"1"


def test_garbage_collection_spares_an_old_text_that_a_running_put_names_again(store: ProblemStore, tmp_path: Path) -> None:
    store.put("p", a_problem("x" * BIG))
    store.delete("p")
    a_week_goes_by(tmp_path)
    collecting = threading.Thread(target=ProblemStore(tmp_path / "data").collect_garbage)

    def tests() -> Iterator[NewTest]:
        yield NewTest(b"x" * BIG, b"x" * BIG)
        collecting.start()
        collecting.join(0.2)
        assert collecting.is_alive()

    store.put_stream("q", ProblemSettings(), tests())
    collecting.join()
    assert store.load("q").expected(0) == b"x" * BIG


def a_week_goes_by(tmp_path: Path) -> None:
    for path in (tmp_path / "data" / "manifests").iterdir():
        os.utime(path, (time.time() - 8 * 86400,) * 2)


def test_garbage_collection_waits_for_a_running_put(store: ProblemStore) -> None:
    half_way, collected = threading.Event(), threading.Event()

    def collect() -> None:
        half_way.wait()
        store.collect_garbage()
        collected.set()

    def tests() -> Iterator[NewTest]:
        yield NewTest(b"x" * BIG, b"1")
        half_way.set()
        assert not collected.wait(0.2)
        yield NewTest(b"2", b"2")

    thread = threading.Thread(target=collect)
    thread.start()
    store.put_stream("p", ProblemSettings(), tests())
    thread.join()
    with store.load("p").input(0) as file:
        assert file.size == BIG


def test_an_unknown_id_is_generated_once(tmp_path: Path) -> None:
    calls: list[str] = []

    def generate(id: str) -> bool:
        calls.append(id)
        if id != "ours":
            return False
        time.sleep(0.05)
        store.put(id, a_problem("1"))
        return True

    store = ProblemStore(tmp_path, fallback=generate)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(store.load("ours").expected(0))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"1"] * 4
    assert calls == ["ours"]
    with pytest.raises(NotFound):
        store.load("theirs")


def test_texts_that_are_not_utf8_are_judged_but_not_sent_as_json(store: ProblemStore) -> None:
    store.put_stream("p", ProblemSettings(), [NewTest(b"\xff\x00", b"\xfe")])
    assert store.load("p").expected(0) == b"\xfe"
    with pytest.raises(Invalid, match="not UTF-8"):
        store.get("p")


def test_a_large_problem_is_not_fetched_whole(store: ProblemStore) -> None:
    store.put("p", a_problem("1" * 1000))
    assert store.get("p", max_bytes=2000).tests[0].input == "1" * 1000
    with pytest.raises(TooLarge, match="export"):
        store.get("p", max_bytes=1999)


def test_other_users_cannot_read_the_texts(store: ProblemStore, tmp_path: Path) -> None:
    store.put("p", a_problem())
    for folder in ("blobs/tmp", "problems"):
        assert stat.S_IMODE((tmp_path / "data" / folder).stat().st_mode) & 0o077 == 0
