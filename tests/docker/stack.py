"""A compose stack for tests: its own project name, port and key, taken down with everything it made."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
_UP_S = 240.0


@contextmanager
def one_builds() -> Iterator[None]:
    """Only one process at a time: two at once would make the same layers, the second finds what the first has made."""
    with (Path(tempfile.gettempdir()) / "tierline-test-build.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Stack:
    """Up while the `with` block lasts."""

    def __init__(self, folder: Path, *, workers: int) -> None:
        self.workers = workers
        self.key = secrets.token_hex(16)
        self.project = f"tierline-test-{os.getpid()}"
        self._port = _free_port()
        self._env_file = folder / "stack.env"
        self._env_file.write_text(f"TIERLINE_API_KEYS={self.key}\nAPI_PORT={self._port}\nWORKER_BOXES=1\nWORKER_MEMORY=4g\n")

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self._port}"

    def client(self) -> httpx.Client:
        """With the key."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=300)

    def __enter__(self) -> "Stack":
        try:
            with one_builds():
                self.compose("build", "--quiet")
            self.compose("up", "--detach", "--no-build", "--scale", f"worker={self.workers}")
            self.wait_for_workers(self.workers)
        except BaseException:
            self._tell_logs()
            self._down()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._tell_logs()
        self._down()

    def _tell_logs(self) -> None:
        print(self.compose("logs", "--no-color", "--tail", "100", check=False), file=sys.stderr)

    def _down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "2", check=False)

    def compose(self, *arguments: str, check: bool = True) -> str:
        """Run Compose on the shipped file; its output. Raises AssertionError with all it said when it fails."""
        command = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        files = ["--env-file", str(self._env_file), "--file", str(ROOT / "docker-compose.yml"), "--project-name", self.project]
        environment = {name: value for name, value in os.environ.items() if name != "TIERLINE_API_KEYS"}
        done = subprocess.run([*command, *files, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0 or not check, f"compose {' '.join(arguments)}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout + done.stderr

    def containers(self, service: str) -> list[dict[str, Any]]:
        """What the engine says of a service's containers."""
        ids = self.compose("ps", "--all", "--quiet", service).split()
        told = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)
        return sorted(json.loads(told.stdout), key=lambda found: str(found["Name"]))

    def run_in(self, container: dict[str, Any], *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container."""
        return subprocess.run(["docker", "exec", container["Id"], *command], capture_output=True, text=True)

    def crash(self, container: dict[str, Any]) -> None:
        """SIGKILL to its first process, as the kernel does when memory runs out. After `docker kill` the engine takes it that
        somebody wants it stopped, and does not restart it."""
        os.kill(container["State"]["Pid"], signal.SIGKILL)

    def wait_for_workers(self, count: int) -> list[dict[str, Any]]:
        """Until so many workers stand; their rows of /v1/workers."""
        deadline = time.monotonic() + _UP_S
        told: Any = "nothing yet"
        with self.client() as client:
            while time.monotonic() < deadline:
                try:
                    told = client.get("/v1/workers").json()
                    if isinstance(told, list) and sum(_stands(worker) for worker in told) >= count:
                        return [worker for worker in told if _stands(worker)]
                except (httpx.HTTPError, ValueError) as error:
                    told = error
                time.sleep(0.5)
        raise AssertionError(f"{count} workers do not stand after {_UP_S:.0f} s: {told}")


def _stands(worker: dict[str, Any]) -> bool:
    return bool(worker["boxes"]) and float(worker.get("heartbeat_age_s") or 0) < 10


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
