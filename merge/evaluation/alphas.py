"""One pair of checkpoints at many alphas, each evaluated on the same problems with the same random numbers."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from merge.evaluation.evaluate import Cost, Evaluation, evaluate
from merge.evaluation.samples import Sample, read_samples
from merge.in_place import InPlace
from service.client import TierlineClient
from trainer.files import folder_digest, read_json, write_json
from trainer.judging import Known
from trainer.sampling import Sampler
from trainer.sampling.openai_sampler import OpenAISampler
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.settings import SettingOptions, make_setting
from trainer.tasks import Task

COSTS = "costs.json"


@dataclass(frozen=True, slots=True)
class Pair:
    """The two trained ends."""

    low: Path
    high: Path


def samples_file(folder: Path, alpha: float) -> Path:
    """Where the samples of an alpha lie."""
    return folder / f"alpha_{alpha:g}.jsonl"


def evaluate_alphas(
    pair: Pair,
    alphas: Sequence[float],
    tasks: Sequence[Task],
    setting: SettingOptions,
    *,
    samples: int,
    seed: int,
    folder: Path,
    client: TierlineClient,
    told: Callable[[float, int, int], None] = lambda alpha, done, wanted: None,
) -> dict[float, list[Sample]]:
    """Samples by alpha. The weights are set in place: nothing but samples is written. Finished alphas are read, not drawn again.

    Raises MergeRefused when the ends do not fit each other, and what sampling and judging raise.
    """
    digests = (folder_digest(pair.low), folder_digest(pair.high))
    model: Any = None
    dial: InPlace | None = None
    tokenizer = AutoTokenizer.from_pretrained(pair.low)
    found: dict[float, list[Sample]] = {}
    known: Known = {}  # many programs come at several alphas
    costs: dict[str, Any] = read_json(folder / COSTS)
    for alpha in alphas:
        path = samples_file(folder, alpha)
        if len(have := [sample for sample in read_samples(path) if sample.known]) < len(tasks) * samples:
            if dial is None:
                model = AutoModelForCausalLM.from_pretrained(pair.low, dtype=torch.float32).eval()
                dial = InPlace(model, pair.low, pair.high)
            dial.set_alpha(alpha)

            def tell(done: int, wanted: int, alpha: float = alpha) -> None:
                told(alpha, done, wanted)

            asked = Evaluation(
                path, tuple(tasks), samples, seed, weights_at(digests, alpha),
                {"alpha": alpha, "low": digests[0], "high": digests[1], "setting": setting.model_dump(mode="json")}, tell,
            )  # fmt: skip
            have, cost = evaluate(asked, TransformersSampler(model, tokenizer), make_setting(setting, client), client, known)
            costs[f"{alpha:g}"] = _added(costs.get(f"{alpha:g}"), cost)
            write_json(folder / COSTS, costs)
        found[alpha] = [sample for sample in have if sample.sample < samples]
    return found


def evaluate_model(
    folder: Path,
    tasks: Sequence[Task],
    setting: SettingOptions,
    *,
    samples: int,
    seed: int,
    path: Path,
    client: TierlineClient,
    server: str | None = None,
    told: Callable[[int, int], None] = lambda done, wanted: None,
) -> list[Sample]:
    """Samples of one model: drawn in this process, or by a vLLM server that has it loaded."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    sampler: Sampler
    if server is None:
        sampler = TransformersSampler(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), tokenizer)
    else:
        sampler = OpenAISampler(server, tokenizer)
    identity = {"setting": setting.model_dump(mode="json")}
    asked = Evaluation(path, tuple(tasks), samples, seed, folder_digest(folder), identity, told)
    try:
        found, _ = evaluate(asked, sampler, make_setting(setting, client), client)
    finally:
        sampler.close()
    return found


def weights_at(digests: tuple[str, str], alpha: float) -> str:
    """What names the weights at an alpha of a pair: the pair's digests and the alpha, for no file holds them."""
    low, high = digests
    return {0.0: low, 1.0: high}.get(alpha, json.dumps([low, high, alpha]))


def _added(before: Mapping[str, float] | None, cost: Cost) -> dict[str, float]:
    """Of all calls that it took."""
    return {name: value + (before or {}).get(name, 0) for name, value in asdict(cost).items()}
