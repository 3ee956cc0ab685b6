"""A `compute_score` for verl's `reward.custom_reward_function`, judged at a coverage: 1.0 for AC, else 0.0.

    reward.custom_reward_function.path=pkg://service.client.verl_score
    +reward.custom_reward_function.reward_kwargs.url=http://judge:8077
    +reward.custom_reward_function.reward_kwargs.coverage=0.5

`ground_truth` is the id of a stored problem, or a whole one as JSON (verl's own `inputs` and `outputs` will do). Where the judge
itself failed this raises JudgeFailed: verl has no reward for "nobody knows", and 0 would be a lie. Needs nothing of verl.
"""

from functools import cache
from typing import Any

from service.client import TierlineClient
from service.client.rollouts import MAX_SOURCE_BYTES, problem_of, program_of
from service.schemas import Failure, Submission, Verdict


@cache
def _judge(url: str, key: str | None) -> TierlineClient:
    """One for all threads of a process, which keeps its connections."""
    return TierlineClient(url, key=key)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: dict[str, Any] | None = None,
    *,
    url: str,
    coverage: float = 1.0,
    language: str = "python",
    key: str | None = None,
    max_source_bytes: int = MAX_SOURCE_BYTES,
    reward_router_address: str | None = None,
    reward_model_tokenizer: Any = None,
    **submission: Any,
) -> dict[str, float]:
    """`score`, and figures that verl logs beside it. What is of no use here (data source, reward model) verl hands over anyway.

    `submission` goes into the submission as it is: time_limit_s, memory_limit_mb, mode.
    """
    program, common = program_of(solution_str, max_source_bytes), {"coverage": coverage, "language": language, **submission}
    if program is None:
        return _told(Verdict.CE, Failure.CORRECTNESS, 0.0)
    sent = Submission(problem=problem_of(ground_truth), source=program, details=False, **common)
    result = _judge(url, key).judge(sent)
    return _told(result.verdict, result.failure, result.coverage_passed)


def _told(verdict: Verdict | None, failure: Failure | None, coverage_passed: float) -> dict[str, float]:
    score = float(verdict is Verdict.AC)
    failures = {f"{kind}_failure": float(failure is kind) for kind in Failure}
    return {"score": score, "acc": score, "coverage_passed": coverage_passed, **failures}
