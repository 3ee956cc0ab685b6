"""zstd as it is used for what is kept or sent inside the judge. One compressor a thread: they are not to be shared."""

import threading

import zstandard

_LEVEL = 1
_local = threading.local()


def compress(data: bytes) -> bytes:
    """Quickly rather than small."""
    found: zstandard.ZstdCompressor | None = getattr(_local, "compressor", None)
    if found is None:
        found = _local.compressor = zstandard.ZstdCompressor(level=_LEVEL)
    # A copy of the right size: what zstd returns keeps the memory of its worst case, ten times as much.
    return bytes(memoryview(found.compress(data)))


def decompress(data: bytes) -> bytes:
    """What `compress` gave. Raises zstandard.ZstdError."""
    found: zstandard.ZstdDecompressor | None = getattr(_local, "decompressor", None)
    if found is None:
        found = _local.decompressor = zstandard.ZstdDecompressor()
    return found.decompress(data)
