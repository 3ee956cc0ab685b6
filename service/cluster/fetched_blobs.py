"""Texts on this disk that come from the depot when they are first read, and go when there are too many."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from service.blobs import Blob, BlobDamaged, BlobStore
from service.cluster.depot import Depot, blob_name

_EMPTIED = 0.8
_TRIES = 3


class FetchedBlobs(BlobStore):
    """Blobs on this disk; those that are missing come from the depot, those unused for longest go when there are too many."""

    def __init__(self, folder: Path, depot: Depot, max_bytes: int) -> None:
        super().__init__(folder)
        self._depot = depot
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._bytes = sum(path.stat().st_size for path in folder.glob("*/*.zst"))
        self.fetched = 0

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        """The bytes of a blob. Raises BlobDamaged when what came is not what was asked for, OSError when it cannot be had."""
        for _ in range(_TRIES):
            self._have(blob)
            try:
                os.utime(self.path(blob))
                # Whole, so that another process that makes room in between cannot cut it short.
                return iter((b"".join(super().chunks(blob)),))
            except FileNotFoundError:
                continue
            except BlobDamaged:
                if self.path(blob).exists():
                    raise
        raise BlobDamaged(f"stored data {blob.hash} does not stay in the cache; raise TIERLINE_STORE_CACHE_MB")

    def _have(self, blob: Blob) -> None:
        if self.path(blob).exists():
            return
        try:
            data = self._depot.read(blob_name(blob))
        except FileNotFoundError as error:
            raise BlobDamaged(f"stored data {blob.hash} is not in {self._depot.url}; put the problem again") from error
        with self._temporary() as file:
            file.write(data)
            self._publish(file, blob)
        with self._lock:
            self.fetched += 1
            self._bytes += len(data)
            if self._bytes > self._max_bytes:
                self._make_room(keep=self.path(blob))

    def _make_room(self, keep: Path) -> None:
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.glob("*/*.zst"))
        self._bytes = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._bytes <= self._max_bytes * _EMPTIED:
                return
            if path != keep:
                path.unlink(missing_ok=True)
                self._bytes -= size
