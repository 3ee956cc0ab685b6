"""`tierline train run` and `tierline train sweep`."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from service.client import DEFAULT_URL
from service.errors import TierlineError
from trainer.cli_plan import plan_command
from trainer.judging import Judge, TooManyUnknown
from trainer.log import read_log
from trainer.plan_config import PRESETS, read_plan_config
from trainer.run_config import RunConfig, SweepConfig, read_sweep_config, run_of_plan

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

Preset = Annotated[str, typer.Option("--preset", help="laptop, 7b, 32b, or a YAML file.")]
Coverages = Annotated[list[float] | None, typer.Option("--coverage", help="Share of the tests that must pass, smallest first.")]
Init = Annotated[Path | None, typer.Option(help="Model to start from; default: the preset's warm start.")]
Out = Annotated[Path | None, typer.Option(help="Folder to write. The same command goes on where it was interrupted.")]
Server = Annotated[str, typer.Option(help="The judge.")]
Key = Annotated[str | None, typer.Option(help="One of its keys, where it has any; default: the first of TIERLINE_API_KEYS.")]
Seed = Annotated[int, typer.Option(min=0, help="Of data, rollouts and the warm start.")]


def run_command(
    preset: Preset = "laptop",
    coverage: Annotated[float, typer.Option(help="Share of the tests that must pass, smallest first.")] = 1.0,
    init: Init = None,
    out: Out = None,
    server: Server = DEFAULT_URL,
    key: Key = None,
    seed: Seed = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every setting, talk to the judge, print the plan.")] = False,
) -> None:
    """RL at one coverage, from a model on disk."""
    if dry_run:
        plan_command(preset=preset, server=server)
        return
    with clear_errors():
        config, folder, judge = _run_config(preset), _needed(out), Judge(server, key or first_key())
        if init is None:
            raise ValueError("init: name the model to start from with --init DIR, or make one with `tierline train sweep`")
        judge.check()
        from trainer.run import RunRequest, run  # torch, TRL: seconds

        with _bar() as show:

            def told(line: Mapping[str, Any]) -> None:
                show(f"coverage {coverage:g}", line["generation"], config.generations)
                _tell(coverage)(line)

            folder = run(RunRequest(config, coverage, seed, init, folder), judge, told)
        _out.print(Text(str(folder)), soft_wrap=True)


def _run_config(preset: str) -> RunConfig:
    return run_of_plan(read_plan_config(preset)) if preset in PRESETS else read_sweep_config(preset).run


def first_key() -> str | None:
    """One of the keys that the judge was started with, where both have the same environment."""
    return os.environ.get("TIERLINE_API_KEYS", "").split(",")[0] or None


def sweep_command(
    preset: Preset = "laptop",
    coverage: Coverages = None,
    init: Init = None,
    out: Out = None,
    server: Server = DEFAULT_URL,
    key: Key = None,
    seed: Seed = 1,
) -> None:
    """One run for each coverage, from the same start, with the same data and seeds; then held-out problems."""
    with clear_errors():
        if preset in PRESETS:
            config = SweepConfig(run=_run_config(preset), coverages=read_plan_config(preset).coverages)
        else:
            config = read_sweep_config(preset)
        if coverage:
            config = SweepConfig.model_validate({**config.model_dump(), "coverages": sorted(coverage)})
        folder, judge = _needed(out), Judge(server, key or first_key())
        judge.check()
        from trainer.sweep import SweepRequest, Told, sweep  # torch, TRL: seconds

        with _bar() as show:

            def warming(progress: Any) -> None:
                show("warm start", progress.step, progress.steps)
                _say_every(progress.step, progress.steps, progress.loss)

            def generation(share: float, line: Mapping[str, Any]) -> None:
                show(f"coverage {share:g}", line["generation"], config.run.generations)
                _tell(share)(line)

            told = Told(warming, generation, lambda name: _err.print(Text(name, style="bold")))
            manifest = sweep(SweepRequest(config, seed, folder, init), judge, told)
        _out.print(sweep_table(folder, manifest))
        _out.print(Text(str(folder / "sweep.json")), soft_wrap=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """A bar below the lines, where stderr is a terminal: call it with a name, what is done and what is to be done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_err, transient=True, disable=not _err.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def show(name: str, done: int, total: int) -> None:
            if progress.tasks[0].description != name:
                progress.reset(task)
            progress.update(task, description=name, completed=done, total=total)

        yield show


def _needed(out: Path | None) -> Path:
    if out is None:
        raise ValueError("out: name the folder to write with --out DIR")
    return out


def _say_every(step: int, steps: int, loss: float) -> None:
    if step % 100 == 0 or step == steps:
        _err.print(f"  step {step}/{steps}  loss {loss:.3f}")


def _tell(coverage: float) -> Any:
    def tell(line: Mapping[str, Any]) -> None:
        known = {name: line.get(name, float("nan")) for name in ("reward", "failures/optimization", "failures/correctness")}
        _err.print(
            f"  coverage {coverage:g}  generation {line['generation']:3}  reward {known['reward']:.3f}  "
            f"optimization {known['failures/optimization']:.3f}  correctness {known['failures/correctness']:.3f}  "
            f"verdicts waited for {line.get('judge/waited_s', 0):.1f} s  sampling {line.get('sampling_s', 0):.1f} s  "
            f"training {line.get('training_s', 0):.1f} s",
            soft_wrap=True,
        )

    return tell


def sweep_table(folder: Path, manifest: Mapping[str, Any]) -> Table:
    """One row a coverage: what became of held-out problems, and where time went."""
    table = Table(box=None, pad_edge=False)
    for name in ("coverage", "solved", "optimization", "correctness", "waiting"):
        table.add_column(name, justify="right")
    tried = {each["coverage"]: each for each in manifest.get("held_out", [])}
    for each in manifest["runs"]:
        found = tried.get(each["coverage"])
        shares = [
            _share(found[name]) if found else "-" for name in ("solve_rate", "failures/optimization", "failures/correctness")
        ]
        log = read_log(folder / each["log"])
        waited = sum(line["judge/waited_s"] for line in log)
        whole = waited + sum(line["sampling_s"] + line["training_s"] for line in log)
        table.add_row(f"{each['coverage']:g}", *shares, f"{waited / whole:.0%}" if whole else "-")
    table.caption = "held-out problems: shares with 95 % intervals over problems; waiting: of RL's time, for verdicts"
    table.caption_justify = "left"
    return table


def _share(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.2f} [{interval['low']:.2f} {interval['high']:.2f}]"


@contextmanager
def clear_errors() -> Iterator[None]:
    """What a user can mend ends in a sentence. Raises ModuleNotFoundError where there is no torch, before any judge is asked."""
    if find_spec("torch") is None:
        raise ModuleNotFoundError("torch is not installed", name="torch")
    try:
        yield
    except (ValueError, ConnectionError, TooManyUnknown) as error:
        _die(str(error))
    except TierlineError as error:
        _die("; ".join([f"the judge: {error}", *(f"{field.path}: {field.message}" for field in error.errors)]))
    except httpx.HTTPError as error:
        _die(f"the judge was lost ({type(error).__name__}: {error}). Fix: start it, then run the same command: it goes on")


def _die(message: str) -> NoReturn:
    _err.print(Text("error: ", style="bold red") + Text(message), soft_wrap=True)
    sys.exit(2)
