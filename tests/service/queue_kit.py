"""Queues of either kind over a judge that does what a test needs."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import structlog

from service.cluster.problem_post import ProblemPost
from service.cluster.redis_queue import RedisQueue
from service.cluster.worker import Worker
from service.in_process_queue import InProcessQueue
from service.loaded_problem import TextCache, load_inline
from service.queue import BoxInfo, Job, SubmissionQueue, WorkerInfo
from service.schemas import (
    Event,
    Failure,
    LanguageInfo,
    Problem,
    Result,
    RunRequest,
    RunResult,
    Status,
    Submission,
    Test,
    TestResult,
    Verdict,
)
from service.settings import Settings

structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[structlog.processors.KeyValueRenderer()])  # quiet

OnEvent = Callable[[Event], None]
PROBLEM = load_inline(Problem(tests=(Test(input="1"),)), TextCache(1 << 20))


class Judge:
    """Answers by what the source says: a verdict, `hold` (until let go, or cancelled), or `boom`."""

    def __init__(self) -> None:
        self.judged: list[str] = []
        self.go = threading.Event()
        self.holding = threading.Semaphore(0)

    def __call__(self, job: Job, on_event: OnEvent, cancelled: threading.Event) -> Result:
        source = job.submission.source
        self.judged.append(source)
        on_event(Event(kind="compiling"))
        on_event(Event(kind="compiled", data={"ok": True, "total": 1}))
        if source.startswith("hold"):
            self.holding.release()
            while not self.go.wait(0.002):
                if cancelled.is_set():
                    return Result(status=Status.CANCELLED)
        if source.startswith("boom"):
            raise RuntimeError("the judge broke")
        verdict = Verdict(source.split()[0]) if source.split()[0] in Verdict.__members__ else Verdict.AC
        test = TestResult(index=0, rank=0, tier=1, input_bytes=3, verdict=verdict, cpu_s=0.5)
        on_event(Event(kind="test", data=test.model_dump()))
        failure = None if verdict in (Verdict.AC, Verdict.JE) else Failure.CORRECTNESS
        return Result(verdict=verdict, failure=failure, tests=[test], problem=job.problem, language=job.language)

    def run(self, request: RunRequest, cancelled: threading.Event) -> RunResult:
        self.judged.append(request.source)
        if request.source == "hold":
            self.holding.release()
            while not self.go.wait(0.002):
                if cancelled.is_set():
                    return RunResult(verdict=Verdict.JE, error="cancelled")
        return RunResult(verdict=Verdict.AC, stdout=request.stdin)

    async def is_holding(self) -> None:
        assert await asyncio.to_thread(self.holding.acquire, timeout=10)


@asynccontextmanager
async def in_process(threads: int, settings: dict[str, Any]) -> AsyncIterator[tuple[SubmissionQueue, Judge]]:
    judge = Judge()
    queue = InProcessQueue(judge, judge.run, Settings(**settings), threads=threads)
    await queue.start()
    try:
        yield queue, judge
    finally:
        judge.go.set()
        await queue.close()


class TestWorker:
    """A worker of the real kind in a thread, whose boxes are a judge of the test's."""

    __test__ = False

    def __init__(self, settings: Settings, judge: Judge, threads: int, name: str = "worker") -> None:
        boxes = [BoxInfo(name=str(core), kind="standard", core=core, busy=False, runs=0, restarts=0) for core in range(threads)]
        self.worker = Worker(
            settings,
            judge,
            judge.run,
            lambda digest: PROBLEM,
            threads=threads,
            info=lambda: WorkerInfo(name=name, wall="namespaces", boxes=boxes),
            languages=[LanguageInfo(name="python", title="Python", available=True)],
        )
        self._thread = threading.Thread(target=self.worker.work)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.worker.stop()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the worker did not stop"


class NothingToPost(ProblemPost):
    """Problems are not looked at by the judges of these tests."""

    def __init__(self) -> None:
        """Nothing to connect to."""

    def send(self, jobs: Any) -> None:
        """Nothing."""


@asynccontextmanager
async def in_redis(url: str, threads: int, settings: dict[str, Any]) -> AsyncIterator[tuple[SubmissionQueue, Judge]]:
    judge = Judge()
    ours = Settings(redis_url=url, drain_s=0.01, **settings)
    worker = TestWorker(ours, judge, threads)
    worker.start()
    queue = RedisQueue(ours, NothingToPost())
    await queue.start()
    try:
        yield queue, judge
    finally:
        judge.go.set()
        await queue.close()
        await asyncio.to_thread(worker.stop)


def a_job(
    source: str = "AC", key: str | None = None, caller: str = "", path: str = "", priority: Any = "interactive", **more: Any
) -> Job:
    sent = Submission(problem="p", language="python", source=source, idempotency_key=key, **more)
    return Job(sent, "digest", "p", "python", priority, caller, path)


async def judged(queue: SubmissionQueue, *jobs: Job) -> list[dict[str, Any]]:
    tickets = await queue.submit(jobs)
    return [orjson.loads(await queue.wait(ticket, 10) or b"null") for ticket in tickets]


def in_loop(test: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 30))

    run.__name__ = test.__name__
    return run
