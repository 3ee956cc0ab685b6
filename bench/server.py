"""A server of our own for the length of a benchmark: `tierline serve` on a free port with an empty data folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

_BETWEEN_HEADERS_S = 3.0
"""From one header that it compiles to the next there is less."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Served:
    """A running server and an HTTP client of it."""

    process: subprocess.Popen[bytes]
    url: str
    client: httpx.Client
    log: Path

    def tree(self) -> list[psutil.Process]:
        """The server and all its descendants: boxes are among them."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def memory_mb(self) -> tuple[float, str]:
        """Memory of the whole tree in MB: proportional set size where it may be read, else resident set size."""
        try:
            return sum(_alive(process, "pss") for process in self.tree()) / 1e6, "PSS"
        except psutil.AccessDenied:
            return sum(_alive(process, "rss") for process in self.tree()) / 1e6, "RSS"

    def settle(self) -> None:
        """See the function."""
        settle(self.process.pid)

    def put_problem(self, name: str, problem: dict[str, Any]) -> None:
        """Store a problem."""
        self.client.put(f"/v1/problems/{name}", json=problem).raise_for_status()


def settle(*judges: int, within_s: float = 300) -> None:
    """Wait for what judges do in the background once they are ready: each compiles headers ahead, by a compiler in a box, half a
    minute of a processor. `judges`: pids of servers or workers."""
    until = time.monotonic() + within_s
    last_seen = time.monotonic()
    while time.monotonic() < last_seen + _BETWEEN_HEADERS_S:
        if any(_name(process) == "cc1plus" for pid in judges for process in psutil.Process(pid).children(recursive=True)):
            last_seen = time.monotonic()
        if time.monotonic() > until:
            raise RuntimeError(f"a compiler still runs {within_s} s after the start")
        time.sleep(0.2)


def _alive(process: psutil.Process, what: str) -> int:
    try:
        return int(getattr(process.memory_full_info() if what == "pss" else process.memory_info(), what))
    except psutil.NoSuchProcess:
        return 0


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def data_folder(place: Path, cache: Path | None) -> Path:
    """A data folder for a judge. What languages prepare once on a machine, half a minute of a processor, is looked for and kept
    in `cache`, where there is one: judges may share it."""
    place.mkdir(mode=0o700, exist_ok=True)
    if cache is not None:
        (place / "cache").symlink_to(cache)
    return place


@contextmanager
def serve(boxes: int = 0, cache: Path | None = None, **settings: object) -> Iterator[Served]:
    """Start a server, wait until it is ready, and end it with SIGTERM. `settings` become TIERLINE_ variables."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        env = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
        env |= {f"TIERLINE_{name.upper()}": str(value) for name, value in settings.items()}
        command = Path(sys.executable).with_name("tierline")
        data = data_folder(Path(folder) / "data", cache)
        argv = [str(command), "serve", "--port", str(port), "--boxes", str(boxes), "--data-dir", str(data)]
        log = Path(folder) / "log"
        with log.open("wb") as stream, subprocess.Popen(argv, env=env, stdout=stream, stderr=stream) as process:
            url = f"http://127.0.0.1:{port}"
            try:
                with httpx.Client(base_url=url, timeout=httpx.Timeout(300)) as client:
                    served = Served(process, url, client, log)
                    _wait_until_ready(served)
                    yield served
            finally:
                stop(process)


def _wait_until_ready(served: Served, within_s: float = 120) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if served.process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{served.log.read_text()[-4000:]}")
        try:
            if served.client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        time.sleep(0.05)
    raise RuntimeError(f"the server was not ready in {within_s} s:\n{served.log.read_text()[-4000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server as a service manager would, and with force when that takes over a minute and a half."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(90)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
