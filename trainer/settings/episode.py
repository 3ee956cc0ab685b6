"""What every setting offers: episodes that ask for completions until there is an answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from trainer.sampling import Completion, Prompt
from trainer.tasks import Task


class AnswerKind(StrEnum):
    """How an episode ended. Only `PROGRAM` is judged; the others are failures of the model, counted by kind."""

    PROGRAM = "program"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    OUT_OF_BUDGET = "out_of_budget"


@dataclass(frozen=True, slots=True)
class Answer:
    """The program that came out of an episode, or why there is none."""

    kind: AnswerKind
    source: str = ""
    detail: str = ""


class Episode(Protocol):
    """One attempt at one task. `prompt` and `observe` take turns until `observe` returns an answer.

    `token_ids` and `written_by_model` (one flag a token) are all that followed the first prompt: completions, and what the
    environment wrote between them, which is masked from the loss.
    """

    task: Task
    prompt_ids: tuple[int, ...]
    token_ids: list[int]
    written_by_model: list[bool]

    def prompt(self) -> Prompt:
        """What to complete next."""

    def observe(self, completion: Completion) -> Answer | None:
        """Take the completion; act on it (run a tool, a command). None when the model is to go on.

        Raises TierlineError or httpx.TransportError when the judge failed or is lost: then nothing is known about the model.
        """

    def close(self) -> None:
        """Give back what it holds, such as a session. May be called twice."""


class Setting(Protocol):
    """How a model works at inference."""

    name: str
    asks_judge: bool
    """Whether episodes wait for the judge while they run: those are acted on in threads, beside the sampler."""

    def open(self, task: Task, tokenizer: Any, seed: int) -> Episode:
        """A fresh attempt. `seed` fixes the random numbers of all its completions."""
