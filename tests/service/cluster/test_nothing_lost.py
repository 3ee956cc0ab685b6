"""Workers die, servers die, Redis dies: every submission that was let in ends with one result, the right one."""

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis

from bench.redis_server import RedisServer
from service.cluster import names, news, sweeper
from service.cluster.redis_queue import RedisQueue
from service.cluster.scripts import Scripts
from service.errors import Draining, Unavailable
from service.queue import Job
from service.schemas import Event, Result, RunRequest, RunResult, Verdict
from service.settings import Settings
from tests.service.queue_kit import Judge, NothingToPost, TestWorker, a_job, in_loop

_server: RedisServer


@pytest.fixture(autouse=True)
def _redis(redis_server: RedisServer) -> None:
    global _server
    _server = redis_server


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """One that the test may kill."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def _sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """What servers and workers look after every three seconds."""
    monkeypatch.setattr(news, "ASK_EVERY_S", 0.3)
    monkeypatch.setattr(sweeper, "_SLICES_EVERY_S", 0.3)


def settings(server: RedisServer | None = None, **more: Any) -> Settings:
    return Settings(redis_url=(server or _server).url, **{"drain_s": 30, **more})


@asynccontextmanager
async def a_replica(given: Settings) -> AsyncIterator[RedisQueue]:
    queue = RedisQueue(given, NothingToPost())
    await queue.start()
    try:
        yield queue
    finally:
        await queue.close()


@asynccontextmanager
async def a_worker(given: Settings, judge: Judge, threads: int = 1, name: str = "worker") -> AsyncIterator[TestWorker]:
    worker = TestWorker(given, judge, threads, name)
    worker.start()
    try:
        yield worker
    finally:
        judge.go.set()
        await asyncio.to_thread(worker.stop)


async def verdict(queue: RedisQueue, ticket: Any) -> str:
    told = orjson.loads(await queue.wait(ticket, 40) or b"{}")
    return str(told.get("verdict"))


def client() -> redis.Redis:
    return redis.Redis(port=_server.port)


def undone(port: int | None = None) -> int:
    """Works, places, leases and slices that are left."""
    with redis.Redis(port=port or _server.port) as asked:
        works = sum(asked.hget(key, "state") != b"done" for key in asked.scan_iter("tierline:work:*"))
        return works + sum(
            asked.zcard(f"tierline:{name}") for name in ("waiting:interactive", "waiting:batch", "running", "slices")
        )


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


# -- servers ---------------------------------------------------------------------------------------------------------------


@in_loop
async def test_any_server_tells_the_result_of_what_another_let_in() -> None:
    judge = Judge()
    async with a_worker(settings(), judge), a_replica(settings()) as other:
        async with a_replica(settings()) as first:
            (ticket,) = await first.submit([a_job("hold", key="k")])
            await judge.is_holding()
            (again,) = await other.submit([a_job("hold", key="k")])
            assert again.id == ticket.id
        judge.go.set()
        found = await other.find(ticket.id)
        assert await verdict(other, found) == "AC"
        assert judge.judged == ["hold"]


@in_loop
async def test_a_server_that_leaves_says_so_and_its_submissions_go_on() -> None:
    judge = Judge()
    async with a_worker(settings(), judge), a_replica(settings()) as other:
        async with a_replica(settings()) as first:
            tickets = await first.submit([a_job("hold"), a_job("WA")])
            run = asyncio.create_task(first.run(RunRequest(language="python", source="x")))
            await judge.is_holding()

            async def stream() -> None:
                async for _ in first.finished(tickets):
                    pass

            streaming = asyncio.create_task(stream())
            await asyncio.sleep(0.05)
            await first.drain(0.05)
            with pytest.raises(Draining):
                await streaming
            with pytest.raises(Unavailable):
                await run
        judge.go.set()
        assert [await verdict(other, ticket) for ticket in tickets] == ["AC", "WA"]


@in_loop
async def test_a_place_whose_server_died_before_it_filled_it_is_filled_by_the_next_that_asks() -> None:
    judge = Judge()
    async with a_replica(settings()) as queue:
        job = a_job("WA", key="k")
        (reserved,) = await asyncio.to_thread(queue.entrance.reserve, [job], ["0" * 24])  # and then it died
        async with a_worker(settings(), judge):
            (ticket,) = await queue.submit([job])
            assert ticket.id == reserved == "0" * 24
            assert await verdict(queue, ticket) == "WA"
            assert undone() == 0


# -- Redis -----------------------------------------------------------------------------------------------------------------


def test_redis_that_is_killed_and_started_again_costs_time_and_nothing_else(own_redis: RedisServer) -> None:
    async def test() -> None:
        given, judge = settings(own_redis), Judge()
        async with a_replica(given) as queue, a_worker(given, judge, threads=2):
            jobs = [a_job("hold"), *(a_job(f"{verdict} {number}") for number in range(40) for verdict in ("AC", "WA"))]
            tickets = await queue.submit([*jobs, *(a_job(f"TLE {number}", priority="batch") for number in range(80))])
            await judge.is_holding()
            seen: dict[int, str] = {}

            async def listen() -> None:
                async for some in queue.finished(tickets):
                    seen.update({index: orjson.loads(result)["verdict"] for index, result in some})

            listening = asyncio.create_task(listen())
            await until(lambda: len(seen) > 20)
            await asyncio.to_thread(own_redis.kill)
            judge.go.set()
            with pytest.raises(Unavailable) as caught:
                await queue.load()
            assert caught.value.retry_after_s
            await asyncio.to_thread(own_redis.start)
            await listening
            assert seen == {
                index: "AC" if index == 0 else (jobs[index].submission.source.split()[0] if index < len(jobs) else "TLE")
                for index in range(len(tickets))
            }
            await until(lambda: undone(own_redis.port) == 0)

    asyncio.run(asyncio.wait_for(test(), 60))


@pytest.mark.usefixtures("_sooner")
@in_loop
async def test_what_redis_forgot_is_told_to_it_again() -> None:
    judge = Judge()
    async with a_replica(settings()) as queue:
        (ticket,) = await queue.submit([a_job("WA", key="k")])
        _server.flush()  # as one without an append-only file does when it restarts
        async with a_worker(settings(), judge):
            assert await verdict(queue, ticket) == "WA"
            assert (await queue.find(ticket.id)).id == ticket.id


# -- workers ---------------------------------------------------------------------------------------------------------------


@in_loop
async def test_work_of_a_worker_that_fell_silent_goes_on_elsewhere_and_its_late_result_changes_nothing() -> None:
    async with a_replica(settings()) as queue:
        (ticket,) = await queue.submit([a_job("WA")])
        with client() as asked:
            scripts = Scripts(asked)
            slice_name = asked.lpop(names.slices_list("interactive"))
            assert scripts("take", [slice_name, "silent", 300, ticket.id])[0]  # type: ignore[attr-defined]
            async with a_worker(settings(), Judge()):
                assert await verdict(queue, ticket) == "WA"
                late = [ticket.id, b"late", "done", "AC", 0, 1000, 1000, 1]
                assert scripts("finish", late) == 0
                assert await verdict(queue, ticket) == "WA"
                assert undone() == 0


@pytest.mark.usefixtures("_sooner")
@in_loop
async def test_a_slice_that_was_popped_and_never_taken_is_sent_again() -> None:
    async with a_replica(settings()) as queue:
        tickets = await queue.submit([a_job(f"WA {number}", priority="batch") for number in range(3)])
        with client() as asked:
            assert asked.lpop(names.slices_list("batch"))
        async with a_worker(settings(), Judge()):
            assert [await verdict(queue, ticket) for ticket in tickets] == ["WA"] * 3
            await until(lambda: undone() == 0)


@in_loop
async def test_a_worker_that_is_told_to_stop_finishes_what_it_began_and_gives_back_the_rest() -> None:
    first, second = Judge(), Judge()
    async with a_replica(settings()) as queue, a_worker(settings(), first, name="first") as leaving:
        tickets = await queue.submit([a_job(source, priority="batch") for source in ("hold", *(f"WA {n}" for n in range(40)))])
        await first.is_holding()
        leaving.worker.stop()
        async with a_worker(settings(), second, name="second"):
            for ticket in tickets[1:]:
                assert await verdict(queue, ticket) == "WA"
            first.go.set()
            assert await verdict(queue, tickets[0]) == "AC"
        assert (first.judged, second.judged.count("hold")) == (["hold"], 0)


@in_loop
async def test_what_a_stopping_worker_cannot_finish_in_time_is_judged_elsewhere() -> None:
    first, second = Judge(), Judge()
    second.go.set()
    async with a_replica(settings()) as queue, a_worker(settings(drain_s=0.05), first, name="first") as leaving:
        (ticket,) = await queue.submit([a_job("hold")])
        await first.is_holding()
        await asyncio.to_thread(leaving.stop)
        async with a_worker(settings(), second, name="second"):
            assert await verdict(queue, ticket) == "AC"
        assert (first.judged, second.judged) == (["hold"], ["hold"])


class Broken(Judge):
    """A worker whose disk is full, say."""

    def __call__(self, job: Job, on_event: Callable[[Event], None], cancelled: threading.Event) -> Result:
        self.judged.append(job.submission.source)
        return Result(verdict=Verdict.JE, error="no space left", problem=job.problem, language=job.language)

    def run(self, request: RunRequest, cancelled: threading.Event) -> RunResult:
        self.judged.append(request.source)
        return RunResult(verdict=Verdict.JE, error="no space left")


@in_loop
async def test_what_one_worker_fails_at_another_judges() -> None:
    broken, good = Broken(), Judge()
    async with a_replica(settings()) as queue, a_worker(settings(), broken, name="broken"):
        async with a_worker(settings(), good, name="good"):
            await until(lambda: len(queue.roster.alive()) == 2)
            tickets = await queue.submit([a_job(f"WA {number}") for number in range(20)])
            assert [await verdict(queue, ticket) for ticket in tickets] == ["WA"] * 20
            assert (await queue.run(RunRequest(language="python", source="x", stdin="hi"))).stdout == "hi"
        assert sorted(good.judged) == sorted([*(f"WA {number}" for number in range(20)), "x"])


@in_loop
async def test_what_every_worker_fails_at_is_je_with_the_reason() -> None:
    first, second = Broken(), Broken()
    async with a_replica(settings()) as queue, a_worker(settings(), first, name="1"), a_worker(settings(), second, name="2"):
        await until(lambda: len(queue.roster.alive()) == 2)
        (ticket,) = await queue.submit([a_job("WA")])
        told = orjson.loads(await queue.wait(ticket, 30) or b"")
        assert (told["verdict"], told["failure"], told["error"]) == ("JE", None, "no space left")
        assert (first.judged, second.judged) == (["WA"], ["WA"])


class Supervised:
    """Worker processes whose judge kills them when the source says so, started again whenever they end."""

    def __init__(self, url: str, count: int, tries: int) -> None:
        argv = [sys.executable, str(Path(__file__).with_name("mortal_worker.py")), url, str(tries)]
        self.deaths = 0
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._keep, args=(argv,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _keep(self, argv: list[str]) -> None:
        while not self._over.is_set():
            with subprocess.Popen(argv) as process:
                while process.poll() is None and not self._over.wait(0.05):
                    pass
                process.terminate()
            self.deaths += process.returncode == -signal.SIGKILL

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_a_submission_that_kills_its_workers_ends_as_je_and_the_others_of_its_slice_are_judged() -> None:
    async def test() -> None:
        given = settings(worker_tries=2)
        async with a_replica(given) as queue:
            jobs = [a_job(source, priority="batch") for source in ("AC 1", "AC 2", "die", "WA 3", "WA 4", "AC 5", "AC 6", "AC 7")]
            workers = await asyncio.to_thread(Supervised, given.redis_url, 2, 2)
            try:
                told = [orjson.loads(await queue.wait(ticket, 60) or b"{}") for ticket in await queue.submit(jobs)]
            finally:
                await asyncio.to_thread(workers.stop)
            assert [one["verdict"] for one in told] == ["AC", "AC", "JE", "WA", "WA", "AC", "AC", "AC"]
            assert "died" in told[2]["error"]
            assert "2 times" in told[2]["error"]
            assert workers.deaths == 2
            assert undone() == 0

    asyncio.run(asyncio.wait_for(test(), 90))
