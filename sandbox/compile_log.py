"""What a compiler said, kept short, and what ended it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.outcome import End, Outcome

_HEAD = 0.75  # of a log that is cut: the first error is the one that helps


@dataclass(frozen=True)
class Trouble:
    """Why there is no program."""

    text: str
    limit: bool
    """A limit ended it, so that trying again another way is no use."""
    time: bool = False
    """That limit was time."""


def bounded(files: Iterable[MemFile], limit: int) -> str:
    """The files' text one after the other; of what is longer than `limit` bytes head and tail, and how much was cut."""
    parts = []
    for file in files:
        size = file.size
        data = file.read(limit)
        if size > limit:
            head = int(limit * _HEAD)
            tail = _tail(file, limit - head)
            data = data[:head] + f"\n... {size - limit} bytes cut ...\n".encode() + tail
        parts.append(data.decode(errors="replace").replace("/box/", "").strip())
        limit -= min(size, limit)
    return "\n".join(part for part in parts if part)


def _tail(file: MemFile, length: int) -> bytes:
    with open(file.reopen(), "rb") as reader:
        reader.seek(-length, 2)
        return reader.read()


def describe(outcome: Outcome, limits: Limits, wanted: Sequence[str], artifact_bytes: int) -> Trouble | None:
    """Why a compiler's run gave no program; None when it gave one."""
    if outcome.out_of_memory:
        return Trouble(f"compiling took more than {limits.memory_mb} MiB of memory", limit=True)
    if outcome.end is End.CPU:
        return Trouble(f"compiling took more than {limits.cpu_s:g} s of CPU time", limit=True, time=True)
    if outcome.end is End.IDLE:
        return Trouble(f"the compiler slept for {limits.idle_s:g} s and was stopped", limit=True, time=True)
    if outcome.output_exceeded:
        return Trouble(f"the compiler wrote more than {limits.output_bytes >> 20} MiB of messages", limit=True)
    if outcome.signal is not None:
        return Trouble(f"the compiler was ended by signal {outcome.signal}", limit=False)
    if outcome.exit_code != 0:
        return Trouble(
            "" if outcome.stderr.size or outcome.stdout.size else f"the compiler gave up with {outcome.exit_code}", limit=False
        )
    missing = [name for name in wanted if name not in outcome.files]
    if missing:
        return Trouble(f"the compiler made no {missing[0]}", limit=False)
    if any(outcome.files[name].size > artifact_bytes for name in wanted):
        return Trouble(f"the program is larger than {artifact_bytes >> 20} MiB", limit=True)
    return None
