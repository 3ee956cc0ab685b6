"""A thousand submissions with the async client, and a picture of the tiers that they reach.

    python examples/thousand_submissions.py --plot tiers.png

It needs a judge (`tierline serve`) and, for the picture (PNG, SVG or PDF by its suffix), matplotlib. Four programs count pairs
with a given sum: a linear one, one with two loops, one that forgets a case which only large tests have, and one that crashes.
Each submission differs by a comment, so that none is answered from the cache. One batch carries them all; results come back as
they finish. It prints:

    1000 submissions in 35.2 s: 28 a second
    program    tier 1  tier 2  tier 3  tier 4   failure
    linear        250     250     250     250   -
    loops         250     250       0       0   optimization
    unique        250     250       0       0   correctness
    crash           0       0       0       0   correctness

Each number says how many of that program's submissions passed the tier.
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from service.client import DEFAULT_URL, AsyncTierlineClient
from service.schemas import Problem, Result, Submission, Test, Verdict

PROBLEM_ID = "examples/pairs"
SIZES = (10, 20, 60, 100, 8_000, 9_000, 10_000, 11_000)
"""Two tests a tier: two loops are fast enough for the first two tiers only."""

READ = "import sys\nk, *a = map(int, sys.stdin.read().split())\n"
PROGRAMS = {
    "linear": READ + "seen, r = {}, 0\nfor x in a:\n  r += seen.get(k - x, 0)\n  seen[x] = seen.get(x, 0) + 1\nprint(r)\n",
    "loops": READ + "print(sum(a[i] + a[j] == k for i in range(len(a)) for j in range(i)))\n",
    "unique": READ + "seen, r = set(), 0\nfor x in a:\n  r += k - x in seen\n  seen.add(x)\nprint(r)\n",
    "crash": READ + "print(a[len(a)])\n",
}


def make_problem(seed: int) -> Problem:
    """Small tests have no number twice, large ones have many."""
    rng = random.Random(seed)
    tests = []
    for size in SIZES:
        numbers = rng.sample(range(1000), size) if size <= 100 else [rng.randrange(1000) for _ in range(size)]
        counts, target = Counter(numbers), 999  # odd, so that no number pairs with itself
        pairs = sum(counts[number] * counts[target - number] for number in counts) // 2
        tests.append(Test(input=f"{target} {' '.join(map(str, numbers))}\n", output=f"{pairs}\n", size=size))
    return Problem(title="Pairs", tests=tuple(tests), time_limit_s=0.1)


async def judge_all(server: str, key: str | None, count: int, seed: int) -> list[tuple[str, Result]]:
    """The name of each program and what became of it, in the order in which they finished."""
    names = [name for name, _ in zip(list(PROGRAMS) * (count // len(PROGRAMS) + 1), range(count), strict=False)]
    run = time.time_ns()  # another run is other submissions
    submissions = [
        Submission(
            problem=PROBLEM_ID,
            language="python",
            source=f"{PROGRAMS[name]}# {run}, {number}\n",
            details=False,
        )
        for number, name in enumerate(names)
    ]
    async with AsyncTierlineClient(server, key=key) as judge:
        await judge.put_problem(PROBLEM_ID, make_problem(seed))
        return [(names[number], result) async for number, result in judge.batch(submissions)]


def plot(passed: dict[str, list[int]], path: Path) -> None:
    """A group of bars for each program, a bar for each tier."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    tiers = len(next(iter(passed.values())))
    for tier in range(tiers):
        places = [place + (tier - (tiers - 1) / 2) * 0.2 for place in range(len(passed))]
        shade = pyplot.get_cmap("viridis")(0.9 - 0.8 * tier / max(1, tiers - 1))
        axes.bar(places, [row[tier] for row in passed.values()], width=0.18, label=f"tier {tier + 1}", color=shade)
    axes.set_xticks(range(len(passed)), list(passed))
    axes.set_ylabel("submissions that passed")
    figure.legend(frameon=False, ncols=tiers, loc="outside upper center")
    figure.savefig(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge, print, draw."""
    parser = argparse.ArgumentParser(description="a thousand submissions and the tiers that they reach")
    parser.add_argument("--server", default=DEFAULT_URL)
    parser.add_argument("--key", help="one of the judge's keys, where it has any")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the tests")
    parser.add_argument("--plot", type=Path, help="where to draw; without it nothing is drawn")
    options = parser.parse_args(arguments)
    before = time.perf_counter()
    results = asyncio.run(judge_all(options.server, options.key, options.count, options.seed))
    seconds = time.perf_counter() - before
    tiers = len(results[0][1].tiers)
    passed = {name: [0] * tiers for name in PROGRAMS}
    failures: dict[str, Counter[str]] = {name: Counter() for name in PROGRAMS}
    for name, result in results:
        failures[name][result.failure or "-"] += 1
        for row in result.tiers:
            passed[name][row.tier - 1] += row.verdict is Verdict.AC
    print(f"{len(results)} submissions in {seconds:.1f} s: {len(results) / seconds:.0f} a second")
    print("program  " + "".join(f"{f'tier {tier + 1}':>8}" for tier in range(tiers)) + "   failure")
    for name, numbers in passed.items():
        print(f"{name:9}" + "".join(f"{number:8}" for number in numbers) + "   " + ", ".join(failures[name]))
    if options.plot:
        plot(passed, options.plot)
        print(f"drawn in {options.plot}")


if __name__ == "__main__":
    main()
