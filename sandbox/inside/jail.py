"""What a child does to itself before hostile code runs in it, in the order that the kernel's rules ask for."""

from __future__ import annotations

import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import kernel

MIB = 1 << 20


@dataclass
class Jail:
    """How programs of this box are confined. Made once; `enter` is called in each child."""

    filter: kernel.Filter
    uid: int | None
    """None: the box is rootless and programs keep the runner's uid, without its capabilities."""
    attach: tuple[int, ...] = ()
    """Descriptors of the control groups' member files; writing 0 moves the writer in."""
    into: int = -1
    """Descriptor of a cgroup v2 folder to be born in, or -1. Moving into one later takes a lock that waits for milliseconds."""

    def enter(self, run: dict[str, Any], streams: Sequence[int]) -> None:
        """Become the confined process: groups first (they need the descriptors), the filter last (it forbids the rest)."""
        for fd in self.attach:
            os.write(fd, b"0")
        os.setsid()
        for number, fd in enumerate(streams):
            os.dup2(fd, number)
        kernel.close_from(len(streams))
        for kind, value in self.limits_of(run):
            resource.setrlimit(kind, (value, value))
        os.chdir(run.get("folder", "/tmp"))
        if self.uid is None:
            kernel.drop_capabilities()
        else:
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1, "dumpable")  # else /proc/self belongs to somebody else
        self.filter.install()

    def limits_of(self, run: dict[str, Any]) -> list[tuple[int, int]]:
        """Kernel limits of one run. RLIMIT_CPU is missing on purpose: it makes CPU clocks coarse.

        So is any limit on address space: a program that hits one sees a failed allocation, and would look wrong, not large.
        """
        stack = run["stack_mb"] or run["memory_mb"]
        return [
            (resource.RLIMIT_FSIZE, max(run["output_bytes"] + 1, run["file_bytes"])),
            (resource.RLIMIT_NPROC, run["processes"]),
            (resource.RLIMIT_NOFILE, run["open_files"]),
            (resource.RLIMIT_STACK, stack * MIB),
        ]


def confine_runner() -> None:
    """Limits that the runner itself can live with and every program inherits."""
    for kind in (
        resource.RLIMIT_CORE,
        resource.RLIMIT_MEMLOCK,
        resource.RLIMIT_MSGQUEUE,
        resource.RLIMIT_NICE,
        resource.RLIMIT_RTPRIO,
    ):
        resource.setrlimit(kind, (0, 0))
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (1024, 1024))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1, "no_new_privs")
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0, "dumpable")
