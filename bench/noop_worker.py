"""A worker whose judge does nothing: what is left is the queue. `python -m bench.noop_worker REDIS_URL THREADS`."""

import sys
import threading
from collections.abc import Callable

from service.cluster.worker import Worker, worker_name
from service.loaded_problem import TextCache, load_inline
from service.queue import BoxInfo, Job, WorkerInfo
from service.schemas import Event, LanguageInfo, Problem, Result, RunRequest, RunResult, Test, Verdict
from service.settings import Settings


def judge(job: Job, on_event: Callable[[Event], None], cancelled: threading.Event) -> Result:
    """Right, at once."""
    return Result(verdict=Verdict.AC, coverage_passed=1.0, problem=job.problem, language=job.language)


def run_once(request: RunRequest, cancelled: threading.Event) -> RunResult:
    """The same."""
    return RunResult(verdict=Verdict.AC)


def main() -> None:
    """Work until SIGTERM."""
    url, threads, name = sys.argv[1], int(sys.argv[2]), worker_name()
    boxes = [BoxInfo(name=str(core), kind="standard", core=core, busy=False, runs=0, restarts=0) for core in range(threads)]
    problem = load_inline(Problem(tests=(Test(input="1"),)), TextCache(1 << 20))
    worker = Worker(
        Settings(redis_url=url),
        judge,
        run_once,
        lambda digest: problem,
        threads=threads,
        info=lambda: WorkerInfo(name=name, wall="none", boxes=boxes),
        languages=[LanguageInfo(name="python", title="Python", available=True)],
    )
    sys.exit(worker.work())


if __name__ == "__main__":
    main()
