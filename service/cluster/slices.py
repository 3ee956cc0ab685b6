"""Slices: the RQ jobs that tell workers what to take.

A batch is cut so that all boxes stay busy and RQ's cost is shared: a slice has a few works, fewer when there are many boxes for
them. One that is too large near the end is cut up again by the worker that has it.
"""

import math
import secrets
import time
from collections.abc import Iterable, Sequence

import redis
from redis.client import Pipeline
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from service.cluster.names import LINES, SLICES, rq_queue

LARGEST = 8
_ROUNDS = 4  # slices for each box, at least, of what is sent at once
_ENTRY_POINT = "service.cluster.box_worker.judge_slice"


class Slices:
    """Enqueues slices. For threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._queues: dict[str, Queue] = {
            line: Queue(rq_queue(line), connection=client, serializer=JSONSerializer) for line in LINES
        }

    def cut(self, line: str, works: Sequence[str], boxes: int) -> list[Sequence[str]]:
        """Works in the order they came, in slices for so many boxes. What somebody waits for comes one by one."""
        size = 1 if line == "interactive" else max(1, min(LARGEST, math.ceil(len(works) / (_ROUNDS * max(1, boxes)))))
        return [works[start : start + size] for start in range(0, len(works), size)]

    def add(self, pipeline: Pipeline, line: str, slices: Iterable[Sequence[str]], *, at_front: bool = False) -> None:
        """Enqueue slices as part of a transaction."""
        now_ms = int(time.time() * 1000)
        data: list[EnqueueData] = []
        for works in slices:
            name = secrets.token_hex(12)
            data.append(
                Queue.prepare_data(
                    _ENTRY_POINT,
                    args=(list(works),),
                    job_id=name,
                    result_ttl=0,
                    failure_ttl=3600,
                    timeout=86400,
                    description=f"{len(works)} to judge",
                    at_front=at_front,
                )
            )
            pipeline.zadd(SLICES, {name: now_ms})
        if data:
            self._queues[line].enqueue_many(data, pipeline=pipeline)

    def add_now(self, line: str, slices: Iterable[Sequence[str]], *, at_front: bool = False) -> None:
        """Enqueue slices."""
        with self._client.pipeline() as pipeline:
            self.add(pipeline, line, slices, at_front=at_front)
            pipeline.execute()

    def again(self, names: Iterable[str]) -> None:
        """Enqueue slices that were popped and never taken. Those whose job is gone are forgotten."""
        for name in names:
            job = next((found for queue in self._queues.values() if (found := queue.fetch_job(name)) is not None), None)
            if job is None:
                self._client.zrem(SLICES, name)
            else:
                self._queues[str(job.origin).removeprefix("tierline-")].push_job_id(name, at_front=True)
