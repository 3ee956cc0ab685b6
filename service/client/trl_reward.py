"""A reward function for TRL's GRPOTrainer (and whatever else calls reward functions as it does): 1.0 for AC, else 0.0.

    trainer = GRPOTrainer(model, reward_funcs=coverage_reward("http://127.0.0.1:8077", coverage=0.5), train_dataset=dataset)

Each row of the data set names its problem in a column: the id of a stored one, or a whole one. A step's completions are judged in
one batch. Where the judge itself failed the reward is None, which TRL leaves out of the mean; a judge that cannot be
reached, or that refuses what it is sent, stops the training with an error. Needs nothing of TRL.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.client import Patience, TierlineClient
from service.client.rollouts import MAX_SOURCE_BYTES, problem_of, program_of
from service.schemas import Submission, Verdict

Completion = str | Sequence[Mapping[str, Any]]
Reward = Callable[..., list[float | None]]


def coverage_reward(
    url: str,
    coverage: float = 1.0,
    *,
    column: str = "problem",
    language: str = "python",
    key: str | None = None,
    patience: Patience | None = None,
    max_source_bytes: int = MAX_SOURCE_BYTES,
    **submission: Any,
) -> Reward:
    """A function that rewards programs that pass the smallest `coverage` of their problem's tests, and has that in its name.

    The program is the last fenced block of a completion; without one, or past `max_source_bytes`, the reward is 0.0. `submission`
    goes into each submission as it is: time_limit_s, memory_limit_mb, mode.
    """
    common = {"coverage": coverage, "language": language, "details": False, **submission}

    def reward(prompts: Sequence[Any], completions: Sequence[Completion], **columns: Any) -> list[float | None]:
        found = ((index, program_of(completion, max_source_bytes)) for index, completion in enumerate(completions))
        programs = [(index, program) for index, program in found if program is not None]
        sent = (Submission(problem=problem_of(columns[column][index]), source=program, **common) for index, program in programs)
        rewards: list[float | None] = [0.0] * len(completions)
        with TierlineClient(url, key=key, patience=patience, raise_on_judge_error=False) as judge:
            for number, result in judge.batch(sent):
                unknown = result.verdict in (None, Verdict.JE)
                rewards[programs[number][0]] = None if unknown else float(result.verdict is Verdict.AC)
        return rewards

    reward.__name__ = f"coverage_{coverage:g}"
    return reward
