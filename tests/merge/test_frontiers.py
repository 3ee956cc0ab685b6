"""The frontier in numbers worked out by hand."""

import numpy as np
import pytest

from merge.evaluation.alpha_values import parse_alphas
from merge.evaluation.claims import FLAT, Outcome, claims_of
from merge.evaluation.frontiers import Point, beyond, efficient_points, hypervolume, hypervolume_gain


def point(alpha: float, optimization: float, correctness: float, problems: int = 50) -> Point:
    rng = np.random.default_rng(int(alpha * 100) + 500)
    shares = np.array([[optimization, correctness, 1 - optimization - correctness]] * problems)
    noise = rng.normal(0, 0.01, (problems, 3))
    noise -= noise.mean(axis=0)
    return Point(alpha, shares + noise)


def test_hypervolume_is_the_area_that_is_beaten() -> None:
    assert hypervolume([(0.5, 0.5)]) == pytest.approx(0.25)
    assert hypervolume([(0.2, 0.6), (0.6, 0.2)]) == pytest.approx(0.8 * 0.4 + 0.4 * 0.4)
    assert hypervolume([(0.2, 0.6), (0.6, 0.2), (0.7, 0.7)]) == pytest.approx(0.48)  # a beaten point adds nothing
    assert hypervolume([(1.0, 0.0)]) == 0
    assert hypervolume([]) == 0


def test_efficient_points_are_those_that_no_other_beats() -> None:
    assert efficient_points([(0.2, 0.6), (0.6, 0.2), (0.7, 0.7), (0.6, 0.2)]) == [0, 1, 3]


def test_what_lies_beyond_an_end_is_told_from_what_lies_inside() -> None:
    low, high = point(0, 0.6, 0.2), point(1, 0.2, 0.5)
    further = beyond(high, point(1.5, 0.1, 0.6))
    assert further.past.value == pytest.approx(0.1)
    assert further.past.low > 0
    assert further.paid.value == pytest.approx(0.1)
    assert further.solved.value == pytest.approx(0.0, abs=1e-9)
    inside = beyond(low, point(-0.5, 0.65, 0.25))
    assert inside.past.high < 0  # more correctness failures than at the end it should have passed
    gain = hypervolume_gain([low, high], [point(1.5, 0.1, 0.6), point(-0.5, 0.7, 0.1)])
    assert gain.low > 0
    assert gain.value == pytest.approx(
        hypervolume([(0.6, 0.2), (0.2, 0.5), (0.1, 0.6), (0.7, 0.1)]) - hypervolume([(0.6, 0.2), (0.2, 0.5)])
    )
    assert hypervolume_gain([low, high], [point(2, 0.7, 0.7)]).value == 0


def interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def pooled(**changes: object) -> dict[str, object]:
    frontier: dict[str, object] = {
        "ends": {
            "optimization": interval(-0.4, -0.5, -0.3),
            "correctness": interval(0.3, 0.2, 0.4),
            "solved": interval(0.02, -0.05, 0.08),
        },
        "monotone": {"optimization": True, "correctness": True},
        "beyond": [
            {"alpha": 1.5, "past": interval(0.1, 0.05, 0.2), "paid": interval(0.1, 0, 0.2), "solved": interval(0, -0.1, 0.1)},
            {"alpha": -0.5, "past": interval(-0.1, -0.2, -0.05), "paid": interval(0.1, 0, 0.2), "solved": interval(0, -0.1, 0.1)},
        ],
        "extrapolated_gain": interval(0.01, -0.01, 0.03),
    }
    gain = {"gain": interval(-0.1, -0.2, -0.05), "mixture": 0.5, "single": 0.6}
    return {"frontier": {**frontier, **changes}, "ensembles": [{"budget": 8, "held_out": gain}, {"budget": 1, "held_out": gain}]}


def test_each_claim_is_decided_by_its_interval() -> None:
    found = {claim["name"]: claim["outcome"] for claim in claims_of(pooled())}
    assert found == {
        "higher coverage, fewer optimization failures": Outcome.AGREE,
        "higher coverage, more correctness failures": Outcome.AGREE,
        "nearly the same solve rate": Outcome.AGREE,
        "interpolation recovers the frontier": Outcome.AGREE,
        "extrapolation passes the high end": Outcome.AGREE,
        "extrapolation passes the low end": Outcome.DISAGREE,
        "extrapolation extends the frontier": Outcome.CANNOT_TELL,
        "ensembles win at 8 samples": Outcome.DISAGREE,
    }
    ends = {
        "optimization": interval(0.1, -0.1, 0.3),
        "correctness": interval(-0.3, -0.4, -0.2),
        "solved": interval(0.3, FLAT * 2, 0.4),
    }
    found = {claim["name"]: claim["outcome"] for claim in claims_of(pooled(ends=ends, beyond=[]))}
    assert found["higher coverage, fewer optimization failures"] is Outcome.CANNOT_TELL
    assert found["higher coverage, more correctness failures"] is Outcome.DISAGREE
    assert found["nearly the same solve rate"] is Outcome.DISAGREE
    assert found["extrapolation passes the high end"] is Outcome.CANNOT_TELL


def test_alphas_are_numbers_or_a_range() -> None:
    assert parse_alphas("-1:2:0.5") == (-1, -0.5, 0, 0.5, 1, 1.5, 2)
    assert parse_alphas("0:0.3:0.1") == (0, 0.1, 0.2, 0.3)
    assert parse_alphas("1,0,1") == (0, 1)
    for text in ("1:0:0.5", "0:1:0", "0:1", "a", "", "nan", "0:1:-1"):
        with pytest.raises(ValueError, match="alphas: "):
            parse_alphas(text)
