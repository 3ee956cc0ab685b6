"""The way of a problem from a replica to a worker: `ProblemPost` at one end, `ProblemShelf` at the other."""

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bench.redis_server import RedisServer
from service.blobs import BlobDamaged
from service.cluster import names
from service.cluster.connection import LOST
from service.cluster.depot import Depot, DepotUnfit
from service.cluster.problem_post import INLINE_IN_REDIS_BYTES, ProblemPost
from service.cluster.problem_shelf import ProblemShelf
from service.cluster.shared_store import SharedStore
from service.kept_manifests import kept_name
from service.schemas import ExactChecker, FloatChecker, LcbChecker, Problem, ProgramChecker, Test, TokensChecker
from tests.service.cluster.depot_kit import BIG, a_post, a_problem, a_shelf, a_store, client_of, job_of, noise, only_file


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with client_of(redis_server.url) as client:
        yield client


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(str(tmp_path / "depot"))


@pytest.fixture
def store(tmp_path: Path, depot: Depot) -> SharedStore:
    return a_store(tmp_path / "replica", depot)


@pytest.fixture
def post(client: redis.Redis, store: SharedStore, depot: Depot) -> ProblemPost:
    return a_post(client, store, depot)


@pytest.fixture
def shelf(client: redis.Redis, tmp_path: Path, depot: Depot) -> ProblemShelf:
    return a_shelf(client, tmp_path / "worker", depot)


def texts_of(shelf: ProblemShelf, digest: str) -> list[tuple[bytes, bytes]]:
    """Inputs and expected outputs of all tests."""
    loaded = shelf.get(digest)
    found = []
    for test in loaded.tests:
        with loaded.input(test.index) as file:
            found.append((file.read(), loaded.expected(test.index)))
    return found


def a_large_problem() -> Problem:
    """Too large for Redis."""
    return a_problem(noise(4 * INLINE_IN_REDIS_BYTES))


# -- stored problems ---------------------------------------------------------------------------------------------------


def test_a_stored_problem_arrives(post: ProblemPost, store: SharedStore, shelf: ProblemShelf) -> None:
    store.put("p", a_problem("1", "x" * BIG, time_limit_s=3, title="T"))
    job = job_of(store, "p")
    post.send([job])
    loaded = shelf.get(job.digest)
    assert (loaded.id, loaded.settings, loaded.digest) == ("p", store.load("p").settings, job.digest)
    assert loaded.tests == store.load("p").tests
    assert texts_of(shelf, job.digest) == [(b"1", b"1"), (b"x" * BIG, b"x" * BIG)]


def test_a_submission_is_judged_against_what_it_was_let_in_for(
    post: ProblemPost, store: SharedStore, shelf: ProblemShelf
) -> None:
    store.put("p", a_problem("12"))
    job = job_of(store, "p")
    post.send([job])
    store.put("p", a_problem("34"))
    assert texts_of(shelf, job.digest) == [(b"12", b"21")]
    store.delete("p")
    store.collect_garbage()
    assert texts_of(shelf, job.digest) == [(b"12", b"21")]


def test_a_problem_that_was_stored_before_there_was_redis_arrives(
    client: redis.Redis, tmp_path: Path, store: SharedStore, depot: Depot
) -> None:
    store.put("p", a_problem("12"))
    (tmp_path / "depot" / "manifests").rename(tmp_path / "gone")
    job = job_of(store, "p")
    a_post(client, store, depot).send([job])
    assert texts_of(a_shelf(client, tmp_path / "worker", depot), job.digest) == [(b"12", b"21")]


def test_what_is_sent_is_kept_for_another_week(client: redis.Redis, store: SharedStore, depot: Depot, tmp_path: Path) -> None:
    store.put("p", a_problem("12"))
    job = job_of(store, "p")
    path = tmp_path / "depot" / kept_name(job.digest)
    os.utime(path, (time.time() - 6 * 86400,) * 2)
    a_post(client, store, depot).send([job])
    assert path.stat().st_mtime > time.time() - 3600


def test_what_was_sent_lately_is_not_looked_for_again(post: ProblemPost, store: SharedStore, tmp_path: Path) -> None:
    store.put("p", a_problem("12"))
    job = job_of(store, "p")
    post.send([job])
    path = tmp_path / "depot" / kept_name(job.digest)
    path.unlink()
    post.send([job])
    assert not path.exists()


def test_a_manifest_that_is_gone_or_damaged_is_told(
    post: ProblemPost, store: SharedStore, shelf: ProblemShelf, tmp_path: Path
) -> None:
    store.put("p", a_problem("12"))
    job = job_of(store, "p")
    post.send([job])
    path = tmp_path / "depot" / kept_name(job.digest)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BlobDamaged, match="manifest is damaged"):
        shelf.get(job.digest)
    path.unlink()
    with pytest.raises(BlobDamaged, match=rf"{job.digest} is not in file://.*; put it and send the submission again"):
        shelf.get(job.digest)
    path.write_bytes(whole)
    assert texts_of(shelf, job.digest) == [(b"12", b"21")]


def test_another_problem_under_the_digest_is_refused(store: SharedStore, shelf: ProblemShelf, tmp_path: Path) -> None:
    one, other = store.put("p", a_problem("1")).digest, store.put("q", a_problem("2")).digest
    (tmp_path / "depot" / kept_name(one)).write_bytes((tmp_path / "depot" / kept_name(other)).read_bytes())
    with pytest.raises(BlobDamaged, match="another than was asked for"):
        shelf.get(one)


def test_a_depot_that_cannot_be_written_refuses_the_submission(client: redis.Redis, store: SharedStore, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    broken = Depot(str(tmp_path / "file" / "depot"))
    with pytest.raises(DepotUnfit):
        a_post(client, store, broken).send([job_of(store, a_large_problem())])


# -- inline problems ---------------------------------------------------------------------------------------------------

CHECKERS = (
    TokensChecker(),
    ExactChecker(type="exact", final_newline=True),
    FloatChecker(type="float", abs=0.1),
    LcbChecker(type="lcb"),
    ProgramChecker(type="program", source="int main() {}", files={"testlib.h": "x"}, flags=("a",)),
)


@pytest.mark.parametrize("checker", CHECKERS, ids=lambda checker: checker.type)
def test_an_inline_problem_arrives_with_the_digest_it_left_with(
    post: ProblemPost, store: SharedStore, shelf: ProblemShelf, checker: object
) -> None:
    tests = (Test(input="ä\x00\r\n", output="\N{SNAKE}", size=7, name="first"), Test(input="", output=""))
    problem = Problem(tests=tests, checker=checker, tiers=(0.25, 1.0), time_limit_s=0.1, tags=("a", "b"), title="T")
    job = job_of(store, problem)
    post.send([job])
    loaded = shelf.get(job.digest)
    assert job.loaded is not None
    assert (loaded.digest, loaded.settings, loaded.tests) == (job.digest, job.loaded.settings, job.loaded.tests)
    assert texts_of(shelf, job.digest)[0] == ("ä\x00\r\n".encode(), "\N{SNAKE}".encode())


def test_a_function_problem_arrives(post: ProblemPost, store: SharedStore, shelf: ProblemShelf) -> None:
    tests = (Test(input=json.dumps({"args": [1, 2]}), output="3"),)
    job = job_of(store, Problem(tests=tests, kind="function", function_name="add"))
    post.send([job])
    assert shelf.get(job.digest).settings.function_name == "add"


def test_small_ones_travel_through_redis_and_large_ones_through_the_depot(
    post: ProblemPost, store: SharedStore, shelf: ProblemShelf, client: redis.Redis, tmp_path: Path
) -> None:
    small, large = job_of(store, a_problem("1")), job_of(store, a_large_problem())
    post.send([small, large, small])
    assert client.exists(names.problem(small.digest)) == 1
    assert client.exists(names.problem(large.digest)) == 0
    assert only_file(tmp_path / "depot" / "inline", "*").name == f"{large.digest}.json.zst"
    assert texts_of(shelf, small.digest) == [(b"1", b"1")]
    assert len(texts_of(shelf, large.digest)[0][0]) == 4 * INLINE_IN_REDIS_BYTES


def test_a_small_one_is_kept_for_a_week_from_its_last_submission(
    post: ProblemPost, store: SharedStore, client: redis.Redis
) -> None:
    job = job_of(store, a_problem("1"))
    post.send([job])
    client.expire(names.problem(job.digest), 60)
    post.send([job])
    assert 7 * 86400 - 60 < client.ttl(names.problem(job.digest)) <= 7 * 86400


def test_what_redis_forgot_is_sent_again(post: ProblemPost, store: SharedStore, client: redis.Redis, shelf: ProblemShelf) -> None:
    job = job_of(store, a_problem("1"))
    post.send([job])
    client.flushall()
    post.send([job])
    assert texts_of(shelf, job.digest) == [(b"1", b"1")]


def test_a_large_one_is_written_anew_by_the_next_replica_that_needs_it(
    client: redis.Redis, store: SharedStore, depot: Depot, tmp_path: Path
) -> None:
    job = job_of(store, a_large_problem())
    a_post(client, store, depot).send([job])
    path = only_file(tmp_path / "depot" / "inline", "*")
    os.utime(path, (1, 1))
    assert depot.drop_old() == 1
    a_post(client, store, depot).send([job])
    assert path.stat().st_mtime > time.time() - 3600


def test_an_inline_problem_with_the_content_of_a_stored_one_arrives_though_that_one_is_deleted(
    post: ProblemPost, store: SharedStore, shelf: ProblemShelf, tmp_path: Path
) -> None:
    problem = a_large_problem()
    store.put("p", problem)
    stored, inline = job_of(store, "p"), job_of(store, problem)
    assert stored.digest == inline.digest
    post.send([stored])
    post.send([inline])
    (tmp_path / "depot" / kept_name(inline.digest)).unlink()
    assert len(texts_of(shelf, inline.digest)) == 1


@pytest.mark.parametrize("damage", ["cut", "other", "garbage"])
def test_a_damaged_inline_problem_is_never_judged(
    post: ProblemPost, store: SharedStore, shelf: ProblemShelf, client: redis.Redis, damage: str
) -> None:
    job, other = job_of(store, a_problem("1")), job_of(store, a_problem("2"))
    post.send([job, other])
    key = names.problem(job.digest)
    whole, another = client.get(key), client.get(names.problem(other.digest))
    client.set(key, {"cut": whole[:-5], "other": another, "garbage": b"x"}[damage])
    with pytest.raises(BlobDamaged, match=job.digest):
        shelf.get(job.digest)


# -- what is away ------------------------------------------------------------------------------------------------------


def test_a_worker_waits_for_a_redis_that_restarts(tmp_path: Path, depot: Depot, store: SharedStore) -> None:
    server = RedisServer(tmp_path)
    server.start()
    with client_of(server.url) as client:
        job = job_of(store, a_problem("12"))
        a_post(client, store, depot).send([job])
        client.save()
        server.kill()
        with pytest.raises(LOST):
            a_shelf(client, tmp_path / "hasty", depot).get(job.digest)
        starting = threading.Timer(0.3, server.start)
        starting.start()
        assert texts_of(a_shelf(client, tmp_path / "worker", depot, patience_s=60), job.digest) == [(b"12", b"21")]
        starting.join()
    server.stop()


def test_a_worker_waits_for_a_depot_that_comes_back(
    post: ProblemPost, store: SharedStore, client: redis.Redis, depot: Depot, tmp_path: Path
) -> None:
    store.put("p", a_problem("12"))
    job = job_of(store, "p")
    post.send([job])
    folder, away = tmp_path / "depot", tmp_path / "away"
    folder.rename(away)
    folder.symlink_to(folder)  # a loop: an error, but not that of a missing file
    with pytest.raises(OSError, match="symbolic links"):
        a_shelf(client, tmp_path / "hasty", depot).get(job.digest)
    back = threading.Timer(0.3, lambda: (folder.unlink(), away.rename(folder)))
    back.start()
    assert texts_of(a_shelf(client, tmp_path / "worker", depot, patience_s=60), job.digest) == [(b"12", b"21")]
    back.join()


def test_many_threads_that_want_one_problem_fetch_it_once(post: ProblemPost, store: SharedStore, shelf: ProblemShelf) -> None:
    store.put("p", a_problem("x" * BIG))
    job = job_of(store, "p")
    post.send([job])
    told: list[list[tuple[bytes, bytes]]] = []
    threads = [threading.Thread(target=lambda: told.append(texts_of(shelf, job.digest))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [[(b"x" * BIG, b"x" * BIG)]] * 8
    assert shelf.blobs.fetched == 1  # the input is its output read backwards: one blob
