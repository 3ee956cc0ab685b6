"""Setting alpha in place, beside one pass over the same memory (a copy of all weights): `python -m bench.set_alpha`."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from bench.report import Row, finish
from merge.in_place import InPlace

RUNS = 7


def median_s(call: Callable[[], object]) -> float:
    """Median wall time of one call, after one that does not count."""
    call()
    times = []
    for _ in range(RUNS):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def main() -> None:
    """Measure for 16 and 32 bits, print, write bench/out/set_alpha.json."""
    torch.set_num_threads(1)
    rows = []
    config = LlamaConfig(vocab_size=8192, hidden_size=1024, intermediate_size=2816, num_hidden_layers=6, num_attention_heads=8)
    for dtype in (torch.bfloat16, torch.float32):
        with tempfile.TemporaryDirectory(prefix="set-alpha-") as name:
            ends = [Path(name) / end for end in ("low", "high")]
            for seed, folder in enumerate(ends):
                torch.manual_seed(seed)
                LlamaForCausalLM(config).to(dtype).save_pretrained(folder)
            model = LlamaForCausalLM(config).to(dtype)
            dial = InPlace(model, *ends)
        copies = [torch.empty_like(parameter) for parameter in model.parameters()]

        @torch.no_grad()
        def copy(model: torch.nn.Module = model, copies: list[torch.Tensor] = copies) -> None:
            for parameter, place in zip(model.parameters(), copies, strict=True):
                place.copy_(parameter)

        def swap(dial: InPlace = dial) -> None:
            dial.set_alpha(1.5)

        megabytes = sum(parameter.nbytes for parameter in model.parameters()) / 1e6
        swap_s, copy_s = median_s(swap), median_s(copy)
        note = f"{megabytes:.0f} MB, {swap_s * 1e3:.0f} ms; the copy {copy_s * 1e3:.0f} ms"
        rows.append(Row(f"set_alpha ÷ a copy of the weights, {str(dtype).removeprefix('torch.')}", swap_s / copy_s, note=note))
    finish("set_alpha", "alpha set in place", rows, runs=RUNS)


if __name__ == "__main__":
    main()
