"""What is measured while a merge streams by: how far the checkpoints are apart, and what rounding does to the step.

Sums are kept per group of tensors (a layer, or what lies outside of layers), as float64.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

_LAYER = re.compile(r"^(.*?\.\d+)\.")


def layer_of(tensor: str) -> str:
    """The group that a tensor is reported in: `model.layers.3`, or the module's own name outside of layers."""
    found = _LAYER.match(tensor)
    return found[1] if found else tensor.rpartition(".")[0] or tensor


@dataclass
class LayerMeasures:
    """Of one layer. Index i of `differing`, and of rows and columns of `gram`: checkpoint i + 1 against the first."""

    elements: int = 0
    norm2: float = 0.0
    """Sum of the first checkpoint's squares."""
    differing: list[int] = field(default_factory=list)
    gram: list[list[float]] = field(default_factory=list)
    """Products of the deltas theta_i - theta_0 with each other."""
    error2: list[float] = field(default_factory=list)
    step2: list[float] = field(default_factory=list)
    """Per output, over sampled blocks: squares of the rounding error, and of the step (output - first checkpoint)."""

    @classmethod
    def empty(cls, deltas: int, outputs: int) -> "LayerMeasures":
        """Nothing seen yet."""
        return cls(0, 0.0, [0] * deltas, [[0.0] * deltas for _ in range(deltas)], [0.0] * outputs, [0.0] * outputs)

    def fresh(self) -> "LayerMeasures":
        """One of the same shape that has seen nothing."""
        return self.empty(len(self.differing), len(self.error2))

    def add(self, other: "LayerMeasures") -> None:
        """Take in what another has seen."""
        self.elements += other.elements
        self.norm2 += other.norm2
        for index, count in enumerate(other.differing):
            self.differing[index] += count
        for mine, theirs in zip(self.gram, other.gram, strict=True):
            mine[:] = [a + b for a, b in zip(mine, theirs, strict=True)]
        self.error2 = [a + b for a, b in zip(self.error2, other.error2, strict=True)]
        self.step2 = [a + b for a, b in zip(self.step2, other.step2, strict=True)]

    def see_inputs(self, given: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor], scratch: Sequence[torch.Tensor]) -> bool:
        """A block of every checkpoint, (n,) each, as given and in the dtype to compute in; `scratch` has one for each but the
        first. False when a number is not finite."""
        first = inputs[0]
        self.elements += first.numel()
        finite = self._square(first)
        self.norm2 += finite
        for row, tensor in enumerate(inputs[1:]):
            delta = torch.sub(tensor, first, out=scratch[row])
            self.differing[row] += _differing(given[0], given[row + 1])
            for column in range(row + 1):
                product = float(torch.dot(delta, scratch[column]))
                self.gram[row][column] += product
                if row != column:
                    self.gram[column][row] += product
                finite += product
        return finite - finite == 0 or all(bool(torch.isfinite(tensor).all()) for tensor in inputs)

    @staticmethod
    def _square(tensor: torch.Tensor) -> float:
        return float(torch.dot(tensor, tensor))

    def see_output(self, index: int, exact: torch.Tensor, rounded: torch.Tensor, first: torch.Tensor) -> None:
        """A sampled block: the sum before and after rounding to the output's dtype, (n,) each."""
        error = rounded.to(exact.dtype).sub_(exact)
        self.error2[index] += self._square(error)
        torch.sub(exact, first, out=error)
        self.step2[index] += self._square(error)


_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def _differing(one: torch.Tensor, other: torch.Tensor) -> int:
    """How many numbers are not the same; within a dtype by their bits, which numpy compares many times as fast."""
    if one.dtype != other.dtype:
        return int(torch.count_nonzero(one.double() != other.double()))
    bits = _BITS[one.dtype.itemsize]
    return int(np.count_nonzero(one.view(bits).numpy() != other.view(bits).numpy()))


def to_json(layers: dict[str, LayerMeasures]) -> dict[str, Any]:
    """For the file that a resumed merge goes on from. Floats survive JSON unchanged."""
    return {name: vars(measures) for name, measures in layers.items()}


def from_json(value: dict[str, Any]) -> dict[str, LayerMeasures]:
    """What `to_json` gave."""
    return {name: LayerMeasures(**fields) for name, fields in value.items()}
