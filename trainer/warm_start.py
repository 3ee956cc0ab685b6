"""Warm start: a model learns the family's programs, right, slow and subtly wrong ones, before any reward.

Plain torch: TRL's SFTTrainer takes twice the time for models of this size (measured). The corpus is made as it goes, from the
seed and the number of the step, so that a run that was killed goes on with the batches that it would have had.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from trainer.devices import device
from trainer.families.compositions import Instance, Part, instances
from trainer.families.programs import Program, brute_force, efficient, tricky_slots, with_mistakes
from trainer.files import write_whole
from trainer.pupils import FreshPupil, RealPupil, make_pupil
from trainer.run_config import WarmStart
from trainer.settings import ReasoningOptions, SettingOptions
from trainer.tiny_model import save


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a warm start stands."""

    step: int
    steps: int
    loss: float


_FRESH = ReasoningOptions(answer="whole")


def warm_start(
    asked: WarmStart,
    seed: int,
    folder: Path,
    told: Callable[[Progress], None] = lambda _: None,
    setting: SettingOptions = _FRESH,
) -> Path:
    """Make the model in `folder`, or go on where an interrupted start was; returns `folder`. Done already: returns at once.

    `setting`: in which a real model (`asked.base`) is taught; a fresh one knows statements and programs only. The same request
    and seed give the same weights on the same machine, interrupted or not (on a GPU but for its rounding).
    """
    if (folder / "model.safetensors").is_file():
        return folder
    pupil = make_pupil(asked, seed, setting, folder)
    model = pupil.model.to(device())
    optimizer = torch.optim.AdamW(model.parameters(), lr=asked.learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, asked.steps))
    state = folder.with_name(folder.name + ".warm.pt")
    said = repr((asked, seed) if asked.base is None else (asked, seed, setting))
    first = _resume(state, model, optimizer, schedule, said)
    corpus = _Corpus(asked, seed, pupil)
    model.train()
    for step in range(first, asked.steps):
        loss = _loss(model, corpus.batch(step))
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        told(Progress(step + 1, asked.steps, float(loss.detach())))
        if (step + 1) % asked.save_every == 0 and step + 1 < asked.steps:
            kept = {"of": said, "step": step + 1, "model": model.state_dict()}
            kept |= {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
            write_whole(state, partial(torch.save, kept))
    write_whole(folder, lambda path: save(model.eval(), pupil.tokenizer, path))
    state.unlink(missing_ok=True)
    return folder


def _resume(state: Path, model: Any, optimizer: Any, schedule: Any, of: str) -> int:
    """The step to go on with."""
    if not state.is_file():
        return 0
    kept = torch.load(state, weights_only=True, map_location=device())
    if kept["of"] != of:
        raise ValueError(f"{state} is of another warm start. Fix: remove it, or use another folder")
    model.load_state_dict(kept["model"])
    optimizer.load_state_dict(kept["optimizer"])
    schedule.load_state_dict(kept["schedule"])
    return int(kept["step"])


def _rate(step: int, steps: int) -> float:
    warm = min(1.0, (step + 1) / min(50, steps))
    return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))


class _Corpus:
    """Programs in batches of similar length."""

    def __init__(self, asked: WarmStart, seed: int, pupil: FreshPupil | RealPupil) -> None:
        low, high = asked.hardness
        source = instances(Part.TRAIN, seed, hardness=range(low, high + 1), family=asked.family, extra_share=asked.extra_share)
        self._problems = [next(source) for _ in range(asked.problems)]
        self._asked, self._seed, self._pupil = asked, seed, pupil

    def batch(self, step: int) -> list[tuple[list[int], list[int]]]:
        """(prompt, completion) pairs of one step."""
        rng = random.Random(f"corpus/{self._seed}/{step}")
        chosen = (rng.choice(self._problems) for _ in range(self._asked.batch))
        return [self._pupil.lesson(instance, self._program(instance, rng)) for instance in chosen]

    def _program(self, instance: Instance, rng: random.Random) -> Program:
        composition = instance.composition
        if rng.random() < self._asked.brute_shares.get(instance.size, 0.5):
            program, tricky = brute_force(composition, cubic=rng.random() < 0.3), frozenset[str]()
        else:
            program, tricky = efficient(composition), tricky_slots(composition)
        return with_mistakes(program, tricky, rng, rate=self._asked.mistakes, tricky_rate=self._asked.tricky_mistakes)


def _loss(model: Any, pairs: Sequence[tuple[list[int], list[int]]]) -> torch.Tensor:
    """Mean over completion tokens of minus their log-probability."""
    longest = max(len(prompt) + len(completion) for prompt, completion in pairs)
    ids = torch.zeros((len(pairs), longest), dtype=torch.long)  # what pads is masked, so any token will do
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, -100)
    for row, (prompt, completion) in enumerate(pairs):
        end = len(prompt) + len(completion)
        ids[row, :end] = torch.tensor(prompt + completion)
        mask[row, :end] = 1
        labels[row, len(prompt) : end] = torch.tensor(completion)
    ids, mask, labels = (each.to(model.device) for each in (ids, mask, labels))
    with torch.autocast("cuda", torch.bfloat16, enabled=model.device.type == "cuda"):
        logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
