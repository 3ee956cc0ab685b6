"""New models out of trained ones: theta(alpha) = theta_low + alpha·(theta_high - theta_low), exactly, and what comes of it.

Interpolation (alpha in 0..1) and extrapolation (outside) of checkpoints on disk in one streamed pass, or in place in a model or a
running engine. Merging needs torch and safetensors' file format only: neither transformers nor vLLM.

How a merge goes: `checkpoint` reads headers and bytes, `agreement` refuses what does not belong together, `combination` says with
what weight each checkpoint enters each tensor, `merging` streams tensor after tensor through `arithmetic` into the `shards` of
every output at once, `report` says what became of the difference. `lora` does the same for adapters.
"""

from merge.checkpoint import Checkpoint
from merge.combination import Combination, affine, pair, task_arithmetic
from merge.errors import MergeRefused
from merge.merging import Arithmetic, MergeRequest, Output, merge_checkpoints

__all__ = [
    "Arithmetic",
    "Checkpoint",
    "Combination",
    "MergeRefused",
    "MergeRequest",
    "Output",
    "affine",
    "merge_checkpoints",
    "pair",
    "task_arithmetic",
]
