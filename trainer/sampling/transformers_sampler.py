"""Sampling in this process, from a model of transformers.

Each sample's uniform numbers come from its own seed, and its tokens from them by the inverse of the cumulative distribution: the
same seed asks for the same sample whatever else is in the batch, and two models that are alike give samples that are alike.

Shapes: b rows, t tokens, v words.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from trainer.devices import device
from trainer.sampling.sampler import BATCH, Completion, FinishReason, Prompt


class TransformersSampler:
    """See Sampler. The model is used as it is at each call, so that one that is being trained can be sampled."""

    def __init__(self, model: Any, tokenizer: Any, *, batch: int = BATCH) -> None:
        """`batch`: prompts completed at once."""
        if batch < 1:
            raise ValueError(f"batch is {batch}; it is at least 1")
        self._model = model
        self._tokenizer = tokenizer
        self._batch = batch
        self._ends = _ends_of(model, tokenizer)

    @classmethod
    def from_folder(cls, folder: Path, *, batch: int = BATCH) -> "TransformersSampler":
        """Of a model in Hugging Face's format, in float32, where small things run."""
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).to(device()).eval()
        return cls(model, AutoTokenizer.from_pretrained(folder), batch=batch)

    @property
    def tokenizer(self) -> Any:
        """See Sampler."""
        return self._tokenizer

    def sample(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        """See Sampler. What a batch has comes when all of it is finished."""
        context = self._model.config.max_position_embeddings
        for place, prompt in enumerate(prompts):
            if prompt.max_tokens < 1 or not prompt.token_ids or len(prompt.token_ids) + prompt.max_tokens > context:
                raise ValueError(
                    f"prompt {place}: {len(prompt.token_ids)} tokens and max_tokens {prompt.max_tokens} do not fit the model's "
                    f"context of {context} tokens. Fix: a smaller max_tokens"
                )
        return self._batches(prompts)

    def _batches(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        training = self._model.training
        for first in range(0, len(prompts), self._batch):
            part = prompts[first : first + self._batch]
            self._model.eval()
            try:
                found = self._complete(part)
            finally:
                self._model.train(training)
            yield from enumerate(found, first)

    @torch.no_grad()
    def _complete(self, prompts: Sequence[Prompt]) -> list[Completion]:
        device = self._model.device
        rows = [_Row(prompt, uniforms) for prompt, uniforms in zip(prompts, _uniforms(prompts), strict=True)]
        longest = max(len(prompt.token_ids) for prompt in prompts)
        pad = self._tokenizer.pad_token_id or 0
        ids = torch.full((len(rows), longest), pad, dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for place, row in enumerate(rows):
            ids[place, longest - len(row.prompt.token_ids) :] = torch.tensor(row.prompt.token_ids)
            mask[place, longest - len(row.prompt.token_ids) :] = 1
        ids, mask = ids.to(device), mask.to(device)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        cache = None
        going = list(range(len(rows)))
        while going:
            answer = self._model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                cache=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = answer.past_key_values
            chosen, logprobs = _choose(answer.logits[:, -1].float(), [rows[place] for place in going])
            left = [n for n, place in enumerate(going) if not self._take(rows[place], chosen[n], logprobs[n])]
            if len(left) < len(going):
                index = torch.tensor(left, dtype=torch.long, device=device)
                mask, positions = mask[index], positions[index]
                cache.batch_select_indices(index)
                going, chosen = [going[n] for n in left], [chosen[n] for n in left]
            ids = torch.tensor(chosen, dtype=torch.long, device=device)[:, None]
            mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
            positions = positions[:, -1:] + 1
        return [self._completion(row) for row in rows]

    def _take(self, row: "_Row", token: int, logprob: float) -> bool:
        """Add a token to a row; True when that ends it."""
        row.tokens.append(token)
        row.logprobs.append(logprob)
        row.stopped = token in self._ends or self._has_stop(row)
        return row.stopped or len(row.tokens) == row.prompt.max_tokens

    def _has_stop(self, row: "_Row") -> bool:
        if not row.prompt.stop:
            return False
        tail = self._text(row.tokens[-1 - max(map(len, row.prompt.stop)) :])  # a token has at least one character, but few do
        return any(stop in tail for stop in row.prompt.stop) and any(stop in self._text(row.tokens) for stop in row.prompt.stop)

    def _text(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(tokens, skip_special_tokens=True)
        return text

    def _completion(self, row: "_Row") -> Completion:
        reason = FinishReason.STOP if row.stopped else FinishReason.LENGTH
        return Completion(tuple(row.tokens), self._text(row.tokens), reason, tuple(row.logprobs))

    def close(self) -> None:
        """See Sampler."""


class _Row:
    def __init__(self, prompt: Prompt, uniforms: Sequence[float]) -> None:
        self.prompt = prompt
        self.uniforms = uniforms
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.stopped = False


def _uniforms(prompts: Sequence[Prompt]) -> list[list[float]]:
    """For each prompt a number in [0, 1) for each token that it may get: the beginning of the stream of its seed (Philox, the
    seed as its key). One generator is set to each stream in turn, for making one asks the kernel for entropy: that takes longer.
    """
    bits: Any = np.random.Philox(0)
    fresh = bits.state | {"buffer_pos": 4, "has_uint32": 0, "uinteger": 0}  # a buffer of 4 numbers that is used up
    found = []
    for prompt in prompts:
        start = {"counter": np.zeros(4, np.uint64), "key": np.array([prompt.seed % (1 << 64), 0], np.uint64)}
        bits.state = fresh | {"state": start}
        found.append(np.random.Generator(bits).random(prompt.max_tokens).tolist())
    return found


def _choose(logits: torch.Tensor, rows: Sequence[_Row]) -> tuple[list[int], list[float]]:
    """The next token of each row and its log-probability; logits (b, v)."""
    temperatures = torch.tensor([row.prompt.temperature for row in rows], device=logits.device)
    greedy = temperatures == 0
    scaled = logits / torch.where(greedy, 1.0, temperatures)[:, None]
    logprobs = scaled.log_softmax(-1)
    probabilities = logprobs.exp()
    if any(row.prompt.top_p < 1 for row in rows):
        probabilities = _nucleus(probabilities, [row.prompt.top_p for row in rows])
        logprobs = probabilities.log()
    uniforms = [row.uniforms[len(row.tokens)] for row in rows]
    totals = probabilities.double().cumsum(-1)
    wanted = torch.tensor(uniforms, dtype=torch.float64, device=logits.device) * totals[:, -1]
    drawn = torch.searchsorted(totals, wanted[:, None], right=True)[:, 0].clamp(max=logits.shape[1] - 1)
    chosen = torch.where(greedy, logits.argmax(-1), drawn)
    return chosen.tolist(), logprobs.gather(1, chosen[:, None])[:, 0].tolist()


def _nucleus(probabilities: torch.Tensor, shares: Sequence[float]) -> torch.Tensor:
    """The likeliest words that together have the share of each row, scaled to sum to 1; (b, v)."""
    ordered, places = probabilities.sort(-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    ordered[before >= torch.tensor(shares, device=probabilities.device)[:, None]] = 0
    kept = torch.zeros_like(probabilities).scatter(1, places, ordered)
    return kept / kept.sum(-1, keepdim=True)


def _ends_of(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end a text, by the generation config and by the tokenizer."""
    found = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    ends = {found} if isinstance(found, int) else set(found or ())
    return frozenset(ends | ({tokenizer.eos_token_id} - {None}))
