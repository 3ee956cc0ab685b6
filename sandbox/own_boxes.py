"""Boxes beside a pool's places: made on demand, each with a disk, for one caller as long as it wants it, and lent to nobody else.

Such a box costs memory while nothing runs in it. It stands on one of the pool's cores in turn, and what runs in it passes the
pool's gate like everything else.
"""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Sequence

from sandbox.box import Box
from sandbox.disk import Disk
from sandbox.errors import PoolClosed

MakeBox = Callable[[str, int, int, Disk], Box]
"""Name, number (which gives its uids), core, disk -> a box that has been started. Raises BoxStartFailed."""


class OwnBoxes:
    """Those that are open. All methods block and may be called from many threads."""

    def __init__(self, make: MakeBox, cores: Sequence[int], first_number: int) -> None:
        self._make = make
        self._cores = itertools.cycle(cores)
        self._names = itertools.count()
        self._next_number = first_number
        self._free_numbers: deque[int] = deque()
        self._open: dict[int, tuple[Box, int]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def open(self, disk: Disk) -> Box:
        """A new box. Raises BoxStartFailed, or PoolClosed."""
        with self._lock:
            if self._closed:
                raise PoolClosed("the pool is closed")
            number, core, name = self._take_number(), next(self._cores), f"own-{next(self._names)}"
        try:
            box = self._make(name, number, core, disk)
        except BaseException:
            with self._lock:
                self._free_numbers.append(number)
            raise
        with self._lock:
            if not self._closed:
                self._open[id(box)] = box, number
                return box
        box.destroy()
        raise PoolClosed("the pool was closed meanwhile")

    def _take_number(self) -> int:
        if self._free_numbers:
            return self._free_numbers.popleft()  # the one that has been free for longest
        self._next_number += 1
        return self._next_number - 1

    def close(self, box: Box) -> None:
        """Destroy a box with all that is in it. Harmless when done twice."""
        box.destroy()
        with self._lock:
            found = self._open.pop(id(box), None)
            if found is not None:
                self._free_numbers.append(found[1])

    def close_all(self) -> None:
        """Destroy those that are left; none is made afterwards."""
        with self._lock:
            self._closed = True
            left = [box for box, _ in self._open.values()]
        for box in left:
            self.close(box)
