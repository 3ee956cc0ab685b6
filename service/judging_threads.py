"""The threads that judge: each takes a work, performs it and finishes it, until the queue closes.

They reach coroutines through the mailbox only, and hold the lock only to take and to finish. What they have not done when the
judge shuts down is handed back: it ends as JE, and says so.
"""

import threading
import time
from collections.abc import Callable
from functools import partial

import structlog

from service.entries import Work
from service.mailbox import Callback, Mailbox
from service.queue import Job
from service.register import Register
from service.result_cache import Packed, ResultCache, pack
from service.schemas import Event, Result, RunRequest, RunResult, Status, Verdict
from service.work_lines import WorkLines

log = structlog.get_logger("tierline.queue")

HANDED_BACK = "the judge is shutting down and did not judge this; send it again, to another judge or once this one is back"

Judge = Callable[[Job, Callable[[Event], None], threading.Event], Result]
RunOnce = Callable[[RunRequest, threading.Event], RunResult]


class JudgingThreads:
    """`judge` and `run_once` block, and are called from all threads at once. `ready` is told of each work that is added."""

    def __init__(
        self,
        judge: Judge,
        run_once: RunOnce,
        *,
        ready: threading.Condition,
        works: WorkLines,
        register: Register,
        cache: ResultCache,
        mailbox: Mailbox,
    ) -> None:
        self._judge = judge
        self._run_once = run_once
        self._ready = ready
        self._works = works
        self._register = register
        self._cache = cache
        self._mailbox = mailbox
        self._threads: list[threading.Thread] = []
        self._closed = False

    def start(self, count: int) -> None:
        """Start to take works."""
        for number in range(count):
            thread = threading.Thread(target=self._serve, name=f"judging-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self, wait_s: float) -> None:
        """End the threads; blocks up to `wait_s` for each."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join(wait_s)
        self._threads.clear()

    # -- taking and performing -------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while work := self._take():
            self._perform(work)

    def _take(self) -> Work | None:
        """Blocks; None when there will be no more."""
        with self._ready:
            while (work := self._works.take()) is None and not self._closed:
                self._ready.wait()
            return work

    def _perform(self, work: Work) -> None:
        started = time.monotonic()
        try:
            if isinstance(work.task, RunRequest):
                answer = self._run_once(work.task, work.cancelled)
                if work.handed_back and work.cancelled.is_set():
                    answer = run_failed(HANDED_BACK)
                self._finish_run(work, answer, time.monotonic() - started)
                return
            result = self._judge(work.task, partial(self._happened, work), work.cancelled)
            if work.handed_back and result.status is not Status.DONE:
                result = judge_failed(work.task, HANDED_BACK)
        except Exception as error:
            if not work.cancelled.is_set():
                log.exception("judging failed", error=repr(error))
            message = f"the judge failed: {type(error).__name__}"
            if isinstance(work.task, RunRequest):
                self._finish_run(work, run_failed(message), time.monotonic() - started)
                return
            result = judge_failed(work.task, HANDED_BACK if work.handed_back else message)
        self._finish(work, result, time.monotonic() - started)

    def _happened(self, work: Work, event: Event) -> None:
        if event.kind in ("queued", "done"):
            return  # ours to tell
        self._mailbox.post(*work.events.add(event))

    # -- finishing -------------------------------------------------------------------------------------------------

    def _finish(self, work: Work, result: Result, judged_s: float) -> None:
        packed = pack(result)
        if work.key and not work.cancelled.is_set():
            self._cache.put(work.key, packed)
        with self._ready:
            self._works.leave(work)
            watchers = self._settle(work, packed, judged_s) + self._works.idle_watchers()
        self._mailbox.post(*watchers)
        self._register.tell()

    def _finish_run(self, work: Work, result: RunResult, judged_s: float) -> None:
        if work.on_run is not None:
            work.on_run(result, judged_s)
        with self._ready:
            self._works.leave(work)
            watchers = self._works.idle_watchers()
        self._mailbox.post(*watchers)

    def _settle(self, work: Work, packed: Packed, judged_s: float) -> list[Callback]:
        """All that wait for the work have their result. Returns whom to wake."""
        entries, work.entries = work.entries, []
        settled = [self._register.settle(entry, packed, cached=False, judged_s=judged_s) for entry in entries]
        return [*(watcher for watchers in settled for watcher in watchers), *work.events.end()]

    # -- handing back ----------------------------------------------------------------------------------------------

    def hand_back(self) -> None:
        """Answer for the works that wait, and cancel those that run."""
        with self._ready:
            waiting = self._works.take_all()
            for work in [*self._works.running, *waiting]:
                work.handed_back = True
                work.cancelled.set()
        for work in waiting:
            if isinstance(work.task, RunRequest):
                self._finish_run(work, run_failed(HANDED_BACK), 0.0)
            else:
                self._finish(work, judge_failed(work.task, HANDED_BACK), 0.0)

    def abandon(self) -> None:
        """Answer for works that do not even end when they are cancelled."""
        with self._ready:
            watchers: list[Callback] = []
            for work in self._works.running:
                if isinstance(work.task, Job):
                    watchers += self._settle(work, pack(judge_failed(work.task, HANDED_BACK)), 0.0)
        self._mailbox.post(*watchers)
        self._register.tell()


def judge_failed(job: Job, error: str) -> Result:
    """A submission that the judge could not judge."""
    return Result(verdict=Verdict.JE, error=error, problem=job.problem, language=job.language)


def run_failed(error: str) -> RunResult:
    """A run that could not be made."""
    return RunResult(verdict=Verdict.JE, stdout="", error=error)
