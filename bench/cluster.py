"""The judge on many machines, for the length of a benchmark: Redis, servers and workers as processes of this machine.

Each part may be killed and started again. Servers and workers have data folders of their own and share a depot.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from bench.redis_server import RedisServer
from bench.server import data_folder, free_port, settle, stop

_COMMAND = Path(sys.executable).with_name("tierline")


@dataclass
class Part:
    """A server or a worker, which is started again under the same settings after it was killed."""

    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def start(self) -> None:
        """Start the process."""
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(self.argv, env=self.env, stdout=stream, stderr=stream)
        self.starts += 1

    def kill(self) -> None:
        """SIGKILL to the process alone: what it started has to look after itself."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def alive(self) -> bool:
        """Does it run?"""
        return self.process is not None and self.process.poll() is None

    def boxes(self) -> list[psutil.Process]:
        """Runners of its boxes: their death is a box's death."""
        assert self.process is not None
        return [child for child in psutil.Process(self.process.pid).children() if child.is_running()]


@dataclass
class Cluster:
    """What runs."""

    redis: RedisServer
    servers: list[Part]
    workers: list[Part]
    urls: list[str]
    folder: Path = field(default_factory=Path)

    @property
    def parts(self) -> list[Part]:
        """Servers and workers."""
        return [*self.servers, *self.workers]

    def until_ready(self, within_s: float = 120) -> None:
        """Wait until every server lets submissions in and every worker has told of itself."""
        until = time.monotonic() + within_s
        for url in self.urls:
            while True:
                try:
                    ready = httpx.get(f"{url}/readyz").status_code == 200
                    if ready and len(httpx.get(f"{url}/v1/workers").json()) >= len(self.workers):
                        break
                except httpx.TransportError:
                    pass
                self._check(until)
                time.sleep(0.05)

    def settle(self) -> None:
        """See bench.server."""
        settle(*(worker.process.pid for worker in self.workers if worker.process is not None))

    def _check(self, until: float) -> None:
        dead = [part for part in self.parts if not part.alive]
        if dead or time.monotonic() > until:
            logs = "\n".join(f"{part.name}:\n{part.log.read_text()[-2000:]}" for part in dead or self.parts)
            raise RuntimeError(f"the cluster is not ready:\n{logs}")


@contextmanager
def cluster(
    *,
    servers: int = 1,
    workers: int = 1,
    boxes: int = 0,
    cores: list[set[int]] | None = None,
    around: Callable[[list[Part], Path], AbstractContextManager[None]] | None = None,
    cache: Path | None = None,
    **settings: object,
) -> Iterator[Cluster]:
    """Start all parts, wait until they are ready, and end them.

    `cores` binds each worker; `around` is entered with the workers and the folder of all before they start; `cache`: see
    `data_folder`; `settings` become TIERLINE_ variables.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "redis").mkdir()
        redis = RedisServer(folder / "redis")
        redis.start()
        env = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
        env |= {f"TIERLINE_{name.upper()}": str(value) for name, value in settings.items()}
        env |= {"TIERLINE_REDIS_URL": redis.url, "TIERLINE_STORE_URL": str(folder / "depot")}
        ports = [free_port() for _ in range(servers)]
        made = Cluster(
            redis,
            [_part(f"server-{number}", ["serve", "--port", str(port)], env, folder) for number, port in enumerate(ports)],
            [
                _part(f"worker-{number}", ["worker", "--boxes", str(boxes)], env, folder, cores[number] if cores else None)
                for number in range(workers)
            ],
            [f"http://127.0.0.1:{port}" for port in ports],
            folder,
        )
        try:
            with around(made.workers, folder) if around else nullcontext():
                try:
                    for part in made.parts:
                        data_folder(folder / part.name, cache)
                        part.start()
                    made.until_ready()
                    yield made
                finally:
                    for part in made.workers + made.servers:
                        if part.process is not None:
                            stop(part.process)
        finally:
            redis.stop()


def _part(name: str, arguments: list[str], env: dict[str, str], folder: Path, cores: set[int] | None = None) -> Part:
    bound = ["taskset", "-c", ",".join(map(str, sorted(cores)))] if cores else []
    env = {**env, "TIERLINE_DATA_DIR": str(folder / name)}
    return Part(name, [*bound, str(_COMMAND), *arguments], env, folder / f"{name}.log")
