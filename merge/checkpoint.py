"""Checkpoints on disk, as Hugging Face lays them out: one `model.safetensors`, or shards with an index.

The file format is read here rather than by the safetensors library, which maps files into memory: pages of a mapping count as the
process's own, so that memory would grow with the model. A file is 8 bytes of header length, a JSON header that gives each tensor
its dtype, shape and place, and the bytes of the tensors (https://github.com/huggingface/safetensors, "Format").
"""

import json
import math
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import xxhash

from merge.errors import MergeRefused

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
_LARGEST_HEADER = 100 << 20


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a tensor lies: `start` and `end` are offsets in its file, in bytes."""

    name: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    file: Path
    start: int
    end: int

    @property
    def elements(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


class Checkpoint:
    """A folder with a model. Opening it reads headers only; raises MergeRefused for what is no whole checkpoint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = _files_of(folder)
        self.tensors: dict[str, Tensor] = {}
        self.metadata: dict[str, str] = {}
        for file in self.files:
            self._read_header(file)
        self._check_index()
        self._fds: dict[Path, int] = {}
        self._opening = threading.Lock()

    def _read_header(self, file: Path) -> None:
        tensors, metadata = read_header(file)
        self.metadata.update(metadata)
        for tensor in tensors:
            if tensor.name in self.tensors:
                raise MergeRefused(f"{file}: tensor {tensor.name!r} is in {self.tensors[tensor.name].file.name} as well")
            self.tensors[tensor.name] = tensor

    def _check_index(self) -> None:
        index = self.folder / INDEX
        if not index.exists():
            return
        wanted = _weight_map(index)
        for name, file in wanted.items():
            if name not in self.tensors or self.tensors[name].file.name != file:
                raise MergeRefused(f"{index} says that tensor {name!r} is in {file}, where it is not. Fix: download it again")
        if unlisted := sorted(self.tensors.keys() - wanted.keys()):
            raise MergeRefused(f"{index} does not list tensor {unlisted[0]!r} ({len(unlisted)} in all), which a shard has")

    @cached_property
    def config(self) -> dict[str, Any]:
        """config.json, empty where there is none."""
        return read_json(self.folder / "config.json")

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.end - tensor.start for tensor in self.tensors.values())

    def read(self, tensor: Tensor, first: int, count: int, into: memoryview) -> memoryview:
        """Bytes of `count` elements from element `first` on; they lie in `into`. May be called from many threads.

        Raises MergeRefused when the file has shrunk.
        """
        size = tensor.dtype.itemsize
        part = into[: count * size]
        fd = self._open(tensor.file)
        done, offset = 0, tensor.start + first * size
        while done < len(part):
            got = os.preadv(fd, [part[done:]], offset + done)
            if not got:
                raise MergeRefused(f"{tensor.file} ended within tensor {tensor.name!r}: it changed while it was read")
            done += got
        return part

    def _open(self, file: Path) -> int:
        with self._opening:
            if file not in self._fds:
                self._fds[file] = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
                os.posix_fadvise(self._fds[file], 0, 0, os.POSIX_FADV_SEQUENTIAL)
            return self._fds[file]

    def load(self, name: str) -> torch.Tensor:
        """One tensor in memory, of its shape."""
        tensor = self.tensors[name]
        buffer = bytearray(tensor.end - tensor.start)
        self.read(tensor, 0, tensor.elements, memoryview(buffer))
        if not buffer:
            return torch.empty(tensor.shape, dtype=tensor.dtype)
        return torch.frombuffer(buffer, dtype=tensor.dtype).view(tensor.shape)

    def close(self) -> None:
        """Close the files."""
        while self._fds:
            os.close(self._fds.popitem()[1])


def _files_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise MergeRefused(f"{folder} is no folder. Fix: give the folder of a checkpoint, with {SINGLE} or shards and {INDEX}")
    index = folder / INDEX
    if index.exists():
        names = sorted(set(_weight_map(index).values()))
        if missing := [name for name in names if not (folder / name).is_file()]:
            raise MergeRefused(f"{folder}: shard {missing[0]} is missing ({len(missing)} of {len(names)})")
        return [folder / name for name in names]
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    others = sorted(path.name for path in folder.glob("*.safetensors")) or sorted(path.name for path in folder.glob("*.bin"))
    found = f"it has {', '.join(others[:3])}" if others else "it has no weights"
    raise MergeRefused(f"{folder} has neither {SINGLE} nor {INDEX}; {found}. Fix: save the model with save_pretrained")


def _weight_map(index: Path) -> dict[str, str]:
    found = read_json(index).get("weight_map")
    if not isinstance(found, dict) or not found or not all(isinstance(name, str) for name in found.values()):
        raise MergeRefused(f"{index} has no weight_map from tensors to files. Fix: download it again")
    return found


def read_header(file: Path) -> tuple[list[Tensor], dict[str, str]]:
    """The tensors of one file in the order of their bytes, and its metadata. Raises MergeRefused for a file that is not whole."""
    size = file.stat().st_size
    with open(file, "rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, _LARGEST_HEADER):
            raise MergeRefused(f"{file} is no safetensors file or is cut off: {size} bytes, header of {length}")
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise MergeRefused(f"{file}: the header is not JSON ({error}). Fix: download it again") from None
    if not isinstance(header, dict):
        raise MergeRefused(f"{file}: the header is no JSON object. Fix: download it again")
    metadata = header.pop("__metadata__", {})
    tensors = [_tensor(file, name, entry, 8 + length) for name, entry in header.items()]
    tensors.sort(key=lambda tensor: (tensor.start, tensor.end))
    place = 8 + length
    for tensor in tensors:
        if tensor.start != place or tensor.end - tensor.start != tensor.elements * tensor.dtype.itemsize:
            raise MergeRefused(f"{file}: the place of tensor {tensor.name!r} does not fit its shape. Fix: download it again")
        place = tensor.end
    if place != size:
        raise MergeRefused(f"{file} has {size} bytes where its header says {place}: it is cut off. Fix: download it again")
    return tensors, metadata


def _tensor(file: Path, name: str, entry: object, offset: int) -> Tensor:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(end)]} if all(
            isinstance(size, int) and size >= 0 for size in shape
        ):
            if dtype not in DTYPES:
                raise MergeRefused(f"{file}: tensor {name!r} is of dtype {dtype}; known are {', '.join(DTYPES)}")
            return Tensor(name, DTYPES[dtype], tuple(shape), file, offset + start, offset + end)
    raise MergeRefused(f"{file}: the header does not say dtype, shape and place of tensor {name!r}. Fix: download it again")


def read_json(file: Path) -> dict[str, Any]:
    """An object, empty where there is no such file. Raises MergeRefused for what is none."""
    if not file.exists():
        return {}
    try:
        value = json.loads(file.read_text())
    except ValueError as error:
        raise MergeRefused(f"{file} is not JSON ({error})") from None
    if not isinstance(value, dict):
        raise MergeRefused(f"{file} is no JSON object")
    return value


def weights_digest(digests: Iterable[tuple[Tensor, str]]) -> str:
    """One digest (hex) for a model, from the digest of each tensor's bytes: the same however it is split into shards.

    XXH3 of 128 bits: it tells models apart, and costs a sixth of what SHA-256 does. It proves nothing about who made them.
    """
    total = xxhash.xxh3_128()
    for tensor, digest in sorted(digests, key=lambda pair: pair[0].name):
        total.update(f"{tensor.name}\0{NAMES[tensor.dtype]}\0{tensor.shape}\0{digest}\n".encode())
    return total.hexdigest()
