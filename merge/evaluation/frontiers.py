"""The frontier: share of optimization failures against share of correctness failures, one point for each alpha.

Both are to be small. Shapes: p problems; points are (x, y) = (optimization, correctness).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from merge.evaluation.pass_at_k import Floats
from trainer.intervals import RESAMPLES, Interval, bootstrap

WORST = (1.0, 1.0)
"""What hypervolume is measured from."""


@dataclass(frozen=True, slots=True)
class Point:
    """`shares`: (p, 3), of each problem's samples: optimization failures, correctness failures, solved."""

    alpha: float
    shares: Floats

    @property
    def mean(self) -> tuple[float, float]:
        """Over problems."""
        x, y, _ = self.shares.mean(axis=0)
        return float(x), float(y)


def hypervolume(points: Sequence[tuple[float, float]], worst: tuple[float, float] = WORST) -> float:
    """The area that is at least as bad in both as one of the points, and no worse than `worst`."""
    area, height = 0.0, worst[1]
    for x, y in sorted(points):
        if y < height and x < worst[0]:
            area += (worst[0] - x) * (height - y)
            height = y
    return area


def efficient_points(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which points no other one beats: none is as good in both and better in one."""
    return [place for place, (x, y) in enumerate(points) if not any((a <= x and b <= y) and (a < x or b < y) for a, b in points)]


@dataclass(frozen=True, slots=True)
class Beyond:
    """How far an extrapolated point lies past its trained end, along the axis in which that end is good.

    `past`: less of the failures that the end has least of (positive: beyond). `paid`: more of the other kind. `solved`: change
    of the solve rate.
    """

    alpha: float
    end: float
    past: Interval
    paid: Interval
    solved: Interval


def beyond(end: Point, point: Point, *, seed: int = 0) -> Beyond:
    """For alpha over 1: past the high end in optimization failures; below 0: past the low end in correctness failures."""
    axis = 0 if point.alpha > end.alpha else 1
    change = point.shares - end.shares
    return Beyond(
        point.alpha,
        end.alpha,
        bootstrap(-change[:, axis], seed=seed),
        bootstrap(change[:, 1 - axis], seed=seed),
        bootstrap(change[:, 2], seed=seed),
    )


def hypervolume_gain(ends: Sequence[Point], points: Sequence[Point], *, seed: int = 0) -> Interval:
    """Area that all points have beyond what the trained ends have; interval over problems, all points resampled alike."""
    both = np.stack([point.shares[:, :2] for point in (*ends, *points)])
    picks = np.random.default_rng(seed).integers(0, both.shape[1], (RESAMPLES // 4, both.shape[1]))

    def gain(means: Floats) -> float:
        found = [(float(x), float(y)) for x, y in means]
        return hypervolume(found) - hypervolume(found[: len(ends)])

    spread = [gain(both[:, pick].mean(axis=1)) for pick in picks]
    low, high = np.quantile(spread, (0.025, 0.975))
    return Interval(gain(both.mean(axis=1)), float(low), float(high))
