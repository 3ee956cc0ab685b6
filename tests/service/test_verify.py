"""Expectations: what they object to, and the problem set's own programs judged in real boxes."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import Pool
from sandbox.compiler import Compiler
from sandbox.languages import Languages
from service import problem_set
from service.admission import Admission
from service.expectations import ALL
from service.judging import Judging
from service.languages_view import LanguageTable
from service.problem_set.submissions import ExpectedSubmission
from service.schemas import CompileResult, Failure, Result, Submission, TestResult, TierResult, Verdict
from service.settings import Settings
from service.store import ProblemStore
from service.verify import VerifyRow, compare, verify

AC, WA, TLE, MLE = Verdict.AC, Verdict.WA, Verdict.TLE, Verdict.MLE
SLOW = ExpectedSubmission("brute.py", "", "python", frozenset({AC, TLE}), frozenset({TLE}), tiers=(AC, None, TLE))
RIGHT = ExpectedSubmission("fast.py", "", "python")


def _result(*verdicts: Verdict) -> Result:
    """One test in each tier."""
    tests = [TestResult(index=i, rank=i, tier=i + 1, input_bytes=9, verdict=verdict) for i, verdict in enumerate(verdicts)]
    tiers = [TierResult(tier=i + 1, coverage=(i + 1) / len(verdicts), verdict=verdict) for i, verdict in enumerate(verdicts)]
    first = next((verdict for verdict in verdicts if verdict != AC), AC)
    failure = None if first == AC else Failure.CORRECTNESS if WA in verdicts else Failure.OPTIMIZATION
    return Result(verdict=first, failure=failure, tests=tests, tiers=tiers)


@pytest.mark.parametrize(
    ("program", "result", "why"),
    [
        (RIGHT, _result(AC, AC, AC), None),
        (RIGHT, _result(AC, AC, TLE), "test 2 of 9 bytes is TLE"),
        (SLOW, _result(AC, AC, TLE), None),
        (SLOW, _result(AC, TLE, TLE), None),
        (SLOW, _result(AC, AC, AC), "no test is TLE"),
        (SLOW, _result(AC, WA, TLE), "test 1 of 9 bytes is WA"),
        (SLOW, _result(TLE, TLE, TLE), "tier 1 is TLE"),
        (SLOW, _result(AC, TLE, AC), "tier 3 is AC"),
        (SLOW, _result(AC, TLE), "2 tiers instead of 3"),
        (
            replace(SLOW, permitted=frozenset({AC, TLE, WA}), failure=Failure.OPTIMIZATION, tiers=None),
            _result(WA, TLE),
            "failure is",
        ),
        (RIGHT, Result(verdict=Verdict.JE, error="box died"), "the judge failed: box died"),
        (RIGHT, Result(verdict=Verdict.CE, compile=CompileResult(ok=False, log="line 1")), "does not compile: line 1"),
        (replace(RIGHT, permitted=frozenset({Verdict.CE})), Result(verdict=Verdict.CE, compile=CompileResult(ok=False)), None),
        (RIGHT, Result(verdict=AC), "only 0 of 0 tests"),
    ],
)
def test_objection_names_the_first_thing_that_is_not_as_expected(
    program: ExpectedSubmission, result: Result, why: str | None
) -> None:
    objection = program.objection(result)
    assert objection is None if why is None else objection is not None and objection.startswith(why), objection


def test_tests_that_were_not_judged_are_objected_to() -> None:
    result = _result(AC, AC)
    result.tests[1].verdict = None
    assert RIGHT.objection(result) == "only 1 of 2 tests were judged"


def test_row_shows_verdicts_by_rank_and_the_largest_use() -> None:
    result = _result(AC, TLE, MLE)
    result.tests[1].cpu_s, result.tests[2].cpu_s, result.tests[0].memory_mb = 1.5, 0.5, 7.0
    row = compare("some-problem", RIGHT, result)
    assert (row.tests, row.tiers, row.cpu_s, row.memory_mb) == (".TM", ("AC", "TLE", "MLE"), 1.5, 7.0)
    assert not row.ok


def test_language_that_is_not_installed_is_skipped_with_the_reason() -> None:
    def judge(submission: Submission) -> Result:
        raise AssertionError("nothing to judge")

    report = verify(judge, ["a-plus-b"], languages=())
    assert report.ok
    assert len(report.skipped) == len(report.rows) == 7
    assert report.rows[0].why == "python is not installed"


def test_unknown_problem_is_refused() -> None:
    with pytest.raises(KeyError):
        verify(lambda submission: Result(), ["no-such-problem"])


@pytest.fixture(scope="module")
def judge(pool: Pool, cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Submission], Result]]:
    folder = tmp_path_factory.mktemp("verify")
    store = ProblemStore(folder, fallback=lambda name: problem_set.fill(store, name))
    settings = Settings(data_dir=folder)
    languages = Languages.probe(pool.config)
    judging = Judging(pool, Compiler(pool, languages, cache_dir, settings), languages, store, settings)
    admission = Admission(settings, store, LanguageTable(languages.infos()))
    yield lambda submission: judging.judge(admission.submission(submission, caller=""))
    judging.close()


def test_every_program_of_a_problem_is_as_expected(judge: Callable[[Submission], Result]) -> None:
    told: list[tuple[VerifyRow, int, int]] = []
    report = verify(judge, ["a-plus-b"], lambda row, done, total: told.append((row, done, total)))
    assert [(row.file, row.tests, row.why) for row in report.failed] == []
    programs = problem_set.load("a-plus-b").submissions
    assert [(row.file, done, total) for row, done, total in told] == [
        (program.file_name, number, len(programs)) for number, program in enumerate(programs, 1)
    ]
    assert report.to_dict()["programs"] == len(programs) == 7
    assert report.to_dict()["failed"] == 0


@pytest.mark.parametrize("name", ["topological-order", "merge-intervals", "closest-pair", "word-frequency"])
def test_right_and_wrong_programs_are_as_expected_under_each_checker(name: str, judge: Callable[[Submission], Result]) -> None:
    programs = [program for program in problem_set.load(name).submissions if not program.file_name.startswith("brute.")]
    sent = (Submission(problem=name, language=program.language, source=program.source, stop="never") for program in programs)
    with ThreadPoolExecutor(2) as both_boxes:
        rows = [compare(name, *pair) for pair in zip(programs, both_boxes.map(judge, sent), strict=True)]
    assert len(rows) >= 5
    assert [(row.file, row.tests, row.why) for row in rows if not row.ok] == []


def test_program_that_is_not_as_expected_is_reported(judge: Callable[[Submission], Result]) -> None:
    wrong = next(program for program in problem_set.load("a-plus-b").submissions if program.file_name == "wrong_float.py")
    result = judge(Submission(problem="a-plus-b", language="python", source=wrong.source, stop="never"))
    row = compare("a-plus-b", replace(wrong, permitted=frozenset({AC}), required=ALL, tiers=None), result)
    assert row.tests == ".........WWW"
    assert not row.ok
    assert row.why.startswith("test 9 of ")
