"""The tokens of one episode: who wrote which, and how many may still come."""

from dataclasses import dataclass, field
from typing import Any

from trainer.sampling import Completion, Prompt
from trainer.seeds import seed_of
from trainer.settings.options import SamplingOptions
from trainer.settings.prompting import environment_tokens


@dataclass
class Transcript:
    """`token_ids` is all that followed the prompt, within `options.max_tokens`; the environment's tokens count too."""

    tokenizer: Any
    options: SamplingOptions
    seed: int
    prompt_ids: tuple[int, ...]
    stop: tuple[str, ...] = ()
    token_ids: list[int] = field(default_factory=list)
    written_by_model: list[bool] = field(default_factory=list)
    turns: int = 0

    @property
    def tokens_left(self) -> int:
        """How many tokens the model and the environment may still add."""
        return self.options.max_tokens - len(self.token_ids)

    def prompt(self) -> Prompt:
        """What to complete next."""
        return Prompt(
            token_ids=(*self.prompt_ids, *self.token_ids),
            max_tokens=self.tokens_left,
            seed=_turn_seed(self.seed, self.turns),
            temperature=self.options.temperature,
            top_p=self.options.top_p,
            stop=self.stop,
        )

    def add_completion(self, completion: Completion) -> None:
        """Tokens of the model, exactly as they were sampled."""
        self._add(list(completion.token_ids), by_model=True)
        self.turns += 1

    def add_environment(self, text: str) -> bool:
        """Tokens of the environment, all or none; False when they leave the model no token to go on with."""
        tokens = environment_tokens(self.tokenizer, text)
        if len(tokens) >= self.tokens_left:
            return False
        self._add(tokens, by_model=False)
        return True

    def _add(self, tokens: list[int], *, by_model: bool) -> None:
        self.token_ids += tokens
        self.written_by_model += [by_model] * len(tokens)


def _turn_seed(seed: int, turn: int) -> int:
    """The first turn has the episode's seed, the others seeds that follow from it (63 bits)."""
    if turn == 0:
        return seed
    return seed_of(seed, turn)
