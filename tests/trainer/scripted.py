"""A policy without a model: it says what a script says, through a real tokenizer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from trainer.sampling import Completion, FinishReason, Prompt

END = "<|end|>"
CHAT = "{% for m in messages %}<|user|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"


def byte_tokenizer(chat_template: str | None = None) -> PreTrainedTokenizerFast:
    """A token a byte, and an end token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = [END, "<|user|>", "<|assistant|>"]
    tokenizer = Tokenizer(models.BPE(vocab={letter: place for place, letter in enumerate([*letters, *special])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END, extra_special_tokens=special[1:], chat_template=chat_template
    )


class ScriptedSampler:
    """Says the next line of the script whose key is in the prompt. Cuts at max_tokens, ends after a stop string, as a model's
    sampler does. `asked` keeps every prompt."""

    def __init__(self, scripts: Mapping[str, Sequence[str]], tokenizer: Any = None, *, logprobs: bool = True) -> None:
        self.tokenizer = tokenizer or byte_tokenizer()
        self.asked: list[Prompt] = []
        self._lines = {key: iter(lines) for key, lines in scripts.items()}
        self._logprobs = logprobs

    def sample(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        self.asked += prompts
        for place in reversed(range(len(prompts))):  # any order is allowed
            yield place, self._complete(prompts[place])

    def _complete(self, prompt: Prompt) -> Completion:
        said = self.tokenizer.decode(prompt.token_ids)
        text = next(lines for key, lines in self._lines.items() if key in said).__next__()
        stopped = [text.index(stop) + len(stop) for stop in prompt.stop if stop in text]
        text = text[: min(stopped)] if stopped else text
        tokens = self.tokenizer(text + ("" if stopped else END))["input_ids"][: prompt.max_tokens]
        whole = self.tokenizer.decode(tokens, skip_special_tokens=True) == text and (stopped or tokens[-1:] == [256])
        return Completion(
            token_ids=tuple(tokens),
            text=self.tokenizer.decode(tokens, skip_special_tokens=True),
            finish_reason=FinishReason.STOP if whole else FinishReason.LENGTH,
            logprobs=(-0.5,) * len(tokens) if self._logprobs else (),
        )

    def close(self) -> None:
        pass
