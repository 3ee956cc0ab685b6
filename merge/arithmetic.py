"""Weighted sums of tensors, rounded once.

Shapes: all tensors here are flat, (n,).

* Output of 32 bits or more: the sum is taken in float64 and rounded to the nearest: half a unit in the last place, and what
  float64 itself errs (2^-29 of that unit, unless the products nearly cancel). RL changes weights by 1e-5 relative, so that
  arithmetic in the weights' own precision would add more noise than there is signal.
* Output of 16 bits or fewer: products and sum in fp32, then rounded to the nearest. That is at most half a unit in the
  last place away, but for the 2^-16 of it that fp32 itself may err; and bit for bit what mergekit's `linear` gives. On request in
  float64, then rounded once: half a unit at most.
* One checkpoint of weight 1 and the others of weight 0 in the same dtype: its own bytes.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch

WIDE = (torch.float32, torch.float64)
PART = 1 << 17
"""Elements computed at once: with their scratch they stay in a core's cache."""
_DEVICE_PART = 1 << 24
"""On an accelerator, where a call costs more than its work on a small part."""


def working_dtype(output: torch.dtype, float64: bool) -> torch.dtype:
    """What to compute in for this output."""
    return torch.float64 if float64 or output in WIDE else torch.float32


def widen(values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """out = values, exactly; `out` is of a wider dtype, or the same."""
    return out.copy_(values)


def weighted_sum(inputs: Sequence[torch.Tensor], weights: Sequence[float], out: torch.Tensor) -> None:
    """out = sum of weights·inputs, in their dtype and from left to right."""
    torch.mul(inputs[0], weights[0], out=out)
    for tensor, weight in zip(inputs[1:], weights[1:], strict=True):
        if weight:  # so that what is left out cannot turn 0 into -0
            out.addcmul_(tensor, _scalar(weight, out.dtype, out.device))  # as mergekit does, to the last bit


@lru_cache
def _scalar(value: float, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    return torch.tensor(value, dtype=dtype, device=device)


def merge_into(out: torch.Tensor, inputs: Sequence[torch.Tensor], weights: Sequence[float], *, float64: bool = False) -> None:
    """out = the weighted sum of as many tensors of its shape, in memory: the same numbers as a merge on disk gives.

    A part at a time, so that what is computed in takes little memory beside the model.
    """
    place = only_one(weights)
    if place is not None and inputs[place].dtype == out.dtype:
        out.copy_(inputs[place])
        return
    working = working_dtype(out.dtype, float64)
    target = out.view(-1)
    sources = [tensor.reshape(-1) for tensor in inputs]
    size = min(len(target), PART if out.device.type == "cpu" else _DEVICE_PART)
    buffers = [torch.empty(size, dtype=working, device=out.device) for _ in range(len(inputs) + 1)]
    for first in range(0, len(target), max(1, size)):
        count = min(size, len(target) - first)
        total, *wide = [buffer[:count] for buffer in buffers]
        for source, buffer in zip(sources, wide, strict=True):
            widen(source[first : first + count], buffer)
        weighted_sum(wide, weights, total)
        round_to(total, target[first : first + count])


def round_to(values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """out = the nearest numbers of its dtype, ties to even. From float64 to fewer than 32 bits in one rounding."""
    if values.dtype == torch.float64 and out.dtype not in WIDE:
        values = _to_odd(values)
    return out.copy_(values)


def _to_odd(values: torch.Tensor) -> torch.Tensor:
    """To float32, what is inexact to the neighbour of odd last bit: rounding that again errs no more than rounding once.

    Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums", IEEE Transactions on Computers 57 (2008).
    """
    near = values.to(torch.float32)
    back = near.to(torch.float64)
    inexact = (back != values) & torch.isfinite(near)
    bits = near.view(torch.int32)
    bits -= (inexact & (back.abs() > values.abs())).to(torch.int32)  # towards zero
    bits |= inexact.to(torch.int32)
    return near


def only_one(weights: Sequence[float]) -> int | None:
    """Which checkpoint it is, where one alone has weight 1 and all others 0."""
    (place, *others) = [index for index, weight in enumerate(weights) if weight] or [-1]
    return place if not others and place >= 0 and weights[place] == 1 else None
