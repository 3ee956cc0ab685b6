"""Where problems lie for all machines: a folder, or anything that fsspec has a URL for (s3://, gs://, memory:// ...).

    problems/<id>.json         the manifest of a problem, as it is now
    manifests/<digest>.json    the same by content: what a submission that waits was let in for
    blobs/ab/<sha256>.zst      texts
    inline/<digest>.json.zst   large problems that came with a submission

Names of blobs, manifests and inline problems are digests of their content, so writing one twice does no harm and reading one is
checked by whoever reads it. Each file appears whole: it is written beside and moved, where the file system is a folder.
"""

import contextlib
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fsspec

from service.blobs import Blob
from service.errors import Unavailable
from service.manifests import file_name

INLINE_KEPT_S = 7 * 86400


class DepotUnfit(Unavailable):
    """The depot cannot be used from here."""

    title = "The store of problems cannot be reached"


@dataclass(frozen=True, slots=True)
class Version:
    """Tells one content of a file from the next."""

    stamp: str
    size: int


class Depot:
    """Files by name under one URL. For threads. Raises OSError when it cannot be reached, FileNotFoundError for what it lacks."""

    def __init__(self, url: str) -> None:
        self.url = url if "://" in url else f"file://{Path(url).absolute()}"
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.url, **({"auto_mkdir": True} if self.is_local else {}))
        except (ValueError, ImportError) as error:
            raise DepotUnfit(
                f"TIERLINE_STORE_URL {url!r} cannot be opened: {error}. Fix: name a folder, or install what fsspec needs for it"
            ) from error

    @property
    def is_local(self) -> bool:
        """Is it a folder?"""
        return self.url.startswith("file://")

    @property
    def folder(self) -> Path:
        """Of one that is local."""
        return Path(self.url.removeprefix("file://"))

    # -- files -----------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def read(self, name: str) -> bytes:
        """A whole file."""
        data: bytes = self._files.cat_file(self._path(name))
        return data

    def write(self, name: str, data: bytes) -> None:
        """A whole file, replacing one of that name."""
        path = self._path(name)
        if not self.is_local:
            self._files.pipe_file(path, data)
            return
        beside = f"{path}.{secrets.token_hex(6)}.part"
        self._files.pipe_file(beside, data)
        Path(beside).replace(path)

    def has(self, name: str) -> bool:
        """Is it there?"""
        return bool(self._files.exists(self._path(name)))

    def remove(self, name: str) -> None:
        """Harmless when it is not there."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def version(self, name: str) -> Version:
        """Of a file now."""
        self._files.invalidate_cache()
        info = self._files.info(self._path(name))
        stamp = info.get("ETag") or info.get("etag") or info.get("mtime") or info.get("LastModified") or info.get("created")
        return Version(str(stamp), int(info["size"]))

    def names(self, folder: str) -> list[str]:
        """Of the files in a folder; empty when there is none."""
        self._files.invalidate_cache()
        try:
            found = self._files.ls(self._path(folder), detail=False)
        except FileNotFoundError:
            return []
        return sorted(name for path in found if not (name := path.rsplit("/", 1)[-1]).endswith(".part"))

    # -- what lies there -------------------------------------------------------------------------------------------

    def put_inline(self, digest: str, body: bytes) -> None:
        """A large problem that came with a submission, compressed."""
        self.write(f"inline/{digest}.json.zst", body)

    def inline(self, digest: str) -> bytes:
        """It again."""
        return self.read(f"inline/{digest}.json.zst")

    def drop_old_inline(self) -> int:
        """Remove inline problems that nobody has sent for a week. Returns how many."""
        dropped = 0
        for name in self.names("inline"):
            modified = self._files.modified(self._path(f"inline/{name}")).timestamp()
            if modified < time.time() - INLINE_KEPT_S:
                self.remove(f"inline/{name}")
                dropped += 1
        return dropped


def blob_name(blob: Blob) -> str:
    """Of a text."""
    return f"blobs/{blob.hash[:2]}/{blob.hash}.zst"


def manifest_name(digest: str) -> str:
    """Of a problem by content."""
    return f"manifests/{digest}.json"


def problem_name(id: str) -> str:
    """Of a problem as it is now."""
    return f"problems/{file_name(id)}"


@contextlib.contextmanager
def reachable(depot: Depot) -> Iterator[None]:
    """Turns what a depot raises into Unavailable; FileNotFoundError passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DepotUnfit(f"the store of problems at {depot.url} cannot be reached: {error}", retry_after_s=2) from error
