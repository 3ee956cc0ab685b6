"""Reading and writing control files, and finding where a control group hierarchy is mounted.

Everything here is tolerant of groups that vanish: a process or a group may end between any two calls.
"""

import errno
import itertools
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sandbox.errors import BoxDied


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted hierarchy as this process sees it."""

    mount: Path
    """Where its topmost visible group is."""
    own: Path
    """The group this process is in; `mount` when that group lies outside what is visible."""
    controllers: frozenset[str]
    """v1: the controllers bound to it. v2: those that its topmost visible group offers."""
    version: int

    @property
    def writable(self) -> bool:
        """Whether a group can be made at the top or beneath the own group."""
        return any(can_make_groups(path) for path in (self.own, self.mount))


def hierarchies() -> list[Hierarchy]:
    """All hierarchies that are mounted in this mount namespace, first mounts first."""
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        own[names] = path
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        root, mount = (_unescape(field) for field in left.split(" ")[3:5])
        if kind == "cgroup2":
            top = Path(mount)
            offered = frozenset(read(top / "cgroup.controllers").split())
            found.append(Hierarchy(top, _beneath(top, root, own.get("", "/")), offered, 2))
        else:
            bound = frozenset(options.split(","))
            path = next((path for names, path in own.items() if names and bound.issuperset(names.split(","))), "/")
            found.append(Hierarchy(Path(mount), _beneath(Path(mount), root, path), bound, 1))
    return found


def _unescape(field: str) -> str:
    """A path of mountinfo, where blanks are written as octal numbers."""
    return field.encode("latin-1").decode("unicode_escape") if "\\" in field else field


def _beneath(mount: Path, root: str, path: str) -> Path:
    """Where group `path` is found when the mount shows the subtree `root`."""
    if root == "/":
        inside = path.strip("/")
    elif path == root or path.startswith(root + "/"):
        inside = path[len(root) :].strip("/")
    else:
        return mount
    found = mount / inside
    return found if ".." not in found.parts and found.is_dir() else mount


def can_make_groups(group: Path) -> bool:
    """Whether this process may make a group in `group` and move its own processes there."""
    return all(
        os.access(path, os.W_OK, effective_ids=True) for path in (group, group / "cgroup.procs")
    )  # a read-only mount says no to root too


def read(path: Path) -> str:
    """The content, or nothing when the file cannot be read."""
    try:
        return path.read_text()
    except OSError:
        return ""


class FormerPages:
    """Pages of files on disk that earlier runs left charged to a group: they are in its use, but not in that of the next run.

    They may be many: the first to read a compiler keeps it on its account. The kernel gives them up when it needs the room, so
    a bound must leave room for them, or it would be they that make a program's use look smaller than it is.
    """

    _STEP_BYTES = 512 << 10
    """What processors keep in stock moves a group's use by about so much; reading memory.stat anew each time would cost more."""

    def __init__(self, stat: Path, name: str) -> None:
        """`name`: that of the field in memory.stat which counts them together with memory files and tmpfs."""
        self._stat, self._name = stat, name
        self._usage_bytes = self.bytes = 0

    def note(self, usage_bytes: int) -> None:
        """A run begins, and the group uses this much."""
        if abs(usage_bytes - self._usage_bytes) > self._STEP_BYTES:
            self._usage_bytes, self.bytes = usage_bytes, self._now()

    def grown_bytes(self) -> int:
        """How many came since then."""
        return max(0, self._now() - self.bytes)

    def _now(self) -> int:
        fields = dict(line.split(" ", 1) for line in read(self._stat).splitlines())
        return max(0, int(fields.get(self._name, 0)) - int(fields.get("shmem", 0)))


def write(path: Path, text: str) -> None:
    """One write call, as the kernel wants it; raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def open_read(path: Path) -> int:
    """A descriptor to read `path` from again and again with pread, or -1 when it cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
    try:
        os.pread(fd, 1, 0)
    except OSError:  # cpu.pressure opens and then refuses where pressure accounting is off
        os.close(fd)
        return -1
    return fd


def open_write(path: Path) -> int:
    """A descriptor to write `path` through; raises OSError."""
    return os.open(path, os.O_WRONLY | os.O_CLOEXEC)


def number(fd: int) -> int:
    """The one number in a control file."""
    return int(os.pread(fd, 32, 0))


def counter(fd: int, key: bytes) -> int:
    """The number behind `key` (which ends in a blank) in a small keyed file; 0 when it is not there."""
    _, found, rest = os.pread(fd, 1024, 0).partition(key)
    return int(rest.split(b"\n", 1)[0]) if found else 0


def processes(group: Path) -> list[int]:
    """Processes in the group itself; 0 stands for one of another pid namespace."""
    return [int(pid) for pid in read(group / "cgroup.procs").split()]


def below(group: Path) -> Iterator[Path]:
    """The group and all groups in it, the innermost first."""
    with suppress(OSError), os.scandir(group) as entries:
        for child in [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]:
            yield from below(child)
    yield group


def kill_in(group: Path) -> bool:
    """Send SIGKILL to everything in the group and below it once; False when nothing was there.

    Where there is no `cgroup.kill`, forks are forbidden first if the group has a pids controller, so that a fork bomb
    cannot outrun the signals.
    """
    members = {pid for path in below(group) for pid in processes(path)}
    if not members:
        return False
    try:
        write(group / "cgroup.kill", "1")
        return True
    except OSError:
        with suppress(OSError):
            write(group / "pids.max", "0")
    for pid in members - {0}:  # 0: of a pid namespace that this one cannot see into
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return True


def free_name(name: str, parents: Iterable[Path]) -> str:
    """`name`, or with a number behind it while a former group of that name is still dying in one of `parents`."""
    parents = list(parents)
    tries = itertools.chain([name], (f"{name}.{number}" for number in itertools.count(2)))
    return next(tried for tried in tries if not any((parent / tried).exists() for parent in parents))


def remove(group: Path, deadline: float) -> bool:
    """Kill what is in the group and remove it with all groups in it; gives up at `deadline` (monotonic clock).

    A killed process leaves its group only once it has given its memory back, so removing may take several tries.
    """
    while True:
        busy = kill_in(group)
        for path in below(group):
            try:
                path.rmdir()
            except OSError as error:
                busy = busy or error.errno not in (errno.ENOENT, errno.EBUSY)
        if not group.exists():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.001 if not busy else 0.005)


class Dying:
    """Groups whose processes had not ended when they were to be removed. Safe to use from several threads."""

    def __init__(self) -> None:
        self._groups: list[Path] = []
        self._lock = threading.Lock()

    def bury(self, groups: Iterable[Path] = (), *, wait_s: float = 0.0) -> None:
        """Kill and remove `groups` and those left from before; what has not gone after `wait_s` is kept for the next time."""
        with self._lock:
            waiting, self._groups = [*groups, *self._groups], []
        deadline = time.monotonic() + wait_s
        left = [group for group in waiting if not remove(group, deadline)]
        with self._lock:
            self._groups += left


class OpenFiles:
    """Descriptors that are closed together. `with` it around their use: a box may be closed from another thread, and a closed
    descriptor's number is soon another file's."""

    def __init__(self) -> None:
        self._fds: list[int] = []
        self._closed = False
        self._lock = threading.Lock()

    def keep(self, fd: int) -> int:
        """Take over a descriptor; -1 is none."""
        if fd >= 0:
            self._fds.append(fd)
        return fd

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._closed:
            self._lock.release()
            raise BoxDied("the box's control groups are closed")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lock.release()

    def close(self) -> None:
        """Close them all, once."""
        with self._lock:
            self._closed = True
            while self._fds:
                os.close(self._fds.pop())
