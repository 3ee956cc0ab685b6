"""Merges blocks of one tensor: as large as pays to read and write, computed in parts that stay in a core's cache.

Shapes: all tensors here are flat, (n,).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from merge.arithmetic import PART, only_one, round_to, weighted_sum, widen, working_dtype
from merge.checkpoint import NAMES, Tensor
from merge.errors import MergeRefused
from merge.measures import LayerMeasures

BLOCK = 1 << 19
"""Elements read, hashed and written at once."""
_NARROW = (torch.float16, torch.float8_e4m3fn, torch.float8_e5m2)


class OutputBuffers:
    """Where the outputs of a block lie until they are written: two sets by turns, as writing is a block behind at most."""

    def __init__(self, outputs: int) -> None:
        self._sets = [[torch.empty(0, dtype=torch.uint8) for _ in range(outputs)] for _ in range(2)]
        self._turn = 0

    def next(self, size: int) -> list[torch.Tensor]:
        """`size` bytes for each output."""
        self._turn = 1 - self._turn
        found = self._sets[self._turn]
        for index, buffer in enumerate(found):
            if buffer.numel() < size:
                found[index] = torch.empty(size, dtype=torch.uint8)
        return [buffer[:size] for buffer in found]


class BlockMerger:
    """Merges one tensor, block by block, into all outputs."""

    def __init__(
        self,
        places: Sequence[Tensor],
        dtype: torch.dtype,
        weights: Sequence[Sequence[float]],
        buffers: OutputBuffers,
        second: ThreadPoolExecutor,
        *,
        float64: bool,
    ) -> None:
        """`places`: the tensor in each checkpoint; `dtype` of the outputs; `weights`: of the checkpoints, for each output.

        Every other part of a block is computed in a thread of `second`.
        """
        self._places, self._dtype, self._weights, self._buffers = places, dtype, weights, buffers
        self._alone = [self._copied(own) for own in weights]
        self._scratch = [_Scratch(len(places), min(PART, places[0].elements), working_dtype(dtype, float64)) for _ in range(2)]
        self._second = second

    def _copied(self, weights: Sequence[float]) -> int | None:
        place = only_one(weights)
        return place if place is not None and self._places[place].dtype == self._dtype else None

    def outputs(self, raw: Sequence[memoryview], measures: LayerMeasures, *, sampled: bool) -> Iterator[memoryview]:
        """Bytes of this block in each output, given those of each checkpoint. They lie in the buffers.

        Raises MergeRefused for what is not finite, and for what is no floating-point number and differs.
        """
        found = self._buffers.next(len(raw[0]) // self._places[0].dtype.itemsize * self._dtype.itemsize)
        if self._dtype.is_floating_point:
            self._merge(raw, [buffer.view(self._dtype) for buffer in found], measures, sampled)
        else:
            self._copy_equal(raw, found)
        for buffer in found:
            yield buffer.numpy().data

    def _copy_equal(self, raw: Sequence[memoryview], found: Sequence[torch.Tensor]) -> None:
        if any(part != raw[0] for part in raw[1:]):
            raise MergeRefused(f"tensor {self._places[0].name!r} holds {NAMES[self._dtype]} and differs between the checkpoints")
        for buffer in found:
            buffer.numpy().data[:] = raw[0]

    def _merge(self, raw: Sequence[memoryview], found: Sequence[torch.Tensor], measures: LayerMeasures, sampled: bool) -> None:
        given = [torch.frombuffer(part, dtype=place.dtype) for part, place in zip(raw, self._places, strict=True)]

        def every_other(start: int) -> LayerMeasures:
            seen = measures.fresh()
            for first in range(start * PART, len(given[0]), 2 * PART):
                part = slice(first, first + PART)
                self._merge_part([t[part] for t in given], [t[part] for t in found], self._scratch[start], seen, sampled)
            return seen

        other = self._second.submit(every_other, 1) if len(given[0]) > PART else None
        try:
            measures.add(every_other(0))
        finally:
            if other:
                measures.add(other.result())  # always in this order, so that sums come out the same

    def _merge_part(
        self,
        given: Sequence[torch.Tensor],
        found: Sequence[torch.Tensor],
        scratch: "_Scratch",
        measures: LayerMeasures,
        sampled: bool,
    ) -> None:
        count = len(given[0])
        inputs = [widen(tensor, buffer[:count]) for tensor, buffer in zip(given, scratch.inputs, strict=True)]
        if not measures.see_inputs(given, inputs, [buffer[:count] for buffer in scratch.deltas]):
            self._refuse_input(given)
        total = scratch.sum[:count]
        for index, (weights, alone, out) in enumerate(zip(self._weights, self._alone, found, strict=True)):
            if alone is not None:
                out.copy_(given[alone])
                continue
            weighted_sum(inputs, weights, total)
            round_to(total, out)
            self._check_output(out, total)
            if sampled:
                measures.see_output(index, total, out, inputs[0])

    def _refuse_input(self, given: Sequence[torch.Tensor]) -> None:
        for tensor, place in zip(given, self._places, strict=True):
            if not bool(torch.isfinite(tensor.to(torch.float32)).all()):
                raise MergeRefused(
                    f"{place.file}: tensor {place.name!r} has NaN or Inf. Fix: take a checkpoint from before it broke"
                )

    def _check_output(self, rounded: torch.Tensor, total: torch.Tensor) -> None:
        suspect = rounded.float() if rounded.dtype in _NARROW else total
        if not bool(torch.isfinite(suspect.sum())) and not bool(torch.isfinite(suspect).all()):
            raise MergeRefused(
                f"tensor {self._places[0].name!r} does not fit {NAMES[self._dtype]} any more. Fix: --dtype bfloat16 or float32"
            )


class _Scratch:
    """What one thread computes in: `size` elements for each checkpoint, for each delta, and for the sum."""

    def __init__(self, checkpoints: int, size: int, working: torch.dtype) -> None:
        self.inputs = [torch.empty(size, dtype=working) for _ in range(checkpoints)]
        self.deltas = [torch.empty(size, dtype=working) for _ in range(checkpoints - 1)]
        self.sum = torch.empty(size, dtype=working)
