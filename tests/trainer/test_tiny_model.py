"""The small decoder and its language."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from trainer.families import Part, efficient, instances
from trainer.families.programs import text_of
from trainer.run_config import TinyModel
from trainer.tiny_model import completion_ids, make_model, make_tokenizer, prompt_ids, save


def test_programs_and_statements_survive_saving_and_loading(tmp_path: Path) -> None:
    tokenizer = make_tokenizer()
    model = make_model(TinyModel(), tokenizer, 1)
    save(model, tokenizer, tmp_path / "model")
    again, loaded = AutoTokenizer.from_pretrained(tmp_path / "model"), AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    source = instances(Part.TRAIN, 1)
    for instance in (next(source) for _ in range(100)):
        program = efficient(instance.composition)
        ids = completion_ids(again, program)
        assert again.decode(ids, skip_special_tokens=True) == text_of(program)
        assert ids[-1] == again.eos_token_id
        prompt = prompt_ids(again, instance.words)
        assert len(prompt) == 10
        assert len(prompt) + len(ids) <= 64
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in model.state_dict().items())
    assert 300_000 < sum(parameter.numel() for parameter in loaded.parameters()) < 5_000_000


def test_a_word_that_is_none_raises() -> None:
    with pytest.raises(Exception, match="WordLevel error"):
        make_tokenizer()("subarrays of something")


def test_the_seed_makes_the_weights_and_leaves_other_random_numbers_alone() -> None:
    tokenizer = make_tokenizer()
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (make_model(TinyModel(), tokenizer, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    weights = [model.model.layers[0].mlp.up_proj.weight for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="no multiple of 2 x heads"):
        TinyModel(width=90, heads=4)
