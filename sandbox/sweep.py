"""Cleaning what a killed judge left: control groups, the processes in them, work folders.

Each carries the judge's name, `tierline-<pid>-<start time>-<pid namespace>`. In the pid namespace of who sweeps, a judge
lives if that pid has that start time. Of another namespace (containers that share a control group tree or a folder) pids say
nothing: there a lock that the judge holds on the directory itself for as long as it lives tells, which the kernel drops at
its death.
"""

import fcntl
import functools
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sandbox.cgroup_files import remove
from sandbox.errors import WallUnavailable

_SWEEP_S = 5.0
"""Longest wait for the processes of all dead judges together to end."""
_NAME = re.compile(r"tierline-(\d+)-(\d+)-(\d+)(?:\.\d+)?")


class _Sweepable(Protocol):
    def sweep(self) -> list[str]: ...


def judge_name() -> str:
    """This process's name, for everything it makes outside its own memory."""
    return _judge_name(os.getpid())


@functools.lru_cache(maxsize=1)
def _judge_name(pid: int) -> str:
    return f"tierline-{pid}-{_start_time(pid)}-{_pid_namespace()}"


@functools.lru_cache(maxsize=1)
def _pid_namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino


def _start_time(pid: int) -> int | None:
    """In clock ticks since boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat.rpartition(b")")[2].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def is_judge_name(name: str) -> bool:
    """Whether `name` is one that a judge made."""
    return _NAME.fullmatch(name) is not None


def alive(name: str, directory: Path | None = None) -> bool:
    """Whether the judge of this name lives. In doubt it does: one of another pid namespace is dead only if `directory`
    is given and its lock is free."""
    match = _NAME.fullmatch(name)
    if match is None:
        return True
    pid, start, namespace = (int(group) for group in match.groups())
    if namespace == _pid_namespace():
        return _start_time(pid) == start
    return directory is None or _is_new(directory) or _is_locked(directory)


def lock(directory: Path) -> int:
    """Mark the directory as in use by this process. The descriptor must stay open as long; closing it frees the lock."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with suppress(OSError):  # a file system without locks: pids alone must do
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


def _is_new(directory: Path) -> bool:
    """Whether its judge may be between making it and locking it."""
    try:
        return time.time() - directory.stat().st_mtime < 60
    except OSError:
        return True


def _is_locked(directory: Path) -> bool:
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(fd)
    return False


class WorkFolder:
    """This judge's folder in `run_dir`, locked while it is open."""

    def __init__(self, run_dir: Path) -> None:
        self.path = make_unique(run_dir, lambda path: path.mkdir(mode=0o700, parents=True))
        self._lock = lock(self.path)

    def close(self) -> None:
        """Remove it with all it holds."""
        if self._lock >= 0:
            fd, self._lock = self._lock, -1
            _remove_folder(self.path)
            os.close(fd)


def open_run_dir(run_dir: Path) -> None:
    """Make the folder that judges of this user share. Raises WallUnavailable when it is another user's."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run_dir.stat().st_uid != os.geteuid():
        raise WallUnavailable(f"{run_dir} belongs to another user; set another run directory")


def make_unique(parent: Path, make: Callable[[Path], None]) -> Path:
    """Make `<judge's name>` in `parent`, with a number behind it for each further one of the same process."""
    for number in range(1000):
        path = parent / (judge_name() + (f".{number}" if number else ""))
        with suppress(FileExistsError):
            make(path)
            return path
    raise FileExistsError(f"{parent} has a thousand folders of this process")


def _remove_folder(path: Path) -> bool:
    # `rm`, since what lies there may be nested deeper than Python recurses
    done = subprocess.run(["rm", "-rf", "--one-file-system", "--", str(path)], stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def sweep_groups(tops: Iterable[Path]) -> list[str]:
    """Kill and remove the groups of dead judges anywhere in these hierarchies; returns the names of those gone.

    The whole tree is searched: a killed judge need not have been started from where this one was. Other users' are left.
    """
    dead: dict[str, list[Path]] = {}
    for top in tops:
        for parent, names, _ in os.walk(top):
            for name in filter(is_judge_name, names):
                if os.access(parent, os.W_OK, effective_ids=True) and not alive(name, Path(parent, name)):
                    dead.setdefault(name, []).append(Path(parent, name))
            names[:] = [name for name in names if not is_judge_name(name)]
    deadline = time.monotonic() + _SWEEP_S
    gone = {name: [remove(group, deadline) for group in groups] for name, groups in dead.items()}
    return sorted(name for name, results in gone.items() if all(results))


def sweep(groups: _Sweepable, run_dir: Path) -> list[str]:
    """Remove what judges that no longer live left in the control group tree and in `run_dir`; returns what was removed.

    What belongs to another user and cannot be removed is left.
    """
    return groups.sweep() + sweep_folders(run_dir)


def sweep_folders(run_dir: Path) -> list[str]:
    """Remove the folders of dead judges in `run_dir`; returns what was removed."""
    removed = []
    with suppress(OSError):
        for path in sorted(run_dir.iterdir()):
            if is_judge_name(path.name) and not path.is_symlink() and not alive(path.name, path) and _remove_folder(path):
                removed.append(str(path))
    return removed
