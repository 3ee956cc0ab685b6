"""Real tests of real sizes: fast programs are right on all, quadratic ones on the small tiers only.

Limits are those of index.json: 5 s and 1024 MiB (aplusb: 2 s). Every program here is our own.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from service.schemas import Failure, Result, Stop, Submission, Verdict

FOLDER = Path(__file__).parent
LANGUAGES = {".py": "python", ".cpp": "cpp17"}
FAST = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/fast.*"))
SLOW = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/slow.*"))
TIERS_PASSED = {
    "enumerate_triangles/slow.cpp": 2,
    "enumerate_triangles/slow.py": 1,
    "point_add_range_sum/slow.cpp": 3,
    "point_add_range_sum/slow.py": 3,
    "primality_test/slow.cpp": 1,
    "primality_test/slow.py": 1,
    "staticrmq/slow.cpp": 3,
    "staticrmq/slow.py": 3,
    "unionfind/slow.cpp": 1,
    "unionfind/slow.py": 1,
}
"""At least so many of the four tiers are right; the last never is."""

Judge = Callable[[Submission], Result]


Judged = dict[str, Future[Result]]


@pytest.fixture(scope="module")
def judged(judge: Judge, request: pytest.FixtureRequest) -> Iterator[Judged]:
    """What becomes of each file that a test asks for, in their order; two at a time, for there are two boxes."""
    asked = [
        item.callspec.params["file"]
        for item in request.session.items
        if item.path == Path(__file__) and hasattr(item, "callspec")
    ]
    with ThreadPoolExecutor(2) as both_boxes:
        yield {file: both_boxes.submit(judge, _submission(file)) for file in asked}
        both_boxes.shutdown(cancel_futures=True)


def _submission(file: str) -> Submission:
    path = FOLDER / file
    stop = Stop.FIRST_FAILURE if path.stem == "slow" else Stop.NEVER
    return Submission(problem=path.parent.name, language=LANGUAGES[path.suffix], source=path.read_text(), stop=stop)


def test_there_are_six_problems_and_slow_programs_for_all_but_one(index: dict[str, Any]) -> None:
    assert sorted(index) == sorted({file.split("/")[0] for file in FAST})
    assert len(FAST) == 12
    assert sorted(SLOW) == sorted(TIERS_PASSED)
    assert set(index) - {file.split("/")[0] for file in SLOW} == {"aplusb"}


@pytest.mark.parametrize("file", FAST)
def test_fast_program_is_right_on_every_test(file: str, judged: Judged, index: dict[str, Any]) -> None:
    result = judged[file].result()
    wrong = [(test.input_bytes, test.verdict, test.cpu_s, test.message) for test in result.tests if test.verdict != Verdict.AC]
    assert not wrong, result.error or result.compile.log
    assert result.verdict == Verdict.AC
    assert len(result.tests) == len(index[file.split("/")[0]]["tests"])


@pytest.mark.parametrize("file", SLOW)
def test_quadratic_program_is_right_when_small_and_fails_by_optimization_when_large(file: str, judged: Judged) -> None:
    result = judged[file].result()
    verdicts = [tier.verdict for tier in result.tiers]
    assert verdicts[: TIERS_PASSED[file]] == [Verdict.AC] * TIERS_PASSED[file], result.error or result.compile.log
    assert result.verdict == Verdict.TLE
    assert result.failure == Failure.OPTIMIZATION
