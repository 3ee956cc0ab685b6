"""The worker's end of sessions: takes calls from its list in Redis, does them in boxes of this machine, and answers.

It lives in an event loop and a thread of its own, beside the threads that judge.
"""

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import redis.asyncio
import structlog

from service.cluster import session_hosts, session_wire
from service.cluster.connection import LOST, connect_async
from service.cluster.session_hosts import HOLD_MS, Host
from service.cluster.session_wire import Call
from service.errors import JudgeFailed, TierlineError
from service.local_sessions import LocalSessions
from service.session_ids import SessionIds
from service.settings import Settings

log = structlog.get_logger("tierline.worker")
_BEAT_S = 2.0
_BLOCK_S = 1.0
_AGAIN_S = 0.3
_ANSWER_KEPT_S = 120

MakeSessions = Callable[[SessionIds], LocalSessions]


class SessionHost:
    """Starts and ends with its worker."""

    def __init__(self, settings: Settings, make: MakeSessions) -> None:
        self._settings = settings
        self._make = make
        self._token = secrets.token_hex(6)
        self._calls: dict[str, asyncio.Task[None]] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="sessions", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Open none any more, let running commands end for `drain_s`, and end all sessions."""
        self._ending.set()
        self._thread.join()

    # -- in the loop -----------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        client = connect_async(self._settings.redis_url)
        try:
            sessions = await self._started(client)
            if sessions is None:
                return
            beating = asyncio.create_task(self._beat(client, sessions))
            await self._take_calls(client, sessions)
            await sessions.drain(self._settings.drain_s)
            beating.cancel()
            await sessions.shut_down()
            with suppress(*LOST):
                await session_hosts.leave(client, self._token)
            for task in list(self._calls.values()):
                await task
        finally:
            await client.aclose()

    async def _started(self, client: redis.asyncio.Redis) -> LocalSessions | None:
        while not self._ending.is_set():
            try:
                secret = await session_hosts.shared_secret(client)
                sessions = self._make(session_hosts.ids_of(secret, self._token))
                await sessions.start()
                return sessions
            except LOST:
                await asyncio.sleep(_AGAIN_S)
        return None

    async def _beat(self, client: redis.asyncio.Redis, sessions: LocalSessions) -> None:
        while True:
            with suppress(*LOST):
                held = sessions.held()
                await session_hosts.tell(client, Host(self._token, len(held), self._settings.sessions_max))
                until_ms = int((await client.time())[0]) * 1000 + HOLD_MS
                async with client.pipeline(transaction=False) as pipeline:
                    for session_id, caller in held:
                        pipeline.zadd(session_hosts.places(caller), {session_id: until_ms})
                    await pipeline.execute()
            await asyncio.sleep(_BEAT_S)

    async def _take_calls(self, client: redis.asyncio.Redis, sessions: LocalSessions) -> None:
        place = session_hosts.calls_list(self._token)
        while not self._ending.is_set():
            try:
                found = await cast(Any, client.blpop([place], timeout=_BLOCK_S))
            except LOST as error:
                log.debug("waiting for Redis", error=str(error))
                await asyncio.sleep(_AGAIN_S)
                continue
            if found is not None:
                self._take(client, sessions, found[1])

    def _take(self, client: redis.asyncio.Redis, sessions: LocalSessions, message: bytes) -> None:
        try:
            call = Call.from_bytes(message)
        except ValueError as error:
            log.error("a call on a session cannot be read", error=str(error))
            return
        if call.method == "cancel":
            if (task := self._calls.get(call.id)) is not None:
                task.cancel()
            return
        task = self._calls[call.id] = asyncio.create_task(self._answer(client, sessions, call))
        task.add_done_callback(lambda _: self._calls.pop(call.id, None))

    async def _answer(self, client: redis.asyncio.Redis, sessions: LocalSessions, call: Call) -> None:
        try:
            message = session_wire.answer(call.id, await getattr(sessions, call.method)(*call.arguments))
        except TierlineError as error:
            message = session_wire.failure(call.id, error)
        except asyncio.CancelledError:
            return  # nobody waits
        except Exception as error:
            log.exception("a call on a session failed", method=call.method)
            message = session_wire.failure(call.id, JudgeFailed(f"the judge failed: {type(error).__name__}"))
        end = time.monotonic() + _ANSWER_KEPT_S
        while time.monotonic() < end:
            try:
                async with client.pipeline() as pipeline:
                    pipeline.rpush(call.reply_to, message)
                    pipeline.expire(call.reply_to, _ANSWER_KEPT_S)
                    await pipeline.execute()
                return
            except LOST:
                await asyncio.sleep(_AGAIN_S)
