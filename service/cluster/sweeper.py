"""Finds what was lost: works of dead workers, slices that nobody took, places of dead replicas, deadlines that have passed.

Every process of the judge has one; a lock in Redis lets one at a time do the work.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import redis
import structlog
from redis.client import Pipeline

from service.cluster import names
from service.cluster.connection import LOST, text
from service.cluster.payload import Head, pack_own, unpack_task
from service.cluster.scripts import Scripts
from service.cluster.slices import Slices
from service.compression import compress
from service.judging_threads import judge_failed, run_failed
from service.queue import DEADLINE_PASSED, Job
from service.result_cache import Packed, pack
from service.schemas import Result, Status, Verdict
from service.settings import Settings

log = structlog.get_logger("tierline.queue")
_EVERY_S = 1.0
_SLICES_EVERY_S = 3.0
_PLACES_EVERY_S = 30.0
_SLICE_AGE_MS = 2000
_PLACE_AGE_MS = 60_000
_AT_ONCE = 500


class Sweeper:
    """`chores` are called once an hour, by whoever has the lock then."""

    def __init__(self, client: redis.Redis, settings: Settings, *, chores: Callable[[], object] | None = None) -> None:
        self._client = client
        self._settings = settings
        self._chores = chores
        self._scripts = Scripts(client)
        self._slices = Slices(client)
        self._missing: set[str] = set()
        self._looked: dict[str, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(5)

    def _serve(self) -> None:
        while not self._ended.wait(_EVERY_S):
            try:
                if self._client.set(names.SWEEPER, "1", nx=True, px=int(_EVERY_S * 900)):
                    self.sweep()
            except LOST:
                self._missing.clear()
            except Exception:
                log.exception("looking for what was lost failed")

    def sweep(self) -> None:
        """Look once."""
        now_ms = self._now_ms()
        self._expired(now_ms)
        self._overdue(now_ms)
        if self._due("slices", _SLICES_EVERY_S):
            self._lost_slices(now_ms)
        if self._due("places", _PLACES_EVERY_S):
            self._lost_places(now_ms)
        if self._chores is not None and self._due("chores", 3600):
            with suppress(OSError):
                self._chores()

    @property
    def _ttl_ms(self) -> int:
        return max(1, int(self._settings.result_ttl_s * 1000))

    def _due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now - self._looked.get(what, -1e9) < every_s:
            return False
        self._looked[what] = now
        return True

    def _now_ms(self) -> int:
        seconds, micros = self._client.time()
        return int(seconds) * 1000 + int(micros) // 1000

    # -- works -----------------------------------------------------------------------------------------------------

    def _expired(self, now_ms: int) -> None:
        for name in self._client.zrangebyscore(names.RUNNING, "-inf", now_ms, start=0, num=_AT_ONCE):
            work = text(name)
            line = self._client.hget(names.work(work), "line")
            told = self._again(work, None if line is None else text(line))
            if told == b"poison":
                self._fail(work, f"the worker that judged it died, {self._settings.worker_tries} times in a row")
            elif told:
                log.warning("a worker was lost; its work goes on elsewhere", work=work)

    def _again(self, work: str, line: str | None) -> bytes:
        def ask(pipeline: Pipeline) -> None:
            self._scripts.add(pipeline, "put_back", [work, "expired", "", self._settings.worker_tries])
            if line is not None:
                self._slices.add(pipeline, line, [[work]], at_front=True)

        answer: bytes = self._scripts.together(ask)[0]
        return answer

    def _overdue(self, now_ms: int) -> None:
        for name in self._client.zrangebyscore(names.DEADLINES, "-inf", now_ms, start=0, num=_AT_ONCE):
            id = text(name)
            head = Head.from_json(self._client.hget(names.entry(id), "head") or '["",""]')
            ended = Result(verdict=Verdict.JE, error=DEADLINE_PASSED, problem=head.problem, language=head.language)
            self._scripts("cancel", [id, pack_own(pack(ended)), self._ttl_ms])
            self._client.zrem(names.DEADLINES, id)

    def _fail(self, work: str, error: str) -> None:
        """End it as JE: the judge could not judge it."""
        payload = cast(bytes | None, self._client.hget(names.work(work), "payload"))
        try:
            task = unpack_task(payload) if payload else None
        except ValueError:
            task = None  # another version's
        if isinstance(task, Job):
            packed = pack(judge_failed(task, error))
        else:
            packed = Packed(Status.DONE, Verdict.JE, compress(run_failed(error).model_dump_json().encode()))
        self._scripts("finish", [work, packed.body, "done", "JE", 0, self._ttl_ms, self._settings.results_kept, 0])
        log.error("a submission ended without a verdict", work=work, error=error)

    # -- slices and places -----------------------------------------------------------------------------------------

    def _lost_slices(self, now_ms: int) -> None:
        """Those that were popped from RQ's lists by a worker that died before it took them: missing at two looks."""
        with self._client.pipeline() as pipeline:
            pipeline.zrangebyscore(names.SLICES, "-inf", now_ms - _SLICE_AGE_MS)
            for line in names.LINES:
                pipeline.lrange(names.slices_list(line), 0, -1)
            known, *lists = pipeline.execute()
        missing = {name.decode() for name in set(known).difference(*lists)}
        again = missing & self._missing
        if again:
            log.warning("slices were lost on the way to a worker, and are sent again", slices=len(again))
            self._slices.again(again)
        self._missing = missing - again

    def _lost_places(self, now_ms: int) -> None:
        for line in names.LINES:
            old = self._client.zrangebyscore(names.waiting(line), "-inf", now_ms - _PLACE_AGE_MS, start=0, num=_AT_ONCE)
            for id in map(text, old):
                if not self._client.exists(names.entry(id)):
                    self._client.zrem(names.waiting(line), id)
