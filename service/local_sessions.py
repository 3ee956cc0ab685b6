"""Sessions in this process: each has a box of its own beside the pool's places, and gives it up when it ends.

The event loop's thread decides everything; what blocks is done in threads: boxes are made and destroyed by *keepers*, commands
and calls on files run in threads of their own. One task looks for sessions that are to end, however many there are.

A session that is ended while a command runs loses its box under it; the command's caller hears why.
"""

import asyncio
import contextlib
import logging
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sandbox import Disk, Pool, SandboxError
from sandbox.box import Box
from service import session_calls
from service.errors import Conflict, Draining, FieldError, JudgeFailed
from service.session_ids import SessionIds, SignedIds, kept_secret
from service.session_register import OpenSession, SessionRegister, gone_because
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

log = logging.getLogger("tierline.sessions")
T = TypeVar("T")
_KEEPERS = 4
_FILE_THREADS = 4
_WAITING = 16
"""Calls on one session that may wait for their turn."""
_LOOK_EVERY_S = 0.5
_CANCEL_AGAIN_S = 0.05
_FDS_OF_A_BOX, _FDS_OF_A_JUDGE = 16, 1000


class LocalSessions:
    """See `service.sessions.Sessions`. Made for one event loop."""

    def __init__(
        self,
        pool: Pool,
        settings: Settings,
        ids: SessionIds | None = None,
        *,
        worker: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._register = SessionRegister(settings, ids or SignedIds(kept_secret(settings.data_dir)), clock)
        self._worker = worker or f"{socket.gethostname()}:{os.getpid()}"
        self._wall = pool.wall.name
        self._executed: Counter[str] = Counter()
        self._keepers = ThreadPoolExecutor(_KEEPERS, "session-keeper")
        self._commands = ThreadPoolExecutor(settings.session_commands or 4 * (os.cpu_count() or 1), "session-command")
        self._file_calls = ThreadPoolExecutor(_FILE_THREADS, "session-file")
        self._tasks: set[asyncio.Task[object]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._draining = False

    # -- starting and ending ---------------------------------------------------------------------------------------

    async def start(self) -> None:
        """See `Sessions`."""
        allow_descriptors(_FDS_OF_A_JUDGE + _FDS_OF_A_BOX * self._settings.sessions_max)
        self._watch = asyncio.create_task(self._look_after())

    async def drain(self, wait_s: float) -> None:
        """See `Sessions`."""
        self._draining = True
        until = time.monotonic() + wait_s
        while any(session.calls for session in self._register.all) and time.monotonic() < until:
            await asyncio.sleep(0.02)

    async def shut_down(self) -> None:
        """See `Sessions`."""
        self._draining = True
        if self._watch is not None:
            self._watch.cancel()
        for session in self._register.all:
            self._end(session, "shutdown", "the judge shut down")
        while self._tasks:
            await asyncio.wait(self._tasks)
        for threads in (self._commands, self._file_calls, self._keepers):
            await asyncio.to_thread(threads.shutdown)

    async def _look_after(self) -> None:
        every_s = max(0.02, min(_LOOK_EVERY_S, self._settings.session_idle_s / 4))
        while True:
            await asyncio.sleep(every_s)
            for session in self._register.all:
                self._end_if_due(session)

    def _end_if_due(self, session: OpenSession) -> None:
        if (due := self._register.due(session)) is not None:
            self._end(session, *due)

    def _end(self, session: OpenSession, kind: str, reason: str) -> None:
        if not session.ended:
            log.info("session ended: %s", reason)
            self._register.end(session, kind, reason)
            if session.box is not None:
                self._in_background(self._keep(partial(self._pool.own.close, session.box)))

    def _in_background(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._keepers, work)

    def held(self) -> list[tuple[str, str]]:
        """(id, caller) of all that are open."""
        return [(session.id, session.caller) for session in self._register.all]

    # -- opening and asking ----------------------------------------------------------------------------------------

    async def open(self, request: SessionRequest, caller: str) -> SessionInfo:
        """See `Sessions`. A caller who hangs up leaves a session that will end as idle."""
        self._check_open()
        session = self._register.enter(request, caller)
        return await asyncio.shield(self._in_background(self._give_box(session)))

    async def _give_box(self, session: OpenSession) -> SessionInfo:
        try:
            box = await self._keep(partial(self._pool.own.open, Disk(session.disk_limit_mb)))
        except (SandboxError, OSError) as error:
            self._register.forget(session)
            raise JudgeFailed(f"No box could be made for the session: {error}") from error
        session.box = box
        if session.ended:  # the judge shut down meanwhile
            await self._keep(partial(self._pool.own.close, box))
            raise gone_because(session.ended)
        self._register.touch(session)
        return self._info(session)

    def _check_open(self) -> None:
        if self._draining:
            raise Draining("The judge is shutting down. Fix: open the session at another judge, or later.", retry_after_s=10)

    async def find(self, session_id: str, caller: str) -> SessionInfo:
        """See `Sessions`."""
        return self._info(self._find(session_id, caller))

    async def list(self, caller: str) -> list[SessionInfo]:
        """See `Sessions`."""
        return [self._info(session) for session in self._register.of(caller)]

    async def close(self, session_id: str, caller: str) -> None:
        """See `Sessions`."""
        self._end(self._find(session_id, caller), "closed", "its caller closed it")

    async def stats(self) -> SessionStats:
        """See `Sessions`."""
        sessions = self._register.all
        return SessionStats(
            open=len(sessions),
            running=sum(session.calls > 0 for session in sessions),
            commands=dict(self._executed),
            ended=dict(self._register.ended),
        )

    def _info(self, session: OpenSession) -> SessionInfo:
        return self._register.info(session, worker=self._worker, wall=self._wall)

    def _find(self, session_id: str, caller: str) -> OpenSession:
        """Open, and not to be ended by the next look."""
        session = self._register.find(session_id, caller)
        self._end_if_due(session)
        return self._register.find(session_id, caller)

    # -- what runs in the box --------------------------------------------------------------------------------------

    async def execute(self, session_id: str, request: ExecRequest, caller: str) -> ExecResult:
        """See `Sessions`."""
        session = self._find(session_id, caller)
        program = session_calls.program_of(session.env, request)
        limits = session_calls.limits_of(request, self._settings, session.memory_limit_mb, session.disk_limit_mb)

        def run(box: Box) -> ExecResult:
            return session_calls.execute(box, program, limits, request)

        result = await self._in_turn(session, self._commands, run)
        session.commands += 1
        self._executed[result.end] += 1
        return result

    async def put_file(self, session_id: str, path: str, data: bytes, caller: str) -> FileInfo:
        """See `Sessions`."""
        return await self._on_file(session_id, caller, lambda box: session_calls.put_file(box, path, data), path)

    async def get_file(self, session_id: str, path: str, caller: str) -> bytes:
        """See `Sessions`."""
        most = self._settings.max_body_mb << 20
        return await self._on_file(session_id, caller, lambda box: session_calls.get_file(box, path, most), path)

    async def list_files(self, session_id: str, path: str, limit: int, caller: str) -> FolderListing:
        """See `Sessions`."""
        return await self._on_file(session_id, caller, lambda box: session_calls.list_files(box, path, limit), path or None)

    async def delete_file(self, session_id: str, path: str, caller: str) -> None:
        """See `Sessions`."""
        await self._on_file(session_id, caller, lambda box: session_calls.delete_file(box, path), path)

    async def _on_file(self, session_id: str, caller: str, work: Callable[[Box], T], path: str | None) -> T:
        session = self._find(session_id, caller)
        if path is not None:
            session_calls.check_path(path)
        return await self._in_turn(session, self._file_calls, work)

    async def _in_turn(self, session: OpenSession, threads: ThreadPoolExecutor, work: Callable[[Box], T]) -> T:
        if session.calls > _WAITING:
            fix = "wait for the answers of those"
            raise Conflict(f"{_WAITING} calls wait for this session already.", errors=[FieldError("id", fix)])
        session.calls += 1
        try:
            async with session.turn:
                if session.ended or session.box is None:
                    raise gone_because(session.ended)
                return await self._run(session, session.box, threads.submit(work, session.box))
        finally:
            session.calls -= 1
            self._register.touch(session)

    async def _run(self, session: OpenSession, box: Box, running: "Future[T]") -> T:
        """Wait for it. Cancelled, it ends what runs, and leaves only when nothing runs in the box any more."""
        done = asyncio.wrap_future(running)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await _until_ended(box, running, done)
            raise
        except (SandboxError, OSError) as error:
            self._end(session, "died", f"its box died: {error}")
            raise gone_because(session.ended) from error


async def _until_ended(box: Box, running: "Future[T]", done: "asyncio.Future[T]") -> None:
    """However often this is cancelled: whoever has the next turn must find the box idle."""
    while not done.done() and not running.cancel():
        box.cancel()  # again each time: the first may have come before the run began
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({done}, timeout=_CANCEL_AGAIN_S)
    if done.done() and not done.cancelled():
        done.exception()  # nobody else will ask


def allow_descriptors(count: int) -> None:
    """Let this process have `count` open files, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < count:
        log.warning("open files are limited to %d; so many sessions may need %d: raise `ulimit -n`", hard, count)
