"""Sampling from a model in this process."""

from collections import Counter
from typing import Any

import pytest
import torch

from trainer.run_config import TinyModel
from trainer.sampling import Completion, FinishReason, Prompt
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.tiny_model import make_model, make_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> Any:
    return make_model(TinyModel(width=32, layers=2, heads=2, inner=64), tokenizer, 3)


def prompt(seed: int, words: tuple[int, ...] = (1, 7, 9, 2), **given: Any) -> Prompt:
    return Prompt(token_ids=words, seed=seed, **{"max_tokens": 12, **given})


def completed(sampler: TransformersSampler, prompts: list[Prompt]) -> list[Completion]:
    found = dict(sampler.sample(prompts))
    assert sorted(found) == list(range(len(prompts)))
    return [found[place] for place in range(len(prompts))]


def test_a_seed_gives_the_same_sample_whatever_else_is_asked_for(model: Any, tokenizer: Any) -> None:
    prompts = [prompt(seed, words=(1, *range(5, 5 + seed % 4), 2)) for seed in range(20)]
    together = completed(TransformersSampler(model, tokenizer, batch=7), prompts)
    alone = [completed(TransformersSampler(model, tokenizer), [each])[0] for each in prompts]
    assert [each.token_ids for each in together] == [each.token_ids for each in alone]
    assert len({each.token_ids for each in together}) > 15
    for one, other in zip(together, alone, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_logprobs_are_the_models_own(model: Any, tokenizer: Any) -> None:
    (found,) = completed(TransformersSampler(model, tokenizer), [prompt(1)])
    ids = torch.tensor([[1, 7, 9, 2, *found.token_ids]])
    with torch.no_grad():
        logprobs = model(ids).logits[0, 3:-1].log_softmax(-1)
    wanted = [float(logprobs[place, token]) for place, token in enumerate(found.token_ids)]
    assert found.logprobs == pytest.approx(wanted, abs=1e-4)


def test_temperature_0_takes_the_likeliest_and_1_the_distribution(model: Any, tokenizer: Any) -> None:
    with torch.no_grad():
        probabilities = model(torch.tensor([[1, 7, 9, 2]])).logits[0, -1].softmax(-1)
    greedy = completed(TransformersSampler(model, tokenizer), [prompt(seed, max_tokens=1, temperature=0) for seed in range(3)])
    assert {each.token_ids for each in greedy} == {(int(probabilities.argmax()),)}
    drawn = completed(TransformersSampler(model, tokenizer), [prompt(seed, max_tokens=1) for seed in range(4000)])
    counts = Counter(each.token_ids[0] for each in drawn)
    for token in probabilities.topk(5).indices.tolist():
        assert counts[token] / 4000 == pytest.approx(float(probabilities[token]), abs=0.03)


def test_top_p_leaves_out_the_tail(model: Any, tokenizer: Any) -> None:
    with torch.no_grad():
        probabilities = model(torch.tensor([[1, 7, 9, 2]])).logits[0, -1].softmax(-1)
    ordered = probabilities.sort(descending=True)
    kept = set(ordered.indices[: int((ordered.values.cumsum(0) < 0.3).sum()) + 1].tolist())
    drawn = completed(TransformersSampler(model, tokenizer), [prompt(seed, max_tokens=1, top_p=0.3) for seed in range(300)])
    assert {each.token_ids[0] for each in drawn} <= kept
    assert all(each.logprobs[0] > -20 for each in drawn)


def test_a_completion_ends_at_its_end_token_its_stop_or_its_length(model: Any, tokenizer: Any) -> None:
    found = completed(TransformersSampler(model, tokenizer), [prompt(seed, max_tokens=40) for seed in range(60)])
    ended = [each for each in found if each.finish_reason is FinishReason.STOP]
    assert ended
    assert all(each.token_ids[-1] == tokenizer.eos_token_id for each in ended)
    assert all(len(each.token_ids) == 40 for each in found if each.finish_reason is FinishReason.LENGTH)
    text = next(each.text for each in found if len(each.token_ids) > 3)
    stop = text[len(text) // 2 :][:4]
    place = next(n for n, each in enumerate(found) if each.text == text)
    (stopped,) = completed(TransformersSampler(model, tokenizer), [prompt(place, max_tokens=40, stop=(stop,))])
    assert stopped.finish_reason is FinishReason.STOP
    assert stop in stopped.text
    assert text.startswith(stopped.text)


def test_a_prompt_without_room_is_refused_before_sampling(model: Any, tokenizer: Any) -> None:
    with pytest.raises(ValueError, match="prompt 1: 4 tokens and max_tokens 61"):
        TransformersSampler(model, tokenizer).sample([prompt(1), prompt(1, max_tokens=61)])


def test_a_model_in_training_stays_in_training(model: Any, tokenizer: Any) -> None:
    model.train()
    completed(TransformersSampler(model, tokenizer), [prompt(1)])
    assert model.training
    model.eval()
