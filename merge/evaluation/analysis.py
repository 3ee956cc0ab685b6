"""From samples to numbers: what a study says of one seed, or of several with their problems pooled.

Everything here is a function of the samples: the same samples give the same numbers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from merge.evaluation.ensembles import Counts, affordable, best_single, held_out_gain, passes, uniform
from merge.evaluation.frontiers import Point, beyond, efficient_points, hypervolume, hypervolume_gain
from merge.evaluation.pass_at_k import pass_at_k_of
from merge.evaluation.samples import Sample, by_problem, counts_of, coverage_curve, shares_of
from trainer.intervals import bootstrap

SEED = 20260528
"""Of every bootstrap and every halving here, so that numbers do not change from one call to the next."""
LEVELS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Study:
    """`samples[seed][alpha]`. Problems of different training seeds are different problems."""

    samples: Mapping[int, Mapping[float, Sequence[Sample]]]

    @property
    def alphas(self) -> tuple[float, ...]:
        """Rising, those that all seeds have."""
        return tuple(sorted(set.intersection(*(set(each) for each in self.samples.values()))))

    def problems(self, alpha: float) -> dict[str, list[Sample]]:
        """Of all seeds; named with their seed."""
        return {
            f"{seed}:{problem}": found
            for seed, by_alpha in self.samples.items()
            for problem, found in by_problem(by_alpha[alpha]).items()
        }

    def only(self, seed: int) -> "Study":
        """One training seed."""
        return Study({seed: self.samples[seed]})


def analyse(study: Study, budgets: Sequence[int]) -> dict[str, Any]:
    """All of it, as JSON. Budgets over the number of samples of a problem are left out and named under `left_out`."""
    tables, counts = _tables(study)
    fewest = min(n for row in counts.counts for n, _ in row)
    usable = [budget for budget in budgets if budget <= fewest]
    return {
        "seeds": sorted(study.samples),
        "problems": counts.problems,
        "samples": fewest,
        "left_out": sorted(set(budgets) - set(usable)),
        "alphas": [_alpha(alpha, tables[alpha], usable) for alpha in study.alphas],
        "frontier": frontier([Point(alpha, shares_of(table)) for alpha, table in tables.items()]),
        "no_program_is_wrong": _gains(
            frontier([Point(alpha, shares_of(table, no_program_is_wrong=True)) for alpha, table in tables.items()])
        ),
        "complementarity": complementarity(counts),
        "ensembles": [ensembles(counts, study.alphas, budget, {"tokens": _tokens(tables)}) for budget in usable],
    }


def at_equal_seconds(study: Study, budgets: Sequence[int], seconds: Mapping[float, float]) -> list[dict[str, Any]]:
    """Fixed mixtures against the best single alpha, with as many samples as take no longer. `seconds`: of a sample, by alpha."""
    _, counts = _tables(study)
    fewest = min(n for row in counts.counts for n, _ in row)
    cost = [seconds[alpha] for alpha in study.alphas]
    return [
        {"budget": budget, "alphas": list(chosen), **_at_equal_cost(counts, split, cost, best_single(counts, budget))}
        for budget in budgets
        if budget <= fewest
        for chosen, split in _fixed(study.alphas, budget)
    ]


def _tables(study: Study) -> tuple[dict[float, dict[str, list[Sample]]], Counts]:
    """Of the problems of which every alpha has a known sample, by name."""
    found = {alpha: study.problems(alpha) for alpha in study.alphas}
    names = sorted(set.intersection(*map(set, found.values())))
    if not names:
        raise ValueError("no problem has a known sample at every alpha")
    tables = {alpha: {name: problems[name] for name in names} for alpha, problems in found.items()}
    return tables, Counts(tuple(f"{alpha:g}" for alpha in study.alphas), tuple(counts_of(table) for table in tables.values()))


def _tokens(tables: Mapping[float, Mapping[str, Sequence[Sample]]]) -> list[float]:
    """Of a sample, by alpha."""
    return [float(np.mean([sample.tokens for found in table.values() for sample in found])) for table in tables.values()]


def _fixed(alphas: Sequence[float], budget: int) -> list[tuple[tuple[float, ...], tuple[int, ...]]]:
    """Mixtures that nobody chose on any problem, and their splits; those that the budget suffices for."""
    found = [each for each in dict.fromkeys([(0.0, 1.0), (0.0, 0.5, 1.0), tuple(alphas)]) if set(each) <= set(alphas)]
    places = {alpha: place for place, alpha in enumerate(alphas)}
    return [(each, uniform(len(alphas), [places[alpha] for alpha in each], budget)) for each in found if len(each) <= budget]


def _alpha(alpha: float, table: Mapping[str, Sequence[Sample]], budgets: Sequence[int]) -> dict[str, Any]:
    shares = shares_of(table)
    samples = [sample for found in table.values() for sample in found]
    counts = counts_of(table)
    return {
        "alpha": alpha,
        **{
            name: asdict(bootstrap(shares[:, column], seed=SEED))
            for column, name in enumerate(("optimization", "correctness", "solved"))
        },
        "verdicts": dict(Counter(sample.verdict or sample.ending for sample in samples)),
        "pass_at": {str(k): asdict(bootstrap(pass_at_k_of(counts, k), seed=SEED)) for k in budgets},
        "solved_problems": sum(c > 0 for _, c in counts),
        "coverage": dict(zip(map(str, LEVELS), coverage_curve(samples, LEVELS), strict=True)),
        "tokens": float(np.mean([sample.tokens for sample in samples])),
        "by_group": {
            group: float(np.mean([sample.solved for sample in samples if sample.group == group]))
            for group in sorted({sample.group for sample in samples})
        },
    }


def frontier(points: Sequence[Point]) -> dict[str, Any]:
    """What lies between the trained ends, and what beyond them. Needs alpha 0 and 1 among the points, else says nothing."""
    known = {point.alpha: point for point in points}
    means = [point.mean for point in points]
    found: dict[str, Any] = {
        "hypervolume": hypervolume(means),
        "efficient": [points[place].alpha for place in efficient_points(means)],
    }
    if 0.0 not in known or 1.0 not in known:
        return found
    low, high = known[0.0], known[1.0]
    inner = [point for point in points if 0 < point.alpha < 1]
    outer = [point for point in points if not 0 <= point.alpha <= 1]
    path = [low.mean, *(point.mean for point in sorted(inner, key=lambda each: each.alpha)), high.mean]
    found |= {
        "ends": {
            "optimization": asdict(bootstrap(high.shares[:, 0] - low.shares[:, 0], seed=SEED)),
            "correctness": asdict(bootstrap(high.shares[:, 1] - low.shares[:, 1], seed=SEED)),
            "solved": asdict(bootstrap(high.shares[:, 2] - low.shares[:, 2], seed=SEED)),
        },
        "monotone": {
            "optimization": all(b[0] <= a[0] + 0.02 for a, b in pairwise(path)),
            "correctness": all(b[1] >= a[1] - 0.02 for a, b in pairwise(path)),
        },
        "beyond": [asdict(beyond(high if point.alpha > 1 else low, point, seed=SEED)) for point in outer],
    }
    if inner:
        found["interpolated_gain"] = asdict(hypervolume_gain([low, high], inner, seed=SEED))
    if outer:
        found["extrapolated_gain"] = asdict(hypervolume_gain([low, high], outer, seed=SEED))
    return found


def _gains(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("interpolated_gain", "extrapolated_gain") if name in found}


def complementarity(counts: Counts) -> dict[str, Any]:
    """Which problems are solved at which alphas."""
    solved = [frozenset(place for place, (_, c) in enumerate(row) if c) for row in counts.counts]
    rates = np.array([[c / n for n, c in row] for row in counts.counts])
    everything = frozenset.union(*solved)
    return {
        "solved_anywhere": len(everything),
        "only_at": {
            name: len(
                solved[place] - frozenset.union(frozenset(), *(other for number, other in enumerate(solved) if number != place))
            )
            for place, name in enumerate(counts.models)
        },
        "jaccard": {
            f"{counts.models[a]}|{counts.models[b]}": (
                len(solved[a] & solved[b]) / len(solved[a] | solved[b]) if solved[a] | solved[b] else 1.0
            )
            for a, b in combinations(range(len(solved)), 2)
        },
        "rate_correlation": {
            f"{counts.models[a]}|{counts.models[b]}": _correlation(rates[a], rates[b])
            for a, b in combinations(range(len(solved)), 2)
        },
    }


def _correlation(one: Any, other: Any) -> float | None:
    return None if one.std() == 0 or other.std() == 0 else float(np.corrcoef(one, other)[0, 1])


def ensembles(counts: Counts, alphas: Sequence[float], budget: int, costs: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """At one budget: every single alpha, fixed uniform mixtures, and one chosen on the other half of the problems.

    `against_best` compares with the single alpha that is best on these very problems, which favours that one. `at_equal_cost`
    does so with as many samples of the mixture as cost what that one's budget does, by each of `costs` (of a sample, by alpha).
    """
    single = best_single(counts, budget)
    best = passes(counts, single)
    mixtures = []
    for chosen, split in _fixed(alphas, budget):
        found = passes(counts, split)
        mixtures.append(
            {
                "alphas": list(chosen),
                "pass": asdict(bootstrap(found, seed=SEED)),
                "against_best": asdict(bootstrap(found - best, seed=SEED)),
                "at_equal_cost": {kind: _at_equal_cost(counts, split, cost, single) for kind, cost in costs.items()},
            }
        )
    return {
        "budget": budget,
        "best_single": {"alpha": alphas[max(range(len(single)), key=lambda place: single[place])], "pass": float(best.mean())},
        "mixtures": mixtures,
        "held_out": asdict(held_out_gain(counts, budget, seed=SEED)) if counts.problems >= 2 else None,
    }


def _at_equal_cost(counts: Counts, mixture: Sequence[int], cost: Sequence[float], single: Sequence[int]) -> dict[str, Any]:
    chosen = [place for place, k in enumerate(mixture) if k]
    budget = sum(k * each for k, each in zip(single, cost, strict=True))
    split = affordable(chosen, cost, budget, [min(n for n, _ in row) for row in counts.counts])
    gain = passes(counts, split) - passes(counts, tuple(single))
    return {"samples": sum(split), "against_best": asdict(bootstrap(gain, seed=SEED))}
