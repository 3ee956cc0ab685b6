"""The two trained ends, held in memory."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from merge.agreement import check_agreement
from merge.arithmetic import merge_into
from merge.checkpoint import Checkpoint
from merge.combination import Combination, pair
from merge.errors import MergeRefused


class Ends:
    """theta_low and theta_high, tensor by tensor. Tensors that are equal in both are held once.

    After all tensors were merged, `check` says whether one has overflowed: asking after each would wait for an accelerator.
    """

    def __init__(self, low: Path, high: Path, device: torch.device | str = "cpu") -> None:
        """Raises MergeRefused for checkpoints that do not belong together or hold what is no number."""
        self._sums: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        checkpoints = [Checkpoint(folder) for folder in (low, high)]
        try:
            check_agreement(checkpoints)
            self.tensors = {name: self._load(checkpoints, name, device) for name in checkpoints[0].tensors}
        finally:
            for checkpoint in checkpoints:
                checkpoint.close()

    @staticmethod
    def _load(checkpoints: Sequence[Checkpoint], name: str, device: torch.device | str) -> tuple[torch.Tensor, torch.Tensor]:
        first, second = (checkpoint.load(name) for checkpoint in checkpoints)
        for tensor, checkpoint in zip((first, second), checkpoints, strict=True):
            if tensor.is_floating_point() and not torch.isfinite(tensor.float()).all():
                raise MergeRefused(f"{checkpoint.folder}: tensor {name!r} has NaN or Inf")
        if first.dtype == second.dtype and torch.equal(first, second):
            first = first.to(device)
            return first, first
        if not first.is_floating_point():
            raise MergeRefused(f"tensor {name!r} holds {first.dtype} and differs between the checkpoints")
        return first.to(device), second.to(device)

    def merge(self, name: str, combination: Combination, out: torch.Tensor) -> None:
        """Write one tensor at its alpha into `out`, of the same shape."""
        low, high = self.tensors[name]
        if low is high and low.dtype == out.dtype:
            out.copy_(low)
        else:
            merge_into(out, (low, high), combination.of(name))
            self._sums[name] = (out, out.float().sum() if out.dtype.itemsize == 1 else out.sum())

    def check(self) -> None:
        """Raises MergeRefused when a tensor that was merged since the last call has overflowed its dtype."""
        sums, self._sums = self._sums, {}
        for name, (out, total) in sums.items():
            if not math.isfinite(float(total)) and not bool(torch.isfinite(out.float()).all()):
                raise MergeRefused(f"tensor {name!r} overflows {out.dtype}. Fix: an alpha nearer to 0 or 1, or a wider dtype")

    def merged(self, combination: Combination) -> Iterator[tuple[str, torch.Tensor]]:
        """All tensors at their alpha, one in memory at a time."""
        for name, (low, high) in self.tensors.items():
            if low is high:
                yield name, low
                continue
            out = torch.empty(low.shape, dtype=torch.promote_types(low.dtype, high.dtype), device=low.device)
            self.merge(name, combination, out)
            self.check()
            yield name, out


def combination_of(alpha: float, overrides: Sequence[Sequence[object]] = ()) -> Combination:
    """`overrides`: (pattern, alpha) as they come over a wire. Raises MergeRefused for what is not finite."""
    return pair(float(alpha), [(str(pattern), float(str(value))) for pattern, value in overrides])
