"""Verdicts on rollouts, by a real judge."""

from typing import Any

import httpx
import pytest

from service.client import Patience, TierlineClient
from service.errors import TierlineError
from service.schemas import Failure, Verdict
from tests.service.serving import A_PLUS_B, RIGHT, WRONG, Serving
from trainer.judging import Counts, Judged, Judging, RewardKind
from trainer.rollout import Rollout
from trainer.sampling import FinishReason
from trainer.settings import Answer, AnswerKind
from trainer.tasks import Task

PROBLEM = "judging-test"
HALF = "n = sum(map(int, input().split()))\nprint(n if n < 3 else 0)"
"""Passes the first two of the four tests."""


def rollout(source: str | None, kind: AnswerKind = AnswerKind.PROGRAM, error: str = "") -> Rollout:
    answer = None if source is None else Answer(kind, source)
    return Rollout(Task(PROBLEM, "Add."), 1, (1,), (2,), (True,), (), answer, (FinishReason.STOP,), error)


@pytest.fixture
def patient(judge: Serving) -> Any:
    with TierlineClient(judge.url, raise_on_judge_error=False) as client:
        client.put_problem(PROBLEM, client_problem())
        yield client


def client_problem() -> Any:
    from service.schemas import Problem

    return Problem.model_validate(A_PLUS_B)


def test_each_rollout_gets_its_verdict_and_the_same_program_is_sent_once(patient: TierlineClient) -> None:
    marked = f"{RIGHT}  # {id(object())}"
    given = [
        rollout(marked),
        rollout(WRONG),
        rollout(marked),
        rollout("", AnswerKind.TRUNCATED),
        rollout(None, error="lost"),
        rollout(HALF),
    ]
    with Judging(patient, 1.0, batch=2) as judging:
        for place, each in enumerate(given):
            judging.put(place, each)
        found = judging.verdicts()
        assert judging.verdicts() == {}
        judging.put(7, given[1])
        assert judging.verdicts()[7].known_before
    assert [found[place].verdict for place in range(6)] == [Verdict.AC, Verdict.WA, Verdict.AC, None, None, Verdict.WA]
    assert [found[place].known_before for place in (0, 2)] == [False, True]
    assert found[1].failure is Failure.CORRECTNESS
    assert (found[4].unknown, found[4].error) == (True, "lost")
    assert [found[place].reward(RewardKind.PASSED, 1.0) for place in range(6)] == [1, 0, 1, 0, None, 0]
    assert found[5].reward(RewardKind.SHARE, 1.0) == 0.5
    counts = Counts()
    for place, each in enumerate(given):
        counts.add(each, found[place])
    shares = counts.shares()
    assert (counts.known, counts.unknown) == (5, 1)
    assert shares["solve_rate"] == 0.4
    assert shares["failures/correctness"] == 0.4
    assert shares["answers/truncated"] == 0.2
    assert shares["judge/unknown"] == pytest.approx(1 / 6)


def test_coverage_is_what_must_pass(patient: TierlineClient) -> None:
    with Judging(patient, 0.5) as judging:
        judging.put(0, rollout(HALF))
        found = judging.verdicts()[0]
    assert found.solved
    assert found.reward(RewardKind.PASSED, 0.5) == found.reward(RewardKind.SHARE, 0.5) == 1


def test_what_the_judge_could_not_judge_is_no_reward() -> None:
    assert Judged(unknown=True).reward(RewardKind.PASSED, 1.0) is None
    assert Judged(unknown=True).reward(RewardKind.SHARE, 0.5) is None
    assert Judged(Verdict.TLE, Failure.OPTIMIZATION, 0.25).reward(RewardKind.SHARE, 0.5) == 0.5


def test_a_judge_that_stays_away_or_refuses_is_an_error(patient: TierlineClient) -> None:
    unknown = Rollout(
        Task("no-such-problem", ""), 1, (1,), (2,), (True,), (), Answer(AnswerKind.PROGRAM, RIGHT), (FinishReason.STOP,)
    )
    with Judging(patient, 1.0) as judging:
        judging.put(0, unknown)
        with pytest.raises(TierlineError, match="no-such-problem"):
            judging.verdicts()
    gone = TierlineClient("http://127.0.0.1:9", raise_on_judge_error=False, patience=Patience(attempts=2, pause_s=0.01))
    with gone, Judging(gone, 1.0) as judging:
        judging.put(0, rollout(RIGHT))
        with pytest.raises((TierlineError, httpx.HTTPError)):
            judging.verdicts()
