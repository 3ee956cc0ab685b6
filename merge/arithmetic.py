"""Weighted sums of tensors, rounded once.

Shapes: all tensors here are flat, (n,).

* Output of 32 bits or more: the sum is taken in float64 and rounded to the nearest, so an fp32 result is the one nearest to what
  float64 gives. RL changes weights by 1e-5 relative, so that arithmetic in the weights' own precision would add more noise than
  there is signal.
* Output of 16 bits or fewer: each product and the sum in fp32, then rounded to the nearest. That is at most half a unit in the
  last place away, but for the 2^-16 of it that fp32 itself may err; and bit for bit what mergekit's `linear` gives. On request in
  float64, then rounded once: half a unit at most.
* One checkpoint of weight 1 and the others of weight 0 in the same dtype: its own bytes.
"""

from collections.abc import Sequence

import numpy as np
import torch

WIDE = (torch.float32, torch.float64)


def working_dtype(output: torch.dtype, float64: bool) -> torch.dtype:
    """What to compute in for this output."""
    return torch.float64 if float64 or output in WIDE else torch.float32


def widen(values: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """out = values, exactly; `out` is of a wider dtype, or the same."""
    if values.dtype == torch.bfloat16 and out.dtype == torch.float32:  # its upper half; five times as fast as torch's own way
        np.left_shift(values.view(torch.uint16).numpy(), 16, out=out.view(torch.int32).numpy().view(np.uint32), dtype=np.uint32)
        return out
    return out.copy_(values)


def weighted_sum(inputs: Sequence[torch.Tensor], weights: Sequence[float], out: torch.Tensor, scratch: torch.Tensor) -> None:
    """out = sum of weights·inputs, in their dtype and from left to right. `scratch` is as large as `out`."""
    torch.mul(inputs[0], weights[0], out=out)
    for tensor, weight in zip(inputs[1:], weights[1:], strict=True):
        if weight:  # so that what is left out cannot turn 0 into -0
            torch.mul(tensor, weight, out=scratch)  # not fused with the sum: mergekit rounds the product as well
            out.add_(scratch)


def round_to(values: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The nearest numbers of `dtype`, ties to even. From float64 to fewer than 32 bits in one rounding."""
    if values.dtype == torch.float64 and dtype not in WIDE:
        return _to_odd(values).to(dtype)
    return values.to(dtype)


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
