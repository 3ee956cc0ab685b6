"""`tierline merge` as a user calls it."""

import subprocess
import sys
from pathlib import Path

import torch

from tests.merge.checkpoints import read, weights, write


def tierline(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = str(Path(sys.executable).with_name("tierline"))
    return subprocess.run(
        [tool, "merge", *arguments], capture_output=True, text=True, env={"COLUMNS": "80", "PATH": "/usr/bin:/bin"}
    )


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
            ["--checkpoint", str(low), "--checkpoint", str(high), "--weight", "1", "--out", str(tmp_path / "out")],
            "one weight each",
        ),
    ):
        done = tierline(*arguments)
        assert done.returncode == 2, arguments
        assert said in " ".join(done.stderr.split()), done.stderr
    assert not (tmp_path / "out").exists()


def test_help_fits_80_columns() -> None:
    done = tierline("--help")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
