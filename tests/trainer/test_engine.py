"""The engine: what we depend on of TRL is checked by numbers worked out by hand, so that an upgrade cannot change it unseen."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from service.client import TierlineClient
from tests.service.serving import Serving
from trainer.engine import (
    WHOLE,
    Grpo,
    Rollouts,
    check_sharding,
    grpo_arguments,
    leave_out_unknown,
    make_engine,
)
from trainer.files import folder_digest
from trainer.judging import Judge, Judging, RewardKind, TooManyUnknown
from trainer.log import read_log
from trainer.run import RunRequest, run
from trainer.run_config import RunConfig, Sharding, TinyModel
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.settings import ReasoningOptions, make_setting
from trainer.task_order import task_order
from trainer.tiny_model import make_model, make_tokenizer

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # the libraries', of names that they will change

SMALL = TinyModel(width=16, layers=1, heads=2, inner=16)
CONFIG = RunConfig(
    setting=ReasoningOptions(answer="whole", max_tokens=20),
    generations=3,
    tasks_per_generation=2,
    group_size=4,
    warmup_updates=0,
    learning_rate=1e-3,
    save_every=1,
    report_to=(),
)


class Given:
    """In place of rollouts: completions and rewards as given."""

    def __init__(self, completions: Sequence[Sequence[int]], rewards: Sequence[float | None]) -> None:
        self.completions, self.rewards = completions, list(rewards)
        self.unknown = [reward is None for reward in rewards]

    def __call__(self, prompts: Sequence[str], trainer: Any) -> dict[str, Any]:
        return {
            "prompt_ids": [[1, 5, 2]] * len(prompts),
            "completion_ids": [list(ids) for ids in self.completions],
            "env_mask": [[1] * len(ids) for ids in self.completions],
            "logprobs": [[0.0] * len(ids) for ids in self.completions],
        }

    def reward(self, **_: Any) -> list[float | None]:
        return self.rewards


def engine_of(given: Any, folder: Path, **changes: Any) -> Grpo:
    tokenizer = make_tokenizer()
    config = CONFIG.model_copy(update=changes)
    return make_engine(config, 1, make_model(SMALL, tokenizer, 1), tokenizer, given, folder, [])


ROWS = [{"prompt": "0"}] * 4 + [{"prompt": "1"}] * 4


@pytest.mark.parametrize(("loss", "weight"), [("grpo", 8 / 7), ("dr_grpo", 8 / 7), ("bnpo", 1.0), ("dapo", 1.0)])
def test_advantages_leave_out_what_is_unknown(tmp_path: Path, loss: str, weight: float) -> None:
    """Known rewards 1, 0, 1: mean 2/3, standard deviation (of a sample) 0.57735; equal rewards teach nothing."""
    completions = [[40, 41, 3]] * 4 + [[42, 3]] * 4
    given = Given(completions, [1.0, 0.0, None, 1.0, 0.0, 0.0, 0.0, 0.0])
    batch = engine_of(given, tmp_path, loss=loss)._generate_and_score_completions(list(ROWS))
    wanted = torch.tensor([0.57725, -1.15450, 0.0, 0.57725, 0, 0, 0, 0]) * weight
    torch.testing.assert_close(batch["advantages"], wanted, rtol=1e-4, atol=1e-4)
    assert batch["tool_mask"].sum(1).tolist()[2] == 0
    assert int(batch["num_items_in_batch"]) == 3 * 3 + 4 * 2


def test_a_group_of_which_one_or_nothing_is_known_teaches_nothing(tmp_path: Path) -> None:
    given = Given([[40, 3]] * 8, [None, None, 1.0, None, None, None, None, None])
    batch = engine_of(given, tmp_path)._generate_and_score_completions(list(ROWS))
    assert batch["advantages"].tolist() == [0.0] * 8


def test_the_loss_is_what_is_worked_out_by_hand(tmp_path: Path) -> None:
    """Ratios new ÷ old of 1.5, 0.5 and 1.1 with clip 0.2; the last token of the first row is the environment's."""
    engine = engine_of(Given([], []), tmp_path, loss="grpo")
    engine.current_gradient_accumulation_steps = 1
    engine.model.train()
    prompt, completion = torch.tensor([[1, 5, 2]] * 2), torch.tensor([[40, 41, 42], [43, 44, 3]])
    ones = torch.ones_like(completion)
    with torch.no_grad():
        new, _, _ = engine._get_per_token_logps_and_entropies(
            engine.model, torch.cat([prompt, completion], 1), torch.ones(2, 6, dtype=torch.long), 3
        )
    ratios = torch.tensor([[1.5, 0.5, 9.0], [1.5, 0.5, 1.1]])
    batch = {
        "prompt_ids": prompt, "prompt_mask": torch.ones_like(prompt), "completion_ids": completion, "completion_mask": ones,
        "tool_mask": torch.tensor([[1, 1, 0], [1, 1, 1]]), "advantages": torch.tensor([1.0, -1.0]),
        "old_per_token_logps": new - ratios.log(), "num_items_in_batch": torch.tensor(5),
    }  # fmt: skip
    first = -(1.2 + 0.5) / 2  # min(1.5, 1.2), min(0.5, 0.8)
    second = (1.5 + 0.8 + 1.1) / 3  # -min(-1.5, -1.2), -min(-0.5, -0.8), -min(-1.1, -1.1)
    assert float(engine._compute_loss(engine.model, dict(batch)).detach()) == pytest.approx((first + second) / 2, abs=1e-5)


def test_leaving_out_a_row_is_as_if_it_had_not_been_sampled() -> None:
    """grpo: a mean over rows. Three known rows of four: their losses weigh a third each, not a quarter."""
    batch = {"advantages": torch.tensor([1.0, -1.0, 0.0, 2.0]), "completion_mask": torch.ones(4, 2, dtype=torch.long)}
    found = leave_out_unknown(batch, [False, False, True, False], "grpo", lambda tensor: tensor)
    by_row = (found["advantages"][:, None] * found["tool_mask"]).sum(1) / found["tool_mask"].sum(1).clamp(min=1)
    assert float(by_row.mean()) == pytest.approx((1 - 1 + 2) / 3)
    assert leave_out_unknown(batch, [False] * 4, "grpo", lambda tensor: tensor) is batch


def train(init: Path, out: Path, judge: Serving, **changes: Any) -> list[dict[str, Any]]:
    run(RunRequest(CONFIG.model_copy(update=changes), 0.5, 1, init, out), Judge(judge.url))
    return read_log(out / "log.jsonl")


def test_the_same_seed_gives_the_same_losses_for_twenty_updates(taught: Path, tmp_path: Path, judge: Serving) -> None:
    logs = [
        train(taught, tmp_path / name, judge, generations=10, updates_per_generation=2, reward=RewardKind.SHARE) for name in "ab"
    ]
    losses = [[(line["loss"], line["grad_norm"], line["reward"]) for line in log] for log in logs]
    assert len(losses[0]) == 10
    assert losses[0] == losses[1]
    assert sum(bool(grad_norm) for _, grad_norm, _ in losses[0]) > 3
    assert folder_digest(tmp_path / "a" / "model") == folder_digest(tmp_path / "b" / "model")
    for name in ("judge/waited_s", "sampling_s", "training_s", "solve_rate", "failures/optimization", "judge/known_before"):
        assert name in logs[0][-1], name


def test_a_run_that_was_killed_ends_with_the_same_weights(taught: Path, tmp_path: Path, judge: Serving) -> None:
    assert any(line["grad_norm"] for line in train(taught, tmp_path / "whole", judge, reward=RewardKind.SHARE))
    out = tmp_path / "killed"

    class Killed(Exception):
        pass

    for generation in (1, 2):

        def told(line: Any, generation: int = generation) -> None:
            if line["generation"] == generation:
                raise Killed

        with pytest.raises(Killed):
            run(RunRequest(CONFIG.model_copy(update={"reward": RewardKind.SHARE}), 0.5, 1, taught, out), Judge(judge.url), told)
    for checkpoint in (out / "checkpoints").iterdir():
        assert int(checkpoint.name.partition("-")[2]) % CONFIG.updates_per_generation == 0  # never within a generation
    half = out / "checkpoints" / "checkpoint-999"  # a save that was cut off
    half.mkdir()
    log = train(taught, out, judge, reward=RewardKind.SHARE)
    assert not half.exists()
    assert [line["generation"] for line in log] == [1, 2, 3]
    assert folder_digest(out / "model") == folder_digest(tmp_path / "whole" / "model")
    assert (out / "checkpoints" / "checkpoint-6" / WHOLE).is_file()
    with pytest.raises(ValueError, match="holds another run: its config"):
        train(taught, out, judge, generations=4)


def test_both_coverages_see_the_same_tasks(client: TierlineClient) -> None:
    one, other = (task_order(CONFIG.tasks, 30, 7, client) for _ in range(2))
    assert one == other
    assert one != task_order(CONFIG.tasks, 30, 8, client)


def test_a_run_stops_when_the_judge_fails_too_often(tmp_path: Path, client: TierlineClient, judge: Serving) -> None:
    tokenizer = make_tokenizer()
    model = make_model(SMALL, tokenizer, 1)
    with TierlineClient(judge.url, raise_on_judge_error=False) as lenient, Judging(lenient, 1.0) as judging:
        setting = make_setting(CONFIG.setting, lenient)
        order = task_order(CONFIG.tasks, 6, 1, lenient)
        rollouts = Rollouts(CONFIG, 1.0, 1, order, setting, TransformersSampler(model, tokenizer), judging)
        engine = make_engine(CONFIG, 1, model, tokenizer, rollouts, tmp_path, [])
        rollouts([row["prompt"] for row in ROWS], engine)
        rollouts._last = [lost(each) for each in rollouts._last]
        for place, each in enumerate(rollouts._last):
            judging.put(place, each)
        with pytest.raises(TooManyUnknown, match=r"8 of 8 rollouts.*the first said: it was lost"):
            rollouts.reward(log_metric=lambda name, value: None)


def lost(rollout: Any) -> Any:
    from dataclasses import replace

    return replace(rollout, answer=None, error="it was lost")


def test_sharding_that_is_not_in_effect_is_refused() -> None:
    check_sharding(Sharding.NONE, "DistributedType.MULTI_GPU")
    check_sharding(Sharding.FSDP2, "DistributedType.FSDP")
    with pytest.raises(ValueError, match="fsdp2 was asked for and MULTI_CPU runs"):
        check_sharding(Sharding.FSDP2, "DistributedType.MULTI_CPU")
    with pytest.raises(ValueError, match="cannot sample a sharded model"):
        RunConfig(sharding=Sharding.FSDP2)


def test_checkpoints_come_between_generations_only(tmp_path: Path) -> None:
    arguments = grpo_arguments(
        CONFIG.model_copy(update={"updates_per_generation": 4, "rows_at_once": 1, "save_every": 3}), 1, tmp_path
    )
    assert arguments.steps_per_generation == 8  # micro-batches: 4 updates of 2 rows, one at a time
    assert arguments.gradient_accumulation_steps == 2
    assert arguments.save_steps == 12
    assert arguments.max_steps == 12
    with pytest.raises(ValueError, match="rows_at_once: 3"):
        RunConfig(tasks_per_generation=2, group_size=4, rows_at_once=3)
    with pytest.raises(ValueError, match="8 rollouts"):
        RunConfig(tasks_per_generation=2, group_size=4, updates_per_generation=3)


def test_two_processes_sample_what_one_samples(taught: Path, tmp_path: Path, judge: Serving) -> None:
    """Each rolls out its half of the same rollouts; only the split into updates differs."""
    config = CONFIG.model_copy(update={"reward": RewardKind.SHARE, "tasks_per_generation": 4})
    (tmp_path / "two.yaml").write_text(yaml.safe_dump({"run": config.model_dump(mode="json")}))
    tool = Path(sys.executable)
    argv = [tool.with_name("torchrun"), "--nproc_per_node", "2", "--master_port", "0", "--rdzv-backend", "c10d"]
    argv += ["--rdzv-endpoint", "127.0.0.1:0", tool.with_name("tierline"), "train", "run", "--preset", tmp_path / "two.yaml"]
    argv += ["--init", taught, "--out", tmp_path / "two", "--coverage", "0.5", "--server", judge.url]
    done = subprocess.run(list(map(str, argv)), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    run(RunRequest(config, 0.5, 1, taught, tmp_path / "one"), Judge(judge.url))
    one, two = (read_log(tmp_path / name / "log.jsonl") for name in ("one", "two"))
    assert [line["generation"] for line in two] == [1, 2, 3]
    assert two[0]["reward"] == pytest.approx(one[0]["reward"])
    assert two[0]["solve_rate"] == pytest.approx(one[0]["solve_rate"])
