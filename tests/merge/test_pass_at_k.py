"""pass@k and ensembles, against enumeration on small cases and drawing on large ones."""

import math
import random
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from merge.evaluation.ensembles import Counts, affordable, best_mixture, best_single, held_out_gain, passes, single, uniform
from merge.evaluation.pass_at_k import miss, pass_at_k, pass_at_k_of
from trainer.intervals import bootstrap


@given(st.integers(1, 9), st.data())
@settings(max_examples=150, deadline=None)
def test_it_is_the_share_of_all_ways_to_draw(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    right = [number < c for number in range(n)]
    draws = list(combinations(right, k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(map(any, draws)) / len(draws))


@given(st.integers(1, 1000), st.data())
@settings(max_examples=200, deadline=None)
def test_it_is_stable_and_never_leaves_0_to_1(n: int, data: st.DataObject) -> None:
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    found = pass_at_k(n, c, k)
    assert 0 <= found <= 1
    exact = 1 - math.comb(n - c, k) / math.comb(n, k)  # of whole numbers, rounded once
    assert found == pytest.approx(exact, abs=1e-12)


def test_ends_and_what_cannot_be() -> None:
    assert pass_at_k(1000, 1, 1000) == 1
    assert pass_at_k(1000, 0, 1000) == 0
    assert pass_at_k(1000, 1, 1) == pytest.approx(0.001)
    for n, c, k in ((3, 4, 1), (3, 1, 4), (3, -1, 1)):
        with pytest.raises(ValueError, match="give 0 <= c <= n"):
            miss(n, c, k)
    assert np.isnan(pass_at_k_of([(4, 1), (8, 1)], 5)).tolist() == [True, False]


def test_intervals_are_over_problems() -> None:
    values = np.random.default_rng(1).random(400)
    found = bootstrap(values)
    assert found.low < found.value < found.high
    wanted = 1.96 * values.std() / 20
    assert found.high - found.value == pytest.approx(wanted, rel=0.15)
    assert bootstrap([0.5, float("nan"), 0.5]).value == 0.5
    with pytest.raises(ValueError, match="no problem"):
        bootstrap([float("nan")])


def counts(*rows: list[tuple[int, int]]) -> Counts:
    return Counts(tuple(map(str, range(len(rows)))), tuple(map(tuple, rows)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_ensemble_is_the_share_of_all_ways_to_draw(data: st.DataObject) -> None:
    models = [(n := data.draw(st.integers(1, 5)), data.draw(st.integers(0, n))) for _ in range(2)]
    split = tuple(data.draw(st.integers(0, n)) for n, _ in models)
    draws = [list(combinations([number < c for number in range(n)], k)) for (n, c), k in zip(models, split, strict=True)]
    ways = list(product(*draws))
    wanted = sum(any(map(any, way)) for way in ways) / len(ways)
    assert passes(counts(*[[model] for model in models]), split)[0] == pytest.approx(wanted)


def test_an_ensemble_is_what_drawing_gives_on_large_cases() -> None:
    given_counts = counts([(250, 3), (250, 0), (250, 40)], [(250, 0), (250, 7), (250, 2)])
    rng = random.Random(3)
    hits = np.zeros(3)
    for _ in range(4000):
        for problem in range(3):
            hits[problem] += any(
                any(rng.sample([number < row[problem][1] for number in range(250)], 16)) for row in given_counts.counts
            )
    assert passes(given_counts, (16, 16)) == pytest.approx(hits / 4000, abs=0.03)


def test_splits_spend_the_whole_budget() -> None:
    assert uniform(4, (0, 2, 3), 8) == (3, 0, 3, 2)
    assert single(3, 1, 5) == (0, 5, 0)
    with pytest.raises(ValueError, match="split"):
        passes(counts([(2, 1)]), (1, 1))


def test_equal_cost_buys_fewer_samples_of_what_costs_more() -> None:
    assert affordable((0, 1), (1.0, 3.0), 8.0, (9, 9)) == (2, 2)
    assert affordable((0, 1), (1.0, 3.0), 5.0, (9, 9)) == (2, 1)
    assert affordable((0,), (1.0, 3.0), 5.5, (9, 9)) == (5, 0)
    assert affordable((0,), (1.0, 3.0), 5.5, (3, 9)) == (3, 0)
    assert affordable((1,), (1.0, 3.0), 2.0, (9, 9)) == (0, 0)


def test_the_best_mixture_is_found_where_ends_are_complementary() -> None:
    low, high = [(64, 32), (64, 0)] * 10, [(64, 0), (64, 32)] * 10
    middle = [(64, 6)] * 20
    complementary = counts(low, middle, high)
    mixture = best_mixture(complementary, 8)
    assert sum(mixture) == 8
    assert mixture[1] == 0
    assert passes(complementary, mixture).mean() > passes(complementary, best_single(complementary, 8)).mean() + 0.3
    found = held_out_gain(complementary, 8, halvings=5)
    assert found.gain.low > 0.2
    assert found.mixture - found.single == pytest.approx(found.gain.value)
    assert sum(found.shares) == pytest.approx(1)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_chosen_mixture_is_never_worse_than_the_best_single(data: st.DataObject) -> None:
    rows = [[(12, data.draw(st.integers(0, 12))) for _ in range(4)] for _ in range(3)]
    budget = data.draw(st.integers(1, 12))
    mixture = best_mixture(counts(*rows), budget)
    assert sum(mixture) == budget
    assert passes(counts(*rows), mixture).mean() >= passes(counts(*rows), best_single(counts(*rows), budget)).mean() - 1e-9


def test_nested_models_gain_nothing_on_problems_that_did_not_choose() -> None:
    rng = random.Random(5)
    strong = [(100, rng.randint(20, 80)) for _ in range(40)]
    found = held_out_gain(counts(strong, [(n, c // 4) for n, c in strong]), 8)
    assert abs(found.gain.value) < 0.01
