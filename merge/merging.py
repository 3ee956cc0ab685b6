"""One streamed pass: every input byte is read once, whatever the number of outputs, and memory stays that of a few blocks.

A merge is written into `OUT.partial` and renamed to OUT when all of it is whole. Interrupted, it goes on from the last whole
shard: `progress.json` there says for what request, what each shard's tensors hash to and what was measured.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from merge.agreement import check_agreement, check_disk, check_folder
from merge.blocks import TensorMerge, digest_of
from merge.checkpoint import INDEX, NAMES, Checkpoint, Tensor, read_json, weights_digest
from merge.combination import Combination
from merge.errors import MergeRefused
from merge.measures import LayerMeasures, from_json, layer_of, to_json
from merge.report import Report
from merge.shards import ShardWriter, file_bytes, write_index
from merge.workers import BlockResult, merging, processes_to_use
from trainer.files import sync, write_json

_PROGRESS = "progress.json"


class Arithmetic(StrEnum):
    """What sums are taken in. See `merge.arithmetic`; wide outputs are always summed in float64."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """What to merge. One combination writes `out` itself, several write a folder each in it, named by their labels.

    `dtype`: of the outputs' floating-point tensors; None: each as in the first checkpoint, the wider where they differ.
    `told` is called with the bytes read so far and in all.
    """

    checkpoints: tuple[Path, ...]
    combinations: tuple[Combination, ...]
    out: Path
    dtype: torch.dtype | None = None
    arithmetic: Arithmetic = Arithmetic.FLOAT32
    told: Callable[[int, int], None] = field(default=lambda done, total: None)


@dataclass(frozen=True, slots=True)
class Output:
    """One model that was made."""

    folder: Path
    report: Report


def merge_checkpoints(request: MergeRequest) -> list[Output]:
    """Merge, or go on with a merge that was interrupted. Raises MergeRefused, before anything is written where it can be."""
    labels = [combination.label for combination in request.combinations]
    if repeated := {label for label in labels if labels.count(label) > 1}:
        raise MergeRefused(f"{sorted(repeated)[0]} is asked for twice")
    if not labels:
        raise MergeRefused("nothing to make. Fix: give at least one --alpha")
    checkpoints = [Checkpoint(folder) for folder in request.checkpoints]
    try:
        return _Merge(request, checkpoints).run()
    finally:
        for checkpoint in checkpoints:
            checkpoint.close()


class _Merge:
    def __init__(self, request: MergeRequest, checkpoints: Sequence[Checkpoint]) -> None:
        check_agreement(checkpoints)
        self._request = request
        self._checkpoints = checkpoints
        self._first = checkpoints[0]
        self._check_weights()
        self._partial = request.out.with_name(request.out.name + ".partial")
        self._folders = [
            self._partial / c.label if len(request.combinations) > 1 else self._partial for c in request.combinations
        ]
        check_folder(request.out, resumable=False)
        self._identity = self._identify()
        self._progress = self._resume()
        self._digests: list[dict[str, str]] = self._progress["digests"]
        self._layers = from_json(self._progress["layers"])
        todo = [file for file in self._first.files if file.name not in self._progress["shards"]]
        self._todo = todo
        self._writers: list[ShardWriter] = []
        names = [tensor.name for file in todo for tensor in self._tensors_in(file)]
        self._done_bytes = 0
        self._total_bytes = sum(c.tensors[name].end - c.tensors[name].start for c in checkpoints for name in names)
        check_disk(request.out, sum(self._output_bytes(file) for file in todo) * len(request.combinations))

    def _check_weights(self) -> None:
        for combination in self._request.combinations:
            for weights in (combination.weights, *(weights for _, weights in combination.overrides)):
                if len(weights) != len(self._checkpoints):
                    raise MergeRefused(f"{combination.label}: {len(weights)} weights for {len(self._checkpoints)} checkpoints")
            for pattern, _ in combination.overrides:
                alone = Combination("", (0.0,), ((pattern, (1.0,)),))
                if not any(alone.of(name)[0] for name in self._first.tensors):
                    raise MergeRefused(f"pattern {pattern!r} matches no tensor, such as {next(iter(self._first.tensors))!r}")
            if self._first.config.get("tie_word_embeddings"):
                heads = {
                    combination.of(name)
                    for name in self._first.tensors
                    if name.endswith(("lm_head.weight", "embed_tokens.weight"))
                }
                if len(heads) > 1:
                    raise MergeRefused("lm_head and embed_tokens are tied, so they need the same alpha")

    # -- going on after an interruption --------------------------------------------------------------------------------

    def _identify(self) -> dict[str, Any]:
        """What must be the same for finished shards to be of use."""
        files = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for c in self._checkpoints for file in c.files]
        combinations = [(c.label, c.weights, c.overrides) for c in self._request.combinations]
        return {
            "files": repr(files),
            "combinations": repr(combinations),
            "dtype": str(self._request.dtype),
            "arithmetic": self._request.arithmetic.value,
            "version": version("tierline"),
        }

    def _resume(self) -> dict[str, Any]:
        said = read_json(self._partial / _PROGRESS)
        if said.get("identity") == self._identity and all(map(self._is_whole, said["shards"])):
            return said
        if self._partial.exists() and not said:
            check_folder(self._partial, resumable=False)  # not ours
        if said:
            shutil.rmtree(self._partial)
        return {"identity": self._identity, "shards": [], "digests": [{} for _ in self._checkpoints], "layers": {}}

    def _is_whole(self, shard: str) -> bool:
        """Whether it is there in every folder with all its bytes: a disk may have lost what progress.json tells of."""
        typed = [(tensor, self._output_dtype(tensor.name)) for tensor in self._tensors_in(self._first.folder / shard)]
        sizes = [path.stat().st_size for folder in self._folders if (path := folder / shard).is_file()]
        return sizes == [file_bytes(typed)] * len(self._folders)

    # -- the pass --------------------------------------------------------------------------------------------------------

    def run(self) -> list[Output]:
        self._partial.mkdir(parents=True, exist_ok=True)
        write_json(self._partial / _PROGRESS, self._progress)  # so that what is left is known as ours
        for folder in self._folders:
            folder.mkdir(exist_ok=True)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # parts are small
        try:
            finish: Callable[[], None] = lambda: None  # noqa: E731
            for file in self._todo:
                finish = self._merge_file(file, finish)
            finish()
        finally:
            for writer in self._writers:
                writer.close()
            torch.set_num_threads(threads)
        return self._finish()

    def _tensors_in(self, file: Path) -> list[Tensor]:
        return sorted((t for t in self._first.tensors.values() if t.file == file), key=lambda tensor: tensor.start)

    def _output_dtype(self, name: str) -> torch.dtype:
        found = [checkpoint.tensors[name].dtype for checkpoint in self._checkpoints]
        if not found[0].is_floating_point:
            return found[0]
        if self._request.dtype is not None:
            return self._request.dtype
        return found[0] if len(set(found)) == 1 else max(found, key=lambda dtype: (dtype.itemsize, dtype == torch.bfloat16))

    def _output_bytes(self, file: Path) -> int:
        return sum(tensor.elements * self._output_dtype(tensor.name).itemsize for tensor in self._tensors_in(file))

    def _merge_file(self, file: Path, meanwhile: Callable[[], None]) -> Callable[[], None]:
        """Merge its tensors. What is left to do then is waiting for the disk: `meanwhile` of the next file."""
        typed = [(tensor, self._output_dtype(tensor.name)) for tensor in self._tensors_in(file)]
        writers = [ShardWriter(folder / file.name, typed) for folder in self._folders]
        self._writers += writers
        jobs = [self._job(tensor.name, dtype, writers) for tensor, dtype in typed]
        with merging(jobs, processes_to_use()) as results:
            meanwhile()
            for job in jobs:
                self._take(job, [self._told(next(results)) for _ in range(job.blocks)])
        shards = [*self._progress["shards"], file.name]
        self._progress = {**self._progress, "shards": shards, "layers": to_json(self._layers), "digests": self._digests}
        return partial(self._finish_file, writers, json.dumps(self._progress))

    def _job(self, name: str, dtype: torch.dtype, writers: Sequence[ShardWriter]) -> TensorMerge:
        weights = [combination.of(name) for combination in self._request.combinations]
        float64 = self._request.arithmetic is Arithmetic.FLOAT64
        return TensorMerge(self._checkpoints, name, dtype, weights, writers, float64=float64)

    def _told(self, result: BlockResult) -> BlockResult:
        self._done_bytes += result.read_bytes
        self._request.told(self._done_bytes, self._total_bytes)
        return result

    def _take(self, job: TensorMerge, results: Sequence[BlockResult]) -> None:
        """In the order of the blocks, whoever merged them: sums come out the same each time."""
        empty = LayerMeasures.empty(len(self._checkpoints) - 1, len(self._folders))
        measures = self._layers.setdefault(layer_of(job.name), empty)
        for result in results:
            measures.add(result.measures)
        for index, digests in enumerate(self._digests):
            digests[job.name] = digest_of([result.digests[index] for result in results])

    def _finish_file(self, writers: Sequence[ShardWriter], progress: str) -> None:
        for writer in writers:
            writer.finish()
        write_json(self._partial / _PROGRESS, json.loads(progress))

    # -- the end ---------------------------------------------------------------------------------------------------------

    def _finish(self) -> list[Output]:
        typed = [(tensor, self._output_dtype(tensor.name)) for tensor in self._first.tensors.values()]
        inputs = [
            {"folder": str(c.folder), "digest": weights_digest((c.tensors[name], digest) for name, digest in digests.items())}
            for c, digests in zip(self._checkpoints, self._digests, strict=True)
        ]
        outputs = []
        for index, (folder, combination) in enumerate(zip(self._folders, self._request.combinations, strict=True)):
            self._carry_along(folder)
            write_index(folder, typed)
            dtypes = sorted({NAMES[dtype] for _, dtype in typed})
            report = Report.of(combination, index, inputs, dtypes, self._request.arithmetic.value, self._layers)
            write_json(folder / "merge.json", report.as_json())
            outputs.append(Output(self._request.out / folder.relative_to(self._partial), report))
        (self._partial / _PROGRESS).unlink()
        with suppress(FileNotFoundError):
            self._request.out.rmdir()  # it was empty
        self._partial.rename(self._request.out)
        sync(self._request.out.absolute().parent)
        return outputs

    def _carry_along(self, folder: Path) -> None:
        """Config, tokenizer, generation config, chat template and code: whatever lies beside the weights of the first."""
        for path in sorted(self._first.folder.iterdir()):
            if (
                path.is_file()
                and path.suffix not in (".safetensors", ".bin", ".pt", ".pth")
                and path.name not in (INDEX, "merge.json")
            ):
                shutil.copyfile(path, folder / path.name)
        if self._request.dtype is not None and self._first.config:
            name = str(self._request.dtype).removeprefix("torch.")
            known = [key for key in ("dtype", "torch_dtype") if key in self._first.config] or ["dtype"]
            write_json(folder / "config.json", self._first.config | dict.fromkeys(known, name))
