"""Texts on this disk that come from the depot when they are first read, and go when there are too many."""

import errno
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import structlog

from service.blobs import Blob, BlobDamaged, BlobStore, read_verified
from service.cluster.depot import FRESH_S, Depot, blob_name, reachable
from service.cluster.patience import patient

log = structlog.get_logger("tierline.depot")
_EMPTIED = 0.8
_COUNTED_AGAIN = 0.05
_UNFINISHED_KEPT_S = 3600


class FetchedBlobs(BlobStore):
    """Blobs on this disk; those that are missing come from the depot, those unused for longest go when there are too many.

    What is added goes to the depot as well, at once. Several processes may use one folder: each keeps to `max_bytes` together
    with the others, to within a twentieth. While the depot cannot be reached, reading waits `patience_s`.
    """

    def __init__(self, folder: Path, depot: Depot, max_bytes: int, *, patience_s: float = 0.0) -> None:
        super().__init__(folder)
        self._depot = depot
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._new_bytes = 0
        self.fetched = 0
        """How many came from the depot."""
        self._drop_unfinished()
        self._make_room()

    # -- reading ---------------------------------------------------------------------------------------------------

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        """The bytes of a blob in chunks. Raises BlobDamaged when nobody has it, OSError when the depot or the disk fails."""
        # Open before the first chunk: whoever makes room may take the name away, not the file.
        with self._opened(blob) as file:
            try:
                yield from read_verified(file, blob)
            except ValueError as error:
                self.path(blob).unlink(missing_ok=True)
                raise BlobDamaged(f"stored data {blob.hash} is damaged on this disk ({error}); it is fetched again") from error

    def _opened(self, blob: Blob) -> IO[bytes]:
        try:
            os.utime(self.path(blob))  # used now
            return self.path(blob).open("rb")
        except FileNotFoundError:
            return self._fetch(blob)

    def _fetch(self, blob: Blob) -> IO[bytes]:
        try:
            for attempt in patient(self._patience_s):
                with attempt:
                    return self._fetch_now(blob)
        except FileNotFoundError as error:
            raise BlobDamaged(f"stored data {blob.hash} is not in {self._depot.shown}; put the problem again") from error
        raise AssertionError("tenacity returns or raises")

    def _fetch_now(self, blob: Blob) -> IO[bytes]:
        """Again, once, when it came damaged (on the way, or there?) or the disk was full."""
        try:
            return self._fetch_once(blob)
        except ValueError as error:
            log.warning("what came from the store is damaged", blob=blob.hash, reason=str(error))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            log.warning("the disk is full; half of the cache goes", folder=str(self._folder))
            with self._lock:
                self._make_room(sum(size for _, size, _ in self._files()) // 2)
        try:
            return self._fetch_once(blob)
        except ValueError as error:
            raise self._damaged_there(blob, str(error)) from error

    def _fetch_once(self, blob: Blob) -> IO[bytes]:
        """Raises ValueError for what is not what was asked for."""
        with self._temporary() as file:
            self._depot.fetch(blob_name(blob), Path(file.name))
            with ExitStack() as stack:
                fetched = stack.enter_context(Path(file.name).open("rb"))
                for _ in read_verified(fetched, blob):
                    pass
                size = fetched.seek(0, os.SEEK_END)
                fetched.seek(0)
                path = self.path(blob)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                Path(file.name).replace(path)  # not synced: what a crash spoils is noticed, and fetched again
                stack.pop_all()  # the caller closes it
        self._grown(size, fetched=1)
        return fetched

    def _damaged_there(self, blob: Blob, reason: str) -> BlobDamaged:
        """Remove it from the depot, so that putting the problem again mends it."""
        name = blob_name(blob)
        try:
            self._depot.remove(name)
            fix = "it was removed; put the problem again"
        except OSError as error:
            fix = f"it cannot be removed from here ({error}): remove {name} there, and put the problem again"
        return BlobDamaged(f"stored data {blob.hash} is damaged in {self._depot.shown} ({reason}); {fix}")

    # -- adding ----------------------------------------------------------------------------------------------------

    def add(self, data: bytes) -> Blob:
        """Store some bytes here and in the depot. Raises Unavailable when the depot cannot be written."""
        return self._sent(super().add(data))

    def add_stream(self, chunks: Iterable[bytes]) -> Blob:
        """The same for bytes that come in chunks."""
        return self._sent(super().add_stream(chunks))

    def _sent(self, blob: Blob) -> Blob:
        try:
            os.utime(self.path(blob))
            size = self.path(blob).stat().st_size
        except FileNotFoundError as error:
            fix = "raise TIERLINE_STORE_CACHE_MB, or put the problem again"
            raise OSError(f"stored data {blob.hash} did not stay on this disk. Fix: {fix}") from error
        with reachable(self._depot):
            there = self._depot.info(blob_name(blob))
            # Another size is damage; what is old might be taken for garbage before its problem is stored.
            if there is None or there.size != size or there.age_s is None or there.age_s > FRESH_S:
                self._depot.send(blob_name(blob), self.path(blob))
        self._grown(size)
        return blob

    # -- room ------------------------------------------------------------------------------------------------------

    def _grown(self, size: int, *, fetched: int = 0) -> None:
        with self._lock:
            self.fetched += fetched
            self._new_bytes += size
            if self._new_bytes > self._max_bytes * _COUNTED_AGAIN:  # others use the folder too: count what is there
                self._make_room()

    def _files(self) -> list[tuple[float, int, Path]]:
        """(last use, size, path), the one unused for longest first."""
        found = []
        for path in self._folder.glob("??/*.zst"):
            try:
                status = path.stat()
            except FileNotFoundError:  # another process makes room
                continue
            found.append((status.st_mtime, status.st_size, path))
        return sorted(found)

    def _make_room(self, to_bytes: int | None = None) -> None:
        """Down to so many bytes; or, when there is too much, somewhat below the bound. What was used last stays in any case."""
        self._new_bytes = 0
        files = self._files()
        total = sum(size for _, size, _ in files)
        if to_bytes is None:
            to_bytes = int(self._max_bytes * _EMPTIED) if total > self._max_bytes * (1 - _COUNTED_AGAIN) else total
        for _, size, path in files[:-1]:
            if total <= to_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _drop_unfinished(self) -> None:
        """What killed processes were writing."""
        for path in (self._folder / "tmp").glob("*"):
            try:
                if path.stat().st_mtime < time.time() - _UNFINISHED_KEPT_S:
                    path.unlink()
            except FileNotFoundError:
                continue
