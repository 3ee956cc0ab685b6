"""Rows that need a server: tests a second over HTTP, and the memory of an idle one."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import programs
from bench.bare import Bare, at_once
from bench.clean_python import clean_python
from bench.report import Row
from bench.server import Served, serve
from service.machine import pool_config
from service.settings import Settings

SUBMISSIONS, TESTS = 200, 20
_BARE_AT_ONCE, _BARE_RUNS_EACH = 4, 60
_SETTLE_S = 3.0


def measure(rounds: int) -> Iterator[Row]:
    """Start a server with a box for each core; weigh it while it is idle, then keep it busy."""
    with serve(boxes=2) as served:
        time.sleep(_SETTLE_S)
        served.settle()
        memory, what = served.memory_mb()
        count = len(served.tree())
        note = f"{what} of {count} processes, once headers are compiled ahead"
        yield Row("idle server with two boxes", memory, 160, 110, " MB", note)
        yield _throughput(served, rounds)
        yield Row("the same server after the batches", served.memory_mb()[0], unit=" MB", note=what)


def _throughput(served: Served, rounds: int) -> Row:
    _store_problem(served)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        commands = _bare_commands(Path(name))
        ours, bare = [], []
        _batch(served, "warm-up", 20)
        for number in range(rounds):
            ours.append(_batch(served, str(number), SUBMISSIONS))
            bare.append(at_once(commands, _BARE_RUNS_EACH))
    ratio = statistics.median(ours) / statistics.median(bare)
    note = f"{statistics.median(ours):.0f} tests/s ÷ {statistics.median(bare):.0f}/s, {len(os.sched_getaffinity(0))} cores"
    title = f"HTTP batch of {SUBMISSIONS} Python submissions × {TESTS} tests ÷ four bare at once"
    return Row(title, ratio, 2.5, 3.4, note=note, at_least=True, samples={"ours_per_s": ours, "bare_per_s": bare})


def _store_problem(served: Served) -> None:
    pairs = [programs.pair_input(seed) for seed in range(TESTS)]
    tests = [{"input": given.decode(), "output": answer.decode()} for given, answer in pairs]
    served.put_problem("bench-a-plus-b", {"tests": tests, "time_limit_s": 5})


def _bare_commands(folder: Path) -> list[Bare]:
    source, stdin = folder / "sol.py", folder / "stdin"
    source.write_text(programs.A_PLUS_B_PY)
    given, answer = programs.pair_input()
    stdin.write_bytes(given)
    argv = [clean_python(pool_config(Settings()), folder / "python"), "-I", str(source)]
    return [Bare(argv, stdin, folder / f"stdout{number}", answer) for number in range(_BARE_AT_ONCE)]


def _batch(served: Served, tag: str, count: int) -> float:
    """Tests a second of one batch of programs that differ, so that no cache answers."""
    submissions = [
        {"problem": "bench-a-plus-b", "language": "python", "source": f"{programs.A_PLUS_B_PY}# {tag} {number}\n"}
        for number in range(count)
    ]
    body = json.dumps({"submissions": submissions}).encode()
    started = time.perf_counter()
    with served.client.stream(
        "POST", "/v1/submissions/batch", content=body, headers={"content-type": "application/json"}
    ) as answer:
        answer.raise_for_status()
        lines = list(answer.iter_lines())
    seconds = time.perf_counter() - started
    verdicts = [json.loads(line)["result"]["verdict"] for line in lines if line]
    if verdicts != ["AC"] * count:
        raise RuntimeError(f"{count} programs got {len(verdicts)} verdicts: {sorted(map(str, set(verdicts)))}")
    return count * TESTS / seconds
