"""LoRA adapters, as PEFT lays them out: the weighted sum of their deltas is an adapter again.

Shapes: A is (r, in), B is (out, r); an adapter adds scaling·B·A to a weight (out, in). A weighted sum of adapters over the same
base has B = [w_1·s_1·B_1 ... w_n·s_n·B_n] and A = [A_1; ...; A_n], of the ranks' sum: exact but for one rounding of B. To a
smaller rank it is cut by its singular values, through QR of both factors, and the share of the delta that is lost is stated; so
is what rounding to the output's dtype does to the delta.
"""

import math
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from merge.checkpoint import read_json
from merge.combination import Combination
from merge.errors import MergeRefused
from trainer.files import write_json

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
_PAIRS = ((".lora_A.weight", ".lora_B.weight"), (".lora_embedding_A", ".lora_embedding_B"))
_MUST_AGREE = ("peft_type", "base_model_name_or_path", "task_type", "bias", "fan_in_fan_out", "modules_to_save")


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter rather than a model."""
    return (folder / CONFIG).is_file()


@dataclass(frozen=True, slots=True)
class Adapter:
    """One adapter in memory. `modules`: name → (A, B, scaling); `others`: tensors that are kept whole."""

    folder: Path
    config: dict[str, Any]
    modules: dict[str, tuple[torch.Tensor, torch.Tensor, float]]
    others: dict[str, torch.Tensor]


def load_adapter(folder: Path) -> Adapter:
    """Raises MergeRefused for adapters whose delta is not scaling·B·A."""
    config = read_json(folder / CONFIG)
    if config.get("peft_type") != "LORA" or config.get("use_dora"):
        kind = "DoRA" if config.get("use_dora") else config.get("peft_type")
        raise MergeRefused(f"{folder} is {kind}, whose weights do not add up. Fix: merge it into its base, then merge the models")
    if not (folder / WEIGHTS).is_file():
        raise MergeRefused(f"{folder} has no {WEIGHTS}")
    try:
        tensors = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise MergeRefused(f"{folder / WEIGHTS} is no whole safetensors file ({error}). Fix: download it again") from None
    if broken := next((name for name, tensor in tensors.items() if not torch.isfinite(tensor.float()).all()), None):
        raise MergeRefused(f"{folder}: tensor {broken!r} has NaN or Inf")
    modules: dict[str, tuple[torch.Tensor, torch.Tensor, float]] = {}
    for name in list(tensors):
        for a_end, b_end in _PAIRS:
            if name.endswith(a_end):
                module = name.removesuffix(a_end)
                if module + b_end not in tensors:
                    raise MergeRefused(f"{folder} has {name!r} and no {module + b_end!r}. Fix: save the adapter again")
                a, b = tensors.pop(name), tensors.pop(module + b_end)
                modules[module + a_end] = (a, b, _scaling(config, module, a.shape[0]))
    return Adapter(folder, config, modules, tensors)


def _scaling(config: Mapping[str, Any], module: str, rank: int) -> float:
    lora_alpha = config.get("lora_alpha")
    for pattern, value in (config.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", module.removeprefix("base_model.model.")):  # as PEFT has it: the first that matches
            lora_alpha = value
            break
    if not isinstance(lora_alpha, int | float):
        raise MergeRefused(f"{CONFIG} has no number as lora_alpha, but {lora_alpha!r}")
    return float(lora_alpha / (math.sqrt(rank) if config.get("use_rslora") else rank))


def merge_adapters(
    folders: Sequence[Path], combination: Combination, out: Path, rank: int | None = None, dtype: torch.dtype | None = None
) -> dict[str, Any]:
    """Write the weighted sum as an adapter into the empty folder `out`. `rank`: at most so large a rank; None keeps all.
    `dtype`: of the output; None keeps that of the first adapter.

    Returns what merge.json says: `lost` is the norm of what a smaller rank leaves out ÷ norm of the whole delta, `rounding` that
    of what rounding changes. Raises MergeRefused when the adapters are not for the same base.
    """
    adapters = [load_adapter(folder) for folder in folders]
    _check(adapters)
    tensors: dict[str, torch.Tensor] = {}
    ranks: dict[str, int] = {}
    lost2 = whole2 = rounding2 = 0.0
    for name in adapters[0].modules:
        weights = combination.of(name)
        parts = [adapter.modules[name] for adapter in adapters]
        a = torch.cat([part[0].double() for part in parts])
        b = torch.cat([w * s * part.double() for w, (_, part, s) in zip(weights, parts, strict=True)], dim=1)
        a, b, lost, whole = _cut(a, b, rank)
        lost2, whole2 = lost2 + lost, whole2 + whole
        a_end, b_end = next(pair for pair in _PAIRS if name.endswith(pair[0]))
        own = dtype or parts[0][0].dtype
        near_a, near_b = a.to(own).contiguous(), b.to(own).contiguous()
        rounding2 += _norm2(torch.cat([near_a.double(), a]), torch.cat([near_b.double(), -b], dim=1))
        tensors[name], tensors[name.removesuffix(a_end) + b_end] = near_a, near_b
        ranks[name.removesuffix(a_end).removeprefix("base_model.model.")] = a.shape[0]
    for name, first in adapters[0].others.items():
        kept = [w * adapter.others[name].double() for w, adapter in zip(combination.of(name), adapters, strict=True)]
        tensors[name] = torch.stack(kept).sum(0).to(dtype or first.dtype)
    if broken := next((name for name, tensor in tensors.items() if not torch.isfinite(tensor.float()).all()), None):
        raise MergeRefused(f"tensor {broken!r} does not fit its dtype any more")
    said = {
        "label": combination.label,
        "weights": combination.weights,
        "inputs": [str(folder) for folder in folders],
        "lost": math.sqrt(max(0.0, lost2) / whole2) if whole2 else 0.0,
        "rounding": math.sqrt(rounding2 / whole2) if whole2 else 0.0,
    }
    _write(adapters[0], tensors, ranks, out, said)
    return said


def _check(adapters: Sequence[Adapter]) -> None:
    first = adapters[0]
    for other in adapters[1:]:
        for key in _MUST_AGREE:
            if first.config.get(key) != other.config.get(key):
                raise MergeRefused(
                    f"{CONFIG} differs in {key!r}: {first.config.get(key)!r} in {first.folder}, "
                    f"{other.config.get(key)!r} in {other.folder}"
                )
        ours, theirs = first.modules.keys() | first.others.keys(), other.modules.keys() | other.others.keys()
        if ours != theirs:
            raise MergeRefused(f"{first.folder} and {other.folder} adapt different modules, such as {sorted(ours ^ theirs)[0]!r}")


def _cut(a: torch.Tensor, b: torch.Tensor, rank: int | None) -> tuple[torch.Tensor, torch.Tensor, float, float]:
    """A (r, in) and B (out, r) of at most this rank; squares of what is lost, and of the whole."""
    q_b, r_b = torch.linalg.qr(b)
    q_a, r_a = torch.linalg.qr(a.T)
    u, s, v = torch.linalg.svd(r_b @ r_a.T)
    whole = float((s * s).sum())
    if rank is None or rank >= a.shape[0]:
        return a, b, 0.0, whole
    root = s[:rank].sqrt()
    return (root[:, None] * v[:rank]) @ q_a.T, q_b @ (u[:, :rank] * root), float((s[rank:] ** 2).sum()), whole


def _norm2(a: torch.Tensor, b: torch.Tensor) -> float:
    """Square of the norm of b·a, for A (r, in) and B (out, r), which is never formed."""
    return float((torch.linalg.qr(b).R @ torch.linalg.qr(a.T).R.T).square().sum())


def _write(first: Adapter, tensors: dict[str, torch.Tensor], ranks: dict[str, int], out: Path, said: dict[str, Any]) -> None:
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for path in first.folder.iterdir():
        if path.is_file() and path.name not in (WEIGHTS, CONFIG, "merge.json"):
            shutil.copyfile(path, partial / path.name)
    save_file(tensors, partial / WEIGHTS, {"format": "pt"})
    common = max(set(ranks.values()), key=list(ranks.values()).count)
    unlike = {module: rank for module, rank in ranks.items() if rank != common}
    # The scalings are in B now, so that each module's own is 1.
    write_json(partial / CONFIG, {**first.config, "r": common, "lora_alpha": common, "use_rslora": False,
                                  "rank_pattern": unlike, "alpha_pattern": dict(unlike)})  # fmt: skip
    write_json(partial / "merge.json", said)
    if out.exists():
        out.rmdir()
    partial.rename(out)
