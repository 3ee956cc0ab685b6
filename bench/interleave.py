"""Two ways to do the same work, timed in turn."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.report import number


@dataclass(frozen=True)
class Pair:
    """Seconds of each run of both sides."""

    ours: list[float]
    bare: list[float]

    @property
    def ratio(self) -> float:
        """Median over median."""
        return statistics.median(self.ours) / statistics.median(self.bare)

    @property
    def note(self) -> str:
        """Both medians in milliseconds."""
        return f"{number(statistics.median(self.ours) * 1000)} ms ÷ {number(statistics.median(self.bare) * 1000)} ms"


def interleave(ours: Callable[[], object], bare: Callable[[], object], rounds: int, warm_up: int = 3) -> Pair:
    """Run A B A B ..., `rounds` times each after `warm_up` rounds that do not count."""
    for _ in range(warm_up):
        ours()
        bare()
    first, second = [], []
    for _ in range(rounds):
        first.append(_timed(ours))
        second.append(_timed(bare))
    return Pair(first, second)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
