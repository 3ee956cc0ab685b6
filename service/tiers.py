"""Ranks, coverage and tiers, and how verdicts of tests become those of tiers and of the submission. Pure; no I/O.

Tests are ranked by (size, original index). Coverage c takes the smallest ceil(c·n) of them, so a lower coverage is always a
subset of a higher one. Tier k holds the ranks that level k covers and level k-1 does not; where two levels cover the same
tests (few tests, many levels) the upper tier is kept, empty: `tests` 0 and verdict None, so that tier numbers mean the same
level for every problem.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.schemas import Failure, Result, Stop, TestResult, TierResult, Verdict

_CORRECTNESS = frozenset({Verdict.WA, Verdict.RTE, Verdict.OLE, Verdict.CE})
_SLACK = 1e-9
"""Coverage comes as a float, so 0.1·10 or (5/7)·7 may land a hair above the whole number that was meant. Far over the
rounding error of c·n for any n we accept, far under the step between two coverages that anybody means."""


def covered(coverage: float, tests: int) -> int:
    """How many of the smallest tests a coverage takes: ceil(coverage·tests), at least 1."""
    return min(tests, max(1, math.ceil(coverage * tests - _SLACK)))


def levels(tiers: int | Sequence[float]) -> tuple[float, ...]:
    """The coverage level that each tier ends at; a number stands for that many equal steps."""
    if isinstance(tiers, int):
        return tuple(step / tiers for step in range(1, tiers + 1))
    return tuple(tiers)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The tests of a problem in the order they are judged."""

    order: tuple[int, ...]
    """Original index of the test at each rank."""
    tier: tuple[int, ...]
    """Tier of each rank, from 1; never falls."""
    levels: tuple[float, ...]
    """Coverage that tier k ends at is `levels[k - 1]`."""
    ends: tuple[int, ...]
    """Rank after the last one of tier k is `ends[k - 1]`."""

    @classmethod
    def of(cls, sizes: Sequence[int], tiers: int | Sequence[float]) -> "Ranking":
        """Rank tests by their sizes, given in original order, and cut them into tiers."""
        steps = levels(tiers)
        ends = tuple(covered(level, len(sizes)) for level in steps)
        tier: list[int] = []
        for number, end in enumerate(ends, 1):
            tier += [number] * (end - len(tier))
        return cls(tuple(sorted(range(len(sizes)), key=sizes.__getitem__)), tuple(tier), steps, ends)

    def __len__(self) -> int:
        return len(self.order)

    def end_after(self, stop: Stop, failed_rank: int, coverage_end: int) -> int:
        """The rank to stop before, once the test at `failed_rank` has failed; never past `coverage_end`."""
        if stop is Stop.FIRST_FAILURE:
            return failed_rank + 1
        if stop is Stop.TIER:
            return min(coverage_end, self.ends[self.tier[failed_rank] - 1])
        return coverage_end


def fold_tiers(ranking: Ranking, tests: Sequence[TestResult]) -> list[TierResult]:
    """Tier verdicts of the tests so far, by rank: the first failing test's, AC once all its tests are, else None."""
    results, start = [], 0
    for number, (level, end) in enumerate(zip(ranking.levels, ranking.ends, strict=True), 1):
        results.append(_fold_tier(number, level, end - start, tests[start:end]))
        start = end
    return results


def _fold_tier(number: int, level: float, size: int, tests: Sequence[TestResult]) -> TierResult:
    if not tests:
        return TierResult(tier=number, coverage=level, tests=size)
    passed = sum(test.verdict is Verdict.AC for test in tests)
    verdict = first_failure(tests)
    if verdict is None and passed == size:
        verdict = Verdict.AC
    return TierResult(
        tier=number,
        coverage=level,
        verdict=verdict,
        tests=size,
        passed=passed,
        cpu_s=max((test.cpu_s for test in tests if test.cpu_s is not None), default=None),
        memory_mb=max((test.memory_mb for test in tests if test.memory_mb is not None), default=None),
    )


def first_failure(tests: Iterable[TestResult]) -> Verdict | None:
    """The verdict of the first judged test that is not AC."""
    return next((test.verdict for test in tests if test.verdict is not None and test.verdict is not Verdict.AC), None)


def passed_before_failure(tests: Iterable[TestResult]) -> int:
    """How many tests by rank are AC before the first that is not, or was not judged."""
    count = 0
    for test in tests:
        if test.verdict is not Verdict.AC:
            break
        count += 1
    return count


def failure_of(verdicts: Iterable[Verdict | None]) -> Failure | None:
    """Which way a submission failed; None when nothing judged failed. JE is no failure of the program: ask before."""
    failed = {verdict for verdict in verdicts if verdict is not None and verdict is not Verdict.AC}
    if not failed:
        return None
    return Failure.CORRECTNESS if failed & _CORRECTNESS else Failure.OPTIMIZATION


def fold(result: Result, ranking: Ranking, tests: Sequence[TestResult]) -> None:
    """Fill in verdict, failure, coverage_passed and tiers from the tests by rank, without the last ones if they were not judged.

    One JE among them makes the whole result JE without a failure: what the test hid could have changed either.
    """
    result.tiers = fold_tiers(ranking, tests)
    result.coverage_passed = passed_before_failure(tests) / len(ranking)
    if any(test.verdict is Verdict.JE for test in tests):
        result.verdict, result.failure = Verdict.JE, None
        return
    result.verdict = first_failure(tests) or Verdict.AC
    result.failure = failure_of(test.verdict for test in tests)


def fold_compile_error(result: Result, ranking: Ranking, tests: Sequence[TestResult]) -> None:
    """The result of a program that does not compile: no test is judged, and that is a failure of correctness."""
    fold(result, ranking, tests)
    result.verdict, result.failure = Verdict.CE, Failure.CORRECTNESS
