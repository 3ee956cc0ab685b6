"""Writes the shards of one output, block after block, so that no shard is ever in memory.

The safetensors library writes whole dictionaries of tensors only. What is written here is its format: see `checkpoint`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from merge.checkpoint import INDEX, NAMES, Tensor


class ShardWriter:
    """One file. It has a temporary name until `finish`, so that what bears its own name is whole."""

    def __init__(self, path: Path, tensors: Sequence[tuple[Tensor, torch.dtype]], metadata: Mapping[str, str]) -> None:
        """`tensors`: those of the file in the order in which their bytes will come, with the dtype that each will have."""
        self.path = path
        self._temporary = path.with_name(path.name + ".tmp")
        self._file = open(self._temporary, "wb", buffering=0)  # noqa: SIM115 - closed by `finish` or `abandon`
        self._file.write(_header(tensors, metadata))

    def write(self, block: memoryview) -> None:
        """The next bytes."""
        while block:
            block = block[self._file.write(block) :]

    def finish(self) -> None:
        """Everything was written: it lies on the disk, and has its name."""
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.rename(self.path)

    def abandon(self) -> None:
        """Close it; what was written is overwritten by the next attempt."""
        self._file.close()


def _header(tensors: Sequence[tuple[Tensor, torch.dtype]], metadata: Mapping[str, str]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt", **metadata}}
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


def write_json(path: Path, value: object) -> None:
    """Whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
