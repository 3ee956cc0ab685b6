"""Adapters: the sum of deltas is an adapter again."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from merge.combination import pair
from merge.errors import MergeRefused
from merge.lora import is_adapter, load_adapter, merge_adapters

MODULES = ("base_model.model.layers.0.q_proj", "base_model.model.layers.1.q_proj")


def adapter(folder: Path, seed: int, rank: int, *, dtype: torch.dtype = torch.float32, **config: Any) -> Path:
    folder.mkdir()
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for module in MODULES:
        tensors[f"{module}.lora_A.weight"] = torch.randn(rank, 6, generator=generator).to(dtype)
        tensors[f"{module}.lora_B.weight"] = torch.randn(5, rank, generator=generator).to(dtype)
    save_file(tensors, folder / "adapter_model.safetensors")
    said = {"peft_type": "LORA", "base_model_name_or_path": "base", "r": rank, "lora_alpha": 16, "bias": "none", **config}
    (folder / "adapter_config.json").write_text(json.dumps(said))
    return folder


def delta(folder: Path, module: str) -> torch.Tensor:
    """scaling·B·A as PEFT computes it, (out, in)."""
    tensors, config = load_file(folder / "adapter_model.safetensors"), json.loads((folder / "adapter_config.json").read_text())
    a, b = tensors[f"{module}.lora_A.weight"].double(), tensors[f"{module}.lora_B.weight"].double()
    short = module.removeprefix("base_model.model.")
    rank = (config.get("rank_pattern") or {}).get(short, config["r"])
    lora_alpha = (config.get("alpha_pattern") or {}).get(short, config["lora_alpha"])
    assert a.shape[0] == rank
    return lora_alpha / (rank**0.5 if config.get("use_rslora") else rank) * b @ a


def test_the_sum_is_exact_by_concatenated_ranks(tmp_path: Path) -> None:
    low, high = adapter(tmp_path / "low", 1, 2), adapter(tmp_path / "high", 2, 4, lora_alpha=8, use_rslora=True)
    said = merge_adapters([low, high], pair(1.5), tmp_path / "out")
    assert is_adapter(tmp_path / "out")
    assert said["lost"] == 0
    assert json.loads((tmp_path / "out" / "adapter_config.json").read_text())["r"] == 6
    for module in MODULES:
        wanted = -0.5 * delta(low, module) + 1.5 * delta(high, module)
        torch.testing.assert_close(delta(tmp_path / "out", module), wanted, rtol=1e-5, atol=1e-5)


def test_what_a_smaller_rank_loses_is_said_and_is_the_least_possible(tmp_path: Path) -> None:
    low, high = adapter(tmp_path / "low", 1, 2), adapter(tmp_path / "high", 2, 2)
    said = merge_adapters([low, high], pair(0.5), tmp_path / "out", rank=2)
    lost2 = whole2 = best2 = 0.0
    for module in MODULES:
        wanted = 0.5 * delta(low, module) + 0.5 * delta(high, module)
        lost2 += float((delta(tmp_path / "out", module) - wanted).norm() ** 2)
        whole2 += float(wanted.norm() ** 2)
        best2 += float((torch.linalg.svdvals(wanted)[2:] ** 2).sum())
    assert said["lost"] == pytest.approx((lost2 / whole2) ** 0.5, rel=1e-4)
    assert lost2 == pytest.approx(best2, rel=1e-4)


def test_a_rank_that_holds_everything_loses_nothing(tmp_path: Path) -> None:
    low = adapter(tmp_path / "low", 1, 2)
    said = merge_adapters([low, low], pair(1.5), tmp_path / "out", rank=2)
    assert said["lost"] < 1e-6
    for module in MODULES:
        torch.testing.assert_close(delta(tmp_path / "out", module), delta(low, module), rtol=1e-4, atol=1e-4)


def test_what_rounding_does_to_the_delta_is_said(tmp_path: Path) -> None:
    low, high = (adapter(tmp_path / name, seed, 2, dtype=torch.bfloat16) for name, seed in (("low", 1), ("high", 2)))
    said = merge_adapters([low, high], pair(1.3), tmp_path / "out")
    error2 = whole2 = 0.0
    for module in MODULES:
        wanted = -0.3 * delta(low, module) + 1.3 * delta(high, module)
        error2 += float((delta(tmp_path / "out", module) - wanted).norm() ** 2)
        whole2 += float(wanted.norm() ** 2)
    assert 1e-4 < said["rounding"] == pytest.approx((error2 / whole2) ** 0.5, rel=1e-6)
    exact = merge_adapters([low, high], pair(1.3), tmp_path / "wide", dtype=torch.float64)
    assert exact["rounding"] < 1e-12


def test_alpha_patterns_are_what_peft_takes_them_for(tmp_path: Path) -> None:
    low = adapter(tmp_path / "low", 1, 2, alpha_pattern={r"layers\.[1-9].q_proj": 3, "q_proj": 5})
    first, second = (load_adapter(low).modules[f"{module}.lora_A.weight"][2] for module in MODULES)
    assert (first, second) == (2.5, 1.5)


def test_a_broken_adapter_is_refused(tmp_path: Path) -> None:
    low = adapter(tmp_path / "low", 1, 2)
    half = adapter(tmp_path / "half", 2, 2)
    tensors = load_file(half / "adapter_model.safetensors")
    del tensors[f"{MODULES[0]}.lora_B.weight"]
    save_file(tensors, half / "adapter_model.safetensors")
    cut = adapter(tmp_path / "cut", 2, 2)
    (cut / "adapter_model.safetensors").write_bytes(b"1234")
    plain = adapter(tmp_path / "plain", 2, 2, lora_alpha=None)
    for broken, said in ((half, "no '.*lora_B.weight'"), (cut, "no whole safetensors file"), (plain, "no number as lora_alpha")):
        with pytest.raises(MergeRefused, match=said):
            merge_adapters([low, broken], pair(0.5), tmp_path / "out")


def test_modules_of_their_own_alpha_and_rank_keep_them(tmp_path: Path) -> None:
    low = adapter(tmp_path / "low", 1, 2, alpha_pattern={"layers.1.q_proj": 3})
    high = adapter(tmp_path / "high", 2, 2)
    merge_adapters([low, high], pair(2.0, [("layers.0", 0.0)]), tmp_path / "out")
    first, second = MODULES
    torch.testing.assert_close(delta(tmp_path / "out", first), delta(low, first), rtol=1e-5, atol=1e-5)
    wanted = 2 * delta(high, second) - delta(low, second)
    torch.testing.assert_close(delta(tmp_path / "out", second), wanted, rtol=1e-5, atol=1e-5)


def test_what_does_not_add_up_is_refused(tmp_path: Path) -> None:
    low = adapter(tmp_path / "low", 1, 2)
    with pytest.raises(MergeRefused, match="DoRA"):
        merge_adapters([low, adapter(tmp_path / "dora", 2, 2, use_dora=True)], pair(0.5), tmp_path / "out")
    with pytest.raises(MergeRefused, match="base_model_name_or_path"):
        merge_adapters([low, adapter(tmp_path / "other", 2, 2, base_model_name_or_path="b")], pair(0.5), tmp_path / "out")
    broken = adapter(tmp_path / "broken", 2, 2)
    tensors = load_file(broken / "adapter_model.safetensors")
    tensors[f"{MODULES[0]}.lora_A.weight"][0, 0] = float("nan")
    save_file(tensors, broken / "adapter_model.safetensors")
    with pytest.raises(MergeRefused, match="NaN or Inf"):
        merge_adapters([low, broken], pair(0.5), tmp_path / "out")
    assert not (tmp_path / "out").exists()
