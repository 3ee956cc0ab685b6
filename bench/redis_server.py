"""A Redis of one's own on a free port of loopback, with an append-only file, for what kills and restarts it."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis

from bench.server import free_port

PROGRAM = shutil.which("redis-server")


class RedisServer:
    """`start`, `kill` and `stop` it; its data stays in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As clients are given it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, or start again, and wait until it answers."""
        if PROGRAM is None:
            raise FileNotFoundError("redis-server is missing. Fix: apt-get install redis-server")
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self._folder,
            "appendonly": "yes",
            "save": "",
            "loglevel": "warning",
        }
        argv = [PROGRAM, *(part for name, value in options.items() for part in (f"--{name}", str(value)))]
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        with redis.Redis(port=self.port) as client:
            end = time.monotonic() + 20
            while True:
                try:
                    client.ping()
                    return
                except redis.RedisError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.01)

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def flush(self) -> None:
        """Forget everything."""
        with redis.Redis(port=self.port) as client:
            client.flushall()
