"""Sums are rounded once, against exact fractions."""

from fractions import Fraction

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from merge.arithmetic import only_one, round_to, weighted_sum, widen, working_dtype

ALPHAS = st.floats(-3, 4, allow_nan=False)
NUMBERS = hnp.arrays(np.float32, 17, elements=st.floats(-1e4, 1e4, width=32))


def merged(low: torch.Tensor, high: torch.Tensor, alpha: float, output: torch.dtype, float64: bool = False) -> torch.Tensor:
    working = working_dtype(output, float64)
    inputs = [widen(tensor, torch.empty(tensor.shape, dtype=working)) for tensor in (low, high)]
    total = torch.empty_like(inputs[0])
    weighted_sum(inputs, (1 - alpha, alpha), total)
    return round_to(total, torch.empty(total.shape, dtype=output))


@settings(deadline=None)
@given(low=NUMBERS, high=NUMBERS, alpha=ALPHAS)
def test_fp32_is_within_half_an_ulp_and_what_float64_errs(low: np.ndarray, high: np.ndarray, alpha: float) -> None:
    found = merged(torch.tensor(low), torch.tensor(high), alpha, torch.float32).tolist()
    for value, a, b in zip(found, low.tolist(), high.tolist(), strict=True):
        first, second = Fraction(1 - alpha) * Fraction(a), Fraction(alpha) * Fraction(b)
        exact = first + second
        exponent = max(-126, int(np.frexp(abs(float(exact)))[1]) - 1)
        float64_errs = (abs(first) + abs(second)) / 2**51
        assert abs(Fraction(value) - exact) <= Fraction(2) ** (exponent - 24) + float64_errs


def half_ulps(found: torch.Tensor, low: torch.Tensor, high: torch.Tensor, alpha: float) -> list[Fraction]:
    """Distance of each number from the exact sum, in halves of a bf16's last place."""
    distances = []
    for value, a, b in zip(found.tolist(), low.tolist(), high.tolist(), strict=True):
        exact = Fraction(1 - alpha) * Fraction(a) + Fraction(alpha) * Fraction(b)
        exponent = max(-126, int(np.frexp(float(abs(exact)))[1]) - 1)
        distances.append(abs(Fraction(value) - exact) / (Fraction(2) ** (exponent - 8)))
    return distances


@pytest.mark.parametrize(("float64", "bound"), [(True, 1 + Fraction(1, 2**40)), (False, 1 + Fraction(1, 2**9))])
@settings(deadline=None)
@given(low=NUMBERS, high=NUMBERS, alpha=ALPHAS)
def test_bf16_is_within_half_an_ulp(low: np.ndarray, high: np.ndarray, alpha: float, float64: bool, bound: Fraction) -> None:
    first, second = torch.tensor(low).bfloat16(), torch.tensor(high).bfloat16()
    found = merged(first, second, alpha, torch.bfloat16, float64)
    # cancellation leaves fp32 less exact: its error is relative to the larger product
    largest = max(1e-30, (1 - alpha) * first.abs().max().item(), abs(alpha) * second.abs().max().item())
    for value, distance in zip(found.tolist(), half_ulps(found, first, second, alpha), strict=True):
        assert distance <= bound or (not float64 and abs(value) < largest / 256)


def rounded(values: torch.Tensor) -> torch.Tensor:
    return round_to(values, torch.empty(values.shape, dtype=torch.bfloat16))


@given(hnp.arrays(np.float64, 9, elements=st.floats(-1e30, 1e30)))
def test_float64_is_rounded_to_bf16_once(values: np.ndarray) -> None:
    found = rounded(torch.tensor(values)).double().numpy()
    below, above = neighbours(torch.tensor(found).bfloat16())
    for value, got, down, up in zip(values, found, below, above, strict=True):
        exact = Fraction(float(value))
        assert abs(Fraction(float(got)) - exact) <= min(abs(Fraction(down) - exact), abs(Fraction(up) - exact))


def neighbours(tensor: torch.Tensor) -> tuple[list[float], list[float]]:
    bits = tensor.view(torch.int16).to(torch.int32)
    smaller, larger = (bits - 1).clamp(min=-32768), bits + 1
    to_float = [
        part.to(torch.int16).view(torch.bfloat16).nan_to_num(0, 3e38, -3e38).double().tolist() for part in (smaller, larger)
    ]
    return to_float[0], to_float[1]


def test_rounding_twice_would_differ_and_rounding_once_does_not() -> None:
    just_over_half = torch.tensor([1 + 2.0**-8 + 2.0**-40], dtype=torch.float64)
    assert just_over_half.float().bfloat16().item() == 1  # through float32: a tie, to even
    assert rounded(just_over_half).item() == 1 + 2.0**-7
    assert rounded(-just_over_half).item() == -1 - 2.0**-7


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float32])
def test_widening_changes_no_number(dtype: torch.dtype) -> None:
    values = torch.tensor([0.0, -0.0, 1.5, -2.0, 2.0**-9, 448.0]).to(dtype)
    wide = widen(values, torch.empty(6))
    assert wide.tolist() == values.float().tolist()
    assert torch.signbit(wide).tolist() == [False, True, False, True, False, False]


def test_one_checkpoint_alone_is_seen() -> None:
    assert [only_one(weights) for weights in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.0, 0.5), (0.0, 0.0))] == [
        0,
        1,
        None,
        None,
        None,
    ]
