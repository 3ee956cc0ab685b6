"""Where problems lie for all machines: a folder, or anything that fsspec has a URL for (s3://, gs://, memory:// ...).

    problems/<id>.json             the manifest of a problem, as it is now
    manifests/<digest>.json.zst    the same by content: what a submission that waits was let in for (service.kept_manifests)
    blobs/ab/<sha256>.zst          texts
    inline/<digest>.json.zst       large problems that came with a submission
    known-by/<token>               empty: the Redis that has this token is told of this depot (service.cluster.store_notice)

Texts and inline problems are named by digests of their content, manifests by digest carry a checksum: writing one twice does no
harm, and whoever reads one notices damage. Each file appears whole: see `depot_files`.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from service.blobs import Blob
from service.cluster.connection import hide_password
from service.cluster.depot_files import DepotFiles, FileInfo, FolderFiles, RemoteFiles
from service.errors import Unavailable
from service.kept_manifests import FOLDER, KEPT_S, kept_name, packed, unpacked
from service.manifests import Manifest, file_name

INLINE_KEPT_S = 7 * 86400
FRESH_S = 86400
"""What is younger than this need not be written again to be kept."""
_FOLDER_SCHEMES = ("file://", "local://")


class DepotUnfit(Unavailable):
    """The depot cannot be used from here."""

    title = "The store of problems cannot be reached"


class Depot:
    """Files by name under one URL. For threads. Raises OSError when it cannot be reached, FileNotFoundError for what it lacks."""

    def __init__(self, url: str) -> None:
        """Raises DepotUnfit for what cannot be opened."""
        self.folder = _folder_of(url)
        """Of one that is on a disk, absolute; None for others."""
        self.url = url if self.folder is None else f"file://{self.folder}"
        self.shown = hide_password(self.url)
        """The URL as it may be logged."""
        self._files: DepotFiles = _remote(url) if self.folder is None else FolderFiles(self.folder)

    def is_folder(self, folder: Path) -> bool:
        """Is it that folder?"""
        return self.folder is not None and self.folder.resolve() == folder.resolve()

    # -- files -----------------------------------------------------------------------------------------------------

    def read(self, name: str) -> bytes:
        """A whole file."""
        return self._files.read(name)

    def write(self, name: str, data: bytes) -> None:
        """A whole file, replacing one of that name."""
        self._files.write(name, data)

    def fetch(self, name: str, to: Path) -> None:
        """Copy a file to `to`."""
        self._files.fetch(name, to)

    def send(self, name: str, source: Path) -> None:
        """Copy `source` there, replacing a file of that name."""
        self._files.send(name, source)

    def info(self, name: str) -> FileInfo | None:
        """Of a file as it is now; None when it is not there."""
        try:
            return self._files.info(name)
        except FileNotFoundError:
            return None

    def infos(self, folder: str) -> dict[str, FileInfo]:
        """Of the files in a folder; empty when there is none."""
        return self._files.infos(folder)

    def remove(self, name: str) -> None:
        """Harmless when it is not there."""
        self._files.remove(name)

    def is_fresh(self, name: str) -> bool:
        """Is it there, and written within a day?"""
        info = self.info(name)
        return info is not None and info.age_s is not None and info.age_s < FRESH_S

    # -- what lies there -------------------------------------------------------------------------------------------

    def keep(self, manifest: Manifest) -> None:
        """A manifest by content, for a week from now at least."""
        self.write(kept_name(manifest.digest), packed(manifest))

    def kept(self, digest: str) -> Manifest:
        """It again. Raises BlobDamaged."""
        return unpacked(self.read(kept_name(digest)))

    def put_inline(self, digest: str, body: bytes) -> None:
        """A large problem that came with a submission, compressed, for a week from now at least."""
        self.write(_inline_name(digest), body)

    def inline(self, digest: str) -> bytes:
        """It again."""
        return self.read(_inline_name(digest))

    def drop_old(self) -> int:
        """Remove inline problems and manifests by content that nobody has needed for a week. Returns how many."""
        dropped = 0
        for folder, kept_s in (("inline", INLINE_KEPT_S), (FOLDER, KEPT_S)):
            for name, info in self.infos(folder).items():
                if info.age_s is not None and info.age_s > kept_s:
                    self.remove(f"{folder}/{name}")
                    dropped += 1
        return dropped

    def sweep(self, keep: Collection[str]) -> tuple[int, int]:
        """Remove texts older than a week whose hash is not in `keep`. Returns (files, bytes)."""
        files = freed_bytes = 0
        for number in range(256):
            folder = f"blobs/{number:02x}"
            for name, info in self.infos(folder).items():
                if name.removesuffix(".zst") not in keep and info.age_s is not None and info.age_s > KEPT_S:
                    self.remove(f"{folder}/{name}")
                    files, freed_bytes = files + 1, freed_bytes + info.size
        return files, freed_bytes


def blob_name(blob: Blob) -> str:
    """Of a text."""
    return f"blobs/{blob.hash[:2]}/{blob.hash}.zst"


def problem_name(id: str) -> str:
    """Of a problem as it is now. Raises Invalid for what is no id."""
    return f"problems/{file_name(id)}"


def _inline_name(digest: str) -> str:
    return f"inline/{digest}.json.zst"


@contextmanager
def reachable(depot: Depot) -> Iterator[None]:
    """Turns what a depot raises into Unavailable; FileNotFoundError passes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DepotUnfit(f"the store of problems at {depot.shown} cannot be reached: {error}", retry_after_s=2) from error


def _folder_of(url: str) -> Path | None:
    if "://" not in url:
        return Path(url).expanduser().absolute()
    path = next((url.removeprefix(scheme) for scheme in _FOLDER_SCHEMES if url.startswith(scheme)), None)
    if path is None:
        return None
    if not path.startswith("/"):
        raise DepotUnfit(f"TIERLINE_STORE_URL {url!r} is no full path. Fix: write it as file:///folder, or as a plain path")
    return Path(path)


def _remote(url: str) -> RemoteFiles:
    shown = hide_password(url)
    if "::" in url.split("://", 1)[0] or url.count("://") > 1:
        raise DepotUnfit(f"TIERLINE_STORE_URL {shown!r} is a chain of file systems. Fix: name one; workers have a cache anyway")
    try:
        return RemoteFiles(url)
    except (ValueError, ImportError, OSError) as error:
        reason = f": {error}" if shown == url else ""  # it may quote a part of the password
        raise DepotUnfit(
            f"TIERLINE_STORE_URL {shown!r} cannot be opened{reason}. Fix: name a folder, or install what fsspec needs for it"
        ) from None
