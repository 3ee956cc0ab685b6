"""One run: RL at one coverage, from a start to a model, interrupted as often as may be."""

import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from trainer.engine import WHOLE, Checkpoints, Log, Rollouts, make_engine
from trainer.files import claim, folder_digest, write_whole
from trainer.judging import Judge, Judging
from trainer.run_config import RunConfig
from trainer.sampling import Sampler
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.settings import make_setting
from trainer.task_order import task_order

MODEL, LOG, CHECKPOINTS, RUN = "model", "log.jsonl", "checkpoints", "run.json"
_OTHERS_WAIT_S = 120.0
Told = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to train, from what, and where to put it."""

    config: RunConfig
    coverage: float
    seed: int
    init: Path
    out: Path


def run(asked: RunRequest, judge: Judge, told: Told = lambda _: None) -> Path:
    """Train, or go on from the last whole checkpoint; the folder of the model. Done already: returns at once.

    `out` gets `model/`, `log.jsonl` (a line a generation), `checkpoints/` and `run.json`, which says what was asked for. Raises
    ValueError when `out` holds something else, ConnectionError when no judge answers, TooManyUnknown when it fails too often,
    and what the client raises when it is lost for longer than its patience.
    """
    if not 0 < asked.coverage <= 1:
        raise ValueError(f"coverage: {asked.coverage:g}; give a share over 0 and at most 1")
    identity = _identify(asked)
    if not _is_first():
        _await(asked.out / RUN)
    claim(asked.out, RUN, identity, "run")
    if (asked.out / MODEL).is_dir():
        return asked.out / MODEL
    judge.check()
    with _quiet():
        _train(asked, judge, told)
    return asked.out / MODEL


@contextmanager
def _quiet() -> Iterator[None]:
    """Libraries speak of names that they will change and draw bars of their own; what counts is raised."""
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module=r"(transformers|trl|accelerate)\b.*")
        yield


def _train(asked: RunRequest, judge: Judge, told: Told) -> None:
    tokenizer = AutoTokenizer.from_pretrained(asked.init)
    model = AutoModelForCausalLM.from_pretrained(asked.init, dtype=torch.float32)
    _check_context(asked, model)
    config = asked.config
    with judge.client() as client, Judging(client, asked.coverage) as judging:
        order = task_order(config.tasks, config.generations * config.tasks_per_generation, asked.seed, client)
        rollouts = Rollouts(
            config,
            asked.coverage,
            asked.seed,
            order,
            make_setting(config.setting, client),
            _sampler(config, model, tokenizer),
            judging,
        )
        checkpoints = asked.out / CHECKPOINTS
        callbacks = [Checkpoints(checkpoints), Log(asked.out / LOG, config.updates_per_generation, told)]
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(asked.out / "tensorboard")
        engine = make_engine(config, asked.seed, model, tokenizer, rollouts, checkpoints, callbacks)
        last = _last_whole(checkpoints)
        engine.train(resume_from_checkpoint=str(last) if last else None)
        _save(engine, tokenizer, asked.out / MODEL)


def _sampler(config: RunConfig, model: Any, tokenizer: Any) -> Sampler:
    if config.sampler.engine == "vllm":
        from trainer.sampling.openai_sampler import OpenAISampler

        sampler: Sampler = OpenAISampler(config.sampler.server, tokenizer)
        return sampler
    return TransformersSampler(model, tokenizer, batch=config.sampler.batch)


def _save(engine: Any, tokenizer: Any, folder: Path) -> None:
    state = engine.accelerator.get_state_dict(engine.model)  # of all shards, where there are several
    if engine.is_world_process_zero():
        unwrapped = engine.accelerator.unwrap_model(engine.model)

        def save(path: Path) -> None:
            unwrapped.save_pretrained(path, state_dict=state)
            tokenizer.save_pretrained(path)

        write_whole(folder, save)
    engine.accelerator.wait_for_everyone()


def _check_context(asked: RunRequest, model: Any) -> None:
    context, wanted = model.config.max_position_embeddings, asked.config.setting.max_tokens
    if wanted >= context:
        raise ValueError(f"setting.max_tokens: {wanted} leave no room for a prompt in the model's context of {context} tokens")


def _identify(asked: RunRequest) -> dict[str, Any]:
    """What a folder is the run of."""
    return {
        "config": asked.config.model_dump(mode="json"),
        "coverage": asked.coverage,
        "seed": asked.seed,
        "init": folder_digest(asked.init),
        "versions": {name: version(name) for name in ("tierline", "torch", "transformers", "trl")},
    }


def _is_first() -> bool:
    """Among the processes of one run, as accelerate and torchrun number them."""
    return os.environ.get("RANK", "0") == "0"


def _await(path: Path) -> None:
    """What the first process writes."""
    end = monotonic() + _OTHERS_WAIT_S
    while not path.is_file():
        if monotonic() > end:
            raise ValueError(f"{path} was not written by the first process within {_OTHERS_WAIT_S:g} s; see what it says")
        sleep(0.1)


def _last_whole(checkpoints: Path) -> Path | None:
    """The latest checkpoint that was written to its end; others are removed."""
    found = sorted(checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    whole = [path for path in found if (path / WHOLE).is_file()]
    for path in found:
        if path not in whole and _is_first():
            shutil.rmtree(path)
    return whole[-1] if whole else None
