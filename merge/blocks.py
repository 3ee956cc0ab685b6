"""Merges one tensor, block by block: each is read and hashed, then computed, then written.

Shapes: all tensors here are flat, (n,).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import xxhash

from merge.arithmetic import PART, only_one, round_to, weighted_sum, widen, working_dtype
from merge.checkpoint import NAMES, Checkpoint
from merge.errors import MergeRefused
from merge.measures import LayerMeasures
from merge.shards import ShardWriter

BLOCK = 1 << 19
"""Elements a block: what is read, hashed and written at once. Computed are parts of it, which stay in a core's cache."""
SAMPLED = 8
"""The rounding error is measured on each tensor's first part and every so many parts after it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a block: the bytes of each checkpoint, and their digests."""

    raw: list[memoryview]
    digests: list[bytes]


class Buffers:
    """Room for one block: what is read, a checkpoint each, and what is to be written, an output each."""

    def __init__(self, checkpoints: int, outputs: int, largest: int) -> None:
        """`largest`: bytes of the largest number, read or written."""
        self.raw = [memoryview(bytearray(BLOCK * largest)) for _ in range(checkpoints)]
        self.out = [torch.empty(BLOCK * largest, dtype=torch.uint8) for _ in range(outputs)]

    @classmethod
    def for_jobs(cls, jobs: Sequence["TensorMerge"]) -> "Buffers":
        """For any of these, of the same checkpoints and outputs; there is at least one."""
        return cls(jobs[0].checkpoints, jobs[0].outputs, max(job.itemsize for job in jobs))


class Scratch:
    """What a part is computed in. Kept from one to the next, so that it stays in the core's cache."""

    def __init__(self) -> None:
        self._parts: list[torch.Tensor] = []

    def of(self, dtype: torch.dtype, parts: int, count: int) -> list[torch.Tensor]:
        """So many, (count,) each."""
        if len(self._parts) < parts or self._parts[0].dtype != dtype:
            self._parts = [torch.empty(PART, dtype=dtype) for _ in range(parts)]
        return [part[:count] for part in self._parts]


class TensorMerge:
    """Merges one tensor into all outputs."""

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

    @property
    def checkpoints(self) -> int:
        """How many are merged."""
        return len(self._places)

    @property
    def outputs(self) -> int:
        """How many are made."""
        return len(self._writers)

    @property
    def itemsize(self) -> int:
        """Bytes of the largest number that is read or written."""
        return max(self._dtype.itemsize, *(place.dtype.itemsize for place in self._places))

    def _copied(self, weights: Sequence[float]) -> int | None:
        """The checkpoint whose bytes are this output's."""
        if not self._dtype.is_floating_point:
            return 0
        place = only_one(weights)
        return place if place is not None and self._places[place].dtype == self._dtype else None

    def read(self, number: int, buffers: Buffers) -> Read:
        """Read block `number`."""
        first = number * BLOCK
        count = min(BLOCK, self._places[0].elements - first)
        places = zip(self._checkpoints, self._places, buffers.raw, strict=True)
        raw = [checkpoint.read(place, first, count, into) for checkpoint, place, into in places]
        return Read(raw, [xxhash.xxh3_128_digest(part) for part in raw])

    def compute(self, number: int, read: Read, buffers: Buffers, scratch: Scratch) -> LayerMeasures:
        """Sum and round what was read of block `number`. Raises MergeRefused for what is not finite and integers that differ."""
        measures = LayerMeasures.empty(len(self._places) - 1, len(self._weights))
        if not self._dtype.is_floating_point:
            if any(part != read.raw[0] for part in read.raw[1:]):
                raise MergeRefused(f"tensor {self.name!r} holds {NAMES[self._dtype]} and differs between the checkpoints")
            return measures
        given = [torch.frombuffer(part, dtype=place.dtype) for part, place in zip(read.raw, self._places, strict=True)]
        out = [buffer.view(self._dtype)[: len(given[0])] for buffer in buffers.out]
        for index, first in enumerate(range(0, len(given[0]), PART), number * -(-BLOCK // PART)):
            part = slice(first, first + PART)
            self._compute_part([g[part] for g in given], [o[part] for o in out], scratch, measures, index % SAMPLED == 0)
        return measures

    def _compute_part(
        self,
        given: Sequence[torch.Tensor],
        out: Sequence[torch.Tensor],
        scratch: Scratch,
        measures: LayerMeasures,
        sampled: bool,
    ) -> None:
        total, *buffers = scratch.of(self._working, 2 * len(given), len(given[0]))
        inputs = [widen(tensor, buffer) for tensor, buffer in zip(given, buffers[: len(given)], strict=True)]
        if not measures.see_inputs(given, inputs, buffers[len(given) :]):
            self._refuse_input(given)
        for index, (weights, alone) in enumerate(zip(self._weights, self._alone, strict=True)):
            if alone is None:
                weighted_sum(inputs, weights, total)
                round_to(total, out[index])
                self._check_output(out[index])
                if sampled:
                    measures.see_output(index, total, out[index], inputs[0])

    def write(self, number: int, read: Read, buffers: Buffers) -> None:
        """Write block `number` to all outputs."""
        offset = number * BLOCK * self._dtype.itemsize
        size = min(BLOCK, self._places[0].elements - number * BLOCK) * self._dtype.itemsize
        for writer, alone, out in zip(self._writers, self._alone, buffers.out, strict=True):
            writer.write(self.name, offset, out.numpy().data[:size] if alone is None else read.raw[alone])

    def settle(self) -> None:
        """Have the disk take what was written, where there are many outputs.

        Nobody is about to load them all, and they would drive out of memory what others need. New pages also cost a virtual
        machine more than the disk does: writing took half the time, measured.
        """
        if len(self._writers) > 1:
            for writer in self._writers:
                writer.settle()

    def _refuse_input(self, given: Sequence[torch.Tensor]) -> None:
        for tensor, place in zip(given, self._places, strict=True):
            if not bool(torch.isfinite(tensor.to(torch.float32)).all()):
                raise MergeRefused(f"{place.file}: tensor {place.name!r} has NaN or Inf. Fix: take an earlier checkpoint")

    def _check_output(self, rounded: torch.Tensor) -> None:
        suspect = rounded.float() if rounded.dtype.itemsize == 1 else rounded  # there is little arithmetic for 8 bits
        if not math.isfinite(float(suspect.sum())) and not bool(torch.isfinite(suspect).all()):
            raise MergeRefused(f"tensor {self.name!r} overflows {NAMES[self._dtype]}. Fix: --dtype bfloat16 or float32")


def digest_of(blocks: Sequence[bytes]) -> str:
    """One digest (XXH3 of 128 bits, hex) of a tensor from those of its blocks."""
    return xxhash.xxh3_128_hexdigest(b"".join(blocks))
