"""One pair of checkpoints at many alphas, each evaluated on the same problems with the same random numbers."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

from merge.evaluation.engine_options import Transformers, Vllm
from merge.evaluation.engines import Dial, Pair, dial_of, vllm_server
from merge.evaluation.evaluate import Cost, Evaluation, evaluate
from merge.evaluation.samples import Sample, read_samples
from service.client import TierlineClient
from trainer.files import folder_digest, read_json, write_json
from trainer.judging import Known
from trainer.sampling import Sampler
from trainer.sampling.openai_sampler import OpenAISampler
from trainer.sampling.transformers_sampler import TransformersSampler
from trainer.settings import SettingOptions, make_setting
from trainer.tasks import Task

COSTS, LOG = "costs.json", "vllm.log"
_HERE = Transformers()


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
    engine: Transformers | Vllm = _HERE,
    told: Callable[[float, int, int], None] = lambda alpha, done, wanted: None,
) -> dict[float, list[Sample]]:
    """Samples by alpha. The weights are set in place: nothing but samples is written. Finished alphas are read, not drawn again.

    Raises what `dial_of` does, and what sampling and judging raise.
    """
    digests = (folder_digest(pair.low), folder_digest(pair.high))
    found: dict[float, list[Sample]] = {}
    known: Known = {}  # many programs come at several alphas
    costs: dict[str, Any] = read_json(folder / COSTS)
    with ExitStack() as stack:
        dial: Dial | None = None
        for alpha in alphas:
            path = samples_file(folder, alpha)
            if len(have := [sample for sample in read_samples(path) if sample.known]) < len(tasks) * samples:
                if dial is None:
                    dial = stack.enter_context(dial_of(pair, engine, folder / LOG))
                dial.set_alpha(alpha)

                def tell(done: int, wanted: int, alpha: float = alpha) -> None:
                    told(alpha, done, wanted)

                identity = {
                    "alpha": alpha, "low": digests[0], "high": digests[1], "setting": setting.model_dump(mode="json"),
                    "engine": engine.engine,
                }  # fmt: skip
                asked = Evaluation(path, tuple(tasks), samples, seed, weights_at(digests, alpha), identity, tell)
                have, cost = evaluate(asked, dial.sampler, make_setting(setting, client), client, known)
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
    engine: Transformers | Vllm = _HERE,
    told: Callable[[int, int], None] = lambda done, wanted: None,
) -> list[Sample]:
    """Samples of one model. A server that was named must have it loaded."""
    identity = {"setting": setting.model_dump(mode="json"), "engine": engine.engine}
    asked = Evaluation(path, tuple(tasks), samples, seed, folder_digest(folder), identity, told)
    with _sampler(folder, engine, path.with_name(LOG)) as sampler:
        found, _ = evaluate(asked, sampler, make_setting(setting, client), client)
    return found


@contextmanager
def _sampler(folder: Path, engine: Transformers | Vllm, log: Path) -> Iterator[Sampler]:
    if isinstance(engine, Transformers):
        yield TransformersSampler.from_folder(folder, batch=engine.batch)
        return
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with (
        vllm_server(folder, engine, log) as server,
        closing(OpenAISampler(server.url, tokenizer, threads=engine.batch, check=server.check)) as sampler,
    ):
        yield sampler


def weights_at(digests: tuple[str, str], alpha: float) -> str:
    """What names the weights at an alpha of a pair: the pair's digests and the alpha, for no file holds them."""
    low, high = digests
    return {0.0: low, 1.0: high}.get(alpha, json.dumps([low, high, alpha]))


def _added(before: Mapping[str, float] | None, cost: Cost) -> dict[str, float]:
    """Of all calls that it took."""
    return {name: value + (before or {}).get(name, 0) for name, value in asdict(cost).items()}
