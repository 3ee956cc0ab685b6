"""Compiled programs on disk, found by what they were compiled from.

An entry is a folder-less pair: `<key>.json` (log, CPU time, digest of the program) and `<key>.bin` (the program, where there
is one). The program is written first and both by renaming, so a reader sees a whole entry or none; one whose digest does not
fit is dropped. Past the size bound the entries used longest ago go. Several judges may share a folder.
"""

import hashlib
import json
import os
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_KEPT = 0.8  # of the bound, after making room


@dataclass(frozen=True)
class CacheEntry:
    """What compiling gave: `artifact` None means that the source does not compile."""

    artifact: bytes | None
    log: str
    cpu_s: float
    timed_out: bool = False
    """Such an entry is handed on, and never kept."""


class CompileCache:
    """A bounded folder. `max_bytes` 0 keeps nothing. Errors of the disk cost the cache, never a verdict."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._size: int | None = None

    def get(self, key: str) -> CacheEntry | None:
        """An entry, which counts as used now."""
        path = self._path(key, "json")
        try:
            about = json.loads(path.read_bytes())
            artifact = self._path(key, "bin").read_bytes() if about["digest"] else None
            if artifact is not None and hashlib.sha256(artifact).hexdigest() != about["digest"]:
                raise ValueError("damaged")
            entry = CacheEntry(artifact, str(about["log"]), float(about["cpu_s"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            self._drop(key)
            return None
        with suppress(OSError):
            os.utime(path)
        return entry

    def put(self, key: str, entry: CacheEntry) -> None:
        """Keep an entry, and make room for it."""
        if self._max_bytes == 0:
            return
        digest = "" if entry.artifact is None else hashlib.sha256(entry.artifact).hexdigest()
        about = json.dumps({"digest": digest, "log": entry.log, "cpu_s": entry.cpu_s}).encode()
        with suppress(OSError):
            if entry.artifact is not None:
                self._write(self._path(key, "bin"), entry.artifact)
            self._write(self._path(key, "json"), about)
            self._make_room(len(about) + len(entry.artifact or b""))

    def _path(self, key: str, kind: str) -> Path:
        return self._folder / key[:2] / f"{key}.{kind}"

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            try:
                file.write(data)
                file.close()
                Path(file.name).rename(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _drop(self, key: str) -> None:
        for kind in ("json", "bin"):
            with suppress(OSError):
                self._path(key, kind).unlink()

    def _make_room(self, added: int) -> None:
        with self._lock:
            if self._size is not None and self._size + added <= self._max_bytes:
                self._size += added
                return
            entries = self._entries()
            self._size = sum(size for _, size, _ in entries)
            if self._size <= self._max_bytes:
                return
            for _, size, key in sorted(entries):
                if self._size <= self._max_bytes * _KEPT:
                    break
                self._drop(key)
                self._size -= size

    def _entries(self) -> list[tuple[float, int, str]]:
        """(time of last use, bytes, key). What a killed judge left half-written counts as an entry and is dropped in its turn."""
        sizes: dict[str, int] = {}
        used: dict[str, float] = {}
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                stat = path.stat()
                sizes[path.stem] = sizes.get(path.stem, 0) + stat.st_size
                used[path.stem] = max(used.get(path.stem, 0.0), stat.st_mtime)
        return [(used[key], size, key) for key, size in sizes.items()]
