"""Trying a model on problems that share no composition with those it was trained on."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from service.client import TierlineClient
from service.schemas import Failure
from trainer.intervals import Interval, bootstrap
from trainer.judging import Counts, Judging
from trainer.rollout import Rollout, roll_out
from trainer.run_config import HeldOut
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.seeds import seed_of
from trainer.settings import SettingOptions, make_setting
from trainer.task_order import held_out_tasks

MEASURES = ("solve_rate", "failures/optimization", "failures/correctness")


def try_held_out(
    model_folder: Path, asked: HeldOut, setting: SettingOptions, seed: int, client: TierlineClient
) -> dict[str, Any]:
    """Sample every problem, judge at full coverage. The outcome of each problem, and shares with intervals.

    Problems and random numbers follow from `seed`: two models with the same seed are tried alike.
    """
    sampler = TransformersSampler.from_folder(model_folder)
    chosen = held_out_tasks(asked.tasks, asked.problems, seed, client)
    tasks = [task for task in chosen for _ in range(asked.samples)]
    seeds = [seed_of(seed, "held out", place) for place in range(len(tasks))]
    counts = [Counts() for _ in chosen]
    rollouts: dict[int, Rollout] = {}
    with Judging(client, 1.0) as judging:
        for place, rollout in roll_out(sampler, make_setting(setting, client), tasks, seeds):
            rollouts[place] = rollout
            judging.put(place, rollout)
        for place, judged in judging.verdicts().items():
            counts[place // asked.samples].add(rollouts[place], judged)
    return {
        "problems": [
            {"problem": task.problem, "known": each.known, "unknown": each.unknown, **each.shares()}
            for task, each in zip(chosen, counts, strict=True)
        ],
        "shares": {name: asdict(interval) for name, interval in intervals(counts, seed).items()},
        "verdicts": {verdict: sum(each.verdicts[verdict] for each in counts) for verdict in counts[0].verdicts},
        "unknown": sum(each.unknown for each in counts),
    }


def intervals(counts: Sequence[Counts], seed: int) -> dict[str, Interval]:
    """Of each measure, over problems that weigh alike."""
    known = [each for each in counts if each.known]
    return {name: bootstrap([_measure(each, name) for each in known], seed=seed) for name in MEASURES}


def _measure(counts: Counts, name: str) -> float:
    if name == "solve_rate":
        return counts.solved / counts.known
    return counts.failures[Failure(name.partition("/")[2])] / counts.known
