"""Refuses checkpoints that do not belong together, before anything is written."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from merge.checkpoint import NAMES, Checkpoint, read_json
from merge.errors import MergeRefused

_MAY_DIFFER = {"_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "architectures"}
"""Fields of config.json that say nothing of what the weights mean; `architectures` is compared by itself."""
_QUANTISED = ("_scale", "_scale_inv", ".scales", ".qweight", ".qzeros", ".absmax", "_zero_point")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt", "vocab.txt")


def check_agreement(checkpoints: Sequence[Checkpoint]) -> None:
    """Architecture, tokenizer, tensors and shapes agree. Raises MergeRefused that names what does not."""
    first = checkpoints[0]
    _check_quantised(first)
    for other in checkpoints[1:]:
        _check_configs(first, other)
        _check_tokenizers(first, other)
        _check_tensors(first, other)


def _check_configs(first: Checkpoint, other: Checkpoint) -> None:
    if first.config.get("architectures") != other.config.get("architectures"):
        raise MergeRefused(
            f"architectures differ: {first.folder} is {first.config.get('architectures')}, "
            f"{other.folder} is {other.config.get('architectures')}"
        )
    for key in sorted((first.config.keys() | other.config.keys()) - _MAY_DIFFER):
        if first.config.get(key) != other.config.get(key):
            raise MergeRefused(
                f"config.json differs in {key!r}: {first.config.get(key)!r} in {first.folder}, "
                f"{other.config.get(key)!r} in {other.folder}"
            )


def _check_tokenizers(first: Checkpoint, other: Checkpoint) -> None:
    here, there = ({name for name in _TOKENIZER_FILES if (c.folder / name).exists()} for c in (first, other))
    if here ^ there and not here & there:
        having, lacking = (first, other) if here else (other, first)
        raise MergeRefused(
            f"{lacking.folder} has no {sorted(here | there)[0]} to compare with that of {having.folder}. "
            "Fix: copy the tokenizer there, if it is the one that it was trained with"
        )
    for name in _TOKENIZER_FILES:
        ours, theirs = first.folder / name, other.folder / name
        if ours.exists() and theirs.exists() and not _same_vocabulary(ours, theirs):
            raise MergeRefused(f"tokenizers differ: {ours} and {theirs}. A token would mean something else in each model")


def _same_vocabulary(ours: Path, theirs: Path) -> bool:
    if ours.read_bytes() == theirs.read_bytes():
        return True
    if ours.suffix != ".json":
        return False
    left, right = read_json(ours), read_json(theirs)
    for value in (left, right):  # how the last caller padded and truncated is saved along, and is no part of the vocabulary
        value.pop("padding", None)
        value.pop("truncation", None)
    return bool(left == right)


def _check_tensors(first: Checkpoint, other: Checkpoint) -> None:
    for one, two in ((first, other), (other, first)):
        if missing := sorted(one.tensors.keys() - two.tensors.keys()):
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise MergeRefused(f"{two.folder} has no tensor {missing[0]!r}{more}, which {one.folder} has")
    for name, ours in first.tensors.items():
        theirs = other.tensors[name]
        if ours.shape != theirs.shape:
            raise MergeRefused(
                f"tensor {name!r} has shape {list(ours.shape)} in {first.folder}, {list(theirs.shape)} in {other.folder}"
            )
        if ours.dtype.is_floating_point != theirs.dtype.is_floating_point:
            raise MergeRefused(
                f"tensor {name!r} is {NAMES[ours.dtype]} in {first.folder}, {NAMES[theirs.dtype]} in {other.folder}"
            )


def _check_quantised(first: Checkpoint) -> None:
    """Numbers that mean something only times a scale do not add up."""
    small = {torch.float8_e4m3fn, torch.float8_e5m2, torch.int8, torch.uint8, torch.int32}
    if not any(tensor.dtype in small for tensor in first.tensors.values()):
        return
    for name in first.tensors:
        if name.endswith(_QUANTISED):
            raise MergeRefused(
                f"{first.folder} is quantised (it has {name!r}): its numbers mean nothing without their scales. "
                "Fix: merge checkpoints that are not, and quantise the result"
            )


def check_folder(folder: Path, resumable: bool) -> None:
    """Nothing is overwritten: the folder is new, empty, or holds a merge of the same kind that was interrupted."""
    if folder.exists() and not folder.is_dir():
        raise MergeRefused(f"{folder} is a file. Fix: name another folder with --out")
    if folder.is_dir() and any(folder.iterdir()) and not resumable:
        raise MergeRefused(f"{folder} is not empty. Fix: remove it, or name another folder with --out")


def check_disk(folder: Path, needed_bytes: int) -> None:
    """Enough room for all outputs. Raises MergeRefused."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(place).free
    if needed_bytes > free:
        raise MergeRefused(
            f"the outputs need {needed_bytes / 1e9:.2f} GB and {place} has {free / 1e9:.2f} GB free. "
            "Fix: make room, give fewer alphas, or use --dtype bfloat16"
        )
