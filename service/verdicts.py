"""From how a run ended to a verdict, before any checker has looked at the output.

Output is asked first: what a program writes is charged to its memory until it is read, so one that never stops printing may be
killed for memory. Then memory, whose kill looks like a crash or like nothing at all (a parent may outlive its children). Then
time, then how the program itself ended.
"""

import os
import signal

from sandbox.memfile import MemFile
from sandbox.outcome import End, Outcome
from service.run_limits import TestLimits
from service.schemas import Verdict

_TAIL_BYTES = 1000


def verdict_of_run(outcome: Outcome, limits: TestLimits) -> tuple[Verdict | None, str]:
    """(verdict, message); None when the program ended well and its output decides.

    An outcome that says nothing about the program (End.WALL, End.CANCELLED) is the caller's to deal with first.
    """
    if outcome.output_exceeded:
        return Verdict.OLE, f"output passed {_size(limits.run.output_bytes)}"
    if outcome.out_of_memory:
        return Verdict.MLE, f"memory passed {limits.memory_limit_mb} MiB"
    if outcome.end is End.CPU or outcome.cpu_s > limits.time_limit_s:
        return Verdict.TLE, f"CPU time passed {limits.time_limit_s:.4g} s{_scaled(limits)}"
    if outcome.end is End.IDLE:
        return Verdict.TLE, f"waited for {limits.run.idle_s:g} s without running"
    if outcome.signal is not None:
        return Verdict.RTE, _with_tail(f"killed by {signal_name(outcome.signal)}", outcome.stderr)
    if outcome.exit_code:
        return Verdict.RTE, _with_tail(f"exit code {outcome.exit_code}", outcome.stderr)
    return None, ""


def _scaled(limits: TestLimits) -> str:
    if limits.factor == 1:
        return ""
    return f": {limits.time_limit_s / limits.factor:.4g} s x {limits.factor:.3g} for this worker's speed"


def signal_name(number: int) -> str:
    """SIGSEGV for 11; the number when it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def tail(file: MemFile, limit: int = _TAIL_BYTES) -> str:
    """The end of a text as far as it fits, from the start of a line where that is possible."""
    size = file.size
    data = os.pread(file.fd, limit, max(0, size - limit))
    if size > limit and b"\n" in data[:-1]:
        data = data[data.index(b"\n") + 1 :]
    return data.decode("utf-8", "replace").replace("\x00", "\ufffd").strip()


def _with_tail(message: str, stderr: MemFile) -> str:
    said = tail(stderr)
    return f"{message}\n{said}" if said else message


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"
