"""Control groups of a box that is a container.

Where the judge can write the container's own groups (a local engine, as root, cgroup v1 or hybrid), the box gets leaves in them,
and a program is measured and bounded as in the `namespaces` wall; the container's bounds stay around it all. Elsewhere the
runner reads the container's group from inside: see inside/own_group.py.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sandbox.cgroup_files import Dying, can_make_groups, hierarchies, processes
from sandbox.cgroup_none import NoBox, NoSlot
from sandbox.cgroup_v1 import V1Box
from sandbox.cgroups import RUNNER_MEMORY_BYTES, BoxGroups, Slot

_ROLES = {"memory": "memory", "pids": "pids", "cpu": "cpuacct"}


def leaves_in_container(pid: int, container: str, most_processes: int) -> V1Box | None:
    """Groups for a box in those of the container with this id, whose first process is `pid` as this process sees it; None where
    they cannot be reached or written. Raises BoxStartFailed."""
    parents, unified = _groups_of(pid, container)
    if "memory" not in parents or not all(can_make_groups(path) for path in parents.values()):
        return None
    groups = V1Box(parents, unified, "box", most_processes, Dying())
    try:
        groups.attach(pid)
    except BaseException:
        groups.close()
        raise
    return groups


def _groups_of(pid: int, container: str) -> tuple[dict[str, Path], bool]:
    """The container's groups by role, and whether CPU time is that of a v2 hierarchy."""
    in_group: dict[str, str] = {}
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, names, group = line.split(":", 2)
            in_group |= dict.fromkeys(names.split(","), group)
    parents: dict[str, Path] = {}
    unified = False
    for hierarchy in hierarchies():
        for role, controller in _ROLES.items():
            name = "" if hierarchy.version == 2 else controller
            path = hierarchy.mount / in_group.get(name, "").strip("/")
            ours = container in path.name and pid in processes(path)
            if hierarchy.version == 1 and controller in hierarchy.controllers and ours and role not in parents:
                parents[role] = path
            elif hierarchy.version == 2 and role == "cpu" and ours and "memory" not in hierarchy.controllers:
                parents[role], unified = path, True
    return parents, unified


class OwnSlot(NoSlot):
    """No descriptors: the runner reads the container's own group."""

    cpu_format = "own"
    generation = 1


class OwnBox(NoBox):
    """A container's groups that only the runner can see. See `sandbox.cgroups.BoxGroups`."""

    def slot(self, memory_bytes: int, processes: int) -> OwnSlot:
        """See `sandbox.cgroups.BoxGroups`."""
        return OwnSlot()


class ContainerBox:
    """Groups of a box whose container has a memory bound of its own, which must never be what a program meets first."""

    def __init__(self, inner: BoxGroups, bound_bytes: int, raise_bound: Callable[[int], None]) -> None:
        self._inner = inner
        self._bound_bytes = bound_bytes
        self._raise_bound = raise_bound

    def attach(self, pid: int) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        self._inner.attach(pid)

    def settle(self, pid: int) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        self._inner.settle(pid)

    def slot(self, memory_bytes: int, processes: int) -> Slot:
        """See `sandbox.cgroups.BoxGroups`. Raises BoxDied too when the engine does not raise the bound."""
        if (need := bound_for(memory_bytes)) > self._bound_bytes:
            self._raise_bound(need)
            self._bound_bytes = need
        return self._inner.slot(memory_bytes, processes)

    def kill(self) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        self._inner.kill()

    def close(self) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        self._inner.close()


def bound_for(memory_bytes: int) -> int:
    """Memory of a container whose programs may use this much: with room for the runner, its files and what a watched program
    takes before it is seen."""
    page = os.sysconf("SC_PAGE_SIZE")
    return -(-(memory_bytes + memory_bytes // 4 + RUNNER_MEMORY_BYTES) // page) * page
