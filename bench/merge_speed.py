"""Merging beside `cp` and mergekit, on a synthetic pair of sharded bf16 checkpoints.

    python -m bench.merge_speed [--gigabytes 1.2] [--mergekit PYTHON] [--flat]

Each runs as a whole process, by turns; CPU time is user and system time of the process, memory the peak of its
own pages (of the largest process, where there are several).
mergekit (0.1.5) is measured where --mergekit names a Python that has it. `--flat` shows peak memory from 0.3 to 5 GB instead.
"""

import argparse
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import Row, finish

EIGHT = (-0.5, -0.25, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0)
_HIDDEN, _WIDE = 2048, 5632


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process: wall and CPU seconds, peak memory in MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def make_pair(folder: Path, gigabytes: float, shard_bytes: int = 400 << 20) -> None:
    """Checkpoints `low` and `high` of Llama's shapes; about 2 % of the bf16 weights differ."""
    import torch
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(0)
    one = {f"self_attn.{part}_proj": (_HIDDEN, _HIDDEN) for part in "qkvo"}
    one |= {"mlp.gate_proj": (_WIDE, _HIDDEN), "mlp.up_proj": (_WIDE, _HIDDEN), "mlp.down_proj": (_HIDDEN, _WIDE)}
    norms = ("input_layernorm", "post_attention_layernorm")
    layers = max(1, round(gigabytes * 1e9 / 2 / sum(map(math.prod, one.values()))))
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (1024, _HIDDEN), "lm_head.weight": (1024, _HIDDEN)}
    for layer in range(layers):
        shapes |= {f"model.layers.{layer}.{name}.weight": shape for name, shape in one.items()}
        shapes |= {f"model.layers.{layer}.{name}.weight": (_HIDDEN,) for name in norms}
    shapes["model.norm.weight"] = (_HIDDEN,)
    names = list(shapes)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": _HIDDEN,
        "intermediate_size": _WIDE,
        "num_hidden_layers": layers,
        "num_attention_heads": 16,
        "vocab_size": 1024,
    }
    for kind in ("low", "high"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "config.json").write_text(json.dumps(config))
    shard: dict[str, tuple[Any, Any]] = {}
    shards: list[list[str]] = []
    for name in names:
        shape = shapes[name]
        low = torch.randn(shape, generator=generator) * 0.02
        high = low + torch.randn(shape, generator=generator) * 2e-6
        shard[name] = (low.bfloat16(), high.bfloat16())
        if sum(pair[0].nbytes for pair in shard.values()) >= shard_bytes or name == names[-1]:
            for index, kind in enumerate(("low", "high")):
                file = folder / kind / f"model-{len(shards):05}.safetensors"
                save_file({key: pair[index] for key, pair in shard.items()}, file, {"format": "pt"})
            shards.append(list(shard))
            shard = {}
    for kind in ("low", "high"):
        places = {name: f"model-{number:05}.safetensors" for number, found in enumerate(shards) for name in found}
        (folder / kind / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def measure(argv: list[str], out: Path) -> Cost:
    """Run once, from warm page cache and with nothing at `out`; raises when it fails."""
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    before = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{argv[0]} failed: {said.decode()[-2000:]}")
    return Cost(time.perf_counter() - before, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(folder: Path, out: Path, alphas: tuple[float, ...]) -> list[str]:
    """The command line of a merge."""
    asked = [f"--alpha={alpha}" for alpha in alphas]
    tool = str(Path(sys.executable).with_name("tierline"))
    return [tool, "merge", "--low", str(folder / "low"), "--high", str(folder / "high"), "--out", str(out), *asked]


def theirs(python: str, folder: Path, out: Path) -> list[str]:
    """The same with mergekit."""
    recipe = folder / "mergekit.yml"
    models = [{"model": str(folder / kind), "parameters": {"weight": w}} for kind, w in (("low", -0.5), ("high", 1.5))]
    recipe.write_text(json.dumps({"merge_method": "linear", "models": models, "dtype": "float32", "out_dtype": "bfloat16",
                                  "parameters": {"normalize": False}}))  # fmt: skip
    return [str(Path(python).with_name("mergekit-yaml")), str(recipe), str(out), "--no-copy-tokenizer"]


def _make_apart(folder: Path, gigabytes: float) -> None:
    """In a process of its own: a child's peak memory starts at its parent's."""
    code = f"from pathlib import Path; from bench.merge_speed import make_pair; make_pair(Path({str(folder)!r}), {gigabytes})"
    subprocess.run([sys.executable, "-c", code], check=True)


def compare(folder: Path, gigabytes: float, mergekit: str | None, runs: int) -> dict[str, Cost]:
    """Medians of each, measured by turns."""
    _make_apart(folder, gigabytes)
    commands = {
        "cp": ["sh", "-c", f"cp -r '{folder / 'low'}' '{folder / 'out'}' && sync -f '{folder / 'out'}'"],  # we sync as well
        "one alpha": ours(folder, folder / "out", (1.5,)),
        "eight alphas": ours(folder, folder / "out", EIGHT),
    }
    if mergekit:
        commands["mergekit"] = theirs(mergekit, folder, folder / "out")
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, argv in commands.items():
            found[name].append(measure(argv, folder / "out"))
    return {
        name: Cost(*(statistics.median(getattr(cost, part) for cost in costs) for part in Cost.__slots__))
        for name, costs in found.items()
    }


def flat(folder: Path) -> dict[str, Cost]:
    """One alpha for checkpoints of growing size."""
    found = {}
    for gigabytes in (0.3, 1.2, 5.0):
        place = folder / str(gigabytes)
        _make_apart(place, gigabytes)
        found[f"{gigabytes} GB"] = measure(ours(place, place / "out", (1.5,)), place / "out")
        shutil.rmtree(place)
    return found


def main() -> None:
    """Measure, print, write bench/out/merge.json (or merge_flat.json)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.2)
    parser.add_argument("--mergekit", help="a Python that has mergekit 0.1.5")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--flat", action="store_true")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory(prefix="merge-speed-") as name:
        folder = Path(name)
        found = flat(folder) if asked.flat else compare(folder, asked.gigabytes, asked.mergekit, asked.runs)
    title = f"merging bf16 checkpoints, {'of growing size' if asked.flat else f'{asked.gigabytes:g} GB each'}"
    finish(
        "merge_flat" if asked.flat else "merge", title, _costs(found) + ([] if asked.flat else _ratios(found, asked.gigabytes))
    )


def _costs(found: dict[str, Cost]) -> list[Row]:
    return [
        Row(f"{kind}: wall", cost.wall_s, unit=" s", note=f"CPU {cost.cpu_s:.2f} s, peak {cost.peak_mb:.0f} MB")
        for kind, cost in found.items()
    ]


def _ratios(found: dict[str, Cost], gigabytes: float) -> list[Row]:
    """Start and end of each process are in them."""
    copy, one, eight = (found[kind] for kind in ("cp", "one alpha", "eight alphas"))
    rate = 8 * gigabytes / eight.wall_s
    rows = [
        Row("one alpha ÷ cp, wall", one.wall_s / copy.wall_s, 4),
        Row("eight alphas ÷ one, wall", eight.wall_s / one.wall_s, 3.5),
        Row("eight alphas: written", rate, unit=" GB/s", note=f"{rate * copy.wall_s / gigabytes:.0%} of what cp writes"),
        Row("one alpha: peak of the largest process", one.peak_mb, unit=" MB"),
    ]
    if "mergekit" in found:
        rows.append(Row("one alpha ÷ mergekit, CPU", one.cpu_s / found["mergekit"].cpu_s, 0.6))
    return rows


if __name__ == "__main__":
    main()
