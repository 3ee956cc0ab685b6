"""The engine: TRL's GRPOTrainer, subclassed here and nowhere else.

TRL does the loss, the optimizer, checkpoints, many GPUs. Ours are tasks, rollouts, verdicts and the log. What TRL (1.16) cannot
carry, and why each is here:

* Rollouts come from a setting, sampler and judge of ours, through `rollout_func`; what a prompt is called there is the number of
  its row in the run's order, so that sample g of a row has the same random numbers in every run with the same seed, resumed or
  not.
* The order of tasks is one data set for the whole run, never shuffled and never begun again: TRL reshuffles a second epoch from a
  generator that a resumed run does not advance, and so trains on other data.
* Checkpoints come only between generations: within one, a resumed run would sample anew from a model half way.
* A rollout of which nothing is known (reward None) gets no advantage from TRL, but still counts in the denominator of the loss.
  Here it does not count at all: `leave_out_unknown`.
* Sharding that was asked for and is not in effect stops the run: accelerate ignores FSDP on a CPU in silence.
"""

import json
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from datasets import Dataset
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback, ProgressCallback
from trl import GRPOConfig, GRPOTrainer

from trainer.judging import Counts, Judged, Judging, TooManyUnknown
from trainer.log import read_log
from trainer.rollout import Rollout, roll_out
from trainer.run_config import RunConfig, Sharding
from trainer.sampling import Sampler
from trainer.seeds import seed_of
from trainer.settings import Setting
from trainer.tasks import Task

WHOLE = "WHOLE"
"""A file in each checkpoint that was written to its end."""


class Rollouts:
    """What TRL asks for completions, and then for their rewards."""

    def __init__(
        self,
        config: RunConfig,
        coverage: float,
        seed: int,
        order: Sequence[Task],
        setting: Setting,
        sampler: Sampler,
        judging: Judging,
    ) -> None:
        """`order`: the task of each row of the run, `generations` x `tasks_per_generation` in all."""
        self._config, self._coverage, self._seed = config, coverage, seed
        self._order, self._setting, self._sampler, self._judging = order, setting, sampler, judging
        self._last: list[Rollout] = []
        self.unknown: list[bool] = []
        """Of the last generation, whose reward is None; this process's rollouts in their order."""

    def __call__(self, prompts: Sequence[str], trainer: Any) -> dict[str, Any]:
        """Roll out each prompt (its text is the number of its row) and send what comes to the judge."""
        before = perf_counter()
        first = trainer.accelerator.process_index * len(prompts)
        rows = [int(prompt) for prompt in prompts]
        seeds = [seed_of(self._seed, row, (first + place) % self._config.group_size) for place, row in enumerate(rows)]
        tasks = [self._order[row] for row in rows]
        found: list[Rollout | None] = [None] * len(rows)
        for place, rollout in roll_out(self._sampler, self._setting, tasks, seeds, max_open=self._config.max_open):
            found[place] = rollout
            self._judging.put(place, rollout)
        self._last = [rollout for rollout in found if rollout is not None]
        trainer.seconds["sampling_s"] += perf_counter() - before
        return {
            "prompt_ids": [list(rollout.prompt_ids) for rollout in self._last],
            "completion_ids": [list(rollout.token_ids) for rollout in self._last],
            "env_mask": [[int(mine) for mine in rollout.written_by_model] for rollout in self._last],
            "logprobs": [list(rollout.logprobs or [float("nan")] * len(rollout.token_ids)) for rollout in self._last],
        }

    def reward(self, log_metric: Callable[[str, float], None], **_: Any) -> list[float | None]:
        """Of the last call's rollouts; None where nothing is known."""
        before = self._judging.waited_s
        verdicts = self._judging.verdicts()
        judged = [verdicts[place] for place in range(len(self._last))]
        rewards = [each.reward(self._config.reward, self._coverage) for each in judged]
        self.unknown = [reward is None for reward in rewards]
        counts = Counts()
        for rollout, each in zip(self._last, judged, strict=True):
            counts.add(rollout, each)
        for name, share in counts.shares().items():
            log_metric(name, share)
        log_metric("judge/waited_s", self._judging.waited_s - before)
        self._stop_where_too_many(judged)
        return rewards

    def _stop_where_too_many(self, judged: Sequence[Judged]) -> None:
        lost = [each for each in judged if each.unknown]
        if len(lost) > self._config.max_unknown_share * len(judged):
            said = next((each.error for each in lost if each.error), "no reason given")
            raise TooManyUnknown(
                f"the judge failed on {len(lost)} of {len(judged)} rollouts of this generation, more than max_unknown_share "
                f"{self._config.max_unknown_share:g} allows; the first said: {said}. Fix: look after the judge (`tierline "
                "doctor`), then start the run again: it goes on from its last checkpoint"
            )


def leave_out_unknown(batch: dict[str, Any], unknown: Sequence[bool], loss: str, gather: Callable[[Any], Any]) -> dict[str, Any]:
    """A generation's batch in which rollouts without a reward have no part in the loss. Advantages (n,), masks (n, t).

    `gather` collects a tensor of every process. Losses that are a mean over rollouts (grpo, dr_grpo) count them in the
    denominator: what is known weighs as much more. bnpo divides by the mask itself.
    """
    if not int(gather(torch.tensor(sum(unknown), device=batch["advantages"].device)).sum()):
        return batch
    known = ~torch.tensor(list(unknown), device=batch["advantages"].device)
    mask = batch.get("tool_mask", torch.ones_like(batch["completion_mask"]))
    mask = mask * known[:, None].to(mask.dtype)
    items = gather((batch["completion_mask"] * mask).sum()).sum()
    rows, left = int(gather(torch.tensor(len(known), device=known.device)).sum()), int(gather(known.sum()).sum())
    weight = rows / max(1, left) if loss in ("grpo", "dr_grpo") else 1.0
    return {**batch, "tool_mask": mask, "num_items_in_batch": items, "advantages": batch["advantages"] * weight}


class Grpo(GRPOTrainer):
    """See the module."""

    def __init__(self, rollouts: Rollouts, **given: Any) -> None:
        self.rollouts = rollouts
        self.seconds = {"sampling_s": 0.0, "training_s": 0.0}
        super().__init__(rollout_func=rollouts, reward_funcs=rollouts.reward, **given)
        self._beside_s = 0.0

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
        before = perf_counter()
        batch = super()._generate_and_score_completions(inputs)
        self._beside_s += perf_counter() - before
        return leave_out_unknown(batch, self.rollouts.unknown, self.loss_type, self.accelerator.gather)

    def training_step(self, *given: Any, **named: Any) -> torch.Tensor:
        """Timed: what is neither sampling nor waiting for verdicts is training."""
        before, beside = perf_counter(), self._beside_s
        loss: torch.Tensor = super().training_step(*given, **named)
        self.seconds["training_s"] += perf_counter() - before - (self._beside_s - beside)
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """The log has the seconds since the last one."""
        super().log({**logs, **self.seconds}, start_time)
        self.seconds = dict.fromkeys(self.seconds, 0.0)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """None: a checkpoint is weights, config and tokenizer."""


def make_engine(
    config: RunConfig,
    seed: int,
    model: Any,
    tokenizer: Any,
    rollouts: Rollouts,
    folder: Path,
    callbacks: Sequence[TrainerCallback],
) -> Grpo:
    """Ready to train. Raises ValueError where the processes do not fit the configuration."""
    arguments = grpo_arguments(config, seed, folder)
    rows = config.generations * config.tasks_per_generation
    logging.getLogger("trl.trainer.grpo_trainer").setLevel(
        logging.ERROR
    )  # it prints each rollout without a reward, and we count them
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*rollout_func.*")
        engine = Grpo(
            rollouts,
            model=model,
            args=arguments,
            train_dataset=Dataset.from_dict({"prompt": [str(row) for row in range(rows)]}),
            processing_class=tokenizer,
            callbacks=list(callbacks),
        )
    for noisy in (PrinterCallback, ProgressCallback):
        engine.remove_callback(noisy)
    check_sharding(config.sharding, str(engine.accelerator.distributed_type))
    return engine


def check_sharding(wanted: Sharding, found: str) -> None:
    """Raises ValueError when what runs is not what was asked for. `found`: accelerate's distributed_type."""
    kind = found.rpartition(".")[2].upper()
    if wanted is not Sharding.NONE and kind != {Sharding.FSDP2: "FSDP", Sharding.DEEPSPEED: "DEEPSPEED"}[wanted]:
        raise ValueError(
            f"sharding: {wanted.value} was asked for and {kind} runs. Fix: start it with `accelerate launch --config_file` "
            "and one of the configurations that docs/how-to/training.md names, on GPUs"
        )


def grpo_arguments(config: RunConfig, seed: int, folder: Path) -> GRPOConfig:
    """TRL's words for the configuration. Raises ValueError where it cannot be split over the processes."""
    world = TrainingArguments(output_dir=str(folder), use_cpu=not torch.cuda.is_available(), report_to="none").world_size
    update_rows = config.tasks_per_generation * config.group_size // config.updates_per_generation
    if update_rows % world:
        raise ValueError(f"an update's {update_rows} rollouts cannot be split over {world} processes")
    at_once = config.rows_at_once or update_rows // world
    if (update_rows // world) % at_once:
        raise ValueError(
            f"rows_at_once: {at_once} does not divide the {update_rows // world} rollouts of an update of one process"
        )
    accumulation = update_rows // world // at_once
    steps_per_generation = config.updates_per_generation * accumulation
    vllm = {}
    if config.sampler.engine == "vllm":
        vllm = {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": config.sampler.server}
    return GRPOConfig(
        output_dir=str(folder),
        seed=seed,
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=accumulation,
        steps_per_generation=steps_per_generation,
        num_generations=config.group_size,
        max_completion_length=config.setting.max_tokens,
        max_steps=config.generations * config.updates_per_generation,
        learning_rate=config.learning_rate,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=config.warmup_updates,
        adam_beta1=0.9,
        adam_beta2=0.95,
        weight_decay=0.0,
        max_grad_norm=config.max_grad_norm,
        optim="adamw_torch",
        epsilon=config.clip,
        beta=config.kl,
        loss_type=config.loss,
        scale_rewards=config.scale_rewards,
        temperature=config.setting.temperature or 1.0,
        top_p=config.setting.top_p,
        top_k=0,
        mask_truncated_completions=False,  # which would leave their reward in the group's mean
        shuffle_dataset=False,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        bf16=config.bf16,
        gradient_checkpointing=config.gradient_checkpointing,
        use_cpu=not torch.cuda.is_available(),
        save_strategy="steps",
        save_steps=config.save_every * config.updates_per_generation,
        save_total_limit=config.keep_checkpoints,
        logging_strategy="steps",
        logging_steps=config.updates_per_generation,
        report_to=list(config.report_to) or "none",
        disable_tqdm=True,
        **vllm,
    )


class Checkpoints(TrainerCallback):
    """Marks a checkpoint that was written to its end: one that was not is never gone on with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Called when all files are there."""
        if state.is_world_process_zero:
            (self._folder / f"checkpoint-{state.global_step}" / WHOLE).touch()


class Log(TrainerCallback):
    """One JSON object a generation, in `path`; `told` gets each as well."""

    def __init__(self, path: Path, updates_per_generation: int, told: Callable[[Mapping[str, Any]], None]) -> None:
        self._path, self._updates, self._told = path, updates_per_generation, told

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """What was logged after the checkpoint that the run goes on from is to come again."""
        if not state.is_world_process_zero:
            return
        done = state.global_step // self._updates
        kept = [line for line in read_log(self._path) if line["generation"] <= done]
        self._path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Add a line."""
        if not logs or "loss" not in logs or not state.is_world_process_zero:
            return
        line = {"generation": state.global_step // self._updates, "step": state.global_step, **logs}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._told(line)
