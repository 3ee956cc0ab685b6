"""Sessions on workers, as a replica sees them: see `service.sessions.Sessions`.

An id tells which worker has the session. A call goes into that worker's list in Redis, its answer into this replica's; what a
dead worker had is gone, and said to be.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

import redis.asyncio

from service.cluster import session_hosts, session_wire
from service.cluster.connection import LOST, connect_async, reached
from service.cluster.names import PREFIX
from service.cluster.scripts import AsyncScripts
from service.cluster.session_hosts import HOLD_MS
from service.cluster.session_wire import Call
from service.errors import Draining, FieldError, NotFound, Overloaded, TierlineError, Unavailable
from service.session_register import gone_because
from service.session_schemas import (
    ExecRequest,
    ExecResult,
    FileInfo,
    FolderListing,
    SessionInfo,
    SessionRequest,
    SessionStats,
)
from service.settings import Settings

LOST_WORKER = "the worker that had it has ended, or was lost"
_LOOK_EVERY_S = 2.0
_BLOCK_S = 1.0
_AGAIN_S = 0.3
_CALLS_KEPT_S = 60


class RemoteSessions:
    """Made for one event loop. Every call may raise Unavailable while Redis cannot be asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = settings.redis_url
        self._client: redis.asyncio.Redis = connect_async(self._url)
        self._scripts = AsyncScripts(self._client)
        self._replies = f"{PREFIX}session-replies:{secrets.token_hex(12)}"
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._draining = False

    async def start(self) -> None:
        """See `Sessions`."""
        self._hearing = asyncio.create_task(self._hear())

    async def drain(self, wait_s: float) -> None:
        """See `Sessions`. The sessions stay: other servers reach them."""
        self._draining = True
        if self._waiting:
            await asyncio.wait(list(self._waiting.values()), timeout=wait_s)

    async def shut_down(self) -> None:
        """See `Sessions`; but what is open stays open, for its worker lives on."""
        self._draining = True
        while self._hearing is not None and not self._hearing.done():
            self._hearing.cancel()
            await asyncio.wait([self._hearing], timeout=0.2)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(Unavailable("this server is shutting down; ask another", retry_after_s=1))
        with suppress(*LOST):
            await self._client.aclose()

    # -- calls -----------------------------------------------------------------------------------------------------

    async def open(self, request: SessionRequest, caller: str) -> SessionInfo:
        """See `Sessions`. On the worker that has most room."""
        if self._draining:
            raise Draining("The judge is shutting down. Fix: open it on another judge, or later.", retry_after_s=10)
        place = secrets.token_hex(12)
        digest = session_hosts.caller_digest(caller)
        with reached(self._url):
            hosts = await session_hosts.alive(self._client)
            taken = await self._scripts("hold_session", [digest, place, self._settings.sessions_per_key, 6 * HOLD_MS])
        if not taken:
            most = self._settings.sessions_per_key
            fix = "close one, come back, or raise TIERLINE_SESSIONS_PER_KEY"
            raise Overloaded(f"This key has {most} sessions open, as many as a key may. Fix: {fix}.", retry_after_s=2)
        try:
            return await self._open_on(hosts, request, caller)
        finally:
            with suppress(*LOST):
                await cast(Any, self._client.zrem(session_hosts.places(caller), place))

    async def _open_on(self, hosts: list[session_hosts.Host], request: SessionRequest, caller: str) -> SessionInfo:
        full: TierlineError = Unavailable("No worker has sessions now. Fix: start `tierline worker --redis`", retry_after_s=2)
        for host in hosts:
            try:
                told = await self._call(host.token, "open", request, caller)
            except (Overloaded, Draining) as error:
                full = error
                continue
            info = SessionInfo.model_validate(told)
            with reached(self._url):
                until_ms = int((await self._client.time())[0]) * 1000 + HOLD_MS
                await cast(Any, self._client.zadd(session_hosts.places(caller), {info.id: until_ms}))
            return info
        raise full

    async def find(self, session_id: str, caller: str) -> SessionInfo:
        """See `Sessions`."""
        return SessionInfo.model_validate(await self._ask(session_id, "find", session_id, caller))

    async def list(self, caller: str) -> list[SessionInfo]:
        """See `Sessions`."""
        found = [SessionInfo.model_validate(one) for answer in await self._ask_all("list", caller) for one in answer]
        return sorted(found, key=lambda info: info.created)

    async def close(self, session_id: str, caller: str) -> None:
        """See `Sessions`."""
        await self._ask(session_id, "close", session_id, caller)
        with suppress(*LOST):
            await cast(Any, self._client.zrem(session_hosts.places(caller), session_id))

    async def execute(self, session_id: str, request: ExecRequest, caller: str) -> ExecResult:
        """See `Sessions`."""
        return ExecResult.model_validate(await self._ask(session_id, "execute", session_id, request, caller))

    async def put_file(self, session_id: str, path: str, data: bytes, caller: str) -> FileInfo:
        """See `Sessions`."""
        return FileInfo.model_validate(await self._ask(session_id, "put_file", session_id, path, data, caller))

    async def get_file(self, session_id: str, path: str, caller: str) -> bytes:
        """See `Sessions`."""
        return cast(bytes, await self._ask(session_id, "get_file", session_id, path, caller))

    async def list_files(self, session_id: str, path: str, limit: int, caller: str) -> FolderListing:
        """See `Sessions`."""
        return FolderListing.model_validate(await self._ask(session_id, "list_files", session_id, path, limit, caller))

    async def delete_file(self, session_id: str, path: str, caller: str) -> None:
        """See `Sessions`."""
        await self._ask(session_id, "delete_file", session_id, path, caller)

    async def stats(self) -> SessionStats:
        """See `Sessions`. Summed over the workers that live."""
        total = SessionStats()
        commands, ended = Counter[str](), Counter[str]()
        for told in await self._ask_all("stats"):
            one = SessionStats.model_validate(told)
            total.open += one.open
            total.running += one.running
            commands.update(one.commands)
            ended.update(one.ended)
        return total.model_copy(update={"commands": dict(commands), "ended": dict(ended)})

    async def _ask_all(self, method: str, *arguments: Any) -> Sequence[Any]:
        """What all workers that have sessions answer; those that are lost meanwhile have none."""
        with reached(self._url):
            hosts = await session_hosts.alive(self._client)
        told = await asyncio.gather(*(self._call(host.token, method, *arguments) for host in hosts), return_exceptions=True)
        return [answer for answer in told if not isinstance(answer, BaseException)]

    # -- over Redis ------------------------------------------------------------------------------------------------

    async def _ask(self, session_id: str, method: str, *arguments: Any) -> Any:
        """Call a method on the worker that has the session. Raises Gone when that is no more, NotFound for what is no session."""
        token, caller = session_hosts.token_of(session_id), arguments[-1]
        with reached(self._url):
            if not await self._lives(token):
                ids = session_hosts.ids_of(await session_hosts.shared_secret(self._client), token)
                if ids.made_at(session_id, caller) is not None:
                    raise gone_because(LOST_WORKER)
                fix = "open one with POST /v1/sessions, and use the id it answers"
                raise NotFound("There is no such session.", errors=[FieldError("id", fix)])
        return await self._call(token, method, *arguments)

    async def _lives(self, token: str) -> bool:
        return any(host.token == token for host in await session_hosts.alive(self._client))

    async def _call(self, token: str, method: str, *arguments: Any) -> Any:
        call = Call(secrets.token_hex(8), self._replies, method, arguments)
        waiting = self._waiting[call.id] = asyncio.get_running_loop().create_future()
        try:
            with reached(self._url):
                await self._send(token, call)
            while True:
                done, _ = await asyncio.wait([waiting], timeout=_LOOK_EVERY_S)
                if done:
                    told = waiting.result()
                    if isinstance(told, TierlineError):
                        raise told
                    return told
                with suppress(*LOST):
                    if not await self._lives(token):
                        raise gone_because(LOST_WORKER)
        except asyncio.CancelledError:
            with suppress(*LOST):
                await asyncio.shield(self._send(token, Call(call.id, "", "cancel")))
            raise
        finally:
            self._waiting.pop(call.id, None)

    async def _send(self, token: str, call: Call) -> None:
        place = session_hosts.calls_list(token)
        async with self._client.pipeline() as pipeline:
            pipeline.rpush(place, call.to_bytes())
            pipeline.expire(place, _CALLS_KEPT_S)
            await pipeline.execute()

    async def _hear(self) -> None:
        while True:
            try:
                found = await cast(Any, self._client.blpop([self._replies], timeout=_BLOCK_S))
            except LOST:
                await asyncio.sleep(_AGAIN_S)
                continue
            if found is not None:
                call_id, told = session_wire.read_answer(found[1])
                waiting = self._waiting.get(call_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)
