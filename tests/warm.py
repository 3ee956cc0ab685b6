"""Processes that begin with torch, transformers and TRL imported: forked from one that has, for it takes seconds each time.

Otherwise they are processes like any other: their own pid to kill, their own output, their own modules to patch.
"""

import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import IO, Any

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["merge.evaluation.study", "merge.evaluation.study_report", "trainer.sweep"])


class Warm:
    """A running call of a function of some module, with as much of `subprocess.Popen` as tests need."""

    def __init__(self, function: Callable[..., object], *arguments: Any, environment: Mapping[str, str] | None = None) -> None:
        self.stdout, out = _pipe()
        self.stderr, err = _pipe()
        self._process = _FORKING.Process(target=_begin, args=(out, err, dict(environment or os.environ), function, arguments))
        self._process.start()
        out.close()
        err.close()

    def send_signal(self, number: int) -> None:
        """To it alone."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    @property
    def returncode(self) -> int | None:
        """Its exit status, or less than 0: the signal that ended it."""
        return self._process.exitcode

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._process.kill()
        self._process.join()
        self.stdout.close()
        self.stderr.close()


def ended(
    function: Callable[..., object], *arguments: Any, environment: Mapping[str, str] = os.environ
) -> tuple[int | None, str]:
    """Call a function in such a process; its exit status and what it said on stderr, then on stdout."""
    with Warm(function, *arguments, environment=environment) as process:
        said = process.stderr.read() + process.stdout.read()
    return process.returncode, said


def tierline(*arguments: str) -> None:
    """The command, in this process."""
    from service.cli import main

    sys.argv = ["tierline", *arguments]
    main()


def script(path: str, *arguments: str) -> None:
    """What `python PATH` does, in this process."""
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).parent))
    runpy.run_path(path, run_name="__main__")


def _pipe() -> tuple[IO[str], Connection]:
    reader, writer = _FORKING.Pipe(duplex=False)
    with reader:
        return os.fdopen(os.dup(reader.fileno()), encoding="utf-8"), writer


def _begin(
    out: Connection, err: Connection, environment: dict[str, str], function: Callable[..., object], arguments: tuple[Any, ...]
) -> None:
    for place, said in ((1, out), (2, err)):
        os.dup2(said.fileno(), place)
        said.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else that of who began it all: a job in the background ignores it
    os.environ.clear()
    os.environ.update(environment)
    function(*arguments)
