"""A model at any alpha, in memory: the same bits as the merged checkpoint loaded from disk."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from merge.combination import pair
from merge.errors import MergeRefused
from merge.in_place import InPlace
from merge.merging import MergeRequest, merge_checkpoints


def save_llama(folder: Path, seed: int, *, tied: bool, dtype: torch.dtype, layers: int = 2) -> Path:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=layers,
        num_attention_heads=2,
        tie_word_embeddings=tied,
    )
    LlamaForCausalLM(config).to(dtype).save_pretrained(folder)
    return folder


def load(folder: Path) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


def logits(model: PreTrainedModel) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(torch.arange(12)[None]).logits
    return found


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_swap_gives_the_logits_of_the_merged_checkpoint(tmp_path: Path, tied: bool, dtype: torch.dtype) -> None:
    low, high = (save_llama(tmp_path / name, seed, tied=tied, dtype=dtype) for name, seed in (("low", 1), ("high", 2)))
    alphas = (1.5, -0.5, 0.0, 0.3, 1.0, 1.5)
    merge_checkpoints(MergeRequest((low, high), tuple(map(pair, sorted(set(alphas)))), tmp_path / "out"))
    model = load(low)
    dial = InPlace(model, low, high)
    before = {name: parameter.data_ptr() for name, parameter in model.named_parameters()}
    for alpha in alphas:
        dial.set_alpha(alpha)
        assert dial.alpha == alpha
        merged = load(tmp_path / "out" / f"alpha_{alpha:g}")
        for name, tensor in merged.state_dict().items():
            assert torch.equal(model.state_dict()[name], tensor), name
        assert torch.equal(logits(model), logits(merged))
    assert {name: parameter.data_ptr() for name, parameter in model.named_parameters()} == before
    assert torch.equal(logits(load(low)), logits(model)) is False


def test_a_pattern_has_its_own_alpha(tmp_path: Path) -> None:
    low, high = (save_llama(tmp_path / name, seed, tied=False, dtype=torch.float32) for name, seed in (("low", 1), ("high", 2)))
    model = load(low)
    InPlace(model, low, high).set_alpha(1.0, [("layers.0", 0.0)])
    state, first, second = model.state_dict(), load(low).state_dict(), load(high).state_dict()
    for name, tensor in state.items():
        assert torch.equal(tensor, first[name] if ".layers.0." in name else second[name]), name


def test_a_model_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    low, high = (save_llama(tmp_path / name, seed, tied=False, dtype=torch.float32) for name, seed in (("low", 1), ("high", 2)))
    deeper = load(save_llama(tmp_path / "deeper", 3, tied=False, dtype=torch.float32, layers=3))
    with pytest.raises(MergeRefused, match=r"has no tensor 'model\.layers\.2"):
        InPlace(deeper, low, high)
    shallow = load(save_llama(tmp_path / "shallow", 3, tied=False, dtype=torch.float32, layers=1))
    with pytest.raises(MergeRefused, match=r"has no parameter 'model\.layers\.1"):
        InPlace(shallow, low, high)


def test_an_alpha_that_overflows_is_refused(tmp_path: Path) -> None:
    low, high = (save_llama(tmp_path / name, seed, tied=False, dtype=torch.bfloat16) for name, seed in (("low", 1), ("high", 2)))
    model = load(low)
    dial = InPlace(model, low, high)
    with pytest.raises(MergeRefused, match="overflows"):
        dial.set_alpha(1e40)
    assert dial.alpha is None
    dial.set_alpha(0.5)
    assert dial.alpha == 0.5
