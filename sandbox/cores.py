"""Which core each box is bound to, so that several judges on one machine do not crowd the same ones.

A box leases its core by a lock on `core-<n>`, the next tenant of the same core by one on `core-<n>.1`, and so on. The core with
the fewest tenants is taken first. All counting and taking happens under one further lock, `cores`. Leases end with their holder.
"""

import fcntl
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.lock_files import open_lock, try_lock


class CoreLeases:
    """The cores of one pool."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[int] = []
        self.crowded: list[int] = []
        """Cores taken although other judges have boxes there."""

    def take(self, count: int, cores: Sequence[int]) -> list[int]:
        """A core for each of `count` boxes; a core twice only when no other has fewer tenants. Raises OSError."""
        with _counting(self._folder):
            tenants = _tenants(self._folder, cores)
            others = set(tenants)
            taken = []
            for _ in range(count):
                core = min(cores, key=lambda core: (tenants[core], cores.index(core)))
                self._held.append(_lease(self._folder, core))
                tenants[core] += 1
                taken.append(core)
        self.crowded = sorted(others & set(taken))
        return taken

    def close(self) -> None:
        """End all leases."""
        while self._held:
            os.close(self._held.pop())


def tenants(folder: Path, cores: Iterable[int]) -> Counter[int]:
    """How many boxes of all judges that share the folder are bound to each core; cores without any are missing."""
    if not folder.is_dir():
        return Counter()
    with _counting(folder):
        return _tenants(folder, cores)


@contextmanager
def _counting(folder: Path) -> Iterator[None]:
    fd = open_lock(folder / "cores")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _tenants(folder: Path, cores: Iterable[int]) -> Counter[int]:
    wanted, found = set(cores), Counter[int]()
    for path in folder.glob("core-*"):
        number = path.name.removeprefix("core-").partition(".")[0]
        if number.isdigit() and int(number) in wanted and not _is_free(path):
            found[int(number)] += 1
    return found


def _is_free(path: Path) -> bool:
    fd = open_lock(path)
    try:
        return try_lock(fd)
    finally:
        os.close(fd)


def _lease(folder: Path, core: int) -> int:
    number = 0
    while True:
        fd = open_lock(folder / (f"core-{core}.{number}" if number else f"core-{core}"))
        if try_lock(fd):
            return fd
        os.close(fd)
        number += 1
