"""Do limits mean the same work everywhere: programs that need 70% and 140% of their limit, judged at full speed, by workers that
a real CPU quota slows down, and by a worker whose reference is a machine twice as fast.

Programs count until they have had their share of CPU time, so what they need is known exactly. Besides: how steady the measured
speed is, and what the gate of the whole machine costs a run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import quota
from bench.programs import spin_source
from bench.report import Row, console, finish
from sandbox.gate import Gate
from service.calibration import measure
from service.machine import Machine, open_machine
from service.queue import Job
from service.schemas import Problem, Submission, Test
from service.settings import Settings

LIMIT_S = 0.4
NEEDS = (0.7, 1.4)
_SPIN_CPP = """#include <cstdio>
#include <ctime>
int main() {{
    while (clock() < {seconds} * CLOCKS_PER_SEC) {{}}
    puts("1");
}}
"""
_CHILDREN = """import os, time
for _ in range(10):
    if not (child := os.fork()):
        while time.process_time() < {seconds} / 10: pass
        os._exit(0)
    os.waitpid(child, 0)
print(1)
"""


def _program(kind: str, cpu_s: float) -> tuple[str, str]:
    if kind == "C++":
        return "cpp17", _SPIN_CPP.format(seconds=cpu_s)
    return "python", _CHILDREN.format(seconds=cpu_s) if kind == "children" else spin_source(cpu_s)


def _judge(machine: Machine, kind: str, cpu_s: float) -> str:
    problem = Problem(tests=(Test(input="", output="1\n"),), time_limit_s=LIMIT_S)
    language, source = _program(kind, cpu_s)
    loaded = machine.store.inline(problem)
    sent = Submission(problem=problem, language=language, source=source)
    return str(machine.judging.judge(Job(sent, loaded.digest, loaded.digest, language, loaded=loaded)).verdict)


def worker(folder: Path, runs: int, slower: float) -> dict[str, Any]:
    """Judge all programs in this process, `slower` times as slow as the reference; how many verdicts were not the right ones."""
    wrong: dict[str, int] = {}
    settings = Settings(boxes=1, data_dir=folder / "data")
    with open_machine(settings) as machine:
        machine.judging.clock.check()
        speed = machine.judging.clock.speed
        assert speed is not None
        kinds = ["Python", "children", *(["C++"] if "cpp17" in machine.languages.available else [])]
    settings = settings.model_copy(update={"reference_speed": slower * speed.figure if slower > 1 else None})
    with open_machine(settings) as machine:
        factor = machine.judging.clock.factor()
        for kind in kinds:
            for need in NEEDS:
                expected = "AC" if need < 1 else "TLE"
                verdicts = [_judge(machine, kind, need * LIMIT_S * factor) for _ in range(runs)]
                wrong[f"{kind} {need:.0%}"] = sum(verdict != expected for verdict in verdicts)
    return {"wrong": wrong, "speed": speed.figure, "factor": factor}


def _elsewhere(folder: Path, runs: int, share: float | None, slower: float) -> Row:
    """The same in a process of its own, held to a share of a core."""
    argv = [sys.executable, "-m", "bench.clocks", "--worker", str(folder), "--runs", str(runs), "--slower", str(slower)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if share is None:
            out, throttled = process.communicate("go\n")[0], 0
        else:
            with quota.quota(share) as group:
                group.take(process.pid)
                out, _ = process.communicate("go\n")
                throttled = group.throttled
    if process.returncode:
        raise RuntimeError(f"the worker ended with status {process.returncode}")
    told = json.loads(out.splitlines()[-1])
    name = "full speed" if share is None else f"quota of {share:.0%} of a core"
    name = f"reference {slower:g} times as fast" if slower > 1 else name
    bad = {what: count for what, count in told["wrong"].items() if count}
    note = f"speed {told['speed']:.2f}, limits x {told['factor']:.2f}, stopped {throttled} times; " + (
        str(bad) if bad else "all right"
    )
    return Row(f"{name}: wrong of {len(told['wrong']) * runs}", sum(bad.values()), 0, 0, note=note)


def _speeds(folder: Path, rounds: int) -> Row:
    with open_machine(Settings(boxes=1, data_dir=folder / "data")) as machine, machine.pool.box() as box, machine.pool.alone():
        figures = sorted(measure(box).figure for _ in range(rounds))
    low, high = figures[rounds // 20], figures[-1 - rounds // 20]
    note = f"{low:.2f} to {high:.2f}, median {statistics.median(figures):.2f}"
    return Row(f"{rounds} measured speeds, 95th ÷ 5th percentile", high / low, note=note, samples={"figures": figures})


def _gate(folder: Path) -> Row:
    folder.mkdir()
    costs = []
    for gate in (Gate(), Gate(folder)):
        rounds = []
        for _ in range(20):
            started = time.perf_counter()
            for _ in range(1000):
                with gate.shared():
                    pass
            rounds.append((time.perf_counter() - started) * 1000)
        costs.append(statistics.median(rounds))
        gate.close()
    note = f"{costs[0]:.1f} us among threads only, {costs[1]:.1f} us among all judges of the machine"
    return Row("the machine's gate, for each run", costs[1] - costs[0], 50, 10, " us", note=note)


def main() -> None:
    """Measure, print, write bench/out/clocks.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.clocks", description=__doc__)
    parser.add_argument("--runs", type=int, default=10, help="runs of each program on each worker")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--slower", type=float, default=1.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        sys.stdin.readline()  # its speed is what it will be
        print(json.dumps(worker(options.worker, options.runs, options.slower)))
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as name, console.status("clocks"):
        folder = Path(name)
        rows = [_speeds(folder, 40), _gate(folder / "gate"), _elsewhere(folder, options.runs, None, 1.0)]
        if lack := quota.lack():
            rows.append(Row("under a CPU quota: not measured", 0, note=lack))
        else:
            rows += [_elsewhere(folder, options.runs, share, 1.0) for share in (0.5, 0.25)]
        rows.append(_elsewhere(folder, options.runs, None, 2.0))
    finish("clocks", f"verdicts at 70% and 140% of a limit of {LIMIT_S} s", rows, runs=options.runs)


if __name__ == "__main__":
    main()
