"""Control groups where each controller has a hierarchy of its own, with or without (`hybrid`) a v2 hierarchy beside them.

Where the groups are made: at the top of what is visible, which is the container's own group in a container; beneath this
process's own group if that one is bounded, so that the bound holds for programs too, or if nothing else may be written.

The v2 hierarchy of a hybrid machine has no controllers, but counts CPU time and kills whole groups. Its leaves are made
`threaded`: moving a process between ordinary v2 groups takes a lock that waits for an RCU grace period (9-13 ms measured after
20 ms of quiet, kernels 6.0 and later), moving a single thread between threaded ones does not (0.05 ms).
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sandbox.cgroup_files import (
    Dying,
    FormerPages,
    Hierarchy,
    OpenFiles,
    can_make_groups,
    counter,
    free_name,
    kill_in,
    number,
    open_read,
    open_write,
    read,
    write,
)
from sandbox.cgroups import CLOSE_S, RUNNER_MEMORY_BYTES, MemoryUse
from sandbox.errors import BoxDied, BoxStartFailed, WallUnavailable
from sandbox.sweep import lock, make_unique, sweep_groups

_PAGE = os.sysconf("SC_PAGE_SIZE")
_UNBOUNDED = 1 << 60
_SLACK_BYTES = 4 << 20
"""How far below its bound a group may be when a charge fails: a huge page and what each processor keeps in stock."""


class V1Slot:
    """Leaf `slot` in each hierarchy; the same groups serve all runs."""

    generation = 0
    into_fd = -1

    def __init__(self, memory: Path, pids: Path | None, cpu: Path | None, unified: bool) -> None:
        self._files = OpenFiles()
        self._memory = memory
        self._limit_bytes, self._processes = _UNBOUNDED, 0
        self._base_bytes = self._oom_before = 0
        self._former = FormerPages(memory / "memory.stat", "cache")
        keep = self._files.keep
        has_swap = (memory / "memory.memsw.limit_in_bytes").exists()
        try:
            self._limit = keep(open_write(memory / "memory.limit_in_bytes"))
            self._swap = keep(open_write(memory / "memory.memsw.limit_in_bytes")) if has_swap else -1
            self._usage = keep(open_read(memory / "memory.usage_in_bytes"))
            self._peak = keep(os.open(memory / "memory.max_usage_in_bytes", os.O_RDWR | os.O_CLOEXEC))
            self._oom = keep(open_read(memory / "memory.oom_control"))
            self._pids_max = keep(open_write(pids / "pids.max")) if pids else -1
            tasks = [path / "tasks" for path in dict.fromkeys((memory, pids, None if unified else cpu)) if path]
            if cpu and unified:
                tasks.append(cpu / "cgroup.threads")
            self.attach_fds = tuple(keep(open_write(path)) for path in tasks)
            self.cpu_fd = keep(open_read(cpu / ("cpu.stat" if unified else "cpuacct.usage"))) if cpu else -1
            self.cpu_format = "none" if self.cpu_fd < 0 else "v2" if unified else "v1"
            self.pressure_fd = keep(open_read(cpu / "cpu.pressure")) if cpu and unified else -1
        except OSError:
            self.close()
            raise

    def prepare(self, memory_bytes: int, processes: int) -> None:
        """Set the bounds and note where the counts stand. Raises OSError when a bound cannot be set."""
        with self._files:
            self._former.note(number(self._usage))
            limit = -(-(memory_bytes + self._former.bytes) // _PAGE) * _PAGE
            if limit != self._limit_bytes:
                self._set_limit(limit)
            if processes != self._processes and self._pids_max >= 0:
                os.pwrite(self._pids_max, b"%d" % processes, 0)
                self._processes = processes
            os.pwrite(self._peak, b"0", 0)
            self._base_bytes = number(self._usage)
            self._oom_before = counter(self._oom, b"oom_kill ")

    def _set_limit(self, limit: int) -> None:
        """Memory and swap together may never be bounded tighter than memory alone, so the order depends on the direction."""
        order = [self._limit, self._swap] if limit < self._limit_bytes else [self._swap, self._limit]
        for fd in order:
            if fd >= 0:
                os.pwrite(fd, b"%d" % limit, 0)
        self._limit_bytes = limit

    def page_cache_bytes(self) -> int:
        """See `sandbox.cgroups.Slot`."""
        return self._former.grown_bytes()

    def memory(self) -> MemoryUse:
        """See `sandbox.cgroups.Slot`."""
        with self._files:
            peak = number(self._peak)
            kills = counter(self._oom, b"oom_kill ") - self._oom_before
        # failcnt would tell, but stays 0 where the bound on memory and swap together is what is hit (seen on 6.18)
        slack = min(max(_SLACK_BYTES, self._limit_bytes >> 4), self._limit_bytes >> 1)
        return MemoryUse(max(0, peak - self._base_bytes), kills, starved=kills > 0 and peak < self._limit_bytes - slack)

    def close(self) -> None:
        """Close all descriptors."""
        self._files.close()


class V1Box:
    """Groups of one box: the same names in each hierarchy, beneath the groups that `parents` has by their role."""

    def __init__(self, parents: Mapping[str, Path], unified: bool, name: str, processes: int, dying: Dying) -> None:
        name = free_name(name, set(parents.values()))
        self._boxes = {role: parent / name for role, parent in parents.items()}
        self._unified = unified
        self._dying = dying
        self._slot: V1Slot | None = None
        try:
            self._slot = self._make(processes)
        except OSError as error:
            self.close()
            raise BoxStartFailed(f"cannot make the control groups of box {name}: {error}") from error

    def _make(self, processes: int) -> V1Slot:
        for path in dict.fromkeys(self._boxes.values()):
            for leaf in ("run", "slot"):
                (path / leaf).mkdir(parents=True)
        cpu = self._boxes.get("cpu")
        if cpu and self._unified:
            for leaf in ("run", "slot"):
                write(cpu / leaf / "cgroup.type", "threaded")
        memory, pids = self._boxes["memory"], self._boxes.get("pids")
        for name in ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"):
            if (memory / name).exists():
                write(memory / "run" / name, str(RUNNER_MEMORY_BYTES))
        if pids:
            write(pids / "pids.max", str(processes))
        slots = {role: path / "slot" for role, path in self._boxes.items()}
        return V1Slot(slots["memory"], slots.get("pids"), slots.get("cpu"), self._unified)

    def attach(self, pid: int) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        for role, path in self._boxes.items():
            if role == "cpu" and self._unified:  # a whole process enters threaded groups through their common parent only
                write(path / "cgroup.procs", str(pid))
            write(path / "run" / "cgroup.procs", str(pid))

    def settle(self, pid: int) -> None:
        """Nothing to do: it is in leaf `run` since `attach`."""

    def slot(self, memory_bytes: int, processes: int) -> V1Slot:
        """See `sandbox.cgroups.BoxGroups`."""
        assert self._slot is not None
        try:
            self._slot.prepare(memory_bytes, processes)
        except OSError as error:
            raise BoxDied(f"control group of the program does not reset to {memory_bytes} bytes: {error}") from error
        return self._slot

    def kill(self) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        if pids := self._boxes.get("pids"):
            with suppress(OSError):
                write(pids / "pids.max", "0")  # so that no fork bomb outruns the signals
        for path in reversed(self._boxes.values()):  # v2 first: it kills all at once
            kill_in(path)

    def close(self) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        if self._slot:
            self._slot.close()
        self.kill()
        self._dying.bury(reversed(self._boxes.values()), wait_s=CLOSE_S)


class _Tops:
    """Where the judge's own groups go, by what they are for: memory, pids, cpu."""

    def __init__(self, found: list[Hierarchy]) -> None:
        self.mounts = [hierarchy.mount for hierarchy in found if hierarchy.version == 1]
        self.parents: dict[str, Path] = {}
        self.by_role: dict[str, Path] = {}
        self.unified = False
        self.dying = Dying()
        for role, controller in (("memory", "memory"), ("pids", "pids"), ("cpu", "cpuacct")):
            for hierarchy in found:
                if hierarchy.version == 1 and controller in hierarchy.controllers and (parent := _parent(hierarchy)):
                    self.parents[role] = parent
        for hierarchy in found:
            if hierarchy.version == 2:
                self.mounts.insert(0, hierarchy.mount)
                # systemd follows a service's processes by this hierarchy, so they stay beneath their own group
                parent = next((path for path in (hierarchy.own, hierarchy.mount) if can_make_groups(path)), None)
                if parent and (hierarchy.mount / "cpu.stat").exists():
                    self.parents["cpu"] = parent
                    self.unified = True

    def make(self) -> list[int]:
        """Make the judge's own group in each hierarchy; returns locks that mark them as in use."""
        made: dict[Path, Path] = {}
        for role, parent in self.parents.items():
            if parent not in made:
                made[parent] = make_unique(parent, Path.mkdir)
            self.by_role[role] = made[parent]
        return [lock(path) for path in made.values()]


def _parent(hierarchy: Hierarchy) -> Path | None:
    """Where in a v1 hierarchy to make the judge's own group, or None when nothing there may be written."""
    order = [hierarchy.own, hierarchy.mount] if _is_bounded(hierarchy) else [hierarchy.mount, hierarchy.own]
    return next((path for path in order if can_make_groups(path)), None)


def _is_bounded(hierarchy: Hierarchy) -> bool:
    if "memory" in hierarchy.controllers:
        stat = read(hierarchy.own / "memory.stat").partition("hierarchical_memory_limit ")[2].split()
        return bool(stat) and int(stat[0]) < _UNBOUNDED
    return any(read(path / "pids.max").strip() not in ("", "max") for path in (hierarchy.own, *hierarchy.own.parents))


class V1Groups:
    """The v1 hierarchies. See `sandbox.cgroups.Groups`."""

    def __init__(self, found: list[Hierarchy]) -> None:
        self._tops = _Tops(found)
        self.flavour = "hybrid" if self._tops.unified else "v1"
        self.lacks = _lacks(self._tops)
        self._locks: list[int] = []

    def open(self) -> None:
        """See `sandbox.cgroups.Groups`."""
        try:
            self._locks = self._tops.make()
        except OSError as error:
            raise WallUnavailable(f"cannot make a control group for the judge: {error}") from error

    def box(self, name: str, *, processes: int, runner_uid: int | None = None) -> V1Box:
        """See `sandbox.cgroups.Groups`."""
        self._tops.dying.bury()
        return V1Box(self._tops.by_role, self._tops.unified, name, processes, self._tops.dying)

    def sweep(self) -> list[str]:
        """See `sandbox.cgroups.Groups`."""
        return sweep_groups(self._tops.mounts)

    def close(self) -> None:
        """See `sandbox.cgroups.Groups`."""
        self._tops.dying.bury(reversed(self._tops.by_role.values()), wait_s=CLOSE_S)
        while self._locks:
            os.close(self._locks.pop())


def _lacks(tops: _Tops) -> list[str]:
    lacks = []
    if "pids" not in tops.parents:
        lacks.append(
            "pids controller: a box's processes are bounded by RLIMIT_NPROC alone; boot a kernel with CONFIG_CGROUP_PIDS"
        )
    if "cpu" not in tops.parents:
        lacks.append("CPU time of a group: it is summed up from /proc instead; mount a cgroup2 or cpuacct hierarchy")
    return lacks
