"""How a replica hears of what is done: by a channel, and by asking when the channel may have missed something.

A publish reaches who listens at that moment. So after each connection, and every few seconds, the replica asks Redis for all
that is waited for here; what Redis does not know any more (it lost its last second, say) is reported as lost.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import redis.asyncio
import structlog

from service.cluster import names
from service.cluster.connection import LOST
from service.mailbox import Callback

log = structlog.get_logger("tierline.queue")
ASK_EVERY_S = 3.0
_AT_ONCE = 500
_AGAIN_S = 0.3

OnDone = Callable[[list[str]], Awaitable[None]]
OnLost = Callable[[str], Awaitable[None]]


class News:
    """Wakes whoever watches a work (by its name) or an entry (by `entry ID`). In one event loop."""

    def __init__(self, client: redis.asyncio.Redis, on_done: OnDone, on_lost: OnLost) -> None:
        self._client = client
        self._on_done = on_done
        self._on_lost = on_lost
        self._watchers: dict[str, list[Callback]] = {}
        self._kept: set[str] = set()
        self._heard: list[str] = []
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to listen; returns once nothing can be missed any more."""
        listening = asyncio.Event()
        work = (self._listen(listening), self._ask_now_and_then(), self._tell())
        self._tasks = [asyncio.create_task(one) for one in work]
        await listening.wait()

    async def close(self) -> None:
        """Stop listening. Watchers are woken a last time."""
        # Again and again: a cancellation that meets a time-out inside the client may be swallowed there.
        while left := [task for task in self._tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=0.2)
        for subject in list(self._watchers):
            self._wake(subject)

    # -- watching --------------------------------------------------------------------------------------------------

    def keep(self, work: str) -> None:
        """Ask for it now and then although nobody waits: it was let in here."""
        self._kept.add(work)

    def forget(self, work: str) -> None:
        """It is done."""
        self._kept.discard(work)

    def watch(self, subject: str, callback: Callback) -> None:
        """Have it called once when there is news of it."""
        self._watchers.setdefault(subject, []).append(callback)

    def unwatch(self, subject: str, callback: Callback) -> None:
        """Not any more."""
        if (watchers := self._watchers.get(subject)) is not None:
            with suppress(ValueError):
                watchers.remove(callback)
            if not watchers:
                del self._watchers[subject]

    @property
    def watched(self) -> bool:
        """Does anybody wait here?"""
        return bool(self._watchers)

    def _wake(self, subject: str) -> None:
        for callback in self._watchers.pop(subject, ()):
            callback()

    # -- hearing ---------------------------------------------------------------------------------------------------

    async def _listen(self, listening: asyncio.Event) -> None:
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=False) as channel:
                    await channel.subscribe(names.NEWS)
                    while True:
                        message = await channel.get_message(timeout=ASK_EVERY_S)
                        if message is None:
                            continue
                        if message["type"] == "subscribe":
                            listening.set()
                            await self._ask()
                        else:
                            self._hear(message["data"].decode())
            except LOST as error:
                listening.set()  # it can be served meanwhile: callers hear that Redis is away
                log.warning("lost the connection to Redis", error=str(error))
                await asyncio.sleep(_AGAIN_S)

    def _hear(self, subject: str) -> None:
        self._wake(subject)
        if not subject.startswith("entry "):
            self._heard.append(subject)
            self._news.set()

    async def _tell(self) -> None:
        """Tell of finished works, as many at once as have come meanwhile."""
        while True:
            await self._news.wait()
            self._news.clear()
            works, self._heard = self._heard, []
            try:
                await self._on_done(works)
            except LOST:
                pass  # asked for again
            except Exception:
                log.exception("telling of finished works failed")

    # -- asking ----------------------------------------------------------------------------------------------------

    async def _ask_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            with suppress(*LOST):
                await self._ask()

    async def _ask(self) -> None:
        subjects = [*self._kept, *(subject for subject in self._watchers if subject not in self._kept)]
        for start in range(0, len(subjects), _AT_ONCE):
            await self._ask_for(subjects[start : start + _AT_ONCE])

    async def _ask_for(self, subjects: list[str]) -> None:
        async with self._client.pipeline(transaction=False) as pipeline:
            for subject in subjects:
                if subject.startswith("entry "):
                    pipeline.hexists(names.entry(subject.removeprefix("entry ")), "own")
                else:
                    pipeline.hget(names.work(subject), "state")
            answers = await pipeline.execute()
        for subject, answer in zip(subjects, answers, strict=True):
            if subject.startswith("entry "):
                if answer:
                    self._wake(subject)
            elif answer is None and subject in self._kept:
                await self._on_lost(subject)
            elif answer in (None, b"done"):
                self._hear(subject)
