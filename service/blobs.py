"""Content-addressed files: each is named by the SHA-256 of its bytes and kept zstd-compressed.

    <folder>/ab/ab12….zst    a blob; written under `tmp`, synced, then renamed, so that a name always means whole content
    <folder>/tmp/            blobs being written; what a killed process left is removed by `sweep`

Reading verifies length and hash. Damage is the judge's failure (JE), never the program's; a damaged file is removed, so that
putting the problem again mends it.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from service.errors import JudgeFailed

_CHUNK = 1 << 18
_LEVEL = 3
UNFINISHED = ".new-"
_NAME = re.compile(r"[0-9a-f]{64}\.zst")


class BlobDamaged(JudgeFailed):
    """Stored data is missing, cut short or changed."""

    title = "Stored data is damaged"


@dataclass(frozen=True, slots=True)
class Blob:
    """The name of some bytes: their SHA-256 in hexadecimal, and how many they are."""

    hash: str
    raw_bytes: int


class BlobStore:
    """Blobs in a folder. Thread-safe and safe among processes, but `sweep` must not run beside `add`: callers lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, blob: Blob) -> Path:
        """Where the blob is, or would be."""
        return self._folder / blob.hash[:2] / f"{blob.hash}.zst"

    def add(self, data: bytes) -> Blob:
        """Store some bytes; does nothing when they are there already."""
        blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
        if not self.path(blob).exists():
            with self._temporary() as file:
                file.write(zstandard.ZstdCompressor(level=_LEVEL).compress(data))
                self._publish(file, blob)
        return blob

    def add_stream(self, chunks: Iterable[bytes]) -> Blob:
        """Store bytes that come in chunks and need not fit in memory."""
        digest, raw_bytes = hashlib.sha256(), 0
        with self._temporary() as file:
            with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file, closefd=False) as writer:
                for chunk in chunks:
                    digest.update(chunk)
                    raw_bytes += len(chunk)
                    writer.write(chunk)
            blob = Blob(digest.hexdigest(), raw_bytes)
            if not self.path(blob).exists():
                self._publish(file, blob)
        return blob

    def read(self, blob: Blob) -> bytes:
        """All bytes of a blob. Raises BlobDamaged."""
        return b"".join(self.chunks(blob))

    def chunks(self, blob: Blob) -> Iterator[bytes]:
        """The bytes of a blob in chunks. Raises BlobDamaged, at the latest after the last chunk: use nothing before the end."""
        try:
            with self.path(blob).open("rb") as file:
                yield from read_verified(file, blob)
        except FileNotFoundError as error:
            raise BlobDamaged(f"stored data {blob.hash} is missing; put the problem again") from error
        except ValueError as error:
            raise self._damaged(blob, str(error)) from error

    def _damaged(self, blob: Blob, reason: str) -> BlobDamaged:
        self.path(blob).unlink(missing_ok=True)
        return BlobDamaged(f"stored data {blob.hash} is damaged ({reason}); put the problem again")

    def sweep(self, keep: Collection[str]) -> tuple[int, int]:
        """Remove all blobs whose hash is not in `keep`, and what killed writers left. Returns (files, bytes on disk) removed."""
        files = freed_bytes = 0
        for path in sorted(self._folder.glob("*/*")):
            if path.parent.name != "tmp" and (not _NAME.fullmatch(path.name) or path.stem in keep):
                continue
            freed_bytes += path.stat().st_size
            path.unlink(missing_ok=True)
            files += 1
        return files, freed_bytes

    @contextmanager
    def _temporary(self) -> Iterator[IO[bytes]]:
        folder = self._folder / "tmp"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            try:
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)

    def _publish(self, file: IO[bytes], blob: Blob) -> None:
        path = self.path(blob)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        replace_synced(file, path)


def read_verified(file: IO[bytes], blob: Blob) -> Iterator[bytes]:
    """The bytes of a blob from its file, in chunks. Raises ValueError, after the last chunk at the latest, when it is damaged."""
    digest, raw_bytes = hashlib.sha256(), 0
    try:
        with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as reader:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                raw_bytes += len(chunk)
                if raw_bytes > blob.raw_bytes:
                    break
                yield chunk
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    if raw_bytes != blob.raw_bytes:
        raise ValueError(f"it does not have {blob.raw_bytes} bytes")
    if digest.hexdigest() != blob.hash:
        raise ValueError("its content has changed")


def write_synced(path: Path, data: bytes) -> None:
    """Write a whole file in place of what is there; until it has its name it begins with UNFINISHED."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=UNFINISHED, delete=False) as file:
        try:
            file.write(data)
            replace_synced(file, path)
        finally:
            Path(file.name).unlink(missing_ok=True)


def replace_synced(file: IO[bytes], path: Path) -> None:
    """Give a finished temporary file its name, so that after a crash the name means the whole file or none."""
    file.flush()
    os.fsync(file.fileno())
    Path(file.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
