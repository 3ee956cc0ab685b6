"""Two servers, two workers and Redis as processes, which are killed all the time; a larger campaign is `make bench-faults`."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_submissions_survive_the_death_of_everything(tmp_path: Path, cache_dir: Path) -> None:
    campaign = ["--submissions", "100", "--every", "2.5", "--seed", "7"]
    argv = [sys.executable, "-m", "bench.faults", *campaign, "--cache", str(cache_dir), "--out", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {row["name"]: row["value"] for row in json.loads((tmp_path / "faults.json").read_text())["rows"]}
    assert told["submissions"] == 100
    assert (told["lost"], told["wrong"], told["two results, or two ids for one key"]) == (0, 0, 0)
