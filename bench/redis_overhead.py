"""What the queue in Redis costs against the queue of one machine, and what a second worker brings.

Both judges run at the same time on the same cores and are asked in turn, so that whatever else the machine does meets both.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from bench import programs
from bench.cluster import cluster
from bench.report import Row, console, finish
from bench.server import serve

_PROBLEM = "overhead"
_numbers = itertools.count()


def _problem(tests: int) -> dict[str, Any]:
    return {"tests": [{"input": f"{a} 1\n", "output": f"{a + 1}\n"} for a in range(tests)], "time_limit_s": 10}


def _body(tests: int) -> dict[str, Any]:
    source = f"{programs.A_PLUS_B_PY}# {next(_numbers)}\n"
    return {"problem": f"{_PROBLEM}/{tests}", "language": "python", "source": source, "cache": False, "details": False}


def _batch(client: httpx.Client, submissions: int, tests: int) -> float:
    """Tests a second. Raises RuntimeError unless all are AC."""
    body = orjson.dumps({"submissions": [_body(tests) for _ in range(submissions)]})
    started = time.perf_counter()
    verdicts = []
    with client.stream("POST", "/v1/submissions/batch", content=body, headers={"content-type": "application/json"}) as answer:
        answer.raise_for_status()
        verdicts = [orjson.loads(line)["result"]["verdict"] for line in answer.iter_lines() if line.strip()]
    seconds = time.perf_counter() - started
    if verdicts != ["AC"] * submissions:
        raise RuntimeError(f"{submissions - verdicts.count('AC')} of {submissions} were not AC")
    return submissions * tests / seconds


def _single(client: httpx.Client) -> float:
    """Milliseconds of one a + b."""
    started = time.perf_counter()
    told = client.post("/v1/submissions", params={"wait": 60}, json=_body(1)).json()
    if told["verdict"] != "AC":
        raise RuntimeError(f"a + b got {told['verdict']}: {told.get('error')}")
    return (time.perf_counter() - started) * 1e3


def _in_turn(clients: Sequence[httpx.Client], ask: Any, rounds: int) -> list[list[float]]:
    """What each client measured, in turns that begin with another one each time."""
    told: list[list[float]] = [[] for _ in clients]
    for client in clients:
        ask(client)  # warm
    for number in range(rounds):
        for place in range(len(clients)):
            which = (place + number) % len(clients)
            told[which].append(ask(clients[which]))
    return told


def _overhead(rounds: int) -> list[Row]:
    rows = []
    with (
        serve(boxes=2) as here,
        cluster(workers=1, boxes=2) as there,
        httpx.Client(base_url=there.urls[0], timeout=300) as remote,
    ):
        here.settle()
        there.settle()
        clients = [here.client, remote]
        for tests in (1, 10):
            for client in clients:
                client.put(f"/v1/problems/{_PROBLEM}/{tests}", json=_problem(tests)).raise_for_status()
        for tests, submissions, must in ((10, 100, 1.15), (1, 400, None)):

            def ask(client: httpx.Client, tests: int = tests, submissions: int = submissions) -> float:
                return _batch(client, submissions, tests)

            ours, theirs = (statistics.median(values) for values in _in_turn(clients, ask, rounds))
            note = f"one machine {ours:.0f} tests/s, Redis {theirs:.0f}; batches of {submissions}, medians of {rounds}"
            rows.append(Row(f"batch of {tests} tests each: one machine ÷ Redis", ours / theirs, must, note=note))
        ours, theirs = (statistics.median(values) for values in _in_turn(clients, _single, rounds * 20))
        note = f"{ours:.2f} ms and {theirs:.2f} ms, medians of {rounds * 20}"
        rows.append(Row("a single a + b: Redis − one machine", theirs - ours, 8.0, unit=" ms", note=note))
    return rows


def _scaling(rounds: int) -> list[Row]:
    with cluster(workers=1, boxes=1, cores=[{0}]) as one, cluster(workers=2, boxes=1, cores=[{0}, {1}]) as two:
        one.settle()
        two.settle()
        with httpx.Client(base_url=one.urls[0], timeout=300) as single, httpx.Client(base_url=two.urls[0], timeout=300) as double:
            for client in (single, double):
                client.put(f"/v1/problems/{_PROBLEM}/10", json=_problem(10)).raise_for_status()
            alone, both = (
                statistics.median(values) for values in _in_turn([single, double], lambda client: _batch(client, 40, 10), rounds)
            )
    note = f"{alone:.0f} and {both:.0f} tests/s; one box each, a core each; medians of {rounds}"
    return [Row("two workers ÷ one", both / alone, 1.85, at_least=True, note=note)]


def main() -> None:
    """Measure, print, write bench/out/redis.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.redis_overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=("overhead", "scaling"))
    options = parser.parse_args()
    rows = []
    with console.status("measuring"):
        if options.only != "scaling":
            rows += _overhead(options.rounds)
        if options.only != "overhead":
            rows += _scaling(options.rounds)
    finish("redis", "the queue in Redis beside the queue of one machine", rows, rounds=options.rounds)


if __name__ == "__main__":
    main()
