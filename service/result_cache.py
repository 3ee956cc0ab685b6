"""Results as bytes: packed once, kept small, and found again when the same submission comes back.

What is packed lacks `id` and `cached`, so that one result can answer many submissions.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from service.compression import compress, decompress
from service.schemas import Result, Status, Verdict

_OVERHEAD_BYTES = 400  # of one kept result: the objects around its bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """A result without id, compressed."""

    status: Status
    verdict: Verdict | None
    body: bytes

    @property
    def bytes_kept(self) -> int:
        """Memory that keeping it takes, about."""
        return len(self.body) + _OVERHEAD_BYTES


def pack(result: Result) -> Packed:
    """A result as it is kept. Called by judging threads, so that the event loop never serialises one."""
    body = result.model_dump_json(exclude={"id", "cached"}).encode()
    return Packed(result.status, result.verdict, compress(body))


def unpack(packed: Packed, submission_id: str, *, cached: bool) -> bytes:
    """The result as JSON."""
    body = decompress(packed.body)
    return b'{"id":"%s","cached":%s,%s' % (submission_id.encode(), b"true" if cached else b"false", body[1:])


class ResultCache:
    """The results used last, bounded by bytes. Safe for threads. JE is never kept: it says nothing about the program."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, Packed] = OrderedDict()
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    def get(self, key: bytes) -> Packed | None:
        """The result of an equal submission."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                self.misses += 1
            else:
                self.hits += 1
                self._kept.move_to_end(key)
            return found

    def put(self, key: bytes, packed: Packed) -> None:
        """Keep a result, and forget those used longest ago until all fit. One that alone is too large is not kept."""
        if packed.status is not Status.DONE or packed.verdict in (Verdict.JE, None) or packed.bytes_kept > self._max_bytes:
            return
        with self._lock:
            old = self._kept.pop(key, None)
            self._bytes += packed.bytes_kept - (old.bytes_kept if old else 0)
            self._kept[key] = packed
            while self._bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.bytes_kept

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def bytes_kept(self) -> int:
        """Memory that the kept results take, about."""
        return self._bytes
