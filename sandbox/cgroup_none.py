"""No control groups: nothing is measured or bounded by them. The runner asks /proc for time and memory instead."""

import os

from sandbox.cgroup_files import Hierarchy
from sandbox.cgroups import MemoryUse


class NoSlot:
    """A slot without descriptors. See `sandbox.cgroups.Slot`."""

    attach_fds: tuple[int, ...] = ()
    cpu_fd = -1
    cpu_format = "none"
    pressure_fd = -1
    generation = 0
    into_fd = -1

    def page_cache_bytes(self) -> int:
        """None is counted here."""
        return 0

    def memory(self) -> MemoryUse:
        """Nothing is known."""
        return MemoryUse(0, 0)


class NoBox:
    """See `sandbox.cgroups.BoxGroups`; the box's pid namespace is what ends its processes."""

    def attach(self, pid: int) -> None:
        """Does nothing."""

    def settle(self, pid: int) -> None:
        """Does nothing."""

    def slot(self, memory_bytes: int, processes: int) -> NoSlot:
        """A slot that measures nothing."""
        return NoSlot()

    def kill(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""


class NoGroups:
    """See `sandbox.cgroups.Groups`."""

    flavour = "none"

    def __init__(self, found: list[Hierarchy], why: str = "") -> None:
        self.lacks = [
            "control groups: a program's memory is watched every few milliseconds instead of bounded by the kernel, and its peak "
            f"and the CPU time of detached processes are sampled; {why or _fix(found)}"
        ]

    def open(self) -> None:
        """Does nothing."""

    def box(self, name: str, *, processes: int, runner_uid: int | None = None) -> NoBox:
        """Groups that do nothing."""
        return NoBox()

    def sweep(self) -> list[str]:
        """Finds nothing."""
        return []

    def close(self) -> None:
        """Does nothing."""


def _fix(found: list[Hierarchy]) -> str:
    if not found:
        return "none are mounted: mount a cgroup2 file system at /sys/fs/cgroup"
    if os.geteuid() == 0:
        return (
            "they are mounted read-only or without the memory controller: give the container CAP_SYS_ADMIN "
            "(docs/how-to/deploy.md)"
        )
    if any(hierarchy.version == 2 for hierarchy in found):
        return "start the judge with `systemd-run --user --scope -p Delegate=yes tierline serve`, or as root"
    return "start the judge as root, or have root make it a group of its own in the memory, pids and cpuacct hierarchies"
