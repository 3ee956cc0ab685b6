"""A study from nothing to a report: for each training seed a sweep, both ends evaluated over alphas; then analysis and report.

Every stage goes on where it was interrupted and is skipped when it is done; numbers are a function of samples, samples of the
seeds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from merge.combination import pair
from merge.evaluation.alphas import COSTS, evaluate_alphas
from merge.evaluation.analysis import Study, analyse, at_equal_seconds
from merge.evaluation.claims import claims_of
from merge.evaluation.engines import Pair
from merge.evaluation.samples import Sample
from merge.evaluation.study_config import StudyConfig
from merge.merging import MergeRequest, merge_checkpoints
from trainer.files import claim, read_json, write_json
from trainer.judging import Judge
from trainer.sweep import SweepRequest, Told, sweep
from trainer.task_order import held_out_tasks

_MAY_CHANGE = {"python", "url", "batch"}
"""Of an engine, while a study is under way: where it is, and how much it does at once."""
ASKED, ANALYSIS, TIMES = "asked.json", "analysis.json", "times.json"


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom to tell: of a stage that begins (its number, how many there are, its name), of what happens in it."""

    stage: Callable[[int, int, str], None] = lambda number, of, name: None
    detail: Callable[[str], None] = lambda text: None


def study(config: StudyConfig, out: Path, judge: Judge, telling: Telling | None = None) -> dict[str, Any]:
    """Do what is left of it; the analysis, also written as `out/analysis.json`. Raises ValueError when `out` holds another
    study."""
    telling = telling or Telling()
    claim(out, ASKED, config.model_dump(mode="json", exclude={"engine": _MAY_CHANGE}), "study")
    judge.check()
    stages = len(config.seeds) * 3 + 1
    samples: dict[int, dict[float, list[Sample]]] = {}
    for place, seed in enumerate(config.seeds):
        folder = out / f"seed_{seed}"
        with _timed(out, f"seed {seed}: warm start and RL"):
            telling.stage(place * 3 + 1, stages, f"seed {seed}: warm start and RL at each coverage")
            manifest = sweep(SweepRequest(config.sweep, seed, folder / "sweep"), judge, _told(telling))
        ends = Pair(*(folder / "sweep" / manifest["runs"][place]["model"] for place in (0, -1)))
        with _timed(out, f"seed {seed}: merge"):
            telling.stage(place * 3 + 2, stages, f"seed {seed}: merge")
            _merge(ends, config, folder / "merged")
        with _timed(out, f"seed {seed}: evaluate"):
            telling.stage(place * 3 + 3, stages, f"seed {seed}: evaluate at {len(config.alphas)} alphas")
            samples[seed] = _evaluate(config, ends, seed, folder / "samples", judge, telling)
    telling.stage(stages, stages, "analysis and report")
    found = _analysis(config, samples, out)
    write_json(out / ANALYSIS, found)
    return found


class _timed:
    """Adds the seconds of a stage to those of earlier calls; a stage that is skipped takes next to none."""

    def __init__(self, out: Path, name: str) -> None:
        self._path, self._name = out / TIMES, name

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        times = read_json(self._path)
        write_json(self._path, {**times, self._name: times.get(self._name, 0.0) + perf_counter() - self._began})


def _told(telling: Telling) -> Told:
    def generation(coverage: float, line: Mapping[str, Any]) -> None:
        telling.detail(f"coverage {coverage:g}, generation {line['generation']}: reward {line['reward']:.3f}")

    return Told(
        warming=lambda progress: telling.detail(
            f"warm start, step {progress.step} of {progress.steps}: loss {progress.loss:.3f}"
        ),
        generation=generation,
    )


def _merge(ends: Pair, config: StudyConfig, out: Path) -> None:
    missing = [alpha for alpha in config.merged if not (out / f"alpha_{alpha:g}").is_dir()]
    for alpha in missing:
        merge_checkpoints(MergeRequest((ends.low, ends.high), (pair(alpha),), out / f"alpha_{alpha:g}"))


def _evaluate(
    config: StudyConfig, ends: Pair, seed: int, folder: Path, judge: Judge, telling: Telling
) -> dict[float, list[Sample]]:
    with judge.client() as client:
        return evaluate_alphas(
            ends,
            config.alphas,
            held_out_tasks(config.tasks, config.problems, seed, client),
            config.sweep.run.setting,
            samples=config.samples,
            seed=seed,
            folder=folder,
            client=client,
            engine=config.engine,
            told=lambda alpha, done, wanted: telling.detail(f"alpha {alpha:g}: {done} of {wanted} samples"),
        )


def _analysis(config: StudyConfig, samples: Mapping[int, Mapping[float, list[Sample]]], out: Path) -> dict[str, Any]:
    whole = Study(samples)
    seconds = {seed: _seconds(out / f"seed_{seed}" / "samples" / COSTS) for seed in samples}
    pooled = analyse(whole, config.budgets)
    return {
        "config": config.model_dump(mode="json"),
        "versions": {name: version(name) for name in ("tierline", "torch", "transformers", "trl", "numpy")},
        "pooled": pooled,
        "by_seed": {str(seed): analyse(whole.only(seed), config.budgets) for seed in samples},
        "claims": claims_of(pooled),
        "unknown": {
            str(seed): sum(not sample.known for found in by_alpha.values() for sample in found)
            for seed, by_alpha in samples.items()
        },
        "at_equal_seconds": at_equal_seconds(whole, config.budgets, _mean(list(seconds.values()))),  # on this machine
        "costs": {str(seed): read_json(out / f"seed_{seed}" / "samples" / COSTS) for seed in samples},
    }


def _seconds(path: Path) -> dict[float, float]:
    """Wall time of a sample at each alpha, judging included."""
    return {float(alpha): cost["wall_s"] / max(1, cost["drawn"]) for alpha, cost in read_json(path).items()}


def _mean(found: list[dict[float, float]]) -> dict[float, float]:
    return {alpha: sum(each[alpha] for each in found) / len(found) for alpha in found[0]}
