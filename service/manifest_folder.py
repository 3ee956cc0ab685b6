"""The manifests of a store's problems, as they are now: a folder of files, or another place that can do the same."""

import fcntl
import os
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from service import kept_manifests
from service.blobs import UNFINISHED, BlobDamaged, write_synced
from service.manifests import Manifest, file_name, id_of


class ManifestPlace(Protocol):
    """Manifests by problem id, shared with other processes. Methods raise FileNotFoundError for what is not there."""

    def stamp(self, id: str) -> Hashable:
        """Another one when the manifest was replaced. Raises Invalid for what is no id."""

    def stamps(self) -> dict[str, Hashable]:
        """The stamps of all problems by id."""

    def read(self, id: str) -> bytes:
        """The manifest as JSON."""

    def replace(self, id: str, data: bytes) -> None:
        """Put one, in place of what was there; at every moment the old or the new one can be read whole."""

    def remove(self, id: str) -> None:
        """Forget one."""


class ManifestFolder:
    """Files named by `file_name`, replaced atomically."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stamp(self, id: str) -> Hashable:
        """One stat."""
        return _stamp((self._folder / file_name(id)).stat())

    def stamps(self) -> dict[str, Hashable]:
        """One pass over the folder."""
        found: dict[str, Hashable] = {}
        if self._folder.is_dir():
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.endswith(".json") and not entry.name.startswith("."):
                        try:
                            found[id_of(entry.name)] = _stamp(entry.stat())
                        except FileNotFoundError:
                            continue
        return found

    def read(self, id: str) -> bytes:
        """Whole."""
        return (self._folder / file_name(id)).read_bytes()

    def replace(self, id: str, data: bytes) -> None:
        """The same content again writes nothing. What another content replaces is kept, for somebody may be judging by it."""
        with self._alone():
            with suppress(FileNotFoundError):
                if (old := self.read(id)) == data:
                    return
                self._keep(old)
            write_synced(self._folder / file_name(id), data)

    def remove(self, id: str) -> None:
        """The file. What it said is kept likewise."""
        path = self._folder / file_name(id)
        if not path.exists():
            raise FileNotFoundError(path)
        with self._alone():
            self._keep(self.read(id))
            path.unlink()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of two that replace a manifest at once, the second keeps what the first wrote."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / ".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _keep(self, old: bytes) -> None:
        with suppress(BlobDamaged):  # what nobody can load, nobody judges by
            kept_manifests.keep(self._folder.parent, Manifest.from_json(old))

    def drop_unfinished(self) -> None:
        """Remove what killed writers left. Not beside `replace`: callers lock."""
        for left in self._folder.glob(f"{UNFINISHED}*"):
            left.unlink(missing_ok=True)


def _stamp(status: os.stat_result) -> Hashable:
    return status.st_mtime_ns, status.st_ino, status.st_size
