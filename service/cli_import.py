"""`tierline problems import`: problems from data sets and problem packages."""

from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.progress import Progress, TaskID
from rich.text import Text

from service.cli_backend import Server, library
from service.cli_output import Exit, err, fail, out, print_json, progress
from service.importers import FORMATS, ImportReport, import_rows
from service.store import ProblemStore

_SHOWN = 20


def import_problems(
    format: Annotated[str, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.", show_default=False)],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files, or folders of them.", show_default=False)],
    prefix: Annotated[str | None, typer.Option(help="Goes before each id; default: the format's name.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Problems to import from each path.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="An id without its prefix to leave out; may be repeated.")] = None,
    server: Server = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Import problems, row by row. A bad row is named with its index and reason, and nothing of it is stored.

    Exit status: 0 all rows imported, 1 some were left out, 2 a path or format that cannot be read.
    """
    if format not in FORMATS:
        fail(f"there is no format {format!r}. Fix: name one of {', '.join(FORMATS)}")
    total = ImportReport()
    with library(server) as problems, progress(quiet=as_json) as bars:
        store = cast(ProblemStore, problems)  # of which only put_stream is asked for, and a server has that too
        for path in paths:
            advance = partial(_advance, bars, bars.add_task(path.name, total=None))
            report = import_rows(store, format, path, prefix=prefix, limit=limit, progress=advance, exclude=exclude)
            total.imported += report.imported
            total.skipped += report.skipped
            total.ids += report.ids
            total.notes += report.notes
    if as_json:
        skipped = [{"index": row.index, "name": row.name, "reason": row.reason} for row in total.skipped]
        print_json({"imported": total.imported, "ids": total.ids, "skipped": skipped, "notes": total.notes})
    else:
        _print(total)
    raise typer.Exit(int(Exit.NO if total.skipped else Exit.OK))


def _advance(bars: Progress, task: TaskID, done: int, size: int) -> None:
    bars.update(task, completed=done, total=size)


def _print(report: ImportReport) -> None:
    for note in report.notes[:_SHOWN]:
        err.print(Text(f"note: {note}", style="dim"))
    for row in report.skipped[:_SHOWN]:
        err.print(Text("left out: ", style="yellow") + Text(str(row)))
    hidden = max(0, len(report.skipped) - _SHOWN) + max(0, len(report.notes) - _SHOWN)
    if hidden:
        err.print(Text(f"and {hidden} more such lines: --json lists all", style="dim"))
    names = ", ".join(report.ids[:5]) + (", ..." if len(report.ids) > 5 else "")
    out.print(Text(f"{report.imported} imported, {len(report.skipped)} left out") + Text(f"  {names}", style="dim"))
