"""What judging adds to the time of an evaluation: sampling alone beside sampling that is judged meanwhile, on one machine.

    python -m bench.evaluation [--samples 250] [--problems 100] [--rounds 3] [--cores N] [--boxes N] [--model DIR]

The model is the small one of `tierline train sweep --preset laptop` after its warm start (made here, minutes, unless --model
names one). Each round has problems and random numbers of its own and a fresh judge, which stands by, idle, while sampling alone
is measured; which of the two goes first changes from round to round. Both must draw the same samples, on the cores that have no
box of the judge's. Then the same evaluation once more, which the judge answers from what it keeps, so that its boxes rest: what
is left of the time that judging adds when there are boxes enough.

Of the boxes' CPU time that of processes which nobody waited for is not seen.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import torch

from bench.report import Row, console, finish
from bench.server import Served, serve
from merge.evaluation.engine_options import CHUNK
from merge.evaluation.evaluate import Evaluation, evaluate, roll_out_samples
from merge.evaluation.problem_sets import problem_set
from service.client import TierlineClient
from trainer.judging import Judge
from trainer.run_config import SweepConfig, read_sweep_config
from trainer.sampling import Sampler
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.settings import AnswerKind, Setting, make_setting
from trainer.tasks import Task
from trainer.warm_start import warm_start

MUST = 0.15
Drawn = dict[tuple[str, int], tuple[str, str]]
"""Of each problem and number of a sample: how it ended, and its program."""


@dataclass(slots=True)
class Seconds:
    """Of one pass: wall time, and CPU time of this process, of the judge's server and of its boxes."""

    wall: float = 0.0
    evaluator: float = 0.0
    server: float = 0.0
    boxes: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """The passes of a round. `waited_s`: for verdicts with nothing else to do. `programs`: distinct ones that were judged."""

    alone: Seconds
    judged: Seconds
    answered: Seconds
    """Judged from what the judge keeps."""
    waited_s: float
    programs: int

    @property
    def added(self) -> float:
        """The share of the wall time of sampling that judging adds."""
        return self.judged.wall / self.alone.wall - 1

    @property
    def added_without_boxes(self) -> float:
        """The same where boxes have nothing to do."""
        return self.answered.wall / self.alone.wall - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """What both passes draw, and by what."""

    tasks: tuple[Task, ...]
    samples: int
    seed: int
    sampler: Sampler
    setting: Setting


def sample_alone(asked: Asked) -> Drawn:
    """As an evaluation draws, with nobody who judges."""
    part = [(task, number) for number in range(asked.samples) for task in asked.tasks]
    drawn = {}
    for first in range(0, len(part), CHUNK):
        chunk = part[first : first + CHUNK]
        for place, rollout in roll_out_samples(asked.sampler, asked.setting, chunk, asked.seed):
            task, number = chunk[place]
            drawn[task.problem, number] = (rollout.ending, rollout.answer.source if rollout.answer else "")
    return drawn


def sample_and_judge(asked: Asked, client: TierlineClient) -> tuple[Drawn, float]:
    """The evaluation; also the seconds that it waited. Raises RuntimeError where the judge failed: that measures nothing."""
    with tempfile.TemporaryDirectory(prefix="bench-evaluation-") as folder:
        path = Path(folder) / "samples.jsonl"
        kept, cost = evaluate(
            Evaluation(path, asked.tasks, asked.samples, asked.seed, "bench", {}), asked.sampler, asked.setting, client
        )
    if lost := len(kept) - sum(sample.known for sample in kept):
        raise RuntimeError(f"the judge failed on {lost} of {len(kept)} samples")
    return {(sample.problem, sample.sample): (sample.ending, sample.code) for sample in kept}, cost.waited_s


@contextmanager
def clock(served: Served) -> Iterator[Seconds]:
    """Seconds that the block takes; they are there at its end."""
    took = Seconds()
    before = _clocks(served)
    yield took
    took.wall, took.evaluator, took.server, took.boxes = (b - a for a, b in zip(before, _clocks(served), strict=True))


def _clocks(served: Served) -> tuple[float, float, float, float]:
    mine = os.times()
    server, *boxes = map(_cpu_s, served.tree())
    return time.perf_counter(), mine.user + mine.system, server[0], server[1] + sum(map(sum, boxes))


def _cpu_s(process: psutil.Process) -> tuple[float, float]:
    """Of itself, and of those of its children that have ended."""
    try:
        used = process.cpu_times()
    except psutil.NoSuchProcess:  # its parent counts it now
        return 0.0, 0.0
    return used.user + used.system, used.children_user + used.children_system


@contextmanager
def off_boxes(served: Served) -> Iterator[None]:
    """As `taskset` would: Linux may leave a sampler for minutes on the core of a box, which cannot go elsewhere."""
    before = os.sched_getaffinity(0)
    bound = [cores for process in served.tree() if len(cores := process.cpu_affinity()) == 1]
    os.sched_setaffinity(0, before.difference(*bound) or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def one_round(sampler: Sampler, config: SweepConfig, options: argparse.Namespace, number: int) -> Round:
    """All passes; sampling alone and judging take turns at being first. Raises RuntimeError when they did not draw the same."""
    seed = options.seed + number
    with serve(options.boxes, result_cache_mb=64) as served, Judge(served.url).client() as client, off_boxes(served):
        tasks = tuple(problem_set(f"frontier:{options.problems}", seed, client))
        asked = Asked(tasks, options.samples, seed, sampler, make_setting(config.run.setting, client))
        sample_alone(replace(asked, samples=1))  # the first call of a model takes longer
        served.settle()
        for turn in (0, 1):
            if turn == number % 2:
                with clock(served) as alone:
                    drawn = sample_alone(asked)
            else:
                with clock(served) as judged:
                    kept, waited_s = sample_and_judge(asked, client)
        with clock(served) as answered:
            again, _ = sample_and_judge(asked, client)
    if not drawn == kept == again:
        raise RuntimeError("sampling alone and the evaluation did not draw the same samples")
    programs = {(problem, code) for (problem, _), (ending, code) in kept.items() if ending == AnswerKind.PROGRAM}
    return Round(alone, judged, answered, waited_s, len(programs))


def rows_of(rounds: list[Round], samples: int) -> list[Row]:
    """Medians over rounds."""

    def median(name: str, part: str) -> float:
        values: list[float] = [getattr(getattr(each, name), part) for each in rounds]
        return statistics.median(values)

    def spread(values: list[float]) -> str:
        return f"{min(values):.0%} to {max(values):.0%}"

    added = [each.added for each in rounds]
    programs = statistics.median(each.programs for each in rounds)
    waited_s = statistics.median(each.waited_s for each in rounds)
    without = [each.added_without_boxes for each in rounds]
    evaluator, server = median("answered", "evaluator"), median("answered", "server")
    busy = f"{spread(added)} in {len(rounds)} rounds; {samples} samples"
    rested = f"{spread(without)}; CPU {evaluator:.1f} s of the evaluator, {server:.1f} s of the server"
    return [
        Row("judging adds", 100 * statistics.median(added), 100 * MUST, unit="%", note=busy, samples={"added": added}),
        Row("it adds where its boxes rest", 100 * statistics.median(without), unit="%", note=rested, samples={"added": without}),
        Row("sampling alone: wall", median("alone", "wall"), unit=" s", note=f"CPU {median('alone', 'evaluator'):.1f} s"),
        Row("sampling and judging: wall", median("judged", "wall"), unit=" s", note=f"{waited_s:.1f} s of it only waiting"),
        *(
            Row(f"sampling and judging: CPU, {name}", median("judged", part), unit=" s")
            for name, part in (("the evaluator", "evaluator"), ("the judge's server", "server"), ("its boxes", "boxes"))
        ),
        Row("distinct programs", programs, note=f"{programs / samples:.1%} of samples"),
    ]


def main() -> None:
    """Measure, print, write bench/out/evaluation_N_cores.json."""
    allowed = sorted(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=250, help="of each problem")
    parser.add_argument("--problems", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1, help="of the first round and of the model")
    parser.add_argument("--cores", type=int, default=len(allowed), help="of this machine, for all of it; default: all")
    parser.add_argument("--boxes", type=int, help="of the judge; default: all cores but the one that samples")
    parser.add_argument("--model", type=Path, help="a model of that kind, in place of making one")
    options = parser.parse_args()
    if not 1 <= options.cores <= len(allowed):
        parser.error(f"--cores {options.cores}: there are {len(allowed)}")
    os.sched_setaffinity(0, allowed[: options.cores])
    options.boxes = options.boxes or max(1, options.cores - 1)
    config = read_sweep_config("laptop")
    assert config.warm_start is not None
    torch.set_num_threads(config.torch_threads or 1)
    with tempfile.TemporaryDirectory(prefix="bench-evaluation-") as folder, console.status("measuring"):
        model = options.model or warm_start(config.warm_start, options.seed, Path(folder) / "init", setting=config.run.setting)
        sampler = TransformersSampler.from_folder(model)
        rounds = [one_round(sampler, config, options, number) for number in range(options.rounds)]
    title = f"an evaluation beside its sampling alone, on {options.cores} cores"
    rows = rows_of(rounds, options.samples * options.problems)
    finish(f"evaluation_{options.cores}_cores", title, rows, rounds=options.rounds, boxes=options.boxes)


if __name__ == "__main__":
    main()
