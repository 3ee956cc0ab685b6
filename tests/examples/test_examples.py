"""Each example as its first lines say to call it, against a real judge: what it prints is what it claims."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.client import verl_score
from tests import warm
from tests.service import wheels
from tests.service.serving import Serving, server_fixture

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
KEY = "example-key"


server = server_fixture(api_keys=[KEY])


ENVIRONMENT = {**os.environ, "TQDM_DISABLE": "1"}


def called(server: Serving, name: str, *arguments: object) -> list[str]:
    """The example and its arguments."""
    return [str(EXAMPLES / name), "--server", server.url, "--key", KEY, *map(str, arguments)]


def run(server: Serving, name: str, *arguments: object) -> list[str]:
    """The lines that it prints."""
    argv = [sys.executable, *called(server, name, *arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=200, cwd=ROOT, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def run_warm(server: Serving, name: str, *arguments: object) -> list[str]:
    """The same for those that import torch and TRL."""
    with warm.Warm(warm.script, *called(server, name, *arguments), environment=ENVIRONMENT) as process:
        said = process.stderr.read()
        lines = process.stdout.read().splitlines()
    assert process.returncode == 0, said
    return lines


def table(lines: list[str]) -> dict[str, list[float]]:
    """Rows of a name and numbers."""
    return {cells[0]: [float(cell) for cell in cells[1:]] for cells in map(str.split, lines)}


@pytest.fixture(scope="module")
def trained(server: Serving, tmp_path_factory: pytest.TempPathFactory) -> dict[float, tuple[Path, list[str]]]:
    """Folder and printed lines of a model for each coverage."""
    folder = tmp_path_factory.mktemp("runs")

    def train(coverage: float) -> tuple[Path, list[str]]:
        out = folder / f"{coverage:g}"
        return out, run_warm(server, "trl_reward.py", "--coverage", coverage, "--steps", 20, "--out", out)

    return {coverage: train(coverage) for coverage in (0.5, 1.0)}


def test_trl_learns_what_the_coverage_asks_for(trained: dict[float, tuple[Path, list[str]]]) -> None:
    chances = {}
    for coverage, (out, lines) in trained.items():
        told = re.fullmatch(rf"coverage {coverage:g}, 20 steps: mean reward ([\d.]+) -> ([\d.]+)", lines[0])
        assert told is not None, lines
        assert float(told[1]) < 0.5 < float(told[2])
        assert (out / "model.safetensors").is_file()
        chances[coverage] = table(lines[2:7])
        assert all(before < 0.3 for before, _ in chances[coverage].values())
    low, high = chances[0.5], chances[1.0]
    assert low["fast"][0] == high["fast"][0], "both runs begin with the same model"
    assert low["brute"][1] > low["brute"][0]
    assert high["brute"][1] < high["brute"][0]
    assert low["fast"][1] + low["brute"][1] > 0.6
    assert high["fast"][1] > 0.6


def test_alpha_sweep_goes_from_slow_to_fast_and_beyond(server: Serving, trained: dict[float, tuple[Path, list[str]]]) -> None:
    lines = run_warm(server, "alpha_sweep_in_place.py", trained[0.5][0], trained[1.0][0], "--alphas=-0.5,0,1,1.5")
    rows = {float(alpha): shares for alpha, shares in table(lines[1:]).items()}
    assert list(rows) == [-0.5, 0, 1, 1.5]
    assert all(abs(sum(shares) - 1) < 0.002 for shares in rows.values())
    passing, slow = ([shares[kind] for shares in rows.values()] for kind in (0, 1))
    assert passing == sorted(passing)
    assert slow == sorted(slow, reverse=True)
    ends = [table(trained[coverage][1][2:7])["fast"][1] for coverage in (0.5, 1.0)]
    assert [rows[0][0], rows[1][0]] == pytest.approx(ends, abs=0.002), "alpha 0 and 1 are the checkpoints"


def test_custom_checker_takes_any_right_answer(server: Serving) -> None:
    printed = [re.split(r" {2,}", line) for line in run(server, "custom_checker.py")]
    assert printed == [
        ["small first", "AC"],
        ["large first", "AC"],
        ["not prime", "WA", "9 is not a prime"],
        ["gives up", "WA", "expected two numbers"],
    ]


@pytest.mark.parametrize(("suffix", "each", "begins"), [("png", 10, b"\x89PNG"), ("svg", 1, b"<?xml")])
def test_submissions_reach_the_tiers_that_they_should(
    server: Serving, tmp_path: Path, suffix: str, each: int, begins: bytes
) -> None:
    picture = tmp_path / f"tiers.{suffix}"
    head, _, *rows, drawn = run(server, "thousand_submissions.py", "--count", 4 * each, "--plot", picture)
    assert re.fullmatch(rf"{4 * each} submissions in [\d.]+ s: \d+ a second", head)
    assert [row.split() for row in rows] == [
        ["linear", *[str(each)] * 4, "-"],
        ["loops", *[str(each)] * 2, "0", "0", "optimization"],
        ["unique", *[str(each)] * 2, "0", "0", "correctness"],
        ["crash", "0", "0", "0", "0", "correctness"],
    ]
    assert drawn == f"drawn in {picture}"
    assert picture.read_bytes().startswith(begins)


def test_verl_scores_and_rows(server: Serving, tmp_path: Path) -> None:
    from datasets import load_dataset

    lines = run_warm(server, "verl_reward.py", "--data", tmp_path, "--whole")
    assert table(lines[1:4]) == {"fast": [1.0, 1.0], "brute": [0.25, 0.5], "wrong": [0.0, 0.0]}
    rows: Any = load_dataset("parquet", data_files=str(tmp_path / "train.parquet"), split="train", cache_dir=str(tmp_path))
    assert lines[4] == f"2 rows in {tmp_path / 'train.parquet'}"
    assert [row["extra_info"]["index"] for row in rows] == [0, 1]
    assert rows[0]["prompt"][0]["content"].startswith("# Two Sum")


def test_verl_itself_scores_a_row_by_url(server: Serving, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = wheels.unpacked("verl", tmp_path_factory.mktemp("verl"))
    verl: Any = wheels.package("verl_of_examples", folder / "verl" / "utils" / "reward_score" / "sandbox_fusion")
    example: Any = wheels.module("verl_reward", EXAMPLES / "verl_reward.py")
    url = server.url.replace("://", f"://verl:{KEY}@") + "/run_code"
    problem = example.Problem.model_validate({"tests": [{"input": "2 5\n2 3\n", "output": "1 2\n"}] * 2})
    truth = example.row(0, "any", problem, whole=True)["reward_model"]["ground_truth"]
    for name, wanted in (("fast", 1.0), ("wrong", 0.0)):
        said = f"```python\n{example.PROGRAMS[name]}```"
        assert verl.compute_score(url, threading.Semaphore(4), 1024, said, truth, continuous=True)[0] == wanted
        assert example.compute_score("tierline", said, truth, url=server.url, key=KEY)["score"] == wanted
    verl_score._judge(server.url, KEY).close()  # which it would keep as long as this process lives
    verl_score._judge.cache_clear()


@pytest.mark.parametrize("way", ["function", "url"])
def test_settings_of_the_verl_command_are_verls(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, way: str) -> None:
    config = wheels.unpacked("verl", tmp_path_factory.mktemp("verl")) / "verl/trainer/config/_generated_ppo_trainer.yaml"
    known = yaml.safe_load(config.read_text())
    verl = tmp_path / "python3"  # in place of Python: says what it was called with
    verl.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    verl.chmod(0o755)
    argv = ["sh", str(EXAMPLES / "verl_reward.sh"), "rows.parquet", way]
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    called = subprocess.run(argv, capture_output=True, text=True, check=True, env=env).stdout.split()
    assert called[:2] == ["-m", "verl.trainer.main_ppo"]
    given = dict(setting.split("=", 1) for setting in called[2:])
    ours = given.get("reward.custom_reward_function.path")
    assert (Path(ours).resolve() == EXAMPLES / "verl_reward.py") if ours else given["reward.sandbox_fusion.url"]
    for name in given:
        place: Any = known
        *parents, last = name.removeprefix("+").split(".")
        for part in parents:
            place = place[part] if not name.startswith("+") else place.get(part, {})
        assert name.startswith("+") or last in place, name


def test_every_example_is_listed_and_says_how_to_call_it() -> None:
    listed = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.glob("*.py"):
        assert f"]({path.name})" in listed
        assert f"python examples/{path.name}" in path.read_text().partition('"""\n\n')[0]
