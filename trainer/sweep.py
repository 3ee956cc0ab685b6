"""A sweep: one run for each coverage, from one start, with the same tasks in the same order and the same seeds.

`OUT/sweep.json` is the manifest that merging and evaluation read: what was asked for, the start, and each coverage with its
model and its digest. It is written when all runs are done, holds no times and no paths outside of OUT, and is the same whether
the sweep was interrupted or not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from trainer.files import claim, folder_digest, read_json, write_json
from trainer.held_out import try_held_out
from trainer.judging import Judge
from trainer.run import LOG, RunRequest, run
from trainer.run_config import SweepConfig
from trainer.warm_start import Progress, warm_start

MANIFEST, INIT, HELD_OUT, ASKED = "sweep.json", "init", "held_out.json", "asked.json"
"""Files and folders of a sweep's folder."""


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """`init`: where all runs start; None: a warm start, which the configuration must then have."""

    config: SweepConfig
    seed: int
    out: Path
    init: Path | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Whom to tell how it goes: of the warm start, of a generation (coverage, line of the log), of a stage that begins."""

    warming: Callable[[Progress], None] = lambda _: None
    generation: Callable[[float, Mapping[str, Any]], None] = lambda _, __: None
    stage: Callable[[str], None] = lambda _: None


def sweep(asked: SweepRequest, judge: Judge, told: Told | None = None) -> dict[str, Any]:
    """Do what is left of it; the manifest. Raises what `run` raises, and ValueError when `out` holds another sweep."""
    told = told or Told()
    config = asked.config
    _claim(asked)
    if config.torch_threads:
        torch.set_num_threads(config.torch_threads)
    judge.check()  # before the warm start, not after it
    init = _start(asked, told)
    runs = []
    for coverage in config.coverages:
        folder = run_folder(asked.out, coverage)
        told.stage(f"RL at coverage {coverage:g}")

        def tell(line: Mapping[str, Any], coverage: float = coverage) -> None:
            told.generation(coverage, line)

        model = run(RunRequest(config.run, coverage, asked.seed, init, folder), judge, tell)
        runs.append({"coverage": coverage, "model": str(model.relative_to(asked.out)), "weights": folder_digest(model),
                     "log": str((folder / LOG).relative_to(asked.out))})  # fmt: skip
    manifest = {
        "kind": "tierline sweep",
        "seed": asked.seed,
        "config": config.model_dump(mode="json"),
        "init": {"model": INIT if asked.init is None else None, "weights": folder_digest(init)},
        "runs": runs,
        "versions": {name: version(name) for name in ("tierline", "torch", "transformers", "trl")},
    }
    if config.held_out is not None:
        manifest["held_out"] = _held_out(asked, runs, judge, told)
    write_json(asked.out / MANIFEST, manifest)
    return manifest


def run_folder(out: Path, coverage: float) -> Path:
    """Where the run of a coverage lies."""
    return out / f"coverage_{coverage:g}"


def _claim(asked: SweepRequest) -> None:
    if asked.init is None and asked.config.warm_start is None:
        raise ValueError("init: there is no model to start from. Fix: --init DIR, or warm_start in the configuration")
    said = {"config": asked.config.model_dump(mode="json"), "seed": asked.seed, "init": str(asked.init) if asked.init else None}
    claim(asked.out, ASKED, said, "sweep")


def _start(asked: SweepRequest, told: Told) -> Path:
    if asked.init is not None:
        return asked.init
    assert asked.config.warm_start is not None
    told.stage("warm start")
    return warm_start(asked.config.warm_start, asked.seed, asked.out / INIT, told.warming, asked.config.run.setting)


def _held_out(asked: SweepRequest, runs: list[dict[str, Any]], judge: Judge, told: Told) -> list[dict[str, Any]]:
    assert asked.config.held_out is not None
    found = []
    with judge.client() as client:
        for each in runs:
            folder = run_folder(asked.out, each["coverage"])
            said = read_json(folder / HELD_OUT)
            if not said:
                told.stage(f"held-out problems, coverage {each['coverage']:g}")
                said = try_held_out(
                    asked.out / each["model"], asked.config.held_out, asked.config.run.setting, asked.seed, client
                )
                write_json(folder / HELD_OUT, said)
            found.append(
                {"coverage": each["coverage"], "file": str((folder / HELD_OUT).relative_to(asked.out)), **said["shares"]}
            )
    return found
