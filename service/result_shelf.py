"""Finished submissions that memory keeps: bounded by bytes and by age."""

import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
_AT_ONCE = 64


class ResultShelf(Generic[T]):
    """Oldest out first. The caller keeps threads apart, and is told of everything that is dropped."""

    def __init__(self, max_bytes: int, ttl_s: float) -> None:
        self._max_bytes, self._ttl_s = max_bytes, ttl_s
        self._kept: OrderedDict[str, tuple[float, int, T]] = OrderedDict()
        self._bytes = 0

    def put(self, name: str, item: T, size: int, put_away: Callable[[list[T]], None]) -> None:
        """Keep an item, the newest always. Past the bound the oldest are put away, many at once because that costs less."""
        self._kept[name] = (time.monotonic() + self._ttl_s, size, item)
        self._bytes += size
        while len(self._kept) > 1 and self._bytes > self._max_bytes:
            oldest = list(islice(self._kept.items(), min(_AT_ONCE, len(self._kept) - 1)))
            put_away([item for _, (_, _, item) in oldest])  # first, for it may fail
            for name, (_, size, _) in oldest:
                del self._kept[name]
                self._bytes -= size

    def drop_old(self, on_drop: Callable[[T], None]) -> None:
        """Drop what is past its time."""
        now = time.monotonic()
        while self._kept and next(iter(self._kept.values()))[0] <= now:
            self.drop_oldest(on_drop)

    def drop_oldest(self, on_drop: Callable[[T], None]) -> None:
        """Make room for one."""
        _, (_, size, item) = self._kept.popitem(last=False)
        self._bytes -= size
        on_drop(item)

    def get(self, name: str) -> T | None:
        """The item, or None."""
        found = self._kept.get(name)
        return found[2] if found else None

    def __len__(self) -> int:
        return len(self._kept)
