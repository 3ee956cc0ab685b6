"""A server that is started here, on a free port of loopback, for as long as somebody needs it: a judge, or vLLM.

It runs in a session of its own, so that Ctrl+C stops us first and we stop it; its whole group is told to end, for vLLM's engine
is a process beside the one that answers.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

_LOOK_EVERY_S = 0.2
_QUOTED_BYTES = 2000


@dataclass(frozen=True, slots=True)
class OwnServer:
    """What to start. `argv` makes the command from the port to listen on. `ready`: the path that answers 200 once it is.

    `log`: where what it says is appended; the end of it is quoted when it does not start or has ended, and `help` comes after
    that. `folder`: where it stands; None: where we do.
    """

    name: str
    argv: Callable[[int], Sequence[str]]
    ready: str
    log: Path
    help: str
    start_s: float
    environment: Mapping[str, str] | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers. `check` raises ConnectionError when it is known to have ended: of one that somebody else started
    that is never known."""

    url: str
    check: Callable[[], None] = lambda: None


@contextmanager
def running(server: OwnServer) -> Iterator[Running]:
    """Started, and ended with the block. Raises ConnectionError when it does not start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        server.log.open("ab") as said,
        subprocess.Popen(
            server.argv(port), cwd=server.folder, env=server.environment, stdout=said, stderr=said, start_new_session=True
        ) as process,
    ):
        try:
            place = Running(f"http://127.0.0.1:{port}", lambda: _check(process, server))
            _await(place, server)
            yield place
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


def _await(place: Running, server: OwnServer) -> None:
    end = time.monotonic() + server.start_s
    while not _answers(place.url + server.ready):
        place.check()
        if time.monotonic() > end:
            raise ConnectionError(f"{server.name} did not answer within {server.start_s:g} s{_told(server)}")
        time.sleep(_LOOK_EVERY_S)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


def _check(process: "subprocess.Popen[bytes]", server: OwnServer) -> None:
    if (status := process.poll()) is not None:
        raise ConnectionError(f"{server.name} has ended with status {status}{_told(server)}")


def _told(server: OwnServer) -> str:
    last = server.log.read_bytes()[-_QUOTED_BYTES:].decode(errors="replace").strip()
    return f". It said last:\n{last}\n{server.help}"
