"""Slows a process and all it starts down by a CPU quota, as containers do: a real one, of the kernel."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PERIOD_US = 100_000
_WEIGHT = 1 << 16  # so that the quota is what holds the group back, and not other work on the machine
_TOP = Path("/sys/fs/cgroup/cpu")


def lack() -> str:
    """Why no quota can be set here; empty when one can."""
    if not (_TOP / "cpu.cfs_quota_us").exists() and not (_TOP / "tasks").exists():
        return "no cpu controller of cgroup v1"
    return "" if os.access(_TOP, os.W_OK) else f"{_TOP} cannot be written"


class Quota:
    """A control group that has a share of one core."""

    def __init__(self, path: Path, share: float) -> None:
        self._path = path
        path.mkdir()
        (path / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (path / "cpu.cfs_quota_us").write_text(str(int(share * _PERIOD_US)))
        (path / "cpu.shares").write_text(str(_WEIGHT))

    def take(self, pid: int) -> None:
        """Move a process in, with all its threads; what it starts from then on is born here."""
        (self._path / "cgroup.procs").write_text(str(pid))

    @property
    def throttled(self) -> int:
        """Periods in which the group had to stop."""
        lines = (self._path / "cpu.stat").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("nr_throttled "))

    def close(self) -> None:
        """Remove the group, once the last of its processes is gone."""
        for _ in range(200):
            try:
                self._path.rmdir()
                return
            except OSError:
                time.sleep(0.05)


@contextmanager
def quota(share: float) -> Iterator[Quota]:
    """A group for the length of a with block; `share` of one core's time."""
    group = Quota(_TOP / f"tierline-quota-{os.getpid()}-{int(share * 100)}", share)
    try:
        yield group
    finally:
        group.close()
