"""Samples: one JSON line each, in the order in which they were judged."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from merge.evaluation.frontiers import Point
from merge.evaluation.pass_at_k import Floats
from service.schemas import Failure, Verdict
from trainer.judging import Judged
from trainer.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Sample:
    """One rollout and what became of it. `sample`: its number among those of its problem, from 0.

    `verdict` is None for an answer without a program, `JE` where nothing is known: such samples are in no share and no pass@k.
    `tokens` are those of the model and its environment after the prompt; `weights` is the digest of the model's.
    """

    problem: str
    sample: int
    seed: int
    group: str
    difficulty: str
    text: str
    code: str
    ending: str
    finish_reasons: tuple[str, ...]
    tokens: int
    verdict: str | None
    failure: str | None
    coverage_passed: float
    tiers: tuple[str | None, ...]
    cpu_s: float | None
    memory_mb: float | None
    weights: str

    @property
    def known(self) -> bool:
        """Whether it says anything of the model."""
        return self.verdict != Verdict.JE

    @property
    def solved(self) -> bool:
        """Right and fast enough."""
        return self.verdict == Verdict.AC


def sample_of(rollout: Rollout, judged: Judged, number: int, text: str, weights: str) -> Sample:
    """From what the trainer's code knows of it."""
    return Sample(
        problem=rollout.task.problem,
        sample=number,
        seed=rollout.seed,
        group=rollout.task.group,
        difficulty=rollout.task.difficulty,
        text=text,
        code=rollout.answer.source if rollout.answer else "",
        ending=rollout.ending,
        finish_reasons=tuple(reason.value for reason in rollout.finish_reasons),
        tokens=len(rollout.token_ids),
        verdict=Verdict.JE.value if judged.unknown else judged.verdict and judged.verdict.value,
        failure=judged.failure and judged.failure.value,
        coverage_passed=judged.coverage_passed,
        tiers=tuple(verdict and verdict.value for verdict in judged.tiers),
        cpu_s=judged.cpu_s,
        memory_mb=judged.memory_mb,
        weights=weights,
    )


def line_of(sample: Sample) -> bytes:
    """With the newline."""
    return orjson.dumps(sample, option=orjson.OPT_APPEND_NEWLINE)


def read_samples(path: Path) -> list[Sample]:
    """All whole lines; a last one that was cut off is left out. Raises ValueError for what is no sample."""
    if not path.is_file():
        return []
    found = []
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines[:-1], 1):  # after the last newline there is nothing, or a line that was cut off
        try:
            given: dict[str, Any] = json.loads(line)
            found.append(Sample(**{**given, **{name: tuple(given[name]) for name in ("finish_reasons", "tiers")}}))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path}: line {number} is no sample ({error}). Fix: remove the file") from None
    return found


def by_problem(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """The known ones, in the order of problems' names and of sample numbers."""
    found: dict[str, list[Sample]] = {}
    for sample in sorted(samples, key=lambda each: (each.problem, each.sample)):
        if sample.known:
            found.setdefault(sample.problem, []).append(sample)
    return found


def counts_of(problems: Mapping[str, Sequence[Sample]]) -> tuple[tuple[int, int], ...]:
    """(n, c) of each problem."""
    return tuple((len(samples), sum(sample.solved for sample in samples)) for samples in problems.values())


def shares_of(problems: Mapping[str, Sequence[Sample]], *, no_program_is_wrong: bool = False) -> Floats:
    """(p, 3): optimization failures, correctness failures, solved; answers without a program are in none of them, or are
    correctness failures too."""
    rows = [
        (
            sum(sample.failure == Failure.OPTIMIZATION for sample in samples),
            sum(sample.failure == Failure.CORRECTNESS or (no_program_is_wrong and sample.verdict is None) for sample in samples),
            sum(sample.solved for sample in samples),
        )
        for samples in problems.values()
    ]
    sizes = np.array([len(samples) for samples in problems.values()], dtype=np.float64)
    return np.array(rows, dtype=np.float64) / sizes[:, None]


def point_of(alpha: float, samples: Iterable[Sample]) -> Point:
    """The point of one alpha."""
    return Point(alpha, shares_of(by_problem(samples)))


def coverage_curve(samples: Iterable[Sample], levels: Sequence[float]) -> list[float]:
    """Of each coverage level, the share of known samples that pass it."""
    known = [sample.coverage_passed for sample in samples if sample.known]
    return [sum(passed >= level - 1e-9 for passed in known) / max(1, len(known)) for level in levels]


def for_livecodebench(samples: Iterable[Sample]) -> Iterator[dict[str, Any]]:
    """What its runner takes as custom outputs, with our verdicts beside: one object a problem, in the order of ids."""
    for problem, found in by_problem(samples).items():
        yield {
            "question_id": problem.rpartition("/")[2],
            "code_list": [sample.code for sample in found],
            "output_list": [sample.text for sample in found],
            "graded_list": [sample.solved for sample in found],
            "pass@1": sum(sample.solved for sample in found) / len(found),
        }
