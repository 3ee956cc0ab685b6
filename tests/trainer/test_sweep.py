"""`tierline train sweep` as a user calls it: killed, with a judge that restarts, with none."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.client import TierlineClient
from tests import warm
from tests.end_to_end.test_server import served
from tests.service.serving import Serving

SWEEP = {
    "run": {
        "setting": {"name": "reasoning", "answer": "whole", "max_tokens": 24},
        "reward": "share",
        "generations": 4,
        "tasks_per_generation": 3,
        "group_size": 4,
        "warmup_updates": 0,
        "save_every": 1,
        "report_to": ["tensorboard"],
    },
    "coverages": [0.5, 1.0],
    "warm_start": {
        "model": {"width": 32, "layers": 1, "heads": 2, "inner": 64},
        "steps": 200,
        "batch": 32,
        "problems": 50,
        "learning_rate": 0.01,
        "save_every": 50,
    },
    "held_out": {"problems": 4, "samples": 4},
    "torch_threads": 1,
}


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sweep") / "small.yaml"
    path.write_text(yaml.safe_dump(SWEEP))
    return path


def tierline(*arguments: object, told: Callable[[str, warm.Warm], None] = lambda line, process: None) -> tuple[int | None, str]:
    """Status and all that was said; `told` is called with each line of stderr as it comes."""
    with warm.Warm(warm.tierline, "train", *map(str, arguments), environment={**os.environ, "COLUMNS": "80"}) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            told(line, process)
        out = process.stdout.read()
    return process.returncode, "".join(said) + out


def sweep(preset: Path, out: Path, url: str, **given: Any) -> tuple[int | None, str]:
    return tierline(*arguments_of(preset, out, url), **given)


def arguments_of(preset: Path, out: Path, url: str) -> list[str]:
    return ["sweep", "--preset", str(preset), "--out", str(out), "--server", url, "--seed", "5"]


@pytest.fixture(scope="module")
def whole(preset: Path, judge: Serving, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that nothing interrupted, by the command itself; the others compare themselves with it."""
    out = tmp_path_factory.mktemp("whole") / "sweep"
    argv = [Path(sys.executable).with_name("tierline"), "train", *arguments_of(preset, out, judge.url)]
    done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})
    said = done.stderr + done.stdout
    assert done.returncode == 0, said
    for wanted in ("warm start", "RL at coverage 0.5", "coverage 1  generation   4", "verdicts waited for", "solved", "waiting"):
        assert wanted in said, wanted
    assert "Warning" not in said
    return out


def test_a_sweep_writes_a_manifest_models_and_logs(whole: Path) -> None:
    manifest = json.loads((whole / "sweep.json").read_text())
    assert [run["coverage"] for run in manifest["runs"]] == [0.5, 1.0]
    assert len({run["weights"] for run in manifest["runs"]} | {manifest["init"]["weights"]}) == 3
    for run in manifest["runs"]:
        assert (whole / run["model"] / "model.safetensors").is_file()
        assert (whole / run["model"] / "tokenizer.json").is_file()
        assert len((whole / run["log"]).read_text().splitlines()) == 4
    assert list((whole / "coverage_0.5" / "tensorboard").rglob("events.*"))
    for tried in manifest["held_out"]:
        detail = json.loads((whole / tried["file"]).read_text())
        assert len(detail["problems"]) == 4
        assert sum(problem["known"] for problem in detail["problems"]) == 16
        assert 0 <= tried["solve_rate"]["low"] <= tried["solve_rate"]["value"] <= tried["solve_rate"]["high"] <= 1


def test_a_sweep_that_was_killed_ends_with_the_same_manifest(whole: Path, preset: Path, judge: Serving, tmp_path: Path) -> None:
    for mark in ("step 100/", "coverage 0.5  generation   2", "coverage 1  generation   3"):

        def kill(line: str, process: warm.Warm, mark: str = mark) -> None:
            if mark in line:
                process.send_signal(signal.SIGKILL)

        status, said = sweep(preset, tmp_path / "out", judge.url, told=kill)
        assert status == -signal.SIGKILL, said
        assert not (tmp_path / "out" / "sweep.json").exists()
    status, said = sweep(preset, tmp_path / "out", judge.url)
    assert status == 0, said
    assert "generation   1" not in said  # it went on
    assert (tmp_path / "out" / "sweep.json").read_text() == (whole / "sweep.json").read_text()
    status, said = sweep(preset, tmp_path / "out", judge.url)  # nothing is left to do
    assert status == 0, said
    assert "generation" not in said


def test_a_judge_that_restarts_costs_a_pause_and_no_reward(whole: Path, preset: Path, data_dir: Path, tmp_path: Path) -> None:
    """The same rewards as with a judge that did not."""
    port = free_port()
    restarted = threading.Event()
    servers: list[Any] = []

    def open_server() -> None:
        context = served(data_dir, port)
        servers.append((context, context.__enter__()))

    def close_server() -> None:
        servers.pop()[0].__exit__(None, None, None)

    def restart(line: str, process: warm.Warm) -> None:
        del process
        if "coverage 0.5  generation   2" in line and not restarted.is_set():
            restarted.set()
            close_server()
            threading.Thread(target=open_server).start()

    open_server()
    try:
        status, said = sweep(preset, tmp_path / "out", f"http://127.0.0.1:{port}", told=restart)
    finally:
        while servers:
            close_server()
    assert status == 0, said
    assert restarted.is_set()
    assert (tmp_path / "out" / "sweep.json").read_text() == (whole / "sweep.json").read_text()


def free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_no_judge_and_wrong_input_say_what_to_do(preset: Path, judge: Serving, whole: Path, tmp_path: Path) -> None:
    for arguments, wanted in (
        (
            ("sweep", "--preset", preset, "--out", tmp_path / "a", "--server", "http://127.0.0.1:9"),
            "no judge answers at http://127.0.0.1:9",
        ),
        (("sweep", "--preset", preset), "name the folder to write with --out DIR"),
        (("sweep", "--preset", "nowhere.yaml", "--out", tmp_path / "b"), "presets are laptop"),
        (
            ("sweep", "--preset", preset, "--out", whole, "--server", judge.url, "--seed", 6),
            "holds another sweep: its seed differs",
        ),
        (("sweep", "--preset", preset, "--out", tmp_path / "c", "--coverage", "1.5"), "coverages over 0 and at most 1"),
        (("run", "--preset", preset, "--out", tmp_path / "d"), "name the model to start from with --init DIR"),
    ):
        status, said = tierline(*arguments)
        assert status == 2, said
        assert wanted in " ".join(said.split()), said


def test_a_single_run_starts_from_a_model(
    whole: Path, preset: Path, judge: Serving, client: TierlineClient, tmp_path: Path
) -> None:
    del client
    options = ("--init", whole / "init", "--out", tmp_path / "run", "--server", judge.url, "--coverage", 0.5, "--seed", 5)
    status, said = tierline("run", "--preset", preset, *options)
    assert status == 0, said
    wanted = json.loads((whole / "sweep.json").read_text())["runs"][0]["weights"]
    from trainer.files import folder_digest

    assert folder_digest(tmp_path / "run" / "model") == wanted
