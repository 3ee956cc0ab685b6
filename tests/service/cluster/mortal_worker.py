"""A worker process that dies of some submissions: `mortal_worker.py REDIS_URL TRIES`."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from service.cluster.worker import Worker, worker_name
from service.queue import BoxInfo, Job, WorkerInfo
from service.schemas import Event, LanguageInfo, Result, Verdict
from service.settings import Settings
from tests.service.queue_kit import PROBLEM, Judge


def judge(job: Job, on_event: Callable[[Event], None], cancelled: threading.Event) -> Result:
    verdict = job.submission.source.split()[0]
    if verdict == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return Result(verdict=Verdict(verdict), problem=job.problem, language=job.language)


if __name__ == "__main__":
    name = worker_name()
    box = BoxInfo(name="0", kind="standard", core=0, busy=False, runs=0, restarts=0)
    worker = Worker(
        Settings(redis_url=sys.argv[1], worker_tries=int(sys.argv[2])),
        judge,
        Judge().run,
        lambda digest: PROBLEM,
        threads=1,
        info=lambda: WorkerInfo(name=name, wall="namespaces", boxes=[box]),
        languages=[LanguageInfo(name="python", title="Python", available=True)],
    )
    sys.exit(worker.work())
