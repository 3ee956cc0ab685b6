"""The queue of one machine, as its callers see it: threads of this process judge, one for each box.

Callers hold entries, which the register finds again; each waits for a work, which the lines give to a judging thread. One lock
guards entries, works, register and lines. Judging threads never hold it while they judge.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from service import entries
from service.entries import Entry, Work
from service.errors import Draining
from service.idempotency import check_keys_within
from service.judging_threads import Judge, JudgingThreads, RunOnce, judge_failed
from service.mailbox import Mailbox
from service.queue import DEADLINE_PASSED, Job, Load, Observer, Ticket, WorkerInfo, ended_without_verdict
from service.register import Register
from service.result_cache import Packed, ResultCache, pack
from service.schemas import Event, Result, RunRequest, RunResult, Status
from service.settings import Settings
from service.work_lines import WorkLines

CANCELLED = "cancelled by its caller"
_LAST_WAIT_S = 10.0  # for what was cancelled to end


class InProcessQueue:
    """See `SubmissionQueue`. `judge` and `run_once` block, and are called from `threads` threads at once."""

    def __init__(
        self,
        judge: Judge,
        run_once: RunOnce,
        settings: Settings,
        *,
        threads: int,
        workers: Callable[[], list[WorkerInfo]] = list,
        observer: Observer | None = None,
    ) -> None:
        self._thread_count = threads
        self._workers = workers
        self._observer = observer
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._works = WorkLines(settings.queue_size)
        self._register = Register(settings, self._lock, observer)
        self._cache = ResultCache(settings.result_cache_mb << 20)
        self._mailbox = Mailbox()
        self._threads = JudgingThreads(
            judge,
            run_once,
            ready=self._ready,
            works=self._works,
            register=self._register,
            cache=self._cache,
            mailbox=self._mailbox,
        )
        self._draining = False

    # -- starting and ending ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the judging threads."""
        self._mailbox.open(asyncio.get_running_loop())
        self._threads.start(self._thread_count)

    async def drain(self, wait_s: float) -> None:
        """Let nothing in; wait for what is in; hand the rest back."""
        with self._lock:
            self._draining = True
        if await self._idle_within(wait_s):
            return
        self._threads.hand_back()
        if not await self._idle_within(_LAST_WAIT_S):
            self._threads.abandon()

    async def close(self) -> None:
        """Hand back what is left and end the threads."""
        with self._lock:
            self._draining = True
        self._threads.hand_back()
        await asyncio.to_thread(self._threads.close, _LAST_WAIT_S)
        with self._lock:
            self._register.close()

    async def _idle_within(self, wait_s: float) -> bool:
        idle = asyncio.Event()
        with self._lock:
            if self._works.watch_idle(idle.set):
                return True
        try:
            await asyncio.wait_for(idle.wait(), wait_s)
        except TimeoutError:
            return False
        return True

    # -- letting in ------------------------------------------------------------------------------------------------

    async def submit(self, jobs: Sequence[Job]) -> list[Ticket]:
        """All of them, or none."""
        keys = [job.cache_key() if job.submission.cache else None for job in jobs]
        with self._ready:
            self._check_open()
            self._register.drop_old()
            known = [self._register.known(job) for job in jobs]
            check_keys_within(jobs)
            packed = [self._cache.get(key) if entry is None and key else None for entry, key in zip(known, keys, strict=True)]
            new = sum(entry is None and found is None for entry, found in zip(known, packed, strict=True))
            self._works.check_room(new, len(jobs))
            tickets: list[Entry] = []
            for job, key, entry, found in zip(jobs, keys, known, packed, strict=True):
                tickets.append(entry or self._register.known(job) or self._enter(job, key, found))
            self._ready.notify(new)
        self._register.tell()
        for job, ticket in zip(jobs, tickets, strict=True):
            if (deadline_s := job.submission.deadline_s) is not None:
                asyncio.get_running_loop().call_later(deadline_s, self._overdue, ticket)
        return list(tickets)

    def _check_open(self) -> None:
        if self._draining:
            raise Draining("The judge is shutting down. Fix: send this to another judge, or later.", retry_after_s=10)

    def _enter(self, job: Job, key: bytes | None, packed: Packed | None) -> Entry:
        entry = self._register.enter(job)
        if packed is not None:
            self._register.settle(entry, packed, cached=True, judged_s=0.0)
        else:
            self._works.join(entry, job, key)
        return entry

    async def run(self, request: RunRequest) -> RunResult:
        """Queued like an interactive submission."""
        answer: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()
        created = time.monotonic()

        def deliver(result: RunResult, judged_s: float) -> None:
            if self._observer is not None:
                waited_s = time.monotonic() - created - judged_s
                self._observer.run_done(request, result, waited_s=waited_s, judged_s=judged_s)
            self._mailbox.post(lambda: None if answer.done() else answer.set_result(result))

        work = Work(request, "interactive", on_run=deliver)
        with self._ready:
            self._check_open()
            self._works.check_room(1, 1)
            self._works.add(work)
            self._ready.notify()
        try:
            return await answer
        except asyncio.CancelledError:
            with self._lock:
                self._works.withdraw_run(work)
            raise

    async def cancel(self, ticket: Ticket) -> None:
        """Take it out of its work; the work ends when nobody else wants it."""
        entry = cast(Entry, ticket)
        self._withdraw(entry, lambda job: ended_without_verdict(job, entry.id, Status.CANCELLED, CANCELLED))

    def _overdue(self, entry: Entry) -> None:
        self._withdraw(entry, lambda job: judge_failed(job, DEADLINE_PASSED))

    def _withdraw(self, entry: Entry, end: Callable[[Job], Result]) -> None:
        """An entry waits no longer. Without effect on one that is done."""
        with self._lock:
            work, job = entry.work, entry.job
            if work is None or job is None:
                return
            self._works.withdraw(entry, work)
            watchers = self._register.settle(entry, pack(end(job)), cached=False, judged_s=0.0)
            watchers += work.events.listeners()
            watchers += self._works.idle_watchers()
        self._mailbox.post(*watchers)
        self._register.tell()

    # -- asking ----------------------------------------------------------------------------------------------------

    async def find(self, submission_id: str) -> Ticket:
        """Waiting, running, or still kept."""
        with self._lock:
            return self._register.find(submission_id)

    async def standing(self, ticket: Ticket) -> Result:
        """queued or running, or the result when it has come meanwhile."""
        return cast(Entry, ticket).standing()

    async def wait(self, ticket: Ticket, wait_s: float) -> bytes | None:
        """The result, if it comes in time."""
        return await cast(Entry, ticket).wait(wait_s)

    def finished(self, tickets: Sequence[Ticket]) -> AsyncIterator[list[tuple[int, bytes]]]:
        """All of them, in the order they finish."""
        return entries.finished(cast(Sequence[Entry], tickets), self._lock)

    def events(self, ticket: Ticket, after: str | None = None) -> AsyncIterator[tuple[str, Event]]:
        """Those that were, then those to come."""
        return cast(Entry, ticket).events(after)

    async def load(self) -> Load:
        """Counts, now."""
        with self._lock:
            return self._works.load(draining=self._draining)

    async def workers(self) -> list[WorkerInfo]:
        """This process."""
        return await asyncio.to_thread(self._workers)
