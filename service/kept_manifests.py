"""Manifests by content: what submissions that wait were let in for, though their problem may be replaced or deleted meanwhile.

    manifests/<digest>.json.zst    compressed, with a checksum

Kept for a week after a submission last needed it, or after its problem was replaced or deleted. While it is kept, so are the
texts it names.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import zstandard

from service.blobs import BlobDamaged, write_synced
from service.compression import compress, decompress
from service.manifests import Manifest

KEPT_S = 7 * 86400
FOLDER = "manifests"
_END = ".json.zst"


def kept_name(digest: str) -> str:
    """Path of a manifest below the store."""
    return f"{FOLDER}/{digest}{_END}"


def digest_of(file: str) -> str:
    """The digest that `kept_name` made a file name of."""
    return file.removesuffix(_END)


def packed(manifest: Manifest) -> bytes:
    """As it is kept."""
    return compress(manifest.to_json())


def unpacked(data: bytes) -> Manifest:
    """Read back what `packed` gave. Raises BlobDamaged."""
    try:
        return Manifest.from_json(decompress(data))
    except zstandard.ZstdError as error:
        raise BlobDamaged(f"a problem's manifest is damaged ({error}); put the problem and send the submission again") from error


def keep(store: Path, manifest: Manifest) -> None:
    """In a store's folder, for a week from now."""
    write_synced(store / kept_name(manifest.digest), packed(manifest))


def drop_old(store: Path) -> None:
    """Remove those that are older than a week from a store's folder."""
    for path in (store / FOLDER).glob(f"*{_END}"):
        if path.stat().st_mtime <= time.time() - KEPT_S:
            path.unlink(missing_ok=True)


def still_kept(store: Path) -> Iterator[Manifest]:
    """Those in a store's folder that are younger than a week. Raises BlobDamaged."""
    for path in (store / FOLDER).glob(f"*{_END}"):
        if path.stat().st_mtime > time.time() - KEPT_S:
            yield unpacked(path.read_bytes())
