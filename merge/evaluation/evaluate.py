"""Sampling a model on problems and judging what comes, at one alpha or many.

Interrupted, the same call goes on: samples that are written are not drawn again, and each sample's random numbers follow from
the seed, its problem and its number. Where the judge failed a sample is judged again, up to three times; what is still unknown
then is written as JE, counted, and drawn again by the next call.
"""

import gc
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from merge.evaluation.engine_options import CHUNK
from merge.evaluation.samples import Sample, line_of, read_samples, sample_of
from service.client import TierlineClient
from trainer.files import read_json, write_json
from trainer.judging import Judging, Known
from trainer.rollout import Rollout, roll_out
from trainer.sampling import Sampler
from trainer.seeds import seed_of
from trainer.settings import Setting
from trainer.tasks import Task

_ROUNDS = 3
_TOKENS_AHEAD = 1 << 20
"""Sampled and not judged, beyond which sampling waits: some hundred megabytes. The first samples of a problem are nearly all new
programs and the last nearly all known ones, so a judge that is behind at first catches up."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What to draw and where to write it. `identity` names the model, setting and seed: a file is of one only.

    `tasks`: the problems. `told` is called with samples written and wanted.
    """

    path: Path
    tasks: tuple[Task, ...]
    samples: int
    seed: int
    weights: str
    identity: dict[str, Any]
    told: Callable[[int, int], None] = lambda done, wanted: None


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds: of it all, and of that waiting for verdicts with nothing else to do."""

    wall_s: float
    waited_s: float
    drawn: int


def evaluate(
    asked: Evaluation, sampler: Sampler, setting: Setting, client: TierlineClient, known: Known | None = None
) -> tuple[list[Sample], Cost]:
    """All samples, what was written before included. `known`: of programs, see Judging; at full coverage.

    Raises ValueError when the file is of another evaluation.
    """
    began, drawn = perf_counter(), 0
    known = {} if known is None else known
    kept = _resume(asked)
    wanted = len(asked.tasks) * asked.samples
    with asked.path.open("ab") as file, Judging(client, 1.0, known=known) as judging, _spared_collections():

        def keep(chunk: _Chunk, *, last_round: bool) -> None:
            for sample in chunk.judged():
                if sample.known or last_round:
                    kept.append(sample)
                    file.write(line_of(sample))
            file.flush()
            asked.told(len(kept), wanted)

        for attempt in range(_ROUNDS):
            missing = _missing(asked, kept)
            ahead: deque[_Chunk] = deque()  # sampled, and being judged while the next ones are sampled
            for first in range(0, len(missing), CHUNK):
                chunk = _Chunk(asked, missing[first : first + CHUNK], sampler, setting, judging)
                drawn += len(chunk)
                ahead.append(chunk)
                while ahead and (ahead[0].is_judged or sum(chunk.tokens for chunk in ahead) > _TOKENS_AHEAD):
                    keep(ahead.popleft(), last_round=attempt == _ROUNDS - 1)
            while ahead:
                keep(ahead.popleft(), last_round=attempt == _ROUNDS - 1)
            if len(kept) >= wanted:
                break
    return kept, Cost(perf_counter() - began, judging.waited_s, drawn)


@contextmanager
def _spared_collections() -> Iterator[None]:
    """The collector leaves out what is there already. Samples make it run often, and a model and its libraries are half a million
    objects, which it would look through each time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _missing(asked: Evaluation, kept: Sequence[Sample]) -> list[tuple[Task, int]]:
    have = {(sample.problem, sample.sample) for sample in kept}
    return [
        (task, number)
        for number in range(asked.samples)  # so that what is there after an interruption covers all problems
        for task in asked.tasks
        if (task.problem, number) not in have
    ]


def roll_out_samples(
    sampler: Sampler, setting: Setting, part: Sequence[tuple[Task, int]], seed: int
) -> Iterator[tuple[int, Rollout]]:
    """(place in `part`, rollout) of each as it ends. `part`: problems, each with the number of its sample."""
    seeds = [seed_of(seed, task.problem, number) for task, number in part]
    return roll_out(sampler, setting, [task for task, _ in part], seeds)


class _Chunk:
    """Some rollouts: sampled when it is made, and on their way to their verdicts."""

    def __init__(
        self, asked: Evaluation, part: Sequence[tuple[Task, int]], sampler: Sampler, setting: Setting, judging: Judging
    ) -> None:
        self._asked, self._part, self._tokenizer = asked, part, sampler.tokenizer
        self._rollouts: dict[int, Rollout] = {}
        for place, rollout in roll_out_samples(sampler, setting, part, asked.seed):
            self._rollouts[place] = rollout
            judging.put(place, rollout)
        self._group = judging.seal()
        self.tokens = sum(len(rollout.token_ids) for rollout in self._rollouts.values())

    @property
    def is_judged(self) -> bool:
        """Whether `judged` need not wait."""
        return self._group.is_judged

    def __len__(self) -> int:
        return len(self._part)

    def judged(self) -> Iterator[Sample]:
        """In their order; waits for what is not judged yet."""

        @cache  # of a chunk's samples many are alike, and a call of a tokenizer takes longer than all else here
        def text_of(token_ids: tuple[int, ...]) -> str:
            text: str = self._tokenizer.decode(token_ids, skip_special_tokens=True)
            return text

        verdicts = self._group.verdicts()
        for place, (_, number) in enumerate(self._part):
            rollout = self._rollouts[place]
            yield sample_of(rollout, verdicts[place], number, text_of(rollout.token_ids), self._asked.weights)


def _resume(asked: Evaluation) -> list[Sample]:
    """What is written already; the file then has whole lines of known samples only."""
    identity = {**asked.identity, "seed": asked.seed, "weights": asked.weights, "tasks": [asdict(task) for task in asked.tasks]}
    beside = asked.path.with_suffix(".json")
    found = read_json(beside)
    if found and any(found.get(name) != value for name, value in _plain(identity).items()):
        unlike = next(name for name, value in _plain(identity).items() if found.get(name) != value)
        raise ValueError(f"{asked.path} is of another evaluation: its {unlike} differs. Fix: another folder, or remove it")
    if not found:
        if asked.path.exists():
            raise ValueError(f"{asked.path} is there and {beside.name} is not, so nobody knows what it is of. Fix: remove it")
        asked.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(beside, identity)
    kept = [sample for sample in read_samples(asked.path) if sample.known and sample.sample < asked.samples]
    unique = {(sample.problem, sample.sample): sample for sample in kept}
    temporary = asked.path.with_suffix(".tmp")
    temporary.write_bytes(b"".join(map(line_of, unique.values())))
    temporary.replace(asked.path)
    return list(unique.values())


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from JSON."""
    plain: dict[str, Any] = json.loads(json.dumps(value))
    return plain
