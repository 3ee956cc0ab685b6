"""What a run may be asked for, and that what is shipped loads."""

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from typer.testing import CliRunner

from tests.service.serving import Serving
from trainer.cli import app
from trainer.plan_config import PRESETS, PlanConfig, read_plan_config
from trainer.run_config import SWEEP_PRESETS, FamilyTasks, Sharding, SweepConfig, read_sweep_config, run_of_plan

SHIPPED = Path(__file__).parents[2] / "trainer"


@pytest.mark.parametrize("name", SWEEP_PRESETS)
def test_presets_load_and_say_all_that_they_say(name: str) -> None:
    config = read_sweep_config(name)
    assert config.warm_start is not None
    assert config.held_out is not None
    assert SweepConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("name", PRESETS)
def test_a_plan_is_a_run(name: str) -> None:
    planned = read_plan_config(name)
    config = run_of_plan(planned)
    assert config.sharding is Sharding.FSDP2
    assert config.sampler.engine == "vllm"
    assert (config.tasks_per_generation, config.group_size) == (planned.batch.tasks, planned.batch.group_size)
    assert config.setting == planned.setting
    changed = planned.model_copy(update={"training": {"learning_rate": 2e-6, "sharding": "deepspeed"}})
    assert (run_of_plan(changed).learning_rate, run_of_plan(changed).sharding) == (2e-6, Sharding.DEEPSPEED)
    with pytest.raises(ValueError, match=r"training\.lr: Extra inputs"):
        run_of_plan(planned.model_copy(update={"training": {"lr": 1}}))


@pytest.mark.parametrize("file", sorted((SHIPPED / "accelerate").glob("*.yaml")), ids=lambda path: path.stem)
def test_accelerates_configurations_load(file: Path) -> None:
    config = load_config_from_file(str(file))
    assert config.distributed_type.value == {"fsdp2": "FSDP", "deepspeed": "DEEPSPEED"}[file.stem]
    assert config.mixed_precision == "bf16"
    if file.stem == "fsdp2":
        assert config.fsdp_config["fsdp_version"] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("coverages: [1.0, 0.5]", "coverages: .*rise without repeating"),
        ("coverages: [0.5, 1.5]", "coverages: .*over 0 and at most 1"),
        ("run: {lerning_rate: 1}", "run.lerning_rate: Extra inputs"),
        ("run: {tasks: {source: frontier, hardness: [3, 2]}}", "run.tasks.frontier: .*hardness"),
        ("run: {tasks: {source: frontier, size_shares: {small: 1}}}", "size_shares: give a share"),
        ("run: {tasks_per_generation: 3, group_size: 3}", "updates_per_generation: 9 rollouts"),
        ("run: {sharding: fsdp2}", "sampler.engine: transformers cannot sample a sharded model"),
        ("warm_start: {model: {width: 30}}", "warm_start.model: .*no multiple of 2 x heads"),
        ("[1", "is no YAML"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "sweep.yaml").write_text(text)
    with pytest.raises(ValueError, match=said):
        read_sweep_config(str(tmp_path / "sweep.yaml"))


def test_family_and_stored_tasks_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text("run: {tasks: {source: stored, prefix: livecodebench/}}")
    assert read_sweep_config(str(tmp_path / "sweep.yaml")).run.tasks.model_dump()["prefix"] == "livecodebench/"
    assert isinstance(SweepConfig().run.tasks, FamilyTasks)


def test_a_dry_run_of_a_run_is_the_plan(judge: Serving) -> None:
    done = CliRunner().invoke(app, ["run", "--preset", "7b", "--dry-run", "--server", judge.url])
    assert done.exit_code == 0, done.output
    assert "7,615,616,512 parameters" in done.output
    assert "ready, runs python" in done.output
    plan = PlanConfig.model_validate({**read_plan_config("7b").model_dump(), "training": {"kl": -1}})
    with pytest.raises(ValueError, match=r"training\.kl"):
        run_of_plan(plan)
