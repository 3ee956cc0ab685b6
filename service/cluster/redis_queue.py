"""The queue of many machines, as its callers see it: see `SubmissionQueue`, and `service.cluster` for what happens in Redis.

What callers wait for here is found again by anyone: a ticket is a name in Redis. What this replica let in it remembers until it
is done, so that a Redis that lost its last second is told of it again.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import redis
import structlog
from redis.exceptions import RedisError

from service.cluster import names
from service.cluster.connection import LOST, connect, connect_async, reached
from service.cluster.entrance import Admitted, Entrance, RedisTicket
from service.cluster.event_stream import EventStream
from service.cluster.news import News
from service.cluster.payload import Head, as_packed, pack_own, unpack_own
from service.cluster.problem_post import ProblemPost
from service.cluster.roster import Roster
from service.cluster.scripts import AsyncScripts
from service.errors import Draining, FieldError, NotFound, Unavailable
from service.queue import Job, Load, Observer, Ticket, WorkerInfo
from service.result_cache import Packed, pack, unpack
from service.schemas import Event, Result, RunRequest, RunResult, Status, Verdict
from service.settings import Settings
from service.submission_events import events_of_result
from service.throughput import Throughput

log = structlog.get_logger("tierline.queue")
CANCELLED = "cancelled by its caller"
LEFT = "this server is shutting down; the submission goes on: ask another for it"
_TOLD_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _Mine:
    """What was let in here and is not done yet."""

    id: str
    task: Job | RunRequest
    created: float


class RedisQueue:
    """See `SubmissionQueue`. Every call may raise Unavailable while Redis cannot be asked."""

    def __init__(self, settings: Settings, post: ProblemPost, *, observer: Observer | None = None) -> None:
        self._url = settings.redis_url
        self._settings = settings
        self._observer = observer
        self._sync: redis.Redis = connect(self._url)
        self._client = connect_async(self._url)
        self._scripts = AsyncScripts(self._client)
        self._throughput = Throughput()
        self.roster = Roster(self._sync)
        self.entrance = Entrance(self._sync, settings, post, self.roster, self._throughput.seconds_for)
        self._news = News(self._client, self._works_done, self._lost)
        self._mine: dict[str, list[_Mine]] = {}
        self._draining = False
        self._closed = False

    @property
    def _ttl_ms(self) -> int:
        return max(1, int(self._settings.result_ttl_s * 1000))

    # -- starting and ending ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen for results."""
        await self._news.start()

    async def drain(self, wait_s: float) -> None:
        """Let nothing in; answer those who wait here. What is not done stays in the queue for other servers to tell."""
        self._draining = True
        end = time.monotonic() + wait_s
        while self._news.watched and time.monotonic() < end:
            await asyncio.sleep(0.02)
        self._closed = True
        await self._news.close()

    async def close(self) -> None:
        """Stop listening. Nothing in Redis is touched."""
        self._draining = self._closed = True
        await self._news.close()
        with suppress(RedisError, OSError):
            await self._client.aclose()
        self._sync.close()

    # -- letting in ------------------------------------------------------------------------------------------------

    async def submit(self, jobs: Sequence[Job]) -> list[Ticket]:
        """All of them, or none."""
        self._check_open()
        with reached(self._url):
            admitted = await asyncio.to_thread(self._let_in, jobs)
        for job, one in zip(jobs, admitted, strict=True):
            if one.how in ("new", "joined", "promoted"):
                self._remember(one.ticket, job)
        return [one.ticket for one in admitted]

    def _let_in(self, jobs: Sequence[Job]) -> list[Admitted]:
        admitted = self.entrance.let_in(jobs)
        for job, one in zip(jobs, admitted, strict=True):
            if one.how == "cached":
                self._tell_cached(job, one.ticket)
        return admitted

    def _check_open(self) -> None:
        if self._draining:
            raise Draining("The judge is shutting down. Fix: send this to another judge, or later.", retry_after_s=10)

    def _remember(self, ticket: RedisTicket, task: Job | RunRequest) -> None:
        self._mine.setdefault(ticket.work, []).append(_Mine(ticket.id, task, time.monotonic()))
        self._news.keep(ticket.work)

    async def run(self, request: RunRequest) -> RunResult:
        """Queued like an interactive submission."""
        self._check_open()
        ticket = RedisTicket(*[secrets.token_hex(12)] * 2)
        admitting = asyncio.ensure_future(asyncio.to_thread(self.entrance.let_in_run, request, ticket.id))
        try:
            with reached(self._url):
                await asyncio.shield(admitting)
            self._remember(ticket, request)
            while (body := await self.wait(ticket, 3600)) is None:
                if self._closed:
                    raise Unavailable(LEFT, retry_after_s=1)
            return RunResult.model_validate_json(body)
        except asyncio.CancelledError:
            with suppress(Exception):
                await asyncio.shield(self._abandon(ticket, admitting))
            raise

    async def _abandon(self, ticket: RedisTicket, admitting: asyncio.Future[None]) -> None:
        """Nobody waits for a run any longer, which may not even have been let in yet."""
        await admitting
        await self._cancel(ticket, pack(Result(status=Status.CANCELLED, error=CANCELLED)))

    async def cancel(self, ticket: Ticket) -> None:
        """Its work ends when nobody else waits for it."""
        with reached(self._url):
            head = await self._head(ticket.id)
            ended = Result(id=ticket.id, status=Status.CANCELLED, error=CANCELLED, problem=head.problem, language=head.language)
            await self._cancel(cast(RedisTicket, ticket), pack(ended))

    async def _cancel(self, ticket: RedisTicket, packed: Packed) -> None:
        told = await self._scripts("cancel", [ticket.id, pack_own(packed), self._ttl_ms])
        if told:
            for mine in self._forget(ticket.work, ticket.id):
                self._tell(mine, packed, 0.0)

    # -- asking ----------------------------------------------------------------------------------------------------

    async def find(self, submission_id: str) -> Ticket:
        """Waiting, running, or still kept."""
        with reached(self._url):
            work = await cast(Any, self._client.hget(names.entry(submission_id), "work"))
        if work is None:
            raise _unknown()
        return RedisTicket(submission_id, work.decode())

    async def _head(self, submission_id: str) -> Head:
        head = await cast(Any, self._client.hget(names.entry(submission_id), "head"))
        if head is None:
            raise _unknown()
        return Head.from_json(head)

    async def standing(self, ticket: Ticket) -> Result:
        """queued or running, or the result when it has come meanwhile."""
        ours = cast(RedisTicket, ticket)
        with reached(self._url):
            if (answer := (await self._answers([ours]))[0]) is not None:
                return Result.model_validate_json(answer)
            head = await self._head(ours.id)
            state = await cast(Any, self._client.hget(names.work(ours.work), "state"))
        status = Status.RUNNING if state == b"running" else Status.QUEUED
        return Result(id=ours.id, status=status, problem=head.problem, language=head.language)

    async def wait(self, ticket: Ticket, wait_s: float) -> bytes | None:
        """The result, if it comes in time."""
        ours = cast(RedisTicket, ticket)
        end = time.monotonic() + wait_s
        while True:
            news = asyncio.Event()
            self._watch(ours, news.set)
            try:
                with reached(self._url):
                    if (answer := (await self._answers([ours]))[0]) is not None:
                        return answer
                if (left_s := end - time.monotonic()) <= 0 or self._closed:
                    return None
                await asyncio.wait_for(news.wait(), left_s)
            except TimeoutError:
                return None
            finally:
                self._unwatch(ours, news.set)

    def _watch(self, ticket: RedisTicket, callback: Any) -> None:
        self._news.watch(ticket.work, callback)
        self._news.watch(f"entry {ticket.id}", callback)

    def _unwatch(self, ticket: RedisTicket, callback: Any) -> None:
        self._news.unwatch(ticket.work, callback)
        self._news.unwatch(f"entry {ticket.id}", callback)

    async def _answers(self, tickets: Sequence[RedisTicket]) -> list[bytes | None]:
        """Results as JSON; None for those that are not done."""
        async with self._client.pipeline(transaction=False) as pipeline:
            for ticket in tickets:
                pipeline.hmget(names.entry(ticket.id), "own", "cached")
                pipeline.hmget(names.work(ticket.work), "result", "status", "verdict")
            told = await pipeline.execute()
        return [_answer(ticket, *told[2 * at], *told[2 * at + 1]) for at, ticket in enumerate(tickets)]

    async def finished(self, tickets: Sequence[Ticket]) -> AsyncIterator[list[tuple[int, bytes]]]:
        """All of them, in the order they finish. Raises Draining when this server leaves before."""
        ours = cast(Sequence[RedisTicket], tickets)
        woken: deque[int] = deque()
        news = asyncio.Event()

        def wake(index: int) -> None:
            woken.append(index)
            news.set()

        callbacks = [partial(wake, index) for index in range(len(ours))]
        for ticket, callback in zip(ours, callbacks, strict=True):
            self._watch(ticket, callback)
        woken.extend(range(len(ours)))  # those that are done already are found by asking once for each
        left = set(range(len(ours)))
        try:
            while left:
                while woken:
                    some = {woken.popleft() for _ in range(min(len(woken), _TOLD_AT_ONCE))} & left
                    told = await self._told(ours, sorted(some))
                    left.difference_update(index for index, _ in told)
                    for index in some:
                        self._unwatch(ours[index], callbacks[index])
                        if index in left:  # woken too early, or Redis is away
                            self._watch(ours[index], callbacks[index])
                    if told:
                        yield told
                if left:
                    await news.wait()
                    news.clear()
                    if self._closed:
                        raise Draining(LEFT, retry_after_s=1)
        finally:
            for index in left:
                self._unwatch(ours[index], callbacks[index])

    async def _told(self, tickets: Sequence[RedisTicket], places: Sequence[int]) -> list[tuple[int, bytes]]:
        try:
            answers = await self._answers([tickets[place] for place in places])
        except LOST:
            return []  # asked for again as soon as Redis is back
        return [(place, answer) for place, answer in zip(places, answers, strict=True) if answer is not None]

    async def events(self, ticket: Ticket, after: str | None = None) -> AsyncIterator[tuple[str, Event]]:
        """Those that were, then those to come. Of a finished submission they are told again from its result."""
        ours = cast(RedisTicket, ticket)
        with reached(self._url):
            answer = (await self._answers([ours]))[0]
        if answer is not None:
            for pair in events_of_result(answer, after):
                yield pair
            return
        done = asyncio.Event()
        self._watch(ours, done.set)
        try:
            with reached(self._url):
                await self._scripts("watch", [ours.work])
            async for pair in EventStream(self._client, ours.work, after).until(done):
                yield pair
        finally:
            self._unwatch(ours, done.set)
        answer = await self.wait(ours, 60)
        if answer is None:
            raise Unavailable(LEFT, retry_after_s=1)
        yield events_of_result(answer)[-1]

    async def load(self) -> Load:
        """Counts, now."""
        with reached(self._url):
            async with self._client.pipeline(transaction=False) as pipeline:
                for line in names.LINES:
                    pipeline.zcard(names.waiting(line))
                pipeline.zcard(names.RUNNING)
                interactive, batch, running = await pipeline.execute()
        return Load(interactive, batch, running, self._draining, self._throughput.per_s())

    async def workers(self) -> list[WorkerInfo]:
        """Those that told of themselves of late."""
        with reached(self._url):
            return await asyncio.to_thread(self.roster.workers)

    # -- hearing ---------------------------------------------------------------------------------------------------

    async def _works_done(self, works: list[str]) -> None:
        for _ in works:
            self._throughput.finished()
        ours = [work for work in works if work in self._mine]
        if not ours:
            return
        async with self._client.pipeline(transaction=False) as pipeline:
            for work in ours:
                pipeline.hmget(names.work(work), "result", "status", "verdict", "judged_s")
            told = await pipeline.execute()
        for work, (body, status, verdict, judged_s) in zip(ours, told, strict=True):
            if body is not None:
                for mine in self._forget(work):
                    self._tell(mine, as_packed(body, status, verdict), float(judged_s or 0))

    def _forget(self, work: str, only: str | None = None) -> list[_Mine]:
        known = self._mine.get(work, [])
        gone = [mine for mine in known if only in (None, mine.id)]
        stay = [mine for mine in known if mine not in gone]
        if stay:
            self._mine[work] = stay
        else:
            self._mine.pop(work, None)
            self._news.forget(work)
        return gone

    def _tell(self, mine: _Mine, packed: Packed, judged_s: float) -> None:
        if self._observer is None:
            return
        waited_s = max(0.0, time.monotonic() - mine.created - judged_s)
        if isinstance(mine.task, Job):
            self._observer.submission_done(
                mine.task, packed, submission_id=mine.id, cached=False, waited_s=waited_s, judged_s=judged_s
            )
        else:
            result = RunResult(verdict=packed.verdict or Verdict.JE)
            self._observer.run_done(mine.task, result, waited_s=waited_s, judged_s=judged_s)

    def _tell_cached(self, job: Job, ticket: RedisTicket) -> None:
        if self._observer is None:
            return
        told = cast(Any, self._sync.hmget(names.work(ticket.work), ["result", "status", "verdict"]))
        if told[0] is not None:
            packed = as_packed(*told)
            self._observer.submission_done(job, packed, submission_id=ticket.id, cached=True, waited_s=0.0, judged_s=0.0)

    async def _lost(self, work: str) -> None:
        """Redis has forgotten what it let in, having stopped without writing its last second to disk."""
        for mine in self._mine.get(work, []):
            log.warning("Redis forgot a submission, and is told of it again", id=mine.id)
            if isinstance(mine.task, Job):
                await asyncio.to_thread(self.entrance.let_in, [mine.task], [mine.id])
            else:
                await asyncio.to_thread(self.entrance.let_in_run, mine.task, mine.id)


def _answer(
    ticket: RedisTicket, own: bytes | None, cached: bytes | None, body: bytes | None, status: bytes, verdict: bytes
) -> bytes | None:
    if own is not None:
        return unpack(unpack_own(own), ticket.id, cached=False)
    return None if body is None else unpack(as_packed(body, status, verdict), ticket.id, cached=cached is not None)


def _unknown() -> NotFound:
    fix = "send the submission again; results are kept for result_ttl_s, as far as results_kept allows"
    return NotFound("There is no such submission, or its result is no longer kept.", errors=[FieldError("id", fix)])
