"""`tierline merge`: weights at one alpha or many."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

app = typer.Typer(add_completion=False)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


class Dtype(StrEnum):
    """Of the outputs."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"
    FP8 = "float8_e4m3fn"


@app.command(no_args_is_help=True)
def merge(
    out: Annotated[Path, typer.Option(help="Folder to write; one in it per alpha when there are several.")],
    low: Annotated[Path | None, typer.Option(help="The low-coverage checkpoint: what alpha 0 gives.")] = None,
    high: Annotated[Path | None, typer.Option(help="The high-coverage checkpoint: what alpha 1 gives.")] = None,
    alpha: Annotated[
        list[str] | None,
        typer.Option(
            help="low + alpha·(high - low). Several give several models; 'PATTERN=ALPHA' is for the tensors that match."
        ),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="One of several checkpoints to sum; needs a --weight each.")
    ] = None,
    weight: Annotated[list[float] | None, typer.Option(help="Weight of the checkpoint in the same place.")] = None,
    base: Annotated[
        Path | None, typer.Option(help="Task arithmetic: this base plus each weight times (checkpoint - base).")
    ] = None,
    any_sum: Annotated[bool, typer.Option("--any-sum", help="Weights need not sum to 1.")] = False,
    dtype: Annotated[
        Dtype | None, typer.Option(metavar="DTYPE", help=f"Of the outputs: {', '.join(Dtype)}; default: that of the inputs.")
    ] = None,
    float64: Annotated[bool, typer.Option("--float64", help="Sum 16-bit outputs in float64 too, rounded once.")] = False,
    rank: Annotated[int | None, typer.Option(min=1, help="LoRA: largest rank of the output; default: the sum of ranks.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Also write the table as DIR/report.html, for the judge's /reports.", metavar="DIR")
    ] = None,
) -> None:
    """Make models between checkpoints (0 < alpha < 1) or beyond them, in one pass over their weights.

    Folders in Hugging Face's layout, safetensors, models or LoRA adapters. Interrupted, the same command goes on.
    """
    from merge.errors import MergeRefused

    try:
        folders, combinations = _asked(low, high, alpha or [], checkpoint or [], weight or [], base, any_sum)
        adapters = _are_adapters(folders)
        if adapters:
            if float64:
                raise MergeRefused("--float64 is for models: adapters are summed in float64 anyway. Fix: leave it out")
            if report is not None:
                raise MergeRefused("--report is for models: of adapters there is no table. Fix: leave it out")
            _merge_adapters(folders, combinations, out, rank, dtype)
        else:
            if rank is not None:
                raise MergeRefused("--rank is for LoRA adapters, and these are models. Fix: leave it out")
            _merge_models(folders, combinations, out, dtype, float64, report)
    except MergeRefused as error:
        _die(str(error))


def _asked(
    low: Path | None,
    high: Path | None,
    alphas: list[str],
    checkpoints: list[Path],
    weights: list[float],
    base: Path | None,
    any_sum: bool,
) -> tuple[list[Path], list[Any]]:
    """The checkpoints and what to make of them."""
    from merge.combination import affine, pair, task_arithmetic
    from merge.errors import MergeRefused

    if checkpoints:
        if low or high or alphas:
            raise MergeRefused("--checkpoint and --weight go without --low, --high and --alpha")
        if len(weights) != len(checkpoints):
            raise MergeRefused(f"{len(checkpoints)} times --checkpoint, {len(weights)} times --weight. Fix: give one weight each")
        if base and any_sum:
            raise MergeRefused("--any-sum goes without --base: weights of task arithmetic need not sum to 1. Fix: leave it out")
        if base:
            return [base, *checkpoints], [task_arithmetic(weights)]
        return checkpoints, [affine(weights, any_sum=any_sum)]
    if not (low and high and alphas):
        raise MergeRefused("give --low, --high and at least one --alpha; or --checkpoint and --weight for each of several")
    if base or weights or any_sum:
        raise MergeRefused("--base, --weight and --any-sum go with --checkpoint")
    overrides = [_override(text) for text in alphas if "=" in text]
    plain = [_number(text) for text in alphas if "=" not in text]
    if not plain:
        raise MergeRefused(f"{alphas[0]!r} is for some tensors only. Fix: say the alpha of all others too, such as --alpha 1")
    return [low, high], [pair(value, overrides) for value in plain]


def _override(text: str) -> tuple[str, float]:
    pattern, _, value = text.rpartition("=")
    return pattern, _number(value)


def _number(text: str) -> float:
    from merge.errors import MergeRefused

    try:
        return float(text)
    except ValueError:
        raise MergeRefused(f"--alpha {text!r} is no number. Fix: such as --alpha 1.5 or --alpha 'layers.*.mlp=1.5'") from None


def _are_adapters(folders: list[Path]) -> bool:
    from merge.errors import MergeRefused
    from merge.lora import is_adapter

    found = [is_adapter(folder) for folder in folders]
    if any(found) and not all(found):
        raise MergeRefused(f"{folders[found.index(True)]} is an adapter, {folders[found.index(False)]} is none")
    return all(found)


def _merge_models(
    folders: list[Path], combinations: list[Any], out: Path, dtype: Dtype | None, float64: bool, report: Path | None
) -> None:
    import torch

    from merge.merging import Arithmetic, MergeRequest, merge_checkpoints
    from merge.report import table_of
    from service.table_report import write_tables

    with _bar() as told:
        request = MergeRequest(
            tuple(folders),
            tuple(combinations),
            out,
            getattr(torch, dtype) if dtype else None,
            Arithmetic.FLOAT64 if float64 else Arithmetic.FLOAT32,
            told,
        )
        outputs = merge_checkpoints(request)
    table = table_of([output.report for output in outputs])
    warnings = [
        Text("warning: ", style="bold yellow") + Text(warning)
        for warning in dict.fromkeys(text for output in outputs for text in output.report.warnings)
    ]
    _out.print(table)
    for warning in warnings:
        _err.print(warning)
    if report is not None:
        about = f"What became of the difference between {' and '.join(map(str, folders))}, at each alpha."
        _err.print(Text(str(write_tables(report, f"Merge: {out.name}", about, table, *warnings))), soft_wrap=True)
    for output in outputs:
        _out.print(Text(str(output.folder)), soft_wrap=True)


def _merge_adapters(folders: list[Path], combinations: list[Any], out: Path, rank: int | None, dtype: Dtype | None) -> None:
    import torch

    from merge.agreement import check_folder
    from merge.lora import merge_adapters

    check_folder(out, resumable=False)
    for combination in combinations:
        folder = out / combination.label if len(combinations) > 1 else out
        said = merge_adapters(folders, combination, folder, rank, getattr(torch, dtype) if dtype else None)
        lost = f"; the smaller rank loses {said['lost']:.2%}" if rank else ""
        _out.print(f"{folder}  rounding errs {said['rounding']:.1e} of the delta{lost}", soft_wrap=True)


@contextmanager
def _bar() -> Iterator[Any]:
    columns = (TextColumn("merging"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as progress:
        task = progress.add_task("merging", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _die(message: str) -> NoReturn:
    _err.print(Text("error: ", style="bold red") + Text(message), soft_wrap=True)
    raise typer.Exit(2)
