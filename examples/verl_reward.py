"""verl with tierline's reward: the data set, a reward function of your own around ours, and what both ways to ask give.

    python examples/verl_reward.py --data data
    sh examples/verl_reward.sh data/train.parquet function      # on a machine with GPUs and verl; `url` needs --whole

It needs a judge (`tierline serve`) and `pip install 'tierline[train]'`, which brings what writes Parquet; verl is needed by the
second command only. verl loads `compute_score` from this file: 1.0 for AC, else up to a half for the coverage that was passed.
The first command writes a row for each problem, and scores three programs for "two-sum" by that function, and as verl does by
URL, a request for each test:

    program   compute_score   by URL
    fast              1.000    1.000
    brute             0.250    0.500
    wrong             0.000    0.000
    2 rows in data/train.parquet
"""

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from service.client import DEFAULT_URL, TierlineClient, verl_score
from service.schemas import Problem, Test

PROBLEM = "two-sum"
READ = "import sys\n_, t, *a = map(int, sys.stdin.buffer.read().split())\n"
PROGRAMS = {
    "fast": READ + "d = {}\nfor i, x in enumerate(a, 1):\n  if t - x in d: print(d[t - x], i)\n  d[x] = i\n",
    "brute": READ + "n = len(a)\nprint(*next((i + 1, j + 1) for i in range(n) for j in range(i) if a[i] + a[j] == t)[::-1])\n",
    "wrong": READ + "print(0, 0)\n",
}


def compute_score(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: dict[str, Any] | None = None, **kwargs: Any
) -> dict[str, float]:
    """What verl calls; `kwargs` are its reward_kwargs (url, coverage) and what it hands over besides."""
    told = verl_score.compute_score(data_source, solution_str, ground_truth, extra_info, **kwargs)
    return told | {"score": 1.0 if told["acc"] else 0.5 * told["coverage_passed"]}


def by_url(url: str, problem: Problem, program: str) -> float:
    """The share of tests that pass, asked as verl's `sandbox_fusion.url` asks: a request each, at once. It has no coverage."""

    def passes(test: Test) -> bool:
        body = {"language": "python", "code": program, "stdin": test.input, "run_timeout": problem.time_limit_s}
        told = httpx.post(url, json=body, timeout=120).raise_for_status().json()
        return bool(told["status"] == "Success" and told["run_result"]["stdout"].split() == test.output.split())

    with ThreadPoolExecutor(16) as threads:
        return sum(threads.map(passes, problem.tests)) / len(problem.tests)


def row(number: int, problem_id: str, problem: Problem, *, whole: bool) -> dict[str, Any]:
    """A row in verl's columns. The judge keeps the tests, so the problem's id will do as ground truth; by URL it will not."""
    cases = {"inputs": [test.input for test in problem.tests], "outputs": [test.output for test in problem.tests]}
    asked = f"{problem.statement}\n\nAnswer with one Python program in a fenced block."
    return {
        "data_source": "tierline",
        "prompt": [{"role": "user", "content": asked}],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": json.dumps(cases) if whole else problem_id},
        "extra_info": {"split": "train", "index": number},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Score, write, print."""
    parser = argparse.ArgumentParser(description="verl with tierline's reward")
    parser.add_argument("--server", default=DEFAULT_URL)
    parser.add_argument("--key", help="one of the judge's keys, where it has any")
    parser.add_argument("--problems", default=f"{PROBLEM},maximum-subarray", help="ids, with a comma between them")
    parser.add_argument("--whole", action="store_true", help="tests in the rows, as the way by URL needs them")
    parser.add_argument("--data", type=Path, help="folder for train.parquet; without it nothing is written")
    options = parser.parse_args(arguments)
    address = httpx.URL(options.server).copy_with(path="/run_code", username="verl", password=options.key or "")
    with TierlineClient(options.server, key=options.key) as judge:
        problem = judge.get_problem(PROBLEM)
        problems = {name: judge.get_problem(name) for name in options.problems.split(",")}
    print("program   compute_score   by URL")
    for name, program in PROGRAMS.items():
        said = f"```python\n{program}```"
        told = compute_score("tierline", said, PROBLEM, url=options.server, key=options.key)
        print(f"{name:8} {told['score']:14.3f} {by_url(str(address), problem, program):8.3f}")
    if options.data:
        from datasets import Dataset

        rows = [row(number, *named, whole=options.whole) for number, named in enumerate(problems.items())]
        options.data.mkdir(parents=True, exist_ok=True)
        Dataset.from_list(rows).to_parquet(options.data / "train.parquet")
        print(f"{len(rows)} rows in {options.data / 'train.parquet'}")


if __name__ == "__main__":
    main()
