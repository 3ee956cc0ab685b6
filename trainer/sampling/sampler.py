"""What the rest of the trainer and the evaluation know of sampling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

BATCH = 256
"""Prompts completed at once where nobody says how many."""


class FinishReason(StrEnum):
    """Why a completion ended: by the model itself (end of text or a stop string), or for want of tokens."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request for one completion. `stop`: strings that end it; what matched is part of the text.

    `seed` fixes the random numbers. At temperature 0 the likeliest token is taken each time and the seed has no effect.
    """

    token_ids: tuple[int, ...]
    max_tokens: int
    seed: int
    temperature: float = 1.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model wrote: its tokens, the end token included when it came, and the text without special tokens.

    `logprobs` are natural logarithms of each token's probability under the distribution sampled from; empty where the engine
    does not tell.
    """

    token_ids: tuple[int, ...]
    text: str
    finish_reason: FinishReason
    logprobs: tuple[float, ...] = ()


class Sampler(Protocol):
    """A model that completes prompts. May be called from one thread at a time."""

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer, as transformers has it."""

    def sample(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        """Complete them all; (place in `prompts`, completion) as each is finished, in any order.

        Raises ValueError, before sampling, for a prompt that leaves no room in the model's context for its `max_tokens`.
        """

    def close(self) -> None:
        """Give back what it holds."""
