"""`tierline merge` as a user calls it."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from merge.cli import app
from tests.merge.checkpoints import read, weights, write
from tests.merge.test_lora import adapter


def tierline(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = str(Path(sys.executable).with_name("tierline"))
    return subprocess.run([tool, "merge", *arguments], capture_output=True, text=True, env={**os.environ, "COLUMNS": "80"})


def test_alphas_and_patterns_come_out_as_folders_and_a_table(tmp_path: Path) -> None:
    low, high = write(tmp_path / "low", weights(1)), write(tmp_path / "high", weights(2))
    asked = ["--low", str(low), "--high", str(high), "--alpha", "-0.5", "--alpha", "1.5", "--alpha", "layers.*.mlp=0"]
    done = tierline(*asked, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "alpha_-0.5" in done.stdout
    found = read(tmp_path / "out" / "alpha_1.5")
    name = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(found[name], read(low)[name])
    wanted = (-0.5 * read(low)["model.norm.weight"].double() + 1.5 * read(high)["model.norm.weight"].double()).float()
    assert torch.equal(found["model.norm.weight"], wanted)


def test_wrong_input_says_what_to_do_and_ends_with_2(tmp_path: Path) -> None:
    low, high = write(tmp_path / "low", weights(1)), write(tmp_path / "high", weights(2))
    two = ["--low", str(low), "--high", str(high), "--out", str(tmp_path / "out")]
    for arguments, said in (
        (two, "at least one --alpha"),
        ([*two, "--alpha", "much"], "'much' is no number"),
        ([*two, "--alpha", "mlp=1"], "say the alpha of all others too"),
        ([*two, "--alpha", "1.5", "--rank", "2"], "--rank is for LoRA adapters"),
        ([*two, "--alpha", "1.5", "--weight", "2"], "go with --checkpoint"),
        (
            ["--base", str(low), "--checkpoint", str(high), "--weight", "1", "--any-sum", "--out", str(tmp_path / "out")],
            "--any-sum goes without --base",
        ),
        (
            ["--checkpoint", str(low), "--checkpoint", str(high), "--weight", "1", "--out", str(tmp_path / "out")],
            "one weight each",
        ),
    ):
        done = CliRunner().invoke(app, arguments)  # in this process, which has torch already
        assert done.exit_code == 2, arguments
        assert said in " ".join(done.stderr.split()), done.stderr
    assert not (tmp_path / "out").exists()


def test_adapters_take_a_dtype_and_say_what_it_costs(tmp_path: Path) -> None:
    low, high = adapter(tmp_path / "low", 1, 2), adapter(tmp_path / "high", 2, 2)
    two = ["--low", str(low), "--high", str(high), "--out", str(tmp_path / "out"), "--alpha", "1.5"]
    refused = CliRunner().invoke(app, [*two, "--float64"])
    assert refused.exit_code == 2
    assert "adapters are summed in float64 anyway" in " ".join(refused.stderr.split())
    done = CliRunner().invoke(app, [*two, "--dtype", "bfloat16"])
    assert done.exit_code == 0, done.stderr
    assert "rounding errs" in done.stdout
    found = load_file(tmp_path / "out" / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in found.values()} == {torch.bfloat16}


def test_help_fits_80_columns() -> None:
    done = tierline("--help")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
