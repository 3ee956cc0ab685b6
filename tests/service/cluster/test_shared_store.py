import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from service import problem_set
from service.blobs import BlobDamaged, BlobStore
from service.cluster.depot import Depot, DepotUnfit, problem_name
from service.cluster.shared_store import SharedStore
from service.errors import Invalid, NotFound
from service.machine import open_store
from service.settings import Settings
from service.store import ProblemStore
from tests.service.cluster.depot_kit import BIG, a_problem, a_store, noise

Twins = tuple[SharedStore, SharedStore]


@pytest.fixture(params=["folder", "memory"])
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Twins:
    """Two replicas with nothing in common but the depot."""
    url = str(tmp_path / "depot") if request.param == "folder" else f"memory://{tmp_path.name}-{time.monotonic_ns()}"
    return a_store(tmp_path / "one", Depot(url)), a_store(tmp_path / "two", Depot(url))


def ids(store: SharedStore) -> list[str]:
    return [summary.id for summary in store.list()]


def test_what_one_puts_the_other_has(twins: Twins) -> None:
    one, two = twins
    problem = a_problem("1", "x" * BIG, title="A", time_limit_s=3)
    summary = one.put("a/b", problem)
    assert two.list() == [summary]
    assert two.load("a/b").digest == summary.digest
    assert two.get("a/b").model_dump(exclude={"tests"}) == problem.model_dump(exclude={"tests"})
    assert [test.input for test in two.get("a/b").tests] == ["1", "x" * BIG]


def test_each_change_is_seen_by_the_next_look_of_the_other(twins: Twins) -> None:
    for number in range(20):
        writer, reader = twins[number % 2], twins[1 - number % 2]
        writer.put("p", a_problem(f"{number:02}"))
        assert reader.load("p").expected(0) == f"{number:02}".encode()[::-1]
        assert writer.load("p").expected(0) == f"{number:02}".encode()[::-1]
    twins[0].delete("p")
    with pytest.raises(NotFound):
        twins[1].load("p")
    assert (ids(twins[0]), ids(twins[1])) == ([], [])
    with pytest.raises(NotFound):
        twins[1].delete("p")


def test_two_that_put_at_once_agree_afterwards(twins: Twins) -> None:
    def put(store: SharedStore, mark: str) -> None:
        for number in range(15):
            store.put("p", a_problem(f"{mark} {number}"))
            store.load("p")

    threads = [threading.Thread(target=put, args=(store, mark)) for store, mark in zip(twins, "ab", strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, two = (store.load("p").expected(0) for store in twins)
    assert one == two
    assert one in (b"41 a", b"41 b")


def test_the_same_object_until_it_changes(twins: Twins) -> None:
    one, two = twins
    one.put("p", a_problem("1"))
    before = two.load("p")
    assert two.load("p") is before
    one.put("p", a_problem("2"))
    assert two.load("p") is not before
    assert before.expected(0) == b"1"


def test_a_list_has_all_in_order_and_leaves_out_what_is_damaged(twins: Twins) -> None:
    one, two = twins
    for number in range(30):
        one.put(f"p{number:02}", a_problem(str(number)))
    two._depot.write(problem_name("p07"), b'{"format": 1')
    assert ids(two) == [f"p{number:02}" for number in range(30) if number != 7]
    assert [summary.id for summary in two.list(prefix="p1", offset=2, limit=3)] == ["p12", "p13", "p14"]
    with pytest.raises(BlobDamaged, match="put the problem again"):
        two.load("p07")
    one.put("p07", a_problem("7"))
    assert len(ids(two)) == 30


def test_a_bad_id_is_refused(twins: Twins) -> None:
    for ask in (lambda: twins[0].load("../x"), lambda: twins[0].put("../x", a_problem()), lambda: twins[0].delete("../x")):
        with pytest.raises(Invalid):
            ask()


def test_a_put_that_is_broken_off_leaves_the_old_problem(twins: Twins) -> None:
    one, two = twins
    digest = one.put("p", a_problem("1")).digest
    with pytest.raises(Invalid):
        one.put_stream("p", one.load("p").settings, iter(()))
    assert two.load("p").digest == digest


def test_problems_of_our_own_are_generated_on_first_use_for_all(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    name = problem_set.names()[0]
    made: list[str] = []

    def fallback(store: Callable[[], SharedStore]) -> Callable[[str], bool]:
        def fill(id: str) -> bool:
            made.append(id)
            return problem_set.fill(store(), id)

        return fill

    one = a_store(tmp_path / "one", depot, fallback(lambda: one))
    two = a_store(tmp_path / "two", depot, fallback(lambda: two))
    assert one.load(name).digest == two.load(name).digest
    assert made == [name]
    with pytest.raises(NotFound):
        one.load("no-such-problem")
    assert problem_set.drop_outdated(two) == []
    assert two.load(name).input(0).__enter__().size > 0


def test_a_working_copy_is_not_needed(tmp_path: Path) -> None:
    """The data_dir of a replica may be lost at any time."""
    depot = Depot(str(tmp_path / "depot"))
    one = a_store(tmp_path / "one", depot)
    one.put("p", a_problem("x" * BIG))
    again = a_store(tmp_path / "fresh", depot)
    assert again.load("p").expected(0) == b"x" * BIG
    assert not (tmp_path / "one" / "problems").exists()


def test_a_replica_with_a_small_cache_stores_and_reads_large_problems(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    store = a_store(tmp_path / "one", depot, store_cache_mb=16)
    texts = [noise(2_000_000) for _ in range(20)]  # 1 MB each, compressed; twice, for input and output
    store.put("p", a_problem(*texts))
    assert sum(path.stat().st_size for path in (tmp_path / "one").rglob("*.zst")) <= 16 << 20
    loaded = store.load("p")
    assert all(loaded.expected(index) == text[::-1].encode() for index, text in enumerate(texts))


def test_a_depot_that_is_the_data_dir_holds_everything_once(tmp_path: Path) -> None:
    store = a_store(tmp_path, Depot(str(tmp_path)))
    store.put("p", a_problem("x" * BIG))
    assert not (tmp_path / "fetched").exists()
    assert ProblemStore(tmp_path).load("p").expected(0) == b"x" * BIG


def test_a_depot_that_is_away_is_unavailable(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    store = a_store(tmp_path / "one", depot)
    store.put("p", a_problem("1"))
    loaded = store.load("p")
    (tmp_path / "depot").rename(tmp_path / "away")
    (tmp_path / "depot").symlink_to(tmp_path / "depot")  # a loop: an error, but not that of a missing file
    asks: list[Callable[[], object]] = [
        lambda: store.load("p"),
        lambda: store.list(),
        lambda: store.put("p", a_problem("2")),
        lambda: store.delete("p"),
        lambda: store.offer(loaded),
    ]
    for ask in asks:
        with pytest.raises(DepotUnfit) as failed:
            ask()
        assert failed.value.retry_after_s == 2
    (tmp_path / "depot").unlink()
    (tmp_path / "away").rename(tmp_path / "depot")
    assert store.load("p").expected(0) == b"1"


def test_the_command_line_stores_where_the_setting_says(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "cli", store_url=str(tmp_path / "depot"))
    digest = open_store(settings).put("p", a_problem("1")).digest
    assert a_store(tmp_path / "replica", Depot(str(tmp_path / "depot"))).load("p").digest == digest
    assert not (tmp_path / "cli" / "problems").exists()


# -- garbage -----------------------------------------------------------------------------------------------------------


def make_old(paths: Iterable[Path], days: float) -> None:
    then = time.time() - days * 86400
    for path in paths:
        os.utime(path, (then, then))


@pytest.mark.parametrize("same", [True, False], ids=["the data_dir", "a depot"])
def test_garbage_is_what_neither_a_problem_nor_a_submission_that_may_wait_needs(tmp_path: Path, same: bool) -> None:
    folder = tmp_path / "data" if same else tmp_path / "depot"
    depot = Depot(str(folder))
    store = a_store(tmp_path / "data", depot)
    gone, replaced, here = (noise(BIG) for _ in range(3))
    store.put("p", a_problem(gone))
    first = [*folder.rglob("*.zst")]
    for text in (replaced, here):
        store.put("p", a_problem(text))
    make_old(first, 8)
    old = {path.name for path in folder.rglob("blobs/??/*.zst") if path.stat().st_mtime < time.time() - 86400}
    assert len(old) == 2  # input and output
    files = a_store(tmp_path / "data", depot).collect_garbage().files  # as another process, that has loaded nothing
    assert files == 2
    left = {path.name for path in folder.rglob("blobs/??/*.zst")}
    assert len(left) == 4
    assert not left & old
    make_old((folder / "manifests").iterdir(), 8)
    make_old(folder.rglob("blobs/??/*"), 8)
    assert a_store(tmp_path / "data", depot).collect_garbage().files == 2
    assert a_store(tmp_path / "new", depot).load("p").expected(0) == here[::-1].encode()


def test_no_garbage_is_collected_while_it_cannot_be_told_what_is_needed(tmp_path: Path) -> None:
    store = a_store(tmp_path / "data", Depot(str(tmp_path / "data")))
    store.put("p", a_problem("1"))
    store.delete("p")
    (kept,) = (tmp_path / "data" / "manifests").iterdir()
    kept.write_bytes(b"spoilt")
    with pytest.raises(BlobDamaged):
        a_store(tmp_path / "data", Depot(str(tmp_path / "data"))).collect_garbage()
    assert len(list((tmp_path / "data" / "blobs").glob("??/*"))) == 1


def test_a_text_that_was_damaged_and_removed_comes_back_with_the_next_put(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    store = a_store(tmp_path / "one", depot)
    problem = a_problem(noise(BIG))
    store.put("p", problem)
    for path in (tmp_path / "depot" / "blobs").glob("??/*.zst"):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BlobDamaged):
        a_store(tmp_path / "two", depot).get("p")
    store.put("p", problem)
    assert a_store(tmp_path / "three", depot).get("p").tests[0].output == problem.tests[0].output


def test_blobs_in_a_depot_are_those_of_a_store(tmp_path: Path) -> None:
    """A folder that was a data_dir becomes a depot as it is."""
    ProblemStore(tmp_path / "depot").put("p", a_problem("x" * BIG))
    store = a_store(tmp_path / "one", Depot(str(tmp_path / "depot")))
    assert store.load("p").expected(0) == b"x" * BIG
    digest = store.load("p").digest
    store.offer(store.load("p"))
    assert store._depot.kept(digest).blobs == store.manifest_of(store.load("p")).blobs
    assert BlobStore(tmp_path / "depot" / "blobs").read(store._depot.kept(digest).blobs[0])
