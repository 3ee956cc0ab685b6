"""Cold start: from the start of `tierline serve` to its first verdicts, beside what a bare interpreter takes to start.

Each round has an empty data folder, so that nothing was compiled or generated before: the server's start compiles the helper that
starts programs in boxes, makes the boxes and warms their interpreters.
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bench import programs
from bench.report import Row, finish
from bench.server import Served, serve

_PROBLEM = {"tests": [{"input": "1 2\n", "output": "3\n"}], "time_limit_s": 10}
_numbers = itertools.count()


def seconds(call: Callable[[], object]) -> float:
    """Wall time of a call."""
    before = time.perf_counter()
    call()
    return time.perf_counter() - before


def _judge(served: Served, language: str, source: str, comment: str) -> None:
    body: dict[str, Any] = {"problem": "p", "language": language, "source": f"{source}\n{comment} {next(_numbers)}\n"}
    told = served.client.post("/v1/submissions?wait=60", json=body).raise_for_status().json()
    if told["verdict"] != "AC":
        raise RuntimeError(f"{language}: {told}")


def round_of(boxes: int) -> dict[str, float]:
    """Seconds of each step, of one server."""
    found = {"bare": seconds(lambda: subprocess.run([sys.executable, "-I", "-c", "pass"], check=True))}
    before = time.perf_counter()
    with serve(boxes=boxes) as served:
        found["ready"] = time.perf_counter() - before
        served.put_problem("p", _PROBLEM)
        for name, language, source, comment in (
            ("python", "python", programs.A_PLUS_B_PY, "#"),
            ("cpp", "cpp17", programs.A_PLUS_B_CPP, "//"),
        ):
            for turn in ("first", "later"):
                found[f"{name} {turn}"] = seconds(lambda args=(language, source, comment): _judge(served, *args))  # type: ignore[misc]
    return found


def main() -> None:
    """Measure, print, write bench/out/cold_start.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold_start", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--boxes", type=int, default=2)
    options = parser.parse_args()
    rounds = [round_of(options.boxes) for _ in range(options.rounds)]
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    rows = [
        Row("process start to ready", middle["ready"], unit=" s", note=f"{options.boxes} boxes, empty data folder"),
        Row("the same ÷ start of a bare interpreter", middle["ready"] / middle["bare"], note=f"{middle['bare'] * 1e3:.0f} ms"),
        Row("first verdict, Python", middle["python first"] * 1e3, unit=" ms", note="a + b, one test, over HTTP"),
        Row("a later one, another source", middle["python later"] * 1e3, unit=" ms"),
        Row("first verdict, C++", middle["cpp first"] * 1e3, unit=" ms", note="with compiling"),
        Row("a later one, another source, C++", middle["cpp later"] * 1e3, unit=" ms", note="with compiling"),
    ]
    finish("cold_start", "cold start of `tierline serve`", rows, rounds=options.rounds)


if __name__ == "__main__":
    main()
