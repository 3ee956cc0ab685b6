"""A Redis of the tests' own on a free port of loopback, with an append-only file; it may be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis

PROGRAM = shutil.which("redis-server")


class RedisServer:
    """`start`, `kill` and `stop` it; its data stays in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert PROGRAM is not None, "redis-server is missing: apt-get install redis-server"
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
                    assert time.monotonic() < end, "redis-server does not answer"
                    time.sleep(0.01)

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def flush(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()
