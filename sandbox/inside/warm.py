"""Runs Python source in a fork of the warm interpreter, as much like `python3 /box/sol.py` as can be.

Starting an interpreter costs ten milliseconds, a fork less than one. What differs from a fresh start is listed in
docs/explanation/fidelity.md and held to that list by tests/fidelity.

Normal interpreter shutdown after a fork costs 4 to 19 ms because it takes apart what the parent built, so `finish`
does by hand what a program can notice of it: waits for threads, runs atexit, flushes, drops `__main__`, collects cycles.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # the C module beneath signal
import atexit
import ctypes
import gc
import importlib.machinery
import io
import linecache
import marshal
import os
import re
import signal
import sys
import traceback
import types
import warnings
import weakref
from typing import Any, Callable

# What every contest program imports, loaded once for all. A usual header then costs nothing, not 1 to 7 ms. Nothing here may
# load `threading`: what that does after each fork costs every program half a millisecond.
PRELOAD = """
    abc array bisect cmath collections contextlib copy dataclasses datetime decimal enum fractions functools heapq io itertools
    json math numbers operator random re statistics string struct textwrap time typing
""".split()  # noqa: SIM905 - a list of names is easier to read and keep sorted like this

_BELOW = 3 if sys.version_info < (3, 12) else 2
"""Frames of the runner below the program's first one; older interpreters count the call of exec as well."""


def preload(names: list[str]) -> None:
    """Import what programs will want and keep the collector away from it, before the first fork."""
    for name in [*PRELOAD, *names]:
        __import__(name)
    # A standard stream's first use builds its decoder; better here once than in each child.
    sys.setrecursionlimit(sys.getrecursionlimit() + _BELOW)
    re.purge()
    _renew_stderr()
    gc.collect()
    gc.disable()
    gc.freeze()


def _renew_stderr() -> None:
    """The one at hand was made over the channel and remembers that one cannot seek there."""
    buffer: Any = open(2, "wb", closefd=False)  # noqa: SIM115
    buffer.raw.name = "<stderr>"
    stream: Any = io.TextIOWrapper(buffer, sys.stderr.encoding, "backslashreplace", newline="\n", line_buffering=True)
    stream.mode = "w"
    module: Any = sys
    module.stderr = module.__stderr__ = stream


def compile_source(path: str) -> bytes:
    """The program's code as bytes, or SyntaxError and whatever else compile() raises. Runs in a confined child."""
    with open(path, "rb", buffering=0) as file:
        source = file.readall()
    return marshal.dumps(compile(source, path, "exec", dont_inherit=True))


def compile_silently(path: str) -> bytes:
    """The same, and an exception also where there would be a warning. Leaves no trace in the process."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return compile_source(path)


def describe_error(all_frames: bool = False) -> str:
    """What python3 would print for a source that does not compile: the error without our frames."""
    kind, error, trace = sys.exc_info()
    if not all_frames:
        trace = None
    return "".join(traceback.format_exception(kind, error, trace))


def fresh_main(template: dict[str, object], path: str) -> dict[str, object]:
    """A `__main__` like the one of a fresh interpreter that was given `path`."""
    module = types.ModuleType("__main__")
    names = module.__dict__
    names.clear()
    names.update(template)
    names["__loader__"] = importlib.machinery.SourceFileLoader("__main__", path)
    names["__file__"] = path
    names["__doc__"] = None
    if "__annotations__" in names:
        names["__annotations__"] = {}
    sys.modules["__main__"] = module
    sys.argv[:] = [path]
    sys.path[0] = os.path.dirname(path)
    sys.orig_argv[:] = ["python3", path]
    return names


def execute(code: bytes, warned: bytes) -> None:
    """Run the program in the fresh `__main__` and end the process as the interpreter would. Never returns."""
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)  # signal's own asks enums, which costs a page or thirty
    if warned:
        os.write(2, warned)
    gc.enable()
    error = None
    try:
        exec(marshal.loads(code), vars(sys.modules["__main__"]))
    except BaseException as caught:
        error = caught  # looked at outside, where no exception is being handled that would become a context
    status = 0 if error is None else _status_of(error)
    del error
    finish(status)


def _status_of(error: BaseException) -> int:
    """Report an uncaught exception; gives the exit status, negative for a signal."""
    if isinstance(error, SystemExit):
        return _exit_status(error)
    exited = _report(error)
    if exited is not None:
        return exited
    return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1


def _report(error: BaseException) -> int | None:
    """Call sys.excepthook. Gives a status if the hook wants to exit."""
    trace = error.__traceback__
    error.__traceback__ = trace = trace.tb_next if trace else None
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    linecache.checkcache()
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        _complain("sys.excepthook is missing\n")
        _print_error(type(error), error, trace)
        return None
    second = None
    try:
        hook(type(error), error, trace)
    except BaseException as caught:
        second = caught
    if second is None:
        return None
    if isinstance(second, SystemExit):
        return _exit_status(second)
    second.__traceback__ = second.__traceback__.tb_next if second.__traceback__ else None
    _complain("Error in sys.excepthook:\n")
    _print_error(type(second), second, second.__traceback__)
    _complain("\nOriginal exception was:\n")
    _print_error(type(error), error, trace)
    return None


def _complain(text: str) -> None:
    """Write to sys.stderr; as in the interpreter, a broken one changes nothing."""
    try:
        sys.stderr.write(text)
    except BaseException:
        return


def _exit_status(error: SystemExit) -> int:
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code if -(1 << 63) <= code < 1 << 63 else -1 & 0xFF
    _flush()
    try:
        sys.stderr.write(str(code))
    except BaseException:  # as in the interpreter
        pass
    _complain("\n")
    return 1


def _flush(complain: bool = True) -> bool:
    """Flush the standard streams as the interpreter does at exit; False when one would not."""
    good = True
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        if stream is None or _is_closed(stream):
            continue
        try:
            stream.flush()
        except BaseException as error:
            good = False
            if name == "stdout" and complain:
                trace = error.__traceback__.tb_next if error.__traceback__ else None
                _tell_unraisable(error, trace, stream)
    return good


def _is_closed(stream: object) -> bool:
    try:
        return bool(getattr(stream, "closed", False))
    except BaseException:  # a detached one cannot tell
        return False


def _tell_unraisable(error: BaseException, trace: types.TracebackType | None, subject: object) -> None:
    try:
        sys.unraisablehook(_UnraisableArgs((type(error), error, trace, None, subject)))
    except BaseException:
        return


def _type_of_unraisable() -> Callable[[tuple[object, ...]], Any]:
    """What sys.unraisablehook is given; the type has no public name."""

    class Fails:
        def __del__(self) -> None:
            raise ValueError

    given: list[Any] = []
    before, sys.unraisablehook = sys.unraisablehook, given.append
    try:
        Fails()
    finally:
        sys.unraisablehook = before
    return type(given[0])


_UnraisableArgs = _type_of_unraisable()
_print_error = sys.__excepthook__
_run_exit_functions = atexit._run_exitfuncs
_flush_c_streams = ctypes.CDLL(None).fflush


def finish(status: int) -> None:
    """End the process the way interpreter shutdown looks from inside a program."""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
    except BaseException:
        traceback.print_exc()
    try:
        _run_exit_functions()
    except BaseException:
        pass  # atexit has printed it
    good = _flush()
    _drop_main()
    good = _flush(complain=good) and good
    if status == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    _flush_c_streams(None)
    os._exit(status & 0xFF if good else 120)


def _drop_main() -> None:
    """Let the program's objects go: their destructors still find all modules, as in the interpreter."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            setattr(sys, name, None)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, name, getattr(sys, f"__{name}__", None))
    main = sys.modules.pop("__main__", None)
    try:
        left: Any = weakref.ref(main)
    except TypeError:
        left = lambda: None  # noqa: E731 - the program put something else there
    del main
    gc.collect()
    module = left()
    if type(module) is types.ModuleType:
        names = module.__dict__
        for hidden in (True, False):
            for name in list(names):
                if name != "__builtins__" and (not hidden or (name[:1] == "_" and name[1:2] != "_")):
                    names[name] = None
        gc.collect()
