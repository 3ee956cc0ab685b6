"""Whatever happens to the texts of a problem on their way, the program is not blamed for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from bench.redis_server import RedisServer
from sandbox import Pool
from service.cluster.connection import connect
from service.cluster.depot import Depot
from service.cluster.problem_shelf import ProblemShelf
from service.schemas import Problem, Verdict
from tests.service.cluster.depot_kit import a_post, a_problem, a_shelf, a_store, job_of
from tests.service.judge_kit import Judge

RIGHT = "print(input()[::-1])"


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with connect(redis_server.url) as client:
        yield client


@pytest.fixture
def judge(pool: Pool, cache_dir: Path, tmp_path: Path, slowness: float) -> Judge:
    return Judge(pool, cache_dir, tmp_path / "judge", slowness)


def a_large_problem() -> Problem:
    """Each text has a blob to itself."""
    return a_problem("ab" * 50_000, "cd" * 50_000, "ef" * 50_000, time_limit_s=5)


def verdict(judge: Judge, shelf: ProblemShelf, job: object, source: str = RIGHT) -> tuple[Verdict | None, str | None]:
    sent = replace(job, submission=job.submission.model_copy(update={"source": source}), loaded=shelf.get(job.digest))
    result = judge.judging.judge(sent)
    return result.verdict, result.error


def test_damaged_texts_are_the_judges_failure_until_they_are_put_again(client: redis.Redis, judge: Judge, tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "depot"))
    store = a_store(tmp_path / "replica", depot)
    store.put("p", a_large_problem())
    job = job_of(store, "p")
    a_post(client, store, depot).send([job])
    assert verdict(judge, a_shelf(client, tmp_path / "worker", depot), job) == (Verdict.AC, None)
    assert verdict(judge, a_shelf(client, tmp_path / "worker", depot), job, "print(1)")[0] is Verdict.WA
    for path in (tmp_path / "depot" / "blobs").glob("??/*.zst"):
        path.write_bytes(path.read_bytes()[:-4])
    for source in (RIGHT, "print(1)"):
        got, error = verdict(judge, a_shelf(client, tmp_path / f"fresh {source}", depot), job, source)
        assert got is Verdict.JE
        assert error is not None
        assert "put the problem again" in error
    store.put("p", a_large_problem())
    assert verdict(judge, a_shelf(client, tmp_path / "mended", depot), job) == (Verdict.AC, None)


def test_a_full_disk_is_the_judges_failure(client: redis.Redis, judge: Judge, tmp_path: Path) -> None:
    """/dev/full takes the place of the file that a text is fetched into: every write to it says that the disk is full."""
    depot = Depot(str(tmp_path / "depot"))
    store = a_store(tmp_path / "replica", depot)
    store.put("p", a_large_problem())
    job = job_of(store, "p")
    a_post(client, store, depot).send([job])
    shelf = a_shelf(client, tmp_path / "worker", depot)
    fetch = depot.fetch
    depot.fetch = lambda name, to: fetch(name, Path("/dev/full"))  # type: ignore[method-assign]
    got, error = verdict(judge, shelf, job)
    assert got is Verdict.JE
    assert error is not None
    assert "No space left" in error
    depot.fetch = fetch  # type: ignore[method-assign]
    assert verdict(judge, shelf, job) == (Verdict.AC, None)
