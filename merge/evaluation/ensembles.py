"""A budget of K samples split over several models: the chance that one of them is right, in closed form from counts.

Of model m and problem p there are n samples, c of them right. Drawing k_m of each without replacement misses with the product
over models of C(n - c, k_m) / C(n, k_m): exact for the samples at hand, and no noise of resampling.

Shapes: m models, p problems. A split is a tuple of m counts that sum to K.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from merge.evaluation.pass_at_k import Floats, miss
from trainer.intervals import Interval, bootstrap

Split = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """`counts[m][p]`: (n, c) of each model and problem."""

    models: tuple[str, ...]
    counts: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def problems(self) -> int:
        """How many."""
        return len(self.counts[0])

    def misses(self, k: int) -> Floats:
        """(m, p): the chance that k samples of a model miss. Raises ValueError where there are fewer than k."""
        return np.array([[miss(n, c, k) for n, c in row] for row in self.counts])

    def only(self, problems: Iterable[int]) -> "Counts":
        """Some of the problems."""
        chosen = tuple(problems)
        return Counts(self.models, tuple(tuple(row[place] for place in chosen) for row in self.counts))


def passes(counts: Counts, split: Split) -> Floats:
    """(p,): pass@K of the ensemble. Raises ValueError where a model has fewer samples than it is to give."""
    if len(split) != len(counts.models) or min(split) < 0:
        raise ValueError(f"split: {split}; give a count of at least 0 for each of {len(counts.models)} models")
    found = np.ones(counts.problems)
    for row, k in zip(counts.counts, split, strict=True):
        if k:
            found *= [miss(n, c, k) for n, c in row]
    return 1.0 - found


def uniform(models: int, chosen: Sequence[int], budget: int) -> Split:
    """The budget in equal parts over the chosen models; what does not divide goes to the first of them."""
    share, left = divmod(budget, len(chosen))
    found = [0] * models
    for place, model in enumerate(chosen):
        found[model] = share + (place < left)
    return tuple(found)


def single(models: int, chosen: int, budget: int) -> Split:
    """All of one model."""
    return uniform(models, (chosen,), budget)


def affordable(chosen: Sequence[int], costs: Sequence[float], budget: float, most: Sequence[int]) -> Split:
    """The largest equal parts of the chosen models that cost no more than the budget; `costs`: of a sample, by model, over 0.

    `most`: samples there are of each model; no part is larger.
    """
    size = 0
    while True:
        split = uniform(len(costs), chosen, size + 1)
        if sum(k * cost for k, cost in zip(split, costs, strict=True)) > budget + 1e-9:
            break
        if any(k > have for k, have in zip(split, most, strict=True)):
            break
        size += 1
    return uniform(len(costs), chosen, size) if size else (0,) * len(costs)


def best_single(counts: Counts, budget: int) -> Split:
    """The model that is best on these problems; the first of equals."""
    scores = [passes(counts, single(len(counts.models), model, budget)).mean() for model in range(len(counts.models))]
    return single(len(counts.models), int(np.argmax(scores)), budget)


def best_mixture(counts: Counts, budget: int, *, steps: int = 16) -> Split:
    """A split that is best on these problems, as far as giving one block after the other and then moving blocks finds it.

    Blocks are of budget / steps samples, at least one. At least as good here as the best single model.
    """
    block = max(1, budget // steps)
    sizes = [block] * (budget // block)
    if left := budget - sum(sizes):
        sizes.append(left)
    table = _LogMisses(counts, budget)
    split = [0] * len(counts.models)
    for size in sizes:
        split = max((_moved(split, None, to, size) for to in range(len(split))), key=table.score)
    starts = [split, list(best_single(counts, budget))]
    found = max((_climbed(start, block, table) for start in starts), key=table.score)
    return tuple(found)


def _climbed(split: list[int], block: int, table: "_LogMisses") -> list[int]:
    while True:
        moves = [
            _moved(split, source, to, min(block, split[source]))
            for source in range(len(split))
            for to in range(len(split))
            if source != to and split[source]
        ]
        best = max(moves, key=table.score, default=split)
        if table.score(best) <= table.score(split) + 1e-12:
            return split
        split = best


def _moved(split: Sequence[int], source: int | None, to: int, size: int) -> list[int]:
    found = list(split)
    if source is not None:
        found[source] -= size
    found[to] += size
    return found


class _LogMisses:
    """Mean pass@K of many splits on the same counts."""

    def __init__(self, counts: Counts, budget: int) -> None:
        self._counts, self._budget = counts, budget
        self._known: dict[tuple[int, int], Floats] = {}

    def score(self, split: Sequence[int]) -> float:
        found = np.ones(self._counts.problems)
        for model, k in enumerate(split):
            if k:
                found *= self._of(model, k)
        return float(1.0 - found.mean())

    def _of(self, model: int, k: int) -> Floats:
        if (model, k) not in self._known:
            self._known[model, k] = np.array([miss(n, c, k) for n, c in self._counts.counts[model]])
        return self._known[model, k]


@dataclass(frozen=True, slots=True)
class HeldOutGain:
    """`mixture` and `single`: mean pass@K on problems that did not choose them; `gain`: their difference, with its interval.

    `shares`: of the budget by model, mean over the choices made.
    """

    budget: int
    mixture: float
    single: float
    gain: Interval
    shares: tuple[float, ...]


def held_out_gain(counts: Counts, budget: int, *, seed: int = 0, halvings: int = 20) -> HeldOutGain:
    """Choose a mixture and a single model on a random half of the problems, score both on the other half; both ways, many times.

    Every problem is scored as often as it is held out; the interval is over problems.
    """
    problems = list(range(counts.problems))
    rng = random.Random(seed)
    scores = np.zeros((2, counts.problems))
    times = np.zeros(counts.problems)
    shares = np.zeros(len(counts.models))
    for _ in range(halvings):
        rng.shuffle(problems)
        half = len(problems) // 2
        for chosen, scored in ((problems[:half], problems[half:]), (problems[half:], problems[:half])):
            known, unknown = counts.only(chosen), counts.only(scored)
            mixture = best_mixture(known, budget)
            scores[0, scored] += passes(unknown, mixture)
            scores[1, scored] += passes(unknown, best_single(known, budget))
            times[scored] += 1
            shares += np.array(mixture) / budget
    means = scores / times
    return HeldOutGain(
        budget,
        float(means[0].mean()),
        float(means[1].mean()),
        bootstrap(means[0] - means[1], seed=seed),
        tuple(float(share) for share in shares / (2 * halvings)),
    )
