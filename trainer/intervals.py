"""Means over problems and how sure they are.

Shapes: p problems.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 4000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over problems and its 95 % interval by bootstrap over problems, which says nothing of other training seeds."""

    value: float
    low: float
    high: float


def bootstrap(values: npt.ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Of the mean of (p,) values; NaN are left out. Raises ValueError when there are none."""
    given = np.asarray(values, dtype=np.float64)
    known = given[~np.isnan(given)]
    if not known.size:
        raise ValueError("there is no problem to take a mean of")
    picks = np.random.default_rng(seed).integers(0, known.size, (resamples, known.size))
    low, high = np.quantile(known[picks].mean(axis=1), (0.025, 0.975))
    return Interval(float(known.mean()), float(low), float(high))
