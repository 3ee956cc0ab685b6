"""Plans of real models: known sizes, arithmetic worked out by hand, and what a dry run objects to."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.service.serving import Serving
from trainer.cli import app
from trainer.plan import GIB, judge_cores, plan
from trainer.plan_config import PRESETS, JudgingCost, PlanConfig, read_plan_config

SMALL = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 1000,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": True,
}
CLUSTER = {"train_gpus": 2, "sampler_gpus": 4, "tensor_parallel": 2, "gpu_memory_gib": 10, "sampler_memory_share": 0.5}
SMALL_RUN = {
    "model": {"config": SMALL},
    "cluster": CLUSTER,
    "batch": {"tasks": 2, "group_size": 4, "max_prompt_tokens": 1024},
    "setting": {"name": "reasoning", "max_tokens": 1024},
}


def written(folder: Path, **changes: object) -> str:
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump({**SMALL_RUN, **changes}))
    return str(path)


@pytest.mark.parametrize(("name", "parameters"), [("7b", 7_615_616_512), ("32b", 32_763_876_352)])
def test_presets_are_the_published_models_and_fit_their_gpus(name: str, parameters: int) -> None:
    done = plan(read_plan_config(name))
    assert done.model.parameters == parameters
    assert done.objections == ()
    assert sum(done.training_gib.values()) < 80
    assert done.sequences_at_once >= 32


def test_every_preset_is_known() -> None:
    shipped = {
        path.stem for path in (Path(__file__).parents[2] / "trainer/presets").glob("*.yaml") if "cluster:" in path.read_text()
    }
    assert shipped == set(PRESETS)


def test_memory_is_what_comes_out_by_hand() -> None:
    done = plan(PlanConfig.model_validate(SMALL_RUN))
    layer = 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128 + 2 * 64  # q and o, k and v, the MLP, two norms
    outside = 1000 * 64 + 64
    assert (done.model.layer_parameters, done.model.outside_parameters) == (layer, outside)
    parameters = 3 * layer + outside
    tokens = 2048
    bytes_of = {name: round(size * GIB) for name, size in done.training_gib.items()}
    assert bytes_of == {
        "weights": parameters * 2,
        "gradients": parameters * 2,
        "optimizer": parameters * 4,
        "gathered layers": 2 * (2 * layer + outside),
        "checkpoints": 3 * tokens * 64 * 2,
        "one layer": 2 * tokens * (640 + 512),
        "logits": tokens * 1000 * 10,
        "reserve": 4 * GIB,
    }
    assert done.model.kv_bytes(2) == 2 * 3 * 1 * 16 * 2
    assert done.model.kv_bytes(4) == done.model.kv_bytes(2), "a head is not divided"
    pool = 5 * GIB - parameters - 4 * GIB
    assert round(done.sampling_gib["kv cache"] * GIB) == pool
    assert done.sequences_at_once == pool // (192 * tokens) * 2


def test_judge_cores_are_those_of_the_page_on_sizing() -> None:
    cost = JudgingCost(tests=10, test_cpu_s=0.05, test_overhead_s=0.0026, program_overhead_s=0.01, wait_s=30, core_share=0.85)
    assert judge_cores(3686, cost) * 30 * 0.85 == pytest.approx(3686 * (0.01 + 10 * 0.0526))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cluster": {**CLUSTER, "gpu_memory_gib": 4.01, "sampler_memory_share": 1.0}}, "cluster.train_gpus"),
        ({"cluster": {**CLUSTER, "sampler_memory_share": 0.3}}, "cluster.tensor_parallel"),
        ({"setting": {"name": "reasoning", "max_tokens": 4000}}, "setting.max_tokens"),
        ({"batch": {"tasks": 1, "group_size": 3, "max_prompt_tokens": 64}}, "batch.tasks"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, object], field: str) -> None:
    (objection,) = plan(PlanConfig.model_validate({**SMALL_RUN, **changes})).objections
    assert objection.startswith(field)


def test_a_dry_run_asks_the_judge_and_prints_the_plan(judge: Serving, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "--preset", written(tmp_path), "--server", judge.url])
    assert done.exit_code == 0, done.output
    for said in ("175,040 parameters", "8 rollouts of up to 2048 tokens", f"{judge.url}: ready, runs python", "2 vLLM servers"):
        assert said in done.output


def test_a_model_comes_from_a_directory_as_well(judge: Serving, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text(json.dumps(SMALL))
    path = written(tmp_path, model={"directory": str(tmp_path / "model")})
    assert plan(read_plan_config(path)).model.parameters == 175_040


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": {"tasks": 2, "group_size": 1}}, "batch.group_size"),
        ({"cluster": {**CLUSTER, "sampler_gpus": 3}}, "no multiple of tensor_parallel"),
        ({"model": {}}, "give either directory or config"),
        ({"model": {"config": {"model_type": "nonesuch"}}}, "no model can be built"),
        ({"model": {"directory": "/nonexistent"}}, "no model can be built"),
        ({"setting": {"name": "tools", "max_cals": 1}}, "max_cals"),
        ({"setting": {"name": "tools", "template": "none.txt"}}, "cannot be read"),
        ({"tasks": {"language": "cobol"}}, "tasks.language: the judge does not run 'cobol'"),
        ({"coverages": [0.25, 1.5]}, "coverages"),
        ({"gpus": 8}, "gpus"),
    ],
)
def test_a_dry_run_names_what_is_wrong(judge: Serving, tmp_path: Path, changes: dict[str, object], said: str) -> None:
    done = CliRunner().invoke(app, ["plan", "--preset", written(tmp_path, **changes), "--server", judge.url])
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())


def test_without_a_judge_a_dry_run_says_how_to_start_one(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["plan", "--preset", written(tmp_path), "--server", "http://127.0.0.1:9"])
    assert done.exit_code == 1
    assert "no judge is ready at http://127.0.0.1:9" in " ".join(done.output.split())
