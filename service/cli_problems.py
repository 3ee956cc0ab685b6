"""`tierline problems`: the problems that can be judged against."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from service import problem_set
from service.cli_backend import Server, judge_here_or_there, library, list_languages, read_settings
from service.cli_import import import_problems
from service.cli_output import Exit, err, fail, megabytes, out, print_json, progress, seconds, size
from service.client_protocol import json_of
from service.machine import open_store
from service.packages import export_package
from service.schemas import Problem, ProblemSettings, ProblemSummary
from service.table_report import write_tables
from service.tiers import levels
from service.verify import VerifyReport, VerifyRow, verify

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="List, show, import, verify, export, delete problems, and clean up."
)
app.command("import")(import_problems)

AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the problem.", show_default=False)]


@app.command("list")
def list_problems(
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="Only ids that begin so.")] = "",
    server: Server = None,
    as_json: AsJson = False,
) -> None:
    """List the stored problems, and those of our own that are made when first asked for."""
    with library(server) as problems:
        stored = problems.list(prefix=prefix)
    waiting = [] if server else _waiting({summary.id for summary in stored}, prefix)
    if as_json:
        print_json([summary.model_dump(mode="json") for summary in stored] + [{"id": name, "digest": None} for name in waiting])
        return
    table = _table("problem", "title", "tests", "input", "limits", "checker", "tiers", right=("tests", "input"))
    for summary in stored:
        table.add_row(*_summary_cells(summary))
    for name in waiting:
        settings = problem_set.load(name).settings
        table.add_row(name, settings.title, "-", "-", _limits(settings), settings.checker.type, str(len(levels(settings.tiers))))
    out.print(table)
    if waiting:
        out.print(Text(f"{len(waiting)} with a dash are our own: their tests are made when first asked for", style="dim"))


def _waiting(stored: set[str], prefix: str) -> list[str]:
    return [name for name in problem_set.names() if name.startswith(prefix) and name not in stored]


def _table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        first = column == columns[0]
        table.add_column(column, justify="right" if column in right else "left", no_wrap=first, overflow="fold")
    return table


def _limits(settings: ProblemSettings | ProblemSummary) -> str:
    return f"{settings.time_limit_s:g} s, {settings.memory_limit_mb} MB"


def _summary_cells(summary: ProblemSummary) -> tuple[str, ...]:
    title = Text(summary.title).plain
    cells = (summary.id, title, str(summary.tests), size(summary.input_bytes), _limits(summary), summary.checker)
    return (*cells, str(len(summary.tiers)))


@app.command()
def show(problem: Id, server: Server = None, as_json: AsJson = False) -> None:
    """Show one problem: its statement, limits and tests."""
    with library(server) as problems:
        found = problems.get(problem)
    if as_json:
        print_json(found)
        return
    lines = [
        ("title", found.title),
        ("limits", f"{_limits(found)}, {found.output_limit_mb} MB of output"),
        ("checker", found.checker.type),
        ("kind", f"function {found.function_name}" if found.kind == "function" else "stdin"),
        ("tiers", ", ".join(f"{level:.0%}" for level in levels(found.tiers))),
        ("tests", f"{len(found.tests)}, {_span(found)} of input"),
        ("source", ", ".join(filter(None, (found.source, found.license, found.difficulty)))),
    ]
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in lines:
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    out.print(table)
    if found.statement:
        out.print()
        out.print(Markdown(found.statement))


def _span(problem: Problem) -> str:
    sizes = [test.size if test.size is not None else len(test.input.encode()) for test in problem.tests]
    return f"{size(min(sizes))} to {size(max(sizes))}"


@app.command()
def export(
    problem: Id,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="FILE.json, FILE.zip or a new folder; default: JSON on standard output.")
    ] = None,
    server: Server = None,
) -> None:
    """Write a whole problem: as JSON, which `PUT /v1/problems/ID` and `judge -p FILE.json` read, or as a problem package."""
    if output is not None and output.suffix != ".json":
        if server:
            fail("a server gives JSON only. Fix: add -o FILE.json, or leave --server out")
        with err.status(f"packing {problem}"):
            export_package(open_store(read_settings()), problem, output)
    else:
        with library(server) as problems:
            text = json_of(problems.get(problem), indent=1).decode() + "\n"
        if output is None:
            sys.stdout.write(text)
            return
        try:
            output.write_text(text)
        except OSError as error:
            fail(f"cannot write {output}: {error.strerror}")
    err.print(f"{problem} written to {output}")


@app.command()
def delete(
    problems: Annotated[list[str], typer.Argument(metavar="ID", help="Ids of the problems.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    server: Server = None,
) -> None:
    """Delete stored problems."""
    if not yes and not typer.confirm(f"delete {', '.join(problems)}?", err=True):
        raise typer.Exit(int(Exit.NO))
    with library(server) as stored:
        for name in problems:
            stored.delete(name)
            err.print(f"{name} deleted")


@app.command()
def clean() -> None:
    """Remove tests that no problem has had for a week, for it was replaced or deleted. Judges may run meanwhile."""
    with err.status("looking for what no problem needs"):
        removed = open_store(read_settings()).collect_garbage()
    err.print(f"{removed.files} files removed, {size(removed.disk_bytes)}")


@app.command("verify")
def verify_problems(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Problems of our own; default: all.", show_default=False)
    ] = None,
    server: Server = None,
    as_json: AsJson = False,
    report_to: Annotated[
        Path | None,
        typer.Option("--report", help="Also write the table as DIR/report.html, for the judge's /reports.", metavar="DIR"),
    ] = None,
) -> None:
    """Judge every known solution of our own problems and compare with what is expected of it.

    Exit status: 0 all as expected, 1 some not.
    """
    unknown = sorted(set(names or ()) - set(problem_set.names()))
    if unknown:
        fail(f"there is no problem of our own called {unknown[0]}. Fix: one of {', '.join(problem_set.names())}")
    available = [language.name for language in list_languages(server) if language.available]
    with judge_here_or_there(server) as judge_one, progress(quiet=as_json) as bars:
        task = bars.add_task("programs", total=None)

        def advance(row: VerifyRow, done: int, total: int) -> None:
            bars.update(task, completed=done, total=total, description=f"{row.problem}/{row.file}")

        report = verify(lambda submission: judge_one(submission, None), names or None, advance, languages=available)
    if as_json:
        print_json(report.to_dict())
    else:
        for part in _parts_of(report):
            out.print(part)
    if report_to is not None:
        about = "Each program of our own problems, right, slow and wrong on purpose, and whether it got what is expected of it."
        err.print(Text(str(write_tables(report_to, "Verified problems", about, *_parts_of(report)))), soft_wrap=True)
    raise typer.Exit(int(Exit.OK if report.ok else Exit.NO))


def _parts_of(report: VerifyReport) -> tuple[Table, Text]:
    """The table, and how many are as expected."""
    table = _table("problem", "program", "tests", "tiers", "time", "memory", "expected", "", right=("time", "memory"))
    previous = ""
    for row in report.rows:
        mark = (
            Text("skipped", style="dim")
            if row.skipped
            else Text("ok", style="green")
            if row.ok
            else Text(row.why, style="bold red")
        )
        name = row.problem if row.problem != previous else ""
        previous = row.problem
        cells = (name, row.file, row.tests, " ".join(row.tiers), seconds(row.cpu_s), megabytes(row.memory_mb), row.expected)
        table.add_row(*map(Text, cells), mark)
    good = len(report.rows) - len(report.failed) - len(report.skipped)
    words = [f"{good} of {len(report.rows)} programs as expected"]
    if report.skipped:
        words.append(f"{len(report.skipped)} skipped")
    if report.failed:
        words.append(f"{len(report.failed)} not")
    return table, Text(", ".join(words), style="bold green" if report.ok else "bold red")
