"""With what weight each checkpoint enters each tensor of an output.

Everything is a weighted sum of checkpoints: theta(alpha) = (1 - alpha)·theta_low + alpha·theta_high; base + sum w_i·(theta_i -
base) gives the base the weight 1 - sum w_i. Weights are float64, and per tensor where patterns say so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from merge.errors import MergeRefused


@dataclass(frozen=True, slots=True)
class Combination:
    """Weights over the checkpoints, in their order. `overrides`: (pattern, weights) for tensors that match; the last one wins."""

    label: str
    weights: tuple[float, ...]
    overrides: tuple[tuple[str, tuple[float, ...]], ...] = ()

    def of(self, tensor: str) -> tuple[float, ...]:
        """Weights for the tensor of this name."""
        found = self.weights
        for pattern, weights in self.overrides:
            if matches(pattern, tensor):
                found = weights
        return found


def matches(pattern: str, tensor: str) -> bool:
    """Whether a pattern names a tensor: with `*`, from any dot on and up to any dot (`layers.*.mlp` names what lies in it)."""
    return any(fnmatchcase(f".{tensor}.", f"*.{pattern}.{tail}") for tail in ("", "*"))


def pair(alpha: float, overrides: Sequence[tuple[str, float]] = ()) -> Combination:
    """theta_low + alpha·(theta_high - theta_low), for checkpoints (low, high). Raises MergeRefused for an alpha not finite."""
    for value in (alpha, *(other for _, other in overrides)):
        if not math.isfinite(value):
            raise MergeRefused(f"alpha is {value}; it must be a finite number")
    inner = tuple((pattern, (1 - other, other)) for pattern, other in overrides)
    return Combination(f"alpha_{alpha:g}", (1 - alpha, alpha), inner)


def affine(weights: Sequence[float], *, any_sum: bool = False) -> Combination:
    """The weighted sum of as many checkpoints. Raises MergeRefused when the weights do not sum to 1 and `any_sum` is not set."""
    total = math.fsum(weights)
    if not all(map(math.isfinite, weights)):
        raise MergeRefused(f"weights {list(weights)} must be finite numbers")
    if not any_sum and abs(total - 1) > 1e-9:
        raise MergeRefused(
            f"weights {list(weights)} sum to {total:g}, not 1. Fix: change them, or say --any-sum if that is meant"
        )
    return Combination("weights_" + "_".join(f"{weight:g}" for weight in weights), tuple(map(float, weights)))


def task_arithmetic(weights: Sequence[float]) -> Combination:
    """base + sum w_i·(theta_i - base), for checkpoints (base, theta_1, ...). See Ilharco et al., arXiv 2212.04089."""
    return Combination("task_" + "_".join(f"{w:g}" for w in weights), affine([1 - math.fsum(weights), *weights]).weights)
