"""Over Redis: what a worker with a wandering speed should not decide goes to a steadier one, or is decided when there is none."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bench.redis_server import RedisServer
from service.cluster.connection import connect
from service.cluster.redis_queue import RedisQueue
from service.cluster.roster import Roster
from service.queue import Job, WorkerInfo
from service.schemas import Event, Result, Verdict
from service.settings import Settings
from service.undecided import StepsBack
from tests.service.queue_kit import Judge, NothingToPost, TestWorker, a_job, in_loop, judged


class Unsteady(Judge):
    """Needs a confirmation for everything."""

    def __init__(self) -> None:
        super().__init__()
        self.stepped_back = 0

    def __call__(self, job: Job, on_event: Callable[[Event], None], cancelled: threading.Event) -> Result:
        if job.elsewhere():
            self.stepped_back += 1
            raise StepsBack("its speed wanders")
        return super().__call__(job, on_event, cancelled)


@asynccontextmanager
async def _workers(url: str, **judges: Judge) -> AsyncIterator[RedisQueue]:
    settings = Settings(redis_url=url, drain_s=0.01)
    workers = [TestWorker(settings, judge, 1, name) for name, judge in judges.items()]
    for worker in workers:
        worker.start()
    queue = RedisQueue(settings, NothingToPost())
    await queue.start()
    try:
        yield queue
    finally:
        await queue.close()
        for worker in workers:
            await asyncio.to_thread(worker.stop)


def _tell_of_another(url: str, *, steady: bool) -> None:
    with connect(url) as client:
        Roster(client).tell(WorkerInfo(name="another", wall="namespaces", boxes=[], steady=steady))


def test_a_steadier_worker_judges_what_another_stepped_back_from(redis_server: RedisServer) -> None:
    async def test() -> None:
        unsteady, steady = Unsteady(), Judge()
        async with _workers(redis_server.url, unsteady=unsteady, steady=steady) as queue:
            results = await judged(queue, *(a_job(f"AC {number}") for number in range(30)))
        assert [result["verdict"] for result in results] == ["AC"] * 30
        assert unsteady.stepped_back > 0
        assert unsteady.judged == []
        assert sorted(steady.judged) == sorted(f"AC {number}" for number in range(30))

    in_loop(test)()


def test_a_lone_worker_decides_itself(redis_server: RedisServer) -> None:
    async def test() -> None:
        unsteady = Unsteady()
        async with _workers(redis_server.url, unsteady=unsteady) as queue:
            [result] = await judged(queue, a_job())
        assert (result["verdict"], unsteady.stepped_back) == (Verdict.AC, 0)

    in_loop(test)()


def test_a_worker_does_not_step_back_for_one_that_is_no_steadier(redis_server: RedisServer) -> None:
    async def test() -> None:
        _tell_of_another(redis_server.url, steady=False)
        unsteady = Unsteady()
        async with _workers(redis_server.url, unsteady=unsteady) as queue:
            [result] = await judged(queue, a_job())
        assert (result["verdict"], unsteady.stepped_back) == (Verdict.AC, 0)

    in_loop(test)()
