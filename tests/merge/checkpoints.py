"""Small checkpoints on disk, in Hugging Face's layout, made with the safetensors library."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "torch_dtype": "float32"}


def write(
    folder: Path,
    tensors: Mapping[str, torch.Tensor],
    *,
    shards: Sequence[Sequence[str]] = (),
    config: Mapping[str, Any] = CONFIG,
    tokenizer: str = '{"model": {"vocab": {"a": 0}}}',
) -> Path:
    """A checkpoint of these tensors; `shards`: names by shard, else one file."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(tokenizer)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    if not shards:
        save_file(dict(tensors), folder / "model.safetensors", {"format": "pt"})
        return folder
    places = {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file({name: tensors[name] for name in names}, folder / file, {"format": "pt"})
        places |= dict.fromkeys(names, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return folder


def read(folder: Path) -> dict[str, torch.Tensor]:
    """All its tensors, by the safetensors library."""
    found: dict[str, torch.Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= load_file(file)
    return found


def weights(seed: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> dict[str, torch.Tensor]:
    """Some tensors of a Llama's names."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return (torch.randn(shape, generator=generator) * scale).to(dtype)

    return {
        "model.embed_tokens.weight": normal(11, 8),
        "model.layers.0.mlp.up_proj.weight": normal(16, 8),
        "model.layers.0.self_attn.q_proj.weight": normal(8, 8),
        "model.layers.1.mlp.up_proj.weight": normal(16, 8),
        "model.norm.weight": normal(8),
    }


SHARDS = (
    ("model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight"),
    ("model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.up_proj.weight", "model.norm.weight"),
)
