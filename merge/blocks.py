"""Merges one tensor, block by block: each is read, hashed, summed, rounded and written by one thread.

Shapes: all tensors here are flat, (n,).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import xxhash

from merge.arithmetic import only_one, round_to, weighted_sum, widen, working_dtype
from merge.checkpoint import NAMES, Checkpoint
from merge.errors import MergeRefused
from merge.measures import LayerMeasures
from merge.shards import ShardWriter

BLOCK = 1 << 19
"""Elements a block. Smaller ones stay in a nearer cache, but threads then wait for each other between calls (measured)."""
_SAMPLED = 8
"""The rounding error is measured on each tensor's first block and every so many blocks after it."""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """`digests`: of the block's bytes in each checkpoint."""

    measures: LayerMeasures
    digests: list[bytes]
    read_bytes: int


class TensorMerge:
    """Merges one tensor into all outputs. Its blocks may be merged by many threads at once, in any order."""

    def __init__(
        self,
        checkpoints: Sequence[Checkpoint],
        name: str,
        dtype: torch.dtype,
        weights: Sequence[Sequence[float]],
        writers: Sequence[ShardWriter],
        *,
        float64: bool,
    ) -> None:
        """`dtype` is that of the outputs; `weights`: of the checkpoints, for each output."""
        self.name, self._dtype, self._weights, self._writers = name, dtype, weights, writers
        self._checkpoints = checkpoints
        self._places = [checkpoint.tensors[name] for checkpoint in checkpoints]
        self._alone = [self._copied(own) for own in weights]
        self._working = working_dtype(dtype, float64)

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self._places[0].elements // BLOCK)

    def _copied(self, weights: Sequence[float]) -> int | None:
        place = only_one(weights)
        return place if place is not None and self._places[place].dtype == self._dtype else None

    def merge(self, number: int) -> BlockResult:
        """Merge block `number`. Raises MergeRefused for what is not finite, and for integers that differ."""
        first = number * BLOCK
        count = min(BLOCK, self._places[0].elements - first)
        scratch = _scratch_of(len(self._places), max(place.dtype.itemsize for place in self._places), self._working.itemsize)
        raw = [
            checkpoint.read(place, first, count, into)
            for checkpoint, place, into in zip(self._checkpoints, self._places, scratch.raw, strict=True)
        ]
        measures = LayerMeasures.empty(len(self._places) - 1, len(self._weights))
        if self._dtype.is_floating_point:
            self._merge_numbers(raw, first, scratch, measures, sampled=number % _SAMPLED == 0)
        else:
            self._copy_equal(raw, first)
        return BlockResult(measures, [xxhash.xxh3_128_digest(part) for part in raw], sum(map(len, raw)))

    def _write(self, output: int, first: int, data: memoryview) -> None:
        self._writers[output].write(self.name, first * self._dtype.itemsize, data)

    def _copy_equal(self, raw: Sequence[memoryview], first: int) -> None:
        if any(part != raw[0] for part in raw[1:]):
            raise MergeRefused(f"tensor {self.name!r} holds {NAMES[self._dtype]} and differs between the checkpoints")
        for output in range(len(self._writers)):
            self._write(output, first, raw[0])

    def _merge_numbers(
        self, raw: Sequence[memoryview], first: int, scratch: "_Scratch", measures: LayerMeasures, *, sampled: bool
    ) -> None:
        given = [torch.frombuffer(part, dtype=place.dtype) for part, place in zip(raw, self._places, strict=True)]
        count = len(given[0])
        inputs = [widen(tensor, buffer.view(self._working)[:count]) for tensor, buffer in zip(given, scratch.inputs, strict=True)]
        if not measures.see_inputs(given, inputs, [buffer.view(self._working)[:count] for buffer in scratch.deltas]):
            self._refuse_input(given)
        total, out = scratch.sum.view(self._working)[:count], scratch.out.view(self._dtype)[:count]
        for index, (weights, alone) in enumerate(zip(self._weights, self._alone, strict=True)):
            if alone is not None:
                self._write(index, first, raw[alone])
                continue
            weighted_sum(inputs, weights, total)
            round_to(total, out)
            self._check_output(out)
            if sampled:
                measures.see_output(index, total, out, inputs[0])
            self._write(index, first, out.view(torch.uint8).numpy().data)

    def _refuse_input(self, given: Sequence[torch.Tensor]) -> None:
        for tensor, place in zip(given, self._places, strict=True):
            if not bool(torch.isfinite(tensor.to(torch.float32)).all()):
                raise MergeRefused(f"{place.file}: tensor {place.name!r} has NaN or Inf. Fix: take an earlier checkpoint")

    def _check_output(self, rounded: torch.Tensor) -> None:
        suspect = rounded.float() if rounded.dtype.itemsize == 1 else rounded  # there is little arithmetic for 8 bits
        if not bool(torch.isfinite(suspect.sum())) and not bool(torch.isfinite(suspect).all()):
            raise MergeRefused(f"tensor {self.name!r} overflows {NAMES[self._dtype]}. Fix: --dtype bfloat16 or float32")


class _Scratch:
    """What one thread reads into and computes in: a block each, of bytes as they are read or of numbers to compute with."""

    def __init__(self, checkpoints: int, read_size: int, working_size: int) -> None:
        """Sizes: bytes a number."""
        self.of = (checkpoints, read_size, working_size)
        self.raw = [memoryview(bytearray(BLOCK * read_size)) for _ in range(checkpoints)]
        self.inputs = [torch.empty(BLOCK * working_size, dtype=torch.uint8) for _ in range(checkpoints)]
        self.deltas = [torch.empty(BLOCK * working_size, dtype=torch.uint8) for _ in range(checkpoints - 1)]
        self.sum, self.out = (torch.empty(BLOCK * working_size, dtype=torch.uint8) for _ in range(2))


_own = threading.local()


def _scratch_of(*wanted: int) -> _Scratch:
    """This thread's; threads end with their merge."""
    scratch: _Scratch | None = getattr(_own, "scratch", None)
    if scratch is None or scratch.of != wanted:
        scratch = _own.scratch = _Scratch(*wanted)
    return scratch


def digest_of(blocks: Sequence[bytes]) -> str:
    """One digest (XXH3 of 128 bits, hex) of a tensor from those of its blocks."""
    return xxhash.xxh3_128_hexdigest(b"".join(blocks))
