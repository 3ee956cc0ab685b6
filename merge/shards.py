"""Writes the shards of one output, block after block, so that no shard is ever in memory.

The safetensors library writes whole dictionaries of tensors only. What is written here is its format: see `checkpoint`.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from merge.checkpoint import INDEX, NAMES, Tensor
from trainer.files import sync, write_json


class ShardWriter:
    """One file, its bytes in any order and from any process that was forked with it.

    It has a temporary name until `finish`, so that what bears its own name is whole.
    """

    def __init__(self, path: Path, tensors: Sequence[tuple[Tensor, torch.dtype]]) -> None:
        """`tensors`: those of the file in their order, with the dtype that each will have."""
        self.path = path
        self._temporary = path.with_name(path.name + ".tmp")
        header = _header(tensors)
        self._starts: dict[str, int] = {}
        self._size = len(header)
        for tensor, dtype in tensors:
            self._starts[tensor.name] = self._size
            self._size += tensor.elements * dtype.itemsize
        self._temporary.unlink(missing_ok=True)  # a process of a merge that was killed may still be writing to it
        self._fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._write_at(0, memoryview(header))

    def write(self, tensor: str, offset: int, data: memoryview) -> None:
        """Bytes of a tensor from `offset` on."""
        self._write_at(self._starts[tensor] + offset, data)

    def _write_at(self, place: int, data: memoryview) -> None:
        while data:
            written = os.pwrite(self._fd, data, place)
            data, place = data[written:], place + written

    def settle(self) -> None:
        """What was written so far goes to the disk, and out of memory."""
        os.fdatasync(self._fd)
        os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def finish(self) -> None:
        """All was written: it lies on the disk, and has its name. Raises OSError when it does not."""
        if (size := os.fstat(self._fd).st_size) != self._size:
            raise OSError(f"{self._temporary}: {size} bytes were written of {self._size}")
        os.fsync(self._fd)
        self.close()
        self._temporary.rename(self.path)
        sync(self.path.parent)

    def close(self) -> None:
        """Close the file, whatever its state; what is not finished is overwritten by the next attempt."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def file_bytes(tensors: Sequence[tuple[Tensor, torch.dtype]]) -> int:
    """The size of a file of these."""
    return len(_header(tensors)) + sum(tensor.elements * dtype.itemsize for tensor, dtype in tensors)


def _header(tensors: Sequence[tuple[Tensor, torch.dtype]]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    place = 0
    for tensor, dtype in tensors:
        end = place + tensor.elements * dtype.itemsize
        header[tensor.name] = {"dtype": NAMES[dtype], "shape": list(tensor.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the tensors are aligned
    return len(text).to_bytes(8, "little") + text


def write_index(folder: Path, tensors: Sequence[tuple[Tensor, torch.dtype]]) -> None:
    """The index of a checkpoint of several shards, or nothing for a single one."""
    if len({tensor.file.name for tensor, _ in tensors}) > 1:
        total = sum(tensor.elements * dtype.itemsize for tensor, dtype in tensors)
        places = {tensor.name: tensor.file.name for tensor, _ in tensors}
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
        write_json(folder / INDEX, index)
