"""Judges the works that slices name, in the threads of one worker.

A thread asks Redis once for each work: with the result of the last one it begins the next. Whatever happens, each work that was
taken is finished, put back, or found by others when the lease has run out.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import redis
import structlog
from redis.client import Pipeline

from service.cluster import names
from service.cluster.connection import LOST
from service.cluster.event_stream import EventPen
from service.cluster.leases import LEASE_MS, Leases, Running
from service.cluster.payload import unpack_task
from service.cluster.roster import Roster
from service.cluster.scripts import Scripts
from service.cluster.slices import Slices
from service.compression import compress
from service.judging_threads import Judge, RunOnce, judge_failed, run_failed
from service.loaded_problem import LoadedProblem
from service.queue import Job
from service.result_cache import Packed, pack
from service.schemas import Event, RunRequest, Status, Verdict
from service.settings import Settings
from service.undecided import StepsBack

log = structlog.get_logger("tierline.worker")
More = Callable[[Pipeline], None]
_Turn = tuple[int, int, int, int]
"""What `begin` answers: wanted?, slices that wait (interactive, batch), watched?"""
_AGAIN_S = 0.3
_NOT_FOR_US_S = 0.1


@dataclass(frozen=True, slots=True)
class _Taken:
    """A work that is this worker's for now."""

    name: str
    payload: bytes
    line: str
    tries: int
    avoid: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What has become of it: a result, or None when it goes back to the line."""

    work: _Taken
    packed: Packed | None = None
    judged_s: float = 0.0
    why_back: str = ""


class Crew:
    """`judge_slice` blocks, and is called from as many threads as there are boxes."""

    def __init__(
        self,
        client: redis.Redis,
        name: str,
        judge: Judge,
        run_once: RunOnce,
        problems: Callable[[str], LoadedProblem],
        leases: Leases,
        roster: Roster,
        settings: Settings,
    ) -> None:
        self._client = client
        self._name = name
        self._judge = judge
        self._run_once = run_once
        self._problems = problems
        self._leases = leases
        self._roster = roster
        self._settings = settings
        self._scripts = Scripts(client)
        self._slices = Slices(client)
        self._lock = threading.Lock()
        self._lefts: list[deque[_Taken]] = []
        self.stopping = threading.Event()

    def judge_slice(self, slice_name: str, works: Sequence[str], opening: More, closing: More) -> None:
        """Take what there is to take, and judge it. What RQ is to be told travels along, at first and in the end."""
        left, begun = self._open(slice_name, works, opening)
        held = [work.name for work in left]
        with self._lock:
            self._lefts.append(left)
        try:
            answer = self._judge_all(left, begun, works[0])
            self._close(answer, list(left), closing)
        except BaseException:
            for name in held:  # renewed no more, so that others find what is not done
                self._leases.drop(name)
            raise
        finally:
            with self._lock:
                self._lefts.remove(left)

    def _judge_all(self, left: deque[_Taken], begun: _Turn | None, first: str) -> _Answer | None:
        """One after the other, until nothing is left or this ends. Returns what has become of the last."""
        answer: _Answer | None = None
        while not self.stopping.is_set() and (work := self._next(left)) is not None:
            wanted, interactive, batch, watched = begun if begun and work.name == first else self._turn(answer, work)
            begun, answer = None, None
            if left and self._others_should_have(left[0].line, interactive, batch):
                self._give_back(left)
            if wanted:
                answer = self._perform(work, watched=bool(watched))
            else:
                self._leases.drop(work.name)
        return answer

    def _next(self, left: deque[_Taken]) -> _Taken | None:
        with self._lock:
            return left.popleft() if left else None

    def _give_back(self, left: deque[_Taken]) -> None:
        """Others may have what is left of a slice."""
        with self._lock:
            works = list(left)
            left.clear()
        if works:
            self._close(None, works, _nothing)

    def look_round(self) -> None:
        """Called every second: what waits behind a long judging goes back when others have nothing to do, or when this ends."""
        with self._lock:
            lefts = [left for left in self._lefts if left]
        if not lefts:
            return
        interactive, batch = (self._client.llen(names.slices_list(line)) for line in names.LINES)
        for left in lefts:
            if self.stopping.is_set() or self._others_should_have("", interactive, batch):
                self._give_back(left)

    # -- Redis -----------------------------------------------------------------------------------------------------

    def _together(self, build: More) -> list[Any]:
        """Do it as soon as Redis can be asked: a result that is there is not thrown away because Redis restarts."""
        while True:
            try:
                return self._scripts.together(build)
            except LOST as error:
                log.warning("waiting for Redis", error=str(error))
                time.sleep(_AGAIN_S)

    def _open(self, slice_name: str, works: Sequence[str], opening: More) -> tuple[deque[_Taken], _Turn | None]:
        """Take works, and begin the first."""

        def ask(pipeline: Pipeline) -> None:
            opening(pipeline)
            self._scripts.add(pipeline, "take", [slice_name, self._name, LEASE_MS, *works])
            self._begin(works[0], pipeline)

        *_, told, begun = self._together(ask)
        taken = deque[_Taken]()
        for name, found in zip(works, told, strict=True):
            if found is not None:
                payload, line, tries, avoid = found
                taken.append(_Taken(name, payload, line.decode(), int(tries), frozenset((avoid or b"").decode().split())))
        self._leases.hold([work.name for work in taken])
        return taken, (begun if told[0] is not None else None)

    def _turn(self, answer: _Answer | None, work: _Taken) -> _Turn:
        """Finish the last work and begin the next."""

        def ask(pipeline: Pipeline) -> None:
            self._finish(answer, pipeline)
            self._begin(work.name, pipeline)

        told: _Turn = self._together(ask)[-1]
        self._forget(answer)
        return told

    def _close(self, answer: _Answer | None, left: Sequence[_Taken], closing: More) -> None:
        """Finish the last work; others may have those that are left, one at a time."""

        def ask(pipeline: Pipeline) -> None:
            self._finish(answer, pipeline)
            for work in left:
                self._scripts.add(pipeline, "put_back", [work.name, "back", self._name, 0])
                self._slices.add(pipeline, work.line, [[work.name]], at_front=True)
            closing(pipeline)

        self._together(ask)
        self._forget(answer)
        for work in left:
            self._leases.drop(work.name)

    def _begin(self, work: str, pipeline: Pipeline) -> None:
        self._scripts.add(pipeline, "begin", [work, self._name], keys=[names.slices_list(line) for line in names.LINES])

    def _forget(self, answer: _Answer | None) -> None:
        if answer is not None:
            self._leases.drop(answer.work.name)

    def _finish(self, answer: _Answer | None, pipeline: Pipeline) -> None:
        if answer is None:
            return
        packed, work = answer.packed, answer.work
        if packed is None:
            self._scripts.add(pipeline, "put_back", [work.name, answer.why_back, self._name, 0])
            self._slices.add(pipeline, work.line, [[work.name]], at_front=answer.why_back == "back")
            return
        settings = self._settings
        good = packed.status is Status.DONE and packed.verdict not in (Verdict.JE, None)
        verdict = packed.verdict.value if packed.verdict else ""
        ttl_ms = max(1, int(settings.result_ttl_s * 1000))
        args = [work.name, packed.body, packed.status.value, verdict, answer.judged_s, ttl_ms, settings.results_kept, int(good)]
        self._scripts.add(pipeline, "finish", args)

    def _others_should_have(self, line: str, interactive: int, batch: int) -> bool:
        """Somebody sits and waits, or the line is empty and other boxes stand idle."""
        return (line == "batch" and interactive > 0) or (not interactive and not batch and self._roster.boxes() > 1)

    # -- judging ---------------------------------------------------------------------------------------------------

    def _perform(self, work: _Taken, *, watched: bool) -> _Answer:
        if self._name in work.avoid and self._others(work):
            time.sleep(_NOT_FOR_US_S)
            return _Answer(work, why_back="back")
        cancelled = threading.Event()
        pen = EventPen(self._client, work.name)
        self._leases.run(work.name, Running(cancelled, pen), watched=watched)
        if self.stopping.is_set():  # it came between
            cancelled.set()
        started = time.monotonic()
        try:
            packed = self._answer(work, pen, cancelled)
        except StepsBack as reason:
            log.info("left to a steadier worker", reason=str(reason))
            return _Answer(work, why_back="elsewhere")
        finally:
            self._leases.hold([work.name])  # there is nothing to cancel any more
        judged_s = round(time.monotonic() - started, 6)
        if packed is None:
            return _Answer(work, why_back="back")
        if packed.verdict is Verdict.JE and self._another_try(work):
            return _Answer(work, why_back="elsewhere")
        return _Answer(work, packed, judged_s)

    def _another_try(self, work: _Taken, *, steady: bool = False) -> bool:
        return work.tries + 1 < self._settings.worker_tries and self._others(work, steady=steady)

    def _others(self, work: _Taken, *, steady: bool = False) -> bool:
        """Is there a worker, a `steady` one if asked for, that has not failed at this?"""
        try:
            alive = [worker for worker in self._roster.alive() if worker.steady or not steady]
            return any(worker.name not in work.avoid | {self._name} for worker in alive)
        except LOST:
            return False

    def _answer(self, work: _Taken, pen: EventPen, cancelled: threading.Event) -> Packed | None:
        """A result, or None for a work that was ended before it had one. Raises StepsBack."""
        task: Job | RunRequest | None = None
        try:
            task = unpack_task(work.payload)
            if isinstance(task, RunRequest):
                told = self._run_once(task, cancelled)
                body = compress(told.model_dump_json().encode())
                return None if cancelled.is_set() else Packed(Status.DONE, told.verdict, body)
            steadier = partial(self._another_try, work, steady=True)
            job = replace(task, loaded=self._problems(task.digest), elsewhere=steadier)

            def tell(event: Event) -> None:
                if event.kind not in ("queued", "done") and not cancelled.is_set():
                    self._write(pen, event)

            result = self._judge(job, tell, cancelled)
            return None if result.status is not Status.DONE else pack(result)
        except StepsBack:
            raise
        except Exception as error:
            if cancelled.is_set():
                return None
            log.exception("judging failed", error=repr(error))
            message = f"the judge failed: {type(error).__name__}: {error}"
            if isinstance(task, Job):
                return pack(judge_failed(task, message))
            return Packed(Status.DONE, Verdict.JE, compress(run_failed(message).model_dump_json().encode()))

    def _write(self, pen: EventPen, event: Event) -> None:
        try:
            pen.add(event)
        except LOST:
            log.debug("an event was not told: Redis is away")


def _nothing(pipeline: Pipeline) -> None:
    pass
