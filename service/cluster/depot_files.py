"""Files by name in a folder, or behind a URL of fsspec: what the depot needs of either, and nothing else.

Each file appears whole or not at all: in a folder it is written beside, synced and renamed; object stores do so by themselves.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Protocol

import fsspec

from service.blobs import replace_synced

_PART = ".part"
_PART_KEPT_S = 86400
_TAGS = ("ETag", "etag", "generation")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What is known of a file without reading it."""

    stamp: str
    """Tells one content from the next."""
    size: int
    """In bytes."""
    age_s: float | None
    """Since it was written; None where the store does not say."""


class DepotFiles(Protocol):
    """For threads. Raises FileNotFoundError for what is not there, other OSErrors when the store cannot be reached."""

    def read(self, name: str) -> bytes:
        """A whole file."""

    def write(self, name: str, data: bytes) -> None:
        """A whole file, replacing one of that name."""

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file here."""

    def send(self, name: str, source: Path) -> None:
        """Copy a file there, replacing one of that name."""

    def remove(self, name: str) -> None:
        """Harmless when it is not there."""

    def info(self, name: str) -> FileInfo:
        """Of one file."""

    def infos(self, folder: str) -> dict[str, FileInfo]:
        """Of the files in a folder, by their names in it; empty when there is no such folder."""


class FolderFiles:
    """Files on a disk, local or mounted. What is written follows the umask: who may read tests is for the folder to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes:
        """One open, one read."""
        return (self.folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Synced."""
        with self._replacing(name) as file:
            file.write(data)

    def fetch(self, name: str, to: Path) -> None:
        """In pieces."""
        shutil.copyfile(self.folder / name, to)

    def send(self, name: str, source: Path) -> None:
        """In pieces, synced."""
        with source.open("rb") as read, self._replacing(name) as file:
            shutil.copyfileobj(read, file, 1 << 20)

    def remove(self, name: str) -> None:
        """One unlink."""
        (self.folder / name).unlink(missing_ok=True)

    def info(self, name: str) -> FileInfo:
        """One stat."""
        return _of_stat((self.folder / name).stat())

    def infos(self, folder: str) -> dict[str, FileInfo]:
        """One pass. What a writer left that was killed a day ago is removed on the way."""
        found: dict[str, FileInfo] = {}
        try:
            entries = list(os.scandir(self.folder / folder))
        except FileNotFoundError:
            return found
        for entry in entries:
            with suppress(FileNotFoundError):
                info = _of_stat(entry.stat())
                if not entry.name.endswith(_PART):
                    found[entry.name] = info
                elif info.age_s is not None and info.age_s > _PART_KEPT_S:
                    Path(entry.path).unlink()
        return found

    @contextmanager
    def _replacing(self, name: str) -> Iterator[IO[bytes]]:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}{_PART}")
        try:
            with beside.open("xb") as file:
                yield file
                replace_synced(file, path)
        finally:
            beside.unlink(missing_ok=True)


class RemoteFiles:
    """Files behind a URL of fsspec. Whatever its libraries raise becomes an OSError."""

    def __init__(self, url: str) -> None:
        """Raises ValueError and ImportError for what fsspec cannot open."""
        files, root = fsspec.core.url_to_fs(url, skip_instance_cache=True)
        self._files = files
        self._root = str(root).rstrip("/")
        files.dircache.use_listings_cache = False  # what others did a moment ago has to be seen

    def _ask(self, what: Callable[[], Any], name: str, *, writing: bool = False) -> Any:
        try:
            return what()
        except FileNotFoundError as error:
            if writing:  # not a file is missing, but the bucket
                raise OSError(f"{name} cannot be written: {error}") from error
            raise
        except OSError:
            raise
        except Exception as error:  # botocore, aiohttp, paramiko ... each has exceptions of its own
            raise OSError(f"{name}: {type(error).__name__}: {error}") from error

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def read(self, name: str) -> bytes:
        """One request."""
        data: bytes = self._ask(lambda: self._files.cat_file(self._path(name)), name)
        return data

    def write(self, name: str, data: bytes) -> None:
        """One request."""
        self._ask(lambda: self._files.pipe_file(self._path(name), data), name, writing=True)

    def fetch(self, name: str, to: Path) -> None:
        """As the file system does it best."""
        self._ask(lambda: self._files.get_file(self._path(name), str(to)), name)

    def send(self, name: str, source: Path) -> None:
        """Likewise."""
        self._ask(lambda: self._files.put_file(str(source), self._path(name)), name, writing=True)

    def remove(self, name: str) -> None:
        """One request."""
        with suppress(FileNotFoundError):
            self._ask(lambda: self._files.rm_file(self._path(name)), name)

    def info(self, name: str) -> FileInfo:
        """One request."""
        return _of_details(self._ask(lambda: self._files.info(self._path(name)), name))

    def infos(self, folder: str) -> dict[str, FileInfo]:
        """One listing."""
        try:
            found = self._ask(lambda: self._files.ls(self._path(folder), detail=True), folder)
        except FileNotFoundError:
            return {}
        files = (details for details in found if details.get("type") != "directory")
        return {str(details["name"]).rstrip("/").rsplit("/", 1)[-1]: _of_details(details) for details in files}


def _of_stat(status: os.stat_result) -> FileInfo:
    return FileInfo(f"{status.st_mtime_ns}.{status.st_ino}", status.st_size, time.time() - status.st_mtime)


def _of_details(details: dict[str, Any]) -> FileInfo:
    times = [time_s for key in _TIMES if (time_s := _seconds(details.get(key))) is not None]
    # Where nothing tells one content from the next, each look finds a new one: slow, but never stale.
    stamps = [str(details[key]) for key in _TAGS if details.get(key)] + [*map(str, times), secrets.token_hex(8)]
    return FileInfo(stamps[0], int(details.get("size") or 0), time.time() - times[0] if times else None)


def _seconds(value: Any) -> float | None:
    """A time as file systems tell it, in seconds since 1970; None for what is none."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        with suppress(ValueError):
            value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float(value) if isinstance(value, int | float) else None
