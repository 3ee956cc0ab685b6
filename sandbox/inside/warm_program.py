"""A Python source that forks of the runner run: compiled once, in a child of its own or, where the host says so, by the first.

A fork costs as much as a short program, so most sources are compiled by the very child that then runs them: it says when it is
done, and the program's clocks start when the runner has heard it. Whatever is not quickly and silently compiled there - it does
not compile, the compiler has a warning to give or wants more memory than the program may have - is left to `compile`, which
decides. The measures of a first run so hold the memory that a short source takes to compile, and none of the time.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Tuple

from . import spawn, supervise, warm

Run = dict[str, Any]
Job = Tuple[bytes, bytes]
"""Code and compile-time warnings. The program's `__main__` waits in sys.modules."""

_CODE_LIMIT = 64 << 20
_LOG_LIMIT = 64 << 10
_SHORT_BYTES = 16 << 10
"""Sources up to this are compiled by their first run: that takes less memory than an interpreter's start."""
_LONGEST_S = 0.5
"""Of a compilation there."""
_CAREFULLY: Run = {
    "cpu_s": 10.0,
    "idle_s": 10.0,
    "wall_s": 60.0,
    "memory_mb": 1024,
    "stack_mb": 64,
    "output_bytes": _CODE_LIMIT,
    "file_bytes": _CODE_LIMIT,
    "scratch_mb": 64,
    "forked": True,
    "processes": 8,
    "open_files": 64,
}
_CODE, _WORD = 3, 4
"""Descriptors of a child that compiles and runs: where the code goes, and where it says that it is there."""


class Started(NamedTuple):
    """A child that runs the program, and the program's clocks. `has_compiled`: it compiled it before."""

    pid: int
    clocks: supervise.Clocks
    has_compiled: bool


class WarmProgram:
    """One source, at `path`. `null`: a descriptor of /dev/null."""

    def __init__(self, path: str, spawner: spawn.Spawner, supervisor: supervise.Supervisor, null: int) -> None:
        self._path = path
        self._spawner = spawner
        self._supervisor = supervisor
        self._null = null
        self._code = self._warnings = -1

    def close(self) -> None:
        """Forget the code."""
        for fd in (self._code, self._warnings):
            if fd >= 0:
                os.close(fd)
        self._code = self._warnings = -1

    def compile(self) -> tuple[dict[str, Any], list[int]]:
        """In a confined child: a parser may crash or exhaust the process it runs in. Gives the answer for the host, and the log
        as a file where it does not compile; the caller closes it.

        What the compiler says goes to the host, or to the program's runs, as a file: here every later program could read it.
        """
        self.close()
        code, log = os.memfd_create("code"), os.memfd_create("log")
        enter = self._spawner.prepare(_CAREFULLY, [self._null, code, log])
        clocks = self._supervisor.begin()
        pid = self._spawner.fork()
        if pid == 0:
            self._compile_in_child(enter)
        report = self._supervisor.watch(pid, _CAREFULLY, clocks)
        answer = {"ok": False, "end": report["end"], "cpu_s": report["cpu_s"]}
        if report["end"] == "exit" and report["status"] == 0 and os.fstat(code).st_size:
            self._code, self._warnings = code, log
            return {**answer, "ok": True}, []
        os.close(code)
        return answer, [log]

    def _compile_in_child(self, enter: Callable[[], None]) -> None:
        status = 1
        try:
            enter()
            _write_all(1, warm.compile_source(self._path))
            sys.stderr.flush()
            status = 0
        except BaseException:
            os.write(2, warm.describe_error().encode(errors="replace")[-32768:])
        os._exit(status)

    def start(self, run: Run, streams: Sequence[int]) -> Started | Job | None:
        """Start a run. In the child it gives what the module level is to run. None: `compile` has to come first."""
        clocks = self._supervisor.begin()
        if self._code < 0:
            return self._start_and_compile(run, streams, clocks)
        enter = self._spawner.prepare(run, streams)
        pid = self._spawner.fork()
        return Started(pid, clocks, has_compiled=False) if pid else self._become(enter)

    def _become(self, enter: Callable[[], None]) -> Job:
        """In the child: enter the jail and hand back what is to be run from as shallow a frame as can be."""
        with self._spawner.telling_trouble():
            warnings = os.pread(self._warnings, _LOG_LIMIT, 0) if self._warnings >= 0 else b""
            job = os.pread(self._code, _CODE_LIMIT, 0), warnings
            enter()
        return job

    def _start_and_compile(self, run: Run, streams: Sequence[int], clocks: supervise.Clocks) -> Started | Job | None:
        if os.stat(self._path).st_size > _SHORT_BYTES:
            return None
        code = os.memfd_create("code")
        ours, theirs = (end.detach() for end in socket.socketpair())
        enter = self._spawner.prepare(run, [*streams, code, theirs])
        pid = self._spawner.fork()
        if pid == 0:
            return self._compile_and_become(enter)
        os.close(theirs)
        after = self._supervisor.await_word(pid, ours, {**run, "cpu_s": _LONGEST_S, "idle_s": _LONGEST_S}, clocks)
        if after:
            self._code = code
            with contextlib.suppress(OSError):  # it has been killed meanwhile
                os.write(ours, b".")
        else:
            os.close(code)
        os.close(ours)
        return Started(pid, after, has_compiled=True) if after else None

    def _compile_and_become(self, enter: Callable[[], None]) -> Job:
        """In the child. Nothing of the program's has run in it before the runner has answered."""
        with self._spawner.telling_trouble():
            enter()
        try:
            data = warm.compile_silently(self._path)
            _write_all(_CODE, data)
            os.write(_WORD, b".")
            if not os.read(_WORD, 1):
                os._exit(1)
            os.close(_CODE)
            os.close(_WORD)
        except BaseException:
            os._exit(1)
        return data, b""


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
