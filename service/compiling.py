"""From a source to a program that is loaded in a box, or to the log that says why not."""

import threading
from dataclasses import replace

from sandbox.box import Box
from sandbox.compiler import Compiler
from sandbox.errors import NotCompiled
from sandbox.program import Compiled, Program
from service.canceller import Cancelled
from service.run_limits import TestLimits
from service.schemas import CompileResult, RunRequest, Submission

_WORKING_FOLDER = "/tmp"  # noqa: S108 - of the program, in its box


def compile_and_load(
    compiler: Compiler,
    box: Box,
    sent: Submission | RunRequest,
    language: str,
    limits: TestLimits,
    cancelled: threading.Event,
    *,
    compile_later: bool,
) -> Compiled:
    """Compile a source and load it. The program is None when it does not compile. Raises Cancelled, and what a box raises.

    `compile_later`: Python that the box's interpreter runs may be left uncompiled; its first run then raises NotCompiled, which
    `not_compiled` turns into what this would have given.
    """
    try:
        sent.source.encode()
    except UnicodeEncodeError as error:
        return Compiled(None, f"the source is not valid Unicode: character {error.start} is half of a surrogate pair")
    brings_modules = _brings_modules(sent, language)
    exec_mode = sent.mode == "exec" or brings_modules
    # A Python source is compiled by the warm interpreter first: by exec a mistake would be a run-time error.
    for by_exec in (False, True) if exec_mode and language == "python" else (exec_mode,):
        compiled = compiler.compile(
            box, language, sent.source, exec_mode=by_exec, memory_mb=limits.memory_limit_mb, time_s=limits.compile_time_s
        )
        if compiled.program is not None and brings_modules:
            compiled = replace(compiled, program=_finding_modules(compiled.program))
        later = compile_later and not exec_mode  # by exec, what is loaded first is only to be compiled
        if compiled.program is not None and (log := box.load(compiled.program, compile_later=later)) is not None:
            compiled = Compiled(None, log, compiled.cpu_s)
        if compiled.program is None:
            if cancelled.is_set():  # a compilation that was cancelled looks like one that failed
                raise Cancelled
            break
    return compiled


def not_compiled(error: NotCompiled, cancelled: threading.Event) -> Compiled:
    """What compile_and_load would have given, had it known. Raises Cancelled."""
    if cancelled.is_set():  # a compilation that was cancelled looks like one that failed
        raise Cancelled from error
    return Compiled(None, str(error))


def _brings_modules(sent: Submission | RunRequest, language: str) -> bool:
    """Are there Python files to import beside the program? A fresh interpreter finds them, a warm one has its path already."""
    return isinstance(sent, RunRequest) and language in ("python", "pypy") and any(name.endswith(".py") for name in sent.files)


def _finding_modules(program: Program) -> Program:
    return replace(program, env={**program.env, "PYTHONPATH": _WORKING_FOLDER})


def compile_result(compiled: Compiled) -> CompileResult:
    """As the result tells it."""
    return CompileResult(
        ok=compiled.program is not None,
        cpu_s=compiled.cpu_s,
        log=compiled.log,
        cached=compiled.cached,
        timed_out=compiled.timed_out,
    )
