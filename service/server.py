"""`tierline serve`: one process with API, queue and boxes, and an orderly end.

The first SIGTERM (or Ctrl+C) drains: the socket stays open so that results can be fetched, nothing new is let in (503 with
Retry-After), and what is queued or running is finished within `drain_s`; what is not by then is answered as JE, handed back,
and open sessions end.
Streams in flight are written to their end, and the process exits with 0. A second signal ends it at once: the boxes die with
it, and what is left on disk the next start cleans.
"""

import asyncio
import ctypes
import errno
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

import structlog
import uvicorn

from service.app import create_app
from service.backend import OpenBackend
from service.context import State
from service.errors import TierlineError
from service.keys import refuse_open_address
from service.local_backend import in_process
from service.logs import configure_logs
from service.settings import Settings

log = structlog.get_logger("tierline.server")
_AT_ONCE = 130  # exit status after a second signal
_M_ARENA_MAX = -8  # of malloc.h
_STREAMS_S = 10
"""After the drain, how long the last bytes of answers may take to be written."""


class CannotListen(TierlineError):
    """The address is refused, or taken."""


class Server(uvicorn.Server):
    """uvicorn with our own meaning of signals."""

    def __init__(self, config: uvicorn.Config, state: State, drain_s: float) -> None:
        super().__init__(config)
        self._state = state
        self._drain_s = drain_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None
        self._signals = 0
        state.on_failure.append(self._give_up)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """As uvicorn does, but a signal that was obeyed is not raised again: an orderly end is exit status 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain. Second: gone."""
        self._signals += 1
        if self._signals > 1:
            os._exit(_AT_ONCE)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.begin_drain)

    def begin_drain(self) -> None:
        """Let nothing in, and stop when all is done. Called in the event loop."""
        if self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        backend = self._state.backend
        if backend is not None:
            load = await backend.queue.load()
            log.info("draining", queued=load.queued, running=load.running, at_most_s=self._drain_s)
            ending = [backend.queue.drain(self._drain_s)]
            if backend.sessions is not None:
                ending.append(backend.sessions.drain(self._drain_s))
            await asyncio.gather(*ending)
        self.should_exit = True

    def _give_up(self) -> None:
        self.should_exit = True


_ABOUT_PORTS = {errno.EADDRINUSE: " (0 takes a free one)", errno.EACCES: " (below 1024 they are root's)"}


def listen(settings: Settings) -> socket.socket:
    """A bound socket. Raises CannotListen for an address that needs keys, or that cannot be had."""
    refusal = refuse_open_address(settings.host, settings.api_keys)
    if refusal is not None:
        raise CannotListen(refusal)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        (*_, address), *_ = socket.getaddrinfo(settings.host, settings.port, family, socket.SOCK_STREAM)
        with ExitStack() as stack:
            # Not by create_server, whose sockets do not know that they are TCP's: asyncio then leaves Nagle's algorithm on, and
            # an answer in two writes waits 40 ms for an acknowledgement.
            made = stack.enter_context(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(address[:2])
            made.listen(2048)
            stack.pop_all()
            return made
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        fix = f"set another --host or --port{_ABOUT_PORTS.get(error.errno or 0, '')}"
        raise CannotListen(f"cannot listen on {where}: {error.strerror or error}. Fix: {fix}") from error


def url_of(listening: socket.socket) -> str:
    """http://address:port of a bound socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _share_heaps() -> None:
    """One heap for all threads, where the C library is glibc: a heap for each keeps what others could use, for ever."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def serve(
    settings: Settings, *, open_backend: OpenBackend | None = None, on_listening: Callable[[str], None] | None = None
) -> int:
    """Serve until a signal; the exit status of an orderly end: 0.

    `on_listening` is told the URL once the socket is bound, before the boxes are warm. Raises CannotListen, and what opening the
    backend raises (WallUnavailable when no isolation can be had).
    """
    configure_logs(settings.log_format, settings.log_level)
    _share_heaps()
    with listen(settings) as listening:
        app = create_app(settings, open_backend or in_process(settings))
        state: State = app.state.tierline
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            lifespan="on",
            backlog=2048,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=_STREAMS_S,
            h11_max_incomplete_event_size=64 << 10,
        )
        server = Server(config, state, settings.drain_s)
        if on_listening is not None:
            on_listening(url_of(listening))
        log.info("listening", url=url_of(listening), keys=len(settings.api_keys))
        gc.collect()
        gc.freeze()  # what is loaded by now stays; to look through it each time would hold all threads up for 50 ms
        server.run(sockets=[listening])
    if state.failure is not None:
        raise state.failure
    return 0
