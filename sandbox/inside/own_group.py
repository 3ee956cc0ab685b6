"""The control group of the container that this box is, as it shows itself inside: read-only, and runner and program in one.

For boxes whose host cannot reach the group's own files. The runner's share is taken off: exactly for CPU time, by what the group
held before the run for memory. The highest use of a run is exact when it was higher than ever before in this container; else it
is what was seen every few milliseconds.
"""

from __future__ import annotations

import os
import resource

NS = 1_000_000_000


class OwnGroup:
    """Reads the group's figures. Raises OSError where the container does not show them."""

    def __init__(self, root: str = "/sys/fs/cgroup") -> None:
        self.v2 = os.path.exists(root + "/cgroup.controllers")
        memory = root if self.v2 else root + "/memory"
        self._cpu = _open(root + ("/cpu.stat" if self.v2 else "/cpuacct/cpuacct.usage"))
        self._usage = _open(memory + ("/memory.current" if self.v2 else "/memory.usage_in_bytes"))
        self._events = _open(memory + ("/memory.events" if self.v2 else "/memory.oom_control"))
        try:
            self._high = _open(memory + ("/memory.peak" if self.v2 else "/memory.max_usage_in_bytes"))
        except OSError:  # before Linux 5.19
            self._high = -1

    def cpu_ns(self) -> int:
        """CPU time of all that ever ran in the group but the runner itself."""
        text = os.pread(self._cpu, 1024, 0)
        total = _behind(text, b"usage_usec ") * 1000 if self.v2 else int(text)
        own = resource.getrusage(resource.RUSAGE_SELF)
        return total - int((own.ru_utime + own.ru_stime) * NS)

    def memory_bytes(self) -> int:
        """What the group uses now."""
        return int(os.pread(self._usage, 32, 0))

    def high_bytes(self) -> int:
        """The most it ever used, 0 where the kernel does not tell."""
        return int(os.pread(self._high, 32, 0)) if self._high >= 0 else 0

    def oom_kills(self) -> int:
        """Processes that the kernel killed because the container's memory ran out."""
        return _behind(os.pread(self._events, 1024, 0), b"oom_kill ")


def _open(path: str) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    os.pread(fd, 1, 0)
    return fd


def _behind(text: bytes, key: bytes) -> int:
    _, found, rest = text.partition(key)
    return int(rest.split(b"\n", 1)[0]) if found else 0
