"""Starts a program by exec, or confines a fork of the runner: by the C helper where it could be built, else in pure Python.

Both do the same. The helper uses vfork, so that its cost does not grow with the runner's memory: 0.8 ms for a static C++
program instead of 1.7; and a fork that confines itself in one call touches fewer pages.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import mmap
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import kernel
from .jail import Jail

_MAX_STREAMS, _MAX_ATTACH, _MAX_LIMITS = 5, 8, 8


class _Limit(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("value", ctypes.c_ulong)]


class _Request(ctypes.Structure):
    """Must match `struct request` of spawn.c."""

    _fields_ = [
        ("path", ctypes.c_char_p),
        ("argv", ctypes.POINTER(ctypes.c_char_p)),
        ("envp", ctypes.POINTER(ctypes.c_char_p)),
        ("folder", ctypes.c_char_p),
        ("filter", ctypes.c_void_p),
        ("streams", ctypes.c_int * _MAX_STREAMS),
        ("stream_count", ctypes.c_int),
        ("attach", ctypes.c_int * _MAX_ATTACH),
        ("attach_count", ctypes.c_int),
        ("limits", _Limit * _MAX_LIMITS),
        ("limit_count", ctypes.c_int),
        ("uid", ctypes.c_int),
        ("into", ctypes.c_int),
        ("failed_step", ctypes.c_int),
        ("error", ctypes.c_int),
    ]


_STEPS = ("", "joining the control group", "streams", "limits", "identity", "working directory", "seccomp", "exec")


_EXEC = _STEPS.index("exec")


def _is_own_fault(path: str, step: int) -> bool:
    """A file that the program itself brought cannot be executed: it may ask for a loader that is not there. It ends with 127."""
    return step == _EXEC and path.startswith("/box/")


class SpawnFailed(Exception):
    """The program could not be started: the box's fault, not the program's."""


class Spawner:
    """Starts programs confined by `jail`."""

    def __init__(self, jail: Jail, helper: str | None) -> None:
        self.jail = jail
        self._library = ctypes.PyDLL(helper) if helper else None
        self._tid_address = kernel.tid_address()
        self._trouble = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the child until its exec

    def start(self, argv: list[str], env: dict[str, str], run: dict[str, Any], streams: Sequence[int]) -> int:
        """The pid of the started program. Raises SpawnFailed."""
        path = _find(argv[0], env.get("PATH", ""))
        if self._library is None:
            return self._start_by_fork(path, argv, env, run, streams)
        request = self._request(run, streams)
        request.path = os.fsencode(path)
        request.argv = (ctypes.c_char_p * (len(argv) + 1))(*map(os.fsencode, argv), None)
        pairs = [os.fsencode(f"{name}={value}") for name, value in env.items()]
        request.envp = (ctypes.c_char_p * (len(pairs) + 1))(*pairs, None)
        pid = int(self._library.tierline_spawn(ctypes.byref(request)))
        if pid > 0 and (not request.failed_step or _is_own_fault(path, request.failed_step)):
            return pid
        if pid > 0:
            os.waitpid(pid, 0)
        error = request.error if request.failed_step else -pid
        raise SpawnFailed(f"{_STEPS[request.failed_step] or 'clone'}: {os.strerror(error)} ({path})")

    def fork(self) -> int:
        """os.fork, into the program's control group where it has one to be born in."""
        if self.jail.into < 0 or self._library is None:
            return os.fork()
        ctypes.pythonapi.PyOS_BeforeFork()
        pid = int(self._library.tierline_fork(self.jail.into, self._tid_address))
        if pid == 0:
            ctypes.pythonapi.PyOS_AfterFork_Child()
        else:
            ctypes.pythonapi.PyOS_AfterFork_Parent()
        if pid < 0:
            raise SpawnFailed(f"clone3 into the control group: {os.strerror(-pid)}")
        return pid

    def can_be_born_into_groups(self) -> bool:
        """Whether `Jail.into` will be heeded."""
        return self._library is not None and self._tid_address is not None

    def prepare(self, run: dict[str, Any], streams: Sequence[int]) -> Callable[[], None]:
        """In the runner: what a fork of it is to call to confine itself. It raises OSError."""
        if self._library is None:
            return functools.partial(self.jail.enter, run, streams)
        return functools.partial(_enter, self._library.tierline_enter, self._request(run, streams))

    def _request(self, run: dict[str, Any], streams: Sequence[int]) -> _Request:
        jail, limits = self.jail, self.jail.limits_of(run)
        request = _Request(filter=jail.filter.address, uid=-1 if jail.uid is None else jail.uid, into=jail.into)
        request.folder = os.fsencode(run.get("folder", "/tmp"))
        request.streams[: len(streams)] = streams
        request.stream_count = len(streams)
        request.attach[: len(jail.attach)] = jail.attach
        request.attach_count = len(jail.attach)
        request.limits[: len(limits)] = [_Limit(kind, value) for kind, value in limits]
        request.limit_count = len(limits)
        return request

    def _start_by_fork(self, path: str, argv: list[str], env: dict[str, str], run: dict[str, Any], streams: Sequence[int]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                for number in (signal.SIGPIPE, signal.SIGXFSZ):
                    signal.signal(number, signal.SIG_DFL)
                self.jail.enter(run, streams)
            except BaseException as error:
                self._report_trouble(error)
                os._exit(127)
            try:
                os.execve(path, argv, env)
            except OSError as error:
                if not _is_own_fault(path, _EXEC):
                    self._report_trouble(error)
            os._exit(127)
        return pid

    @contextlib.contextmanager
    def telling_trouble(self) -> Iterator[None]:
        """In a child, before hostile code: whatever goes wrong here ends it and is the box's own failure; from then on nothing it
        does can look like that."""
        try:
            yield
        except BaseException as error:
            self._report_trouble(error)
            os._exit(127)
        self._trouble.close()

    def _report_trouble(self, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}".encode()[:255] or b"unknown"
        self._trouble[: len(text)] = text

    def clear_trouble(self) -> None:
        """In the runner, before a program starts."""
        self._trouble[:256] = bytes(256)

    def trouble(self) -> str | None:
        """In the runner, when the program has ended: why it never started, or None."""
        return self._trouble[:256].rstrip(bytes(1)).decode(errors="replace") or None


def _enter(call: Callable[[Any], int], request: _Request) -> None:
    if call(ctypes.byref(request)) != 0:
        raise OSError(request.error, f"{_STEPS[request.failed_step]}: {os.strerror(request.error)}")


def _find(command: str, path: str) -> str:
    if "/" in command:
        return command
    for folder in path.split(":"):
        if os.access(f"{folder}/{command}", os.X_OK):
            return f"{folder}/{command}"
    raise SpawnFailed(f"{command}: not found in {path}")
