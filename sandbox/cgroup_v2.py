"""Control groups of the one v2 hierarchy.

Where the judge's own group goes, the first that holds:

* a group beneath which systemd leaves us alone (`Delegate=yes`): the own one or the nearest above it;
* root: the topmost visible group, which in a container with a control group namespace is the container's own;
* others: the nearest writable group that already hands on the memory controller, or has nobody in it but this process; else the
  topmost writable one.

A group that hands on controllers must not hold processes itself. So where the chosen one does and is not the machine's root,
its processes, this judge among them, first move into a leaf `tierline-judge` beside the judge's own group. They stay there.

The peak of a group can be set back from Linux 6.12 on, and only for one open descriptor. Before, each run has a leaf of its own,
removed while the next runs; the pages it still holds are given back first, lest the kernel keeps the group as long as those.
"""

import os
import secrets
import threading
import time
from contextlib import suppress
from itertools import count, takewhile
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
    processes,
    read,
    write,
)
from sandbox.cgroup_mount import JUDGE_LEAF
from sandbox.cgroups import CLOSE_S, RUNNER_MEMORY_BYTES, MemoryUse
from sandbox.errors import BoxDied, BoxStartFailed, WallUnavailable
from sandbox.sweep import lock, make_unique, sweep_groups

_MOST_OLD = 8
"""Leaves of former runs that may wait for their removal."""
_RECLAIM_BYTES = 512 << 10
"""A leaf that holds more after its run is told to give it back before its removal; less is what processors keep in stock."""


def find_place(hierarchy: Hierarchy) -> Path | None:
    """The group to make the judge's own group in, or None when there is none with the memory controller to be written."""
    start = hierarchy.own.parent if hierarchy.own.name == JUDGE_LEAF else hierarchy.own
    lineage = [path for path in (start, *start.parents) if path.is_relative_to(hierarchy.mount)]
    usable = list(takewhile(_is_usable, lineage))
    delegated = [path for path in usable if _is_delegated(path)]
    if delegated:
        return delegated[0]
    if os.geteuid() == 0:
        return hierarchy.mount if _is_usable(hierarchy.mount) else None
    free = [path for path in usable if _hands_on(path, "memory") or set(processes(path)) <= {os.getpid()}]
    return next(iter(free or usable[-1:]), None)


def _is_usable(group: Path) -> bool:
    return "memory" in read(group / "cgroup.controllers").split() and can_make_groups(group)


def _is_delegated(group: Path) -> bool:
    for name in ("trusted.delegate", "user.delegate"):
        with suppress(OSError):
            if os.getxattr(group, name) == b"1":
                return True
    return False


def _hands_on(group: Path, controller: str) -> bool:
    return controller in read(group / "cgroup.subtree_control").split()


class V2Slot:
    """A leaf for runs: for all runs where its peak can be set back, else for one."""

    cpu_format = "v2"

    def __init__(self, leaf: Path, generation: int, runner_uid: int | None) -> None:
        self.leaf, self.generation = leaf, generation
        self._files = OpenFiles()
        self._limit_bytes = self._processes = 0
        self._base_bytes = self._oom_before = self._kills_before = 0
        self._former = FormerPages(leaf / "memory.stat", "file")
        keep = self._files.keep
        leaf.mkdir()
        try:
            for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                with suppress(FileNotFoundError):
                    write(leaf / name, value)
            self._limit = keep(open_write(leaf / "memory.max"))
            self._current = keep(open_read(leaf / "memory.current"))
            self._events = keep(open_read(leaf / "memory.events.local"))
            self._pids_max = keep(open_write(leaf / "pids.max")) if (leaf / "pids.max").exists() else -1
            self._peak, self.resets = _open_peak(leaf / "memory.peak")
            keep(self._peak)
            self.attach_fds = (keep(open_write(leaf / "cgroup.procs")),)
            self.into_fd = keep(os.open(leaf, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            if runner_uid is not None:
                _let_in(leaf / "cgroup.procs", runner_uid)
            self.cpu_fd = keep(open_read(leaf / "cpu.stat"))
            self.pressure_fd = keep(open_read(leaf / "cpu.pressure"))
        except OSError:
            self.close()
            raise

    @property
    def serves_again(self) -> bool:
        """Whether the next run may have this leaf too. Where the peak is only sampled, a fresh one would gain nothing."""
        return self.resets or self._peak < 0

    def prepare(self, memory_bytes: int, processes: int) -> None:
        """Set the bounds and note where the counts stand. Raises OSError when a bound cannot be set."""
        with self._files:
            if self.serves_again:
                self._former.note(number(self._current))
            if (limit := memory_bytes + self._former.bytes) != self._limit_bytes:
                os.pwrite(self._limit, b"%d" % limit, 0)
                self._limit_bytes = limit
            if processes != self._processes and self._pids_max >= 0:
                os.pwrite(self._pids_max, b"%d" % processes, 0)
                self._processes = processes
            if self.resets:
                os.pwrite(self._peak, b"reset", 0)
            if self.serves_again:
                self._base_bytes = number(self._current)
                self._oom_before, self._kills_before = self._counts()

    def _counts(self) -> tuple[int, int]:
        return counter(self._events, b"oom "), counter(self._events, b"oom_kill ")

    def page_cache_bytes(self) -> int:
        """See `sandbox.cgroups.Slot`."""
        return self._former.grown_bytes()

    def memory(self) -> MemoryUse:
        """See `sandbox.cgroups.Slot`."""
        with self._files:
            peak = number(self._peak if self._peak >= 0 else self._current)
            ooms, kills = self._counts()
        kills -= self._kills_before
        return MemoryUse(max(0, peak - self._base_bytes), kills, starved=kills > 0 and ooms == self._oom_before)

    def close(self) -> None:
        """Close all descriptors and give back the pages that would keep the group alive after its removal."""
        with suppress(OSError, BoxDied, ValueError):
            with self._files:
                held = number(self._current)
            if held > _RECLAIM_BYTES:
                write(self.leaf / "memory.reclaim", str(held))
        self._files.close()


def _open_peak(path: Path) -> tuple[int, bool]:
    """A descriptor of memory.peak, -1 where there is none, and whether writing to it sets the peak back."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return open_read(path), False
    try:
        os.pwrite(fd, b"reset", 0)
    except OSError:
        return fd, False
    return fd, True


class V2Box:
    """Groups of one box."""

    def __init__(self, top: Path, name: str, processes: int, runner_uid: int | None, dying: Dying) -> None:
        self._box = top / free_name(name, [top])
        self._runner_uid = runner_uid
        self._dying = dying
        self._numbers = count()
        self._lock = threading.Lock()  # a box may be closed from another thread
        self._slot: V2Slot | None = None
        self._fresh = True
        self._old: list[Path] = []
        try:
            self._make(processes)
        except OSError as error:
            self.close()
            raise BoxStartFailed(f"cannot make the control groups of box {name}: {error}") from error

    def _make(self, processes: int) -> None:
        self._box.mkdir()
        with suppress(FileNotFoundError):
            write(self._box / "pids.max", str(processes))
        if self._runner_uid is not None:  # it starts programs in the slot, and must be allowed to at their common parent too
            _let_in(self._box / "cgroup.procs", self._runner_uid)

    def _next_slot(self) -> V2Slot:
        self._fresh = True
        # A program sees its leaf's name, and shall not learn from it how many ran before.
        return V2Slot(self._box / f"slot-{secrets.token_hex(4)}", next(self._numbers), self._runner_uid)

    def attach(self, pid: int) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        write(self._box / "cgroup.procs", str(pid))

    def settle(self, pid: int) -> None:
        """See `sandbox.cgroups.BoxGroups`. Only now may the box hand on controllers: it must not hold processes then."""
        (self._box / "run").mkdir()
        write(self._box / "run" / "cgroup.procs", str(pid))
        _hand_on_all(self._box)
        write(self._box / "run" / "memory.max", str(RUNNER_MEMORY_BYTES))
        with suppress(FileNotFoundError):
            write(self._box / "run" / "memory.swap.max", "0")
        self._slot = self._next_slot()

    def slot(self, memory_bytes: int, processes: int) -> V2Slot:
        """See `sandbox.cgroups.BoxGroups`."""
        with self._lock:
            if self._slot is None:
                raise BoxDied("the box's control groups are closed")
            try:
                if not self._fresh and not self._slot.serves_again:
                    self._slot.close()
                    self._old.append(self._slot.leaf)
                    self._slot = self._next_slot()
                    self._remove_old()
                self._slot.prepare(memory_bytes, processes)
            except OSError as error:
                raise BoxDied(f"control group of the program does not reset to {memory_bytes} bytes: {error}") from error
            self._fresh = False
            return self._slot

    def _remove_old(self) -> None:
        """A group cannot be removed for a moment after its last process died; the next run tries again."""
        left = []
        for leaf in self._old:
            try:
                leaf.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                left.append(leaf)
        if len(left) > _MOST_OLD:
            raise BoxDied(f"{len(left)} control groups of former runs still hold processes")
        self._old = left

    def kill(self) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        kill_in(self._box)

    def close(self) -> None:
        """See `sandbox.cgroups.BoxGroups`."""
        with self._lock:
            if self._slot:
                self._slot.close()
                self._slot = None
            self._dying.bury([self._box], wait_s=CLOSE_S)


def _let_in(file: Path, runner_uid: int) -> None:
    """Let the runner write it, by its group, which has its uid's number: the owner stays, for root in a container may have no
    CAP_DAC_OVERRIDE and writes only what is its own."""
    os.chown(file, -1, runner_uid)
    file.chmod(0o664)


def _hand_on_all(group: Path) -> None:
    """Let the groups in `group` use the controllers we need, as far as it has them itself."""
    offered = read(group / "cgroup.controllers").split()
    write(group / "cgroup.subtree_control", " ".join(f"+{name}" for name in ("memory", "pids") if name in offered))


class V2Groups:
    """The v2 hierarchy beneath `place`. See `sandbox.cgroups.Groups`."""

    flavour = "v2"

    def __init__(self, hierarchy: Hierarchy, place: Path) -> None:
        self._mount, self._place = hierarchy.mount, place
        self._top: Path | None = None
        self._lock_fd = -1
        self._dying = Dying()
        self.lacks = _lacks(place)

    def open(self) -> None:
        """See `sandbox.cgroups.Groups`."""
        try:
            if not all(_hands_on(self._place, name) for name in ("memory", "pids")):
                _empty(self._place)
                _hand_on_all(self._place)
            self._top = make_unique(self._place, Path.mkdir)
            self._lock_fd = lock(self._top)
            _hand_on_all(self._top)
        except OSError as error:
            self.close()
            raise WallUnavailable(f"cannot make a control group for the judge in {self._place}: {error}") from error

    def box(self, name: str, *, processes: int, runner_uid: int | None = None) -> V2Box:
        """See `sandbox.cgroups.Groups`."""
        if self._top is None:
            raise BoxStartFailed("the control groups are not open")
        self._dying.bury()
        return V2Box(self._top, name, processes, runner_uid, self._dying)

    def sweep(self) -> list[str]:
        """See `sandbox.cgroups.Groups`."""
        return sweep_groups([self._mount])

    def close(self) -> None:
        """See `sandbox.cgroups.Groups`."""
        if self._top is not None:
            self._dying.bury([self._top], wait_s=CLOSE_S)
            self._top = None
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1


def _empty(group: Path) -> None:
    """Move the processes of a group that is to hand on controllers into a leaf, as far as it may not hold them itself."""
    if not (group / "cgroup.type").exists() or not processes(group):
        return
    leaf = group / JUDGE_LEAF
    leaf.mkdir(exist_ok=True)
    deadline = time.monotonic() + CLOSE_S
    while members := processes(group):
        if 0 in members or time.monotonic() > deadline:
            raise OSError("it holds processes that cannot be moved out, as those of another pid namespace")
        for pid in members:
            with suppress(ProcessLookupError):
                write(leaf / "cgroup.procs", str(pid))


def _lacks(place: Path) -> list[str]:
    lacks = []
    if "pids" not in read(place / "cgroup.controllers").split():
        lacks.append("pids controller: only RLIMIT_NPROC bounds a box's processes; delegate the pids controller too")
    if not _has_peak(place):
        lacks.append("memory.peak: a run's memory is what it held at its end; use Linux 5.19 or later")
    return lacks


def _has_peak(place: Path) -> bool:
    """The machine's root group has no such file, any other that can use memory has."""
    release = os.uname().release.split(".")
    return (place / "memory.peak").exists() or (int(release[0]), int(release[1].partition("-")[0])) >= (5, 19)
