"""The abstract's claims, each with what a study found and whether that agrees.

How each is decided stands in docs/explanation/study-plan.md, and nothing else decides it. Intervals are over problems, pooled
over training seeds.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

FLAT = 0.1
"""A solve rate that changes by less counts as nearly the same."""


SMALLEST = 0.005
"""An ensemble's gain of less is none that anybody would notice."""


class Outcome(StrEnum):
    """Of a claim, in this study."""

    AGREE = "agree"
    DISAGREE = "disagree"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Claim:
    """`paper`: what it says. `found`: the numbers."""

    name: str
    paper: str
    found: str
    outcome: Outcome


def claims_of(pooled: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each claim."""
    frontier = pooled["frontier"]
    ends = frontier["ends"]
    rows = [
        Claim(
            "higher coverage, fewer optimization failures",
            "Checkpoints trained with more of the tests fail less often by time and memory.",
            f"optimization failures, coverage high − low: {_interval(ends['optimization'])}",
            _sign(ends["optimization"], wanted=-1),
        ),
        Claim(
            "higher coverage, more correctness failures",
            "They fail more often by wrong answers and the like.",
            f"correctness failures, high − low: {_interval(ends['correctness'])}",
            _sign(ends["correctness"], wanted=1),
        ),
        Claim(
            "nearly the same solve rate",
            "The solve rate on hard problems is nearly unchanged between the ends.",
            f"solve rate, high − low: {_interval(ends['solved'])} (nearly the same: within ±{FLAT:g})",
            _within(ends["solved"], FLAT),
        ),
        _interpolation(frontier),
        _extrapolation(frontier, above=True),
        _extrapolation(frontier, above=False),
        Claim(
            "extrapolation extends the frontier",
            "The frontier reaches beyond the trained ends, with no more training.",
            f"area (hypervolume) beyond that of the ends: {_interval(frontier['extrapolated_gain'])}"
            if "extrapolated_gain" in frontier
            else "no alpha outside of 0 to 1 was evaluated",
            _sign(frontier["extrapolated_gain"], wanted=1) if "extrapolated_gain" in frontier else Outcome.CANNOT_TELL,
        ),
        *(_ensemble(each) for each in pooled["ensembles"] if each["held_out"] and each["budget"] > 1),
    ]
    return [asdict(row) for row in rows]


def _interpolation(frontier: Mapping[str, Any]) -> Claim:
    smooth = frontier["monotone"]
    found = ", ".join(f"{name} {'monotone' if value else 'not monotone'}" for name, value in smooth.items())
    return Claim(
        "interpolation recovers the frontier",
        "Models between the ends lie on a path between them.",
        f"from alpha 0 to 1 (a step back of up to 0.02 is let pass): {found}",
        Outcome.AGREE if all(smooth.values()) else Outcome.DISAGREE,
    )


def _extrapolation(frontier: Mapping[str, Any], *, above: bool) -> Claim:
    kind = "optimization" if above else "correctness"
    side = "above 1" if above else "below 0"
    points = [each for each in frontier["beyond"] if (each["alpha"] > 1) == above]
    name = f"extrapolation passes the {'high' if above else 'low'} end"
    paper = f"With alpha {side} there are still fewer {kind} failures than at the trained end."
    if not points:
        return Claim(name, paper, f"no alpha {side} was evaluated", Outcome.CANNOT_TELL)
    best = max(points, key=lambda each: each["past"]["low"])
    found = (
        f"alpha {best['alpha']:g}: {kind} failures fewer by {_interval(best['past'])}, "
        f"the other kind more by {_interval(best['paid'])}, "
        f"solve rate {_interval(best['solved'])}"
    )
    return Claim(name, paper, found, _sign(best["past"], wanted=1))


def _ensemble(each: Mapping[str, Any]) -> Claim:
    gain = each["held_out"]["gain"]
    return Claim(
        f"ensembles win at {each['budget']} samples",
        "At a matched budget a mixture of alphas solves more than the best single checkpoint.",
        f"mixture {each['held_out']['mixture']:.3f}, single {each['held_out']['single']:.3f}, both chosen on other problems; "
        f"difference {_interval(gain)}",
        _sign(gain, wanted=1) if abs(gain["value"]) >= SMALLEST else Outcome.CANNOT_TELL,
    )


def _sign(interval: Mapping[str, float], *, wanted: int) -> Outcome:
    """Agrees when the whole interval has the sign, disagrees when the whole of it has the other."""
    low, high = sorted((wanted * interval["low"], wanted * interval["high"]))
    if low > 0:
        return Outcome.AGREE
    return Outcome.DISAGREE if high < 0 else Outcome.CANNOT_TELL


def _within(interval: Mapping[str, float], bound: float) -> Outcome:
    if -bound <= interval["low"] and interval["high"] <= bound:
        return Outcome.AGREE
    return Outcome.DISAGREE if interval["low"] > bound or interval["high"] < -bound else Outcome.CANNOT_TELL


def _interval(value: Mapping[str, float]) -> str:
    return f"{value['value']:+.3f} [{value['low']:+.3f}, {value['high']:+.3f}]"
