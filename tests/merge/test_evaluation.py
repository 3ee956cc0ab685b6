"""Evaluating small models with a real judge: resumed, exported, over alphas, and a whole study."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from merge.evaluation.alphas import evaluate_alphas
from merge.evaluation.analysis import Study, analyse
from merge.evaluation.engine_options import Transformers
from merge.evaluation.engines import Pair
from merge.evaluation.evaluate import Evaluation, evaluate
from merge.evaluation.samples import Sample, by_problem, counts_of, for_livecodebench, line_of, read_samples
from merge.evaluation.study_config import STUDY_PRESETS, read_study_config
from service.client import Patience, TierlineClient
from tests import warm
from tests.service.serving import Serving, server_fixture
from trainer.run_config import TinyModel, WarmStart
from trainer.sampling import Completion
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.settings import ReasoningOptions, make_setting
from trainer.task_order import store_instances
from trainer.tasks import Task
from trainer.warm_start import warm_start

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")
SETTING = ReasoningOptions(answer="whole", max_tokens=24)


judge = server_fixture()


@pytest.fixture(scope="module")
def client(judge: Serving) -> Iterator[TierlineClient]:
    with TierlineClient(judge.url, raise_on_judge_error=False, patience=Patience(attempts=3, pause_s=0.01)) as client:
        yield client


@pytest.fixture(scope="module")
def pair(taught: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Two models of the same start, the second taught longer."""
    size = TinyModel(width=32, layers=1, heads=2, inner=64)
    asked = WarmStart(model=size, steps=60, batch=32, problems=50, learning_rate=1e-2)
    return Pair(warm_start(asked, 1, tmp_path_factory.mktemp("pair") / "low"), taught)


@pytest.fixture(scope="module")
def tasks(client: TierlineClient) -> list[Task]:
    from itertools import islice

    from trainer.families import Part, instances

    return store_instances(list(dict.fromkeys(islice(instances(Part.HELD_OUT, 1), 5))), client)


class Interrupted(TransformersSampler):
    """Ends after so many completions."""

    left = 7

    def sample(self, prompts: Any) -> Iterator[tuple[int, Completion]]:
        for place, completion in super().sample(prompts):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            yield place, completion


def model_of(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def test_an_interrupted_evaluation_ends_with_the_same_samples(
    pair: Pair, tasks: list[Task], client: TierlineClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("merge.evaluation.evaluate.CHUNK", 5)
    setting = make_setting(SETTING, client)
    told: list[tuple[int, int]] = []
    whole = Evaluation(tmp_path / "whole.jsonl", tuple(tasks), 3, 7, "w", {}, lambda done, wanted: told.append((done, wanted)))
    found, cost = evaluate(whole, TransformersSampler(*model_of(pair.low)), setting, client)
    assert told[-1] == (15, 15)
    assert cost.drawn == len(found) == 15
    assert {len(samples) for samples in by_problem(found).values()} == {3}
    again = Evaluation(tmp_path / "again.jsonl", tuple(tasks), 3, 7, "w", {})
    # Each chunk is waited for, else it depends on the judge's speed how many are written by then.
    monkeypatch.setattr("merge.evaluation.evaluate._TOKENS_AHEAD", 0)
    with pytest.raises(KeyboardInterrupt):
        evaluate(again, Interrupted(*model_of(pair.low)), setting, client)
    assert len(read_samples(again.path)) == 5
    with again.path.open("a") as file:
        file.write('{"problem": "cut o')
    resumed, cost = evaluate(again, TransformersSampler(*model_of(pair.low)), setting, client)
    assert cost.drawn == 10
    assert key(resumed) == key(found)
    assert key(read_samples(again.path)) == key(found)
    assert evaluate(again, TransformersSampler(*model_of(pair.low)), setting, client)[1].drawn == 0
    with pytest.raises(ValueError, match="another evaluation: its weights differs"):
        evaluate(
            Evaluation(again.path, tuple(tasks), 3, 7, "other", {}), TransformersSampler(*model_of(pair.low)), setting, client
        )


def key(samples: list[Sample]) -> list[tuple[Any, ...]]:
    """All but what a machine's speed decides."""
    return sorted((s.problem, s.sample, s.seed, s.text, s.verdict or "", s.coverage_passed, s.tokens) for s in samples)


def test_a_sample_says_what_it_is_and_what_became_of_it(
    pair: Pair, tasks: list[Task], client: TierlineClient, tmp_path: Path
) -> None:
    found, _ = evaluate(
        Evaluation(tmp_path / "s.jsonl", tuple(tasks), 20, 1, "digest", {}),
        TransformersSampler(*model_of(pair.high)),
        make_setting(SETTING, client),
        client,
    )
    assert [json.loads(line_of(sample)) for sample in found] == [
        json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()
    ]
    programs = [sample for sample in found if sample.ending == "program"]
    assert {sample.verdict for sample in programs} >= {"AC", "WA"}
    for sample in programs:
        assert sample.code == sample.text
        assert sample.weights == "digest"
        assert len(sample.tiers) == 3
        if sample.solved:
            assert sample.tiers == ("AC", "AC", "AC")
            assert sample.coverage_passed == 1
            assert sample.cpu_s is not None
            assert 0 < sample.cpu_s < 0.02
    exported = list(for_livecodebench(found))
    assert [each["question_id"] for each in exported] == sorted(task.problem.partition("/")[2] for task in tasks)
    assert all(len(each["code_list"]) == len(each["graded_list"]) == 20 for each in exported)


def unknown(sample: Sample) -> Sample:
    from dataclasses import replace

    return replace(sample, verdict="JE", failure=None)


def test_what_the_judge_failed_on_is_in_no_share(pair: Pair, tasks: list[Task], client: TierlineClient, tmp_path: Path) -> None:
    found, _ = evaluate(
        Evaluation(tmp_path / "s.jsonl", tuple(tasks), 6, 1, "w", {}),
        TransformersSampler(*model_of(pair.high)), make_setting(SETTING, client), client,
    )  # fmt: skip
    whole = dict(zip(by_problem(found), counts_of(by_problem(found)), strict=True))
    lost = [unknown(sample) if sample.sample == 0 else sample for sample in found]
    for name, (n, c) in zip(by_problem(lost), counts_of(by_problem(lost)), strict=True):
        assert n == whole[name][0] - 1
        assert c <= whole[name][1]
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"".join(map(line_of, lost)))
    again, cost = evaluate(
        Evaluation(path, tuple(tasks), 6, 1, "w", {}),
        TransformersSampler(*model_of(pair.high)),
        make_setting(SETTING, client),
        client,
    )
    assert cost.drawn == 5  # only what was unknown
    assert key(again) == key(found)


def test_alphas_share_problems_and_random_numbers(pair: Pair, tasks: list[Task], client: TierlineClient, tmp_path: Path) -> None:
    few = Transformers(batch=3)  # which has no part in what is sampled
    found = evaluate_alphas(
        pair, (0.0, 0.5, 1.0, 1.5), tasks, SETTING, samples=8, seed=3, folder=tmp_path, client=client, engine=few
    )
    assert {frozenset((s.problem, s.sample, s.seed) for s in samples) for samples in found.values()} == {
        frozenset((s.problem, s.sample, s.seed) for s in found[0.0])
    }
    alone, _ = evaluate(
        Evaluation(tmp_path / "low" / "s.jsonl", tuple(tasks), 8, 3, "w", {}),
        TransformersSampler(*model_of(pair.low)), make_setting(SETTING, client), client,
    )  # fmt: skip
    assert key(alone) == key(found[0.0])
    assert len({tuple(key(samples)) for samples in found.values()}) == 4
    again = evaluate_alphas(pair, (0.0, 0.5, 1.0, 1.5), tasks, SETTING, samples=8, seed=3, folder=tmp_path, client=client)
    assert {alpha: key(samples) for alpha, samples in again.items()} == {alpha: key(samples) for alpha, samples in found.items()}
    analysis = analyse(Study({3: found}), (1, 4, 100))
    assert analysis["problems"] == 5
    assert analysis["left_out"] == [100]
    assert [row["alpha"] for row in analysis["alphas"]] == [0, 0.5, 1, 1.5]
    assert json.loads(json.dumps(analysis)) == json.loads(json.dumps(analyse(Study({3: again}), (1, 4, 100))))


@pytest.mark.parametrize("name", STUDY_PRESETS)
def test_presets_load(name: str) -> None:
    config = read_study_config(name)
    assert len(config.seeds) >= 3
    assert max(config.budgets) == 250
    assert config.sweep.warm_start is not None


SMALL_STUDY = {
    "title": "A <small> study",
    "sweep": {
        "run": {
            "setting": {"name": "reasoning", "answer": "whole", "max_tokens": 24},
            "reward": "share", "generations": 2, "tasks_per_generation": 3, "group_size": 4, "save_every": 1, "report_to": [],
        },
        "coverages": [0.5, 1.0],
        "warm_start": {
            "model": {"width": 32, "layers": 1, "heads": 2, "inner": 64}, "steps": 150, "batch": 32, "problems": 50,
            "learning_rate": 0.01, "save_every": 50,
        },
        "torch_threads": 1,
    },
    "seeds": [1, 2], "alphas": [-0.5, 0.0, 0.5, 1.0, 1.5], "tasks": {"source": "frontier", "hardness": [0, 5]},
    "problems": 4, "samples": 6, "budgets": [1, 4], "merged": [1.5],
}  # fmt: skip


def frontier(config: Path, out: Path, kill: str = "") -> tuple[int | None, str]:
    """Exit status and all that was said; SIGINT when a line has `kill` in it."""
    with warm.Warm(warm.tierline, *arguments_of(config, out)) as process:
        said = ""
        for line in process.stderr:
            said += line
            if kill and kill in line:
                process.send_signal(signal.SIGINT)
                kill = ""
        said += process.stdout.read()
    return process.returncode, said


def arguments_of(config: Path, out: Path) -> list[str]:
    return ["frontier", "--preset", str(config), "--out", str(out)]


def test_a_study_goes_from_nothing_to_a_report_and_ends_the_same_when_interrupted(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a judge of its own; stopped in the middle of each kind of stage."""
    monkeypatch.setenv("TIERLINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("COLUMNS", "80")
    config = tmp_path / "study.yaml"
    config.write_text(yaml.safe_dump(SMALL_STUDY))
    status, said = frontier(config, tmp_path / "whole")
    assert status == 0, said
    assert "nearly the same solve rate" in said
    for mark in ("[3/7]", "[4/7]"):
        status, said = frontier(config, tmp_path / "stopped", kill=mark)
        assert status != 0, said
    status, said = frontier(config, tmp_path / "stopped")
    assert status == 0, said
    one, other = (json.loads((tmp_path / name / "analysis.json").read_text()) for name in ("whole", "stopped"))
    for found in (one, other):  # what the clock decides
        del found["costs"], found["at_equal_seconds"]
    assert one == other
    page = (tmp_path / "stopped" / "report.html").read_text()
    assert "A &lt;small&gt; study" in page
    assert page.count("<figure>") == 5
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', page) == []  # it needs nothing else
    for claim in one["claims"]:
        assert claim["outcome"] in ("agree", "disagree", "cannot tell")
    assert {path.name for path in (tmp_path / "stopped" / "pictures").iterdir()} == {
        "frontier.png", "by_alpha.png", "outcomes.png", "pass_at_k.png", "ensembles.png"
    }  # fmt: skip
    assert (tmp_path / "stopped" / "seed_1" / "merged" / "alpha_1.5" / "model.safetensors").is_file()
    config.write_text(yaml.safe_dump({**SMALL_STUDY, "samples": 7}))
    status, said = frontier(config, tmp_path / "stopped")
    assert status == 2
    assert "holds another study: its samples differs" in " ".join(said.split())


def test_evaluate_prints_shares_and_exports(pair: Pair, judge: Serving, tmp_path: Path) -> None:
    common = ["--server", judge.url, "--problems", "frontier:3", "--samples", "4"]
    asked = ["--model", str(pair.high), "--out", str(tmp_path / "one"), "--export", str(tmp_path / "lcb.json"), *common]
    status, said = warm.ended(warm.tierline, "evaluate", *asked)
    assert status == 0, said
    assert "pass@1" in said
    assert len(json.loads((tmp_path / "lcb.json").read_text())) == 3
    asked = ["--low", str(pair.low), "--high", str(pair.high), "--alphas", "0:1:0.5", "--out", str(tmp_path / "three"), *common]
    status, said = warm.ended(warm.tierline, "evaluate", *asked)
    assert status == 0, said
    assert len(list((tmp_path / "three").glob("alpha_*.jsonl"))) == 3
    for wrong, wanted in (
        (["--low", "a"], "give --model, or --low, --high and --alphas"),
        (["--model", "m", "--setting", "thinking"], "give reasoning, tools, agent, whole or a file"),
        (["--low", "a", "--high", "b", "--alphas", "x"], "give FIRST:LAST:STEP"),
    ):
        status, said = warm.ended(warm.tierline, "evaluate", "--out", str(tmp_path / "no"), *wrong)
        assert status == 2
        assert wanted in " ".join(said.split())
