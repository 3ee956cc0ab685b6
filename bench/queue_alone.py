"""The queue alone: jobs that do nothing, enqueued as fast as one server can, then completed as fast as the workers can.

Each row says how many submissions one RQ job carries: single ones (`interactive`) and those of batches (cut into slices).
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redis

from bench.redis_server import RedisServer
from bench.report import Row, console, finish
from service.cluster.problem_post import ProblemPost
from service.cluster.redis_queue import RedisQueue
from service.queue import Job, Priority
from service.schemas import Submission
from service.settings import Settings

_AT_ONCE = 250


class _NoPost(ProblemPost):
    """The judges look at no problem."""

    def __init__(self) -> None:
        pass

    def send(self, jobs: object) -> None:
        """Nothing."""


def _job(number: int, priority: Priority) -> Job:
    sent = Submission(problem="p", language="python", source=f"print({number})\n" * 40, cache=False)
    return Job(sent, "d", "p", "python", priority)


async def _measure(server: RedisServer, count: int, priority: Priority, workers: int) -> tuple[float, float]:
    """(enqueued, completed) a second."""
    server.flush()
    queue = RedisQueue(Settings(redis_url=server.url, queue_size=max(count, 1)), _NoPost())
    await queue.start()
    started = time.perf_counter()
    tickets = []
    for start in range(0, count, _AT_ONCE):
        tickets += await queue.submit([_job(number, priority) for number in range(start, min(count, start + _AT_ONCE))])
    enqueued_s = time.perf_counter() - started
    argv = [sys.executable, "-m", "bench.noop_worker", server.url, "1"]
    processes = [subprocess.Popen(argv) for _ in range(workers)]
    try:
        with redis.Redis(port=server.port) as client:
            while client.zcard("tierline:waiting:" + priority) == count:
                await asyncio.sleep(0.005)
            before = count - client.zcard("tierline:waiting:" + priority)
        started = time.perf_counter()
        done = sum([len(some) async for some in queue.finished(tickets)])
        completed_s = time.perf_counter() - started
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
        await queue.close()
    if done != count:
        raise RuntimeError(f"{count - done} of {count} were lost")
    return count / enqueued_s, (count - before) / completed_s


def main() -> None:
    """Measure, print, write bench/out/queue.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.queue_alone", description=__doc__)
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, console.status("queue"):
        server = RedisServer(Path(folder))
        server.start()
        try:
            lines: list[tuple[Priority, str]] = [("interactive", "one a slice"), ("batch", "in slices")]
            for priority, what in lines:
                told = [asyncio.run(_measure(server, options.jobs, priority, options.workers)) for _ in range(options.rounds)]
                enqueued, completed = (statistics.median(values) for values in zip(*told, strict=True))
                note = f"{options.jobs} submissions, {options.workers} workers, appendonly; median of {options.rounds}"
                rows.append(Row(f"enqueued, {what}", enqueued, 1500, unit="/s", at_least=True, note=note))
                rows.append(Row(f"completed, {what}", completed, 600, unit="/s", at_least=True, note=note))
        finally:
            server.stop()
    finish("queue", "the queue alone, submissions a second", rows, **vars(options))


if __name__ == "__main__":
    main()
