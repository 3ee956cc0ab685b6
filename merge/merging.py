"""One streamed pass: every input byte is read once, whatever the number of outputs, and memory stays that of a few blocks.

A merge is written into `OUT.partial` and renamed to OUT when all of it is whole. Interrupted, it goes on from the last whole
shard: `progress.json` there says for what request, what each shard's tensors hash to and what was measured.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from merge.agreement import check_agreement, check_disk, check_folder
from merge.arithmetic import only_one, round_to, weighted_sum, widen, working_dtype
from merge.checkpoint import INDEX, NAMES, Checkpoint, Tensor, read_json, weights_digest
from merge.combination import Combination
from merge.errors import MergeRefused
from merge.measures import LayerMeasures, from_json, layer_of, to_json
from merge.report import Report
from merge.shards import ShardWriter, write_index, write_json

BLOCK = 1 << 18
"""Elements a block: with its scratch it stays in a core's cache."""
_SAMPLED = 8
"""The rounding error is measured on each tensor's first block and every so many blocks after it."""
_PROGRESS = "progress.json"
_NARROW = (torch.float16, torch.float8_e4m3fn, torch.float8_e5m2)


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
        if said.get("identity") == self._identity:
            return said
        if self._partial.exists() and not said:
            check_folder(self._partial, resumable=False)  # not ours
        if said:
            shutil.rmtree(self._partial)
        return {"identity": self._identity, "shards": [], "digests": [{} for _ in self._checkpoints], "layers": {}}

    def _note(self, shard: str) -> None:
        self._progress["shards"].append(shard)
        self._progress["layers"] = to_json(self._layers)
        write_json(self._partial / _PROGRESS, self._progress)

    # -- the pass --------------------------------------------------------------------------------------------------------

    def run(self) -> list[Output]:
        self._partial.mkdir(parents=True, exist_ok=True)
        write_json(self._partial / _PROGRESS, self._progress)  # so that what is left is known as ours
        for folder in self._folders:
            folder.mkdir(exist_ok=True)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # blocks are small: handing parts of them around costs more than it gains
        try:
            with ThreadPoolExecutor(2) as helpers:
                self._helpers = helpers
                for file in self._todo:
                    self._merge_file(file)
        finally:
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

    def _merge_file(self, file: Path) -> None:
        tensors = self._tensors_in(file)
        typed = [(tensor, self._output_dtype(tensor.name)) for tensor in tensors]
        writers = [ShardWriter(folder / file.name, typed, {}) for folder in self._folders]
        layers: dict[str, LayerMeasures] = {}
        digests: list[dict[str, str]] = [{} for _ in self._checkpoints]
        try:
            for tensor, dtype in typed:
                empty = LayerMeasures.empty(len(self._checkpoints) - 1, len(writers))
                measures = layers.setdefault(layer_of(tensor.name), empty)
                for index, digest in enumerate(self._merge_tensor(tensor, dtype, writers, measures)):
                    digests[index][tensor.name] = digest
        except BaseException:
            for writer in writers:
                writer.abandon()
            raise
        for writer in writers:
            writer.finish()
        for name, measures in layers.items():
            self._layers.setdefault(name, LayerMeasures.empty(len(self._checkpoints) - 1, len(writers))).add(measures)
        for mine, found in zip(self._digests, digests, strict=True):
            mine.update(found)
        self._note(file.name)

    def _merge_tensor(
        self, tensor: Tensor, dtype: torch.dtype, writers: Sequence[ShardWriter], measures: LayerMeasures
    ) -> list[str]:
        """Returns the digest of the tensor's bytes in each checkpoint."""
        places = [checkpoint.tensors[tensor.name] for checkpoint in self._checkpoints]
        hashes = [hashlib.sha256() for _ in places]
        block = _Block(places, dtype, self._request, measures)
        for number, raw in enumerate(self._blocks(places)):
            hashing = [self._helpers.submit(digest.update, part) for digest, part in zip(hashes, raw, strict=True)]
            try:
                for writer, written in zip(writers, block.outputs(raw, sampled=number % _SAMPLED == 0), strict=True):
                    writer.write(written)
            finally:
                for done in hashing:
                    done.result()
        return [digest.hexdigest() for digest in hashes]

    def _blocks(self, places: Sequence[Tensor]) -> Iterator[list[memoryview]]:
        """The tensor's bytes in each checkpoint, a block at a time; while one is used the next is read."""
        buffers = [[memoryview(bytearray(BLOCK * place.dtype.itemsize)) for place in places] for _ in range(2)]

        def read(number: int) -> list[memoryview]:
            first = number * BLOCK
            count = min(BLOCK, places[0].elements - first)
            into = buffers[number % 2]
            return [c.read(p, first, count, part) for c, p, part in zip(self._checkpoints, places, into, strict=True)]

        count = -(-places[0].elements // BLOCK)
        ahead: Future[list[memoryview]] | None = self._helpers.submit(read, 0) if count else None
        for number in range(count):
            assert ahead is not None
            raw = ahead.result()
            ahead = self._helpers.submit(read, number + 1) if number + 1 < count else None
            yield raw
            self._done_bytes += sum(map(len, raw))
            self._request.told(self._done_bytes, self._total_bytes)

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
        _sync_folder(self._request.out.absolute().parent)
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


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class _Block:
    """Merges blocks of one tensor. Its buffers serve all of them."""

    def __init__(self, places: Sequence[Tensor], dtype: torch.dtype, request: MergeRequest, measures: LayerMeasures) -> None:
        self._places, self._dtype, self._measures = places, dtype, measures
        self._weights = [combination.of(places[0].name) for combination in request.combinations]
        working = working_dtype(dtype, request.arithmetic is Arithmetic.FLOAT64)
        size = min(BLOCK, places[0].elements)
        self._inputs = [torch.empty(size, dtype=working) for _ in places]
        self._scratch = [torch.empty(size, dtype=working) for _ in places]
        self._sum = torch.empty(size, dtype=working)

    def outputs(self, raw: Sequence[memoryview], *, sampled: bool) -> Iterator[memoryview]:
        """Bytes of this block in each output. Raises MergeRefused for what is not finite, or is no number and differs."""
        if not self._dtype.is_floating_point:
            if any(part != raw[0] for part in raw[1:]):
                raise MergeRefused(
                    f"tensor {self._places[0].name!r} holds {NAMES[self._dtype]} and differs between the checkpoints"
                )
            yield from [raw[0]] * len(self._weights)
            return
        given = [torch.frombuffer(part, dtype=place.dtype) for part, place in zip(raw, self._places, strict=True)]
        count = given[0].numel()
        inputs = [widen(tensor, buffer[:count]) for buffer, tensor in zip(self._inputs, given, strict=True)]
        scratch = [buffer[:count] for buffer in self._scratch]
        if not self._measures.see_inputs(inputs, scratch[1:]):
            self._refuse_input(given)
        for index, weights in enumerate(self._weights):
            place = only_one(weights)
            if place is not None and given[place].dtype == self._dtype:
                yield raw[place]
                continue
            total = self._sum[:count]
            weighted_sum(inputs, weights, total, scratch[0])
            rounded = round_to(total, self._dtype)
            self._check_output(rounded, total)
            if sampled:
                self._measures.see_output(index, total, rounded, inputs[0])
            yield memoryview(rounded.view(torch.uint8).numpy().data)

    def _refuse_input(self, given: Sequence[torch.Tensor]) -> None:
        for tensor, place in zip(given, self._places, strict=True):
            if not bool(torch.isfinite(tensor.to(torch.float32)).all()):
                raise MergeRefused(
                    f"{place.file}: tensor {place.name!r} has NaN or Inf. Fix: take a checkpoint from before it broke"
                )

    def _check_output(self, rounded: torch.Tensor, total: torch.Tensor) -> None:
        suspect = rounded.float() if rounded.dtype in _NARROW else total
        if not bool(torch.isfinite(suspect.sum())) and not bool(torch.isfinite(suspect).all()):
            raise MergeRefused(
                f"tensor {self._places[0].name!r} does not fit {NAMES[self._dtype]} any more. Fix: --dtype bfloat16 or float32"
            )
