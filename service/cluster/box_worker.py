"""The RQ worker: takes slices from RQ's queues and hands each to a thread, one for each box. It never forks.

What RQ keeps for a job (its hash, its place among the started ones, the worker's own hash) stays true, so that `rq info` and
dashboards show slices and workers; what costs a round trip at each step and is not needed here is left out.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis
import structlog
from redis.client import Pipeline
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from service.cluster.connection import LOST
from service.cluster.names import LINES, rq_queue
from service.work_lines import BATCH_TURN

log = structlog.get_logger("tierline.worker")
Perform = Callable[[str, list[str], Callable[[Pipeline], None], Callable[[Pipeline], None]], None]
_BLOCK_S = 1
_HEARTBEAT_S = 10.0
_AGAIN_S = 0.3


def judge_slice(works: list[str]) -> None:
    """What RQ is told to call. A `tierline worker` judges slices itself; `rq worker` has no boxes to judge in."""
    raise RuntimeError(f"only `tierline worker` can judge these {len(works)} works")


class _NoDeathPenalty(BaseDeathPenalty):
    """Time limits are the judge's own."""

    def setup_death_penalty(self) -> None:
        """None."""

    def cancel_death_penalty(self) -> None:
        """None."""


class BoxWorker(SimpleWorker):
    """Calls `perform(slice name, works, opening, closing)` from `threads` threads.

    What RQ keeps for a job is told by `opening` and `closing`, in pipelines of the one who performs it.
    """

    death_penalty_class = _NoDeathPenalty

    def __init__(
        self,
        client: redis.Redis,
        name: str,
        perform: Perform,
        *,
        threads: int,
    ) -> None:
        queues = [Queue(rq_queue(line), connection=client, serializer=JSONSerializer) for line in LINES]
        super().__init__(queues, name=name, connection=client, serializer=JSONSerializer, log_job_description=False)
        self._perform = perform
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="judging")
        self._free = threading.Semaphore(threads)
        self._turns = 0
        self._beaten_at = -_HEARTBEAT_S
        self._stop = threading.Event()

    # -- RQ's steps, without their round trips ---------------------------------------------------------------------

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Told with the heartbeat."""
        self._state = state

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Now and then; never a reason to stop."""
        if time.monotonic() - self._beaten_at > _HEARTBEAT_S:
            self._beaten_at = time.monotonic()
            try:
                super().heartbeat(timeout)
                self.connection.hset(self.key, "state", self._state)
            except LOST as error:
                log.debug("RQ's heartbeat was not told", error=str(error))

    def procline(self, message: str) -> None:
        """The process keeps its name."""

    def check_for_suspension(self, burst: bool) -> None:
        """Not while nothing is taken anyway: see `_allowed`."""

    def subscribe(self) -> None:
        """Orders come over a channel of our own."""

    def unsubscribe(self) -> None:
        """See `subscribe`."""

    def _install_signal_handlers(self) -> None:
        """They are the worker's."""

    def stop(self) -> None:
        """Take nothing more. From any thread."""
        self._stop.set()
        self._stop_requested = True

    def run_maintenance_tasks(self) -> None:
        """RQ's registries, as RQ does it; never a reason to stop."""
        try:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]
        except LOST as error:
            log.warning("RQ's registries were not cleaned", error=str(error))

    # -- taking ----------------------------------------------------------------------------------------------------

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """The next slice, once a thread is free for it; None when there will be no more."""
        while not self._stop.is_set():
            if not self._free.acquire(timeout=_BLOCK_S):
                self.heartbeat()
                continue
            if (found := self._dequeue()) is not None:
                return found
            self._free.release()
        return None

    def _dequeue(self) -> Any:
        queues = self._ordered_queues
        self._turns = (self._turns + 1) % BATCH_TURN
        try:
            return self.queue_class.dequeue_any(
                queues if self._turns else queues[::-1],
                _BLOCK_S,
                connection=self.connection,
                job_class=self.job_class,
                serializer=self.serializer,
                death_penalty_class=self.death_penalty_class,
            )
        except DequeueTimeout:
            self.heartbeat()
        except LOST as error:
            log.warning("waiting for Redis", error=str(error))
            self._stop.wait(_AGAIN_S)
        return None

    # -- performing ------------------------------------------------------------------------------------------------

    def execute_job(self, job: RqJob, queue: Queue) -> None:
        """Hand it to a thread."""
        self._threads.submit(self._execute, job)

    def _execute(self, job: RqJob) -> None:
        executions: list[Execution] = []

        def opening(pipeline: Pipeline) -> None:
            execution = Execution.create(job, self.get_heartbeat_ttl(job), pipeline=pipeline, worker_name=self.name)
            executions.append(execution)
            self.executions[execution.id] = execution

        def closing(pipeline: Pipeline) -> None:
            for execution in executions:  # more than one when the connection was lost in between
                self.cleanup_execution(job, pipeline=pipeline, execution=execution)
            pipeline.delete(job.key)

        try:
            self._perform(job.id, job.args[0], opening, closing)
        except Exception:
            log.exception("a slice failed; what it held is found by others", slice=job.id)
        finally:
            for execution in executions:
                self.executions.pop(execution.id, None)
            self._free.release()

    def teardown(self) -> None:
        """Wait for the threads, and leave."""
        self._threads.shutdown(wait=True)
        try:
            super().teardown()  # type: ignore[no-untyped-call]
        except LOST as error:
            log.warning("RQ was not told that this worker has ended", error=str(error))
