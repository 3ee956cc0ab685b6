"""`tierline judge FILE -p ID`: one program, its tier table, and an exit status that says the verdict."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Group, RenderableType
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

from service.cli_backend import Server, Wall, judge_here_or_there
from service.cli_output import Exit, describe, fail, megabytes, out, print_json, progress, seconds, size, verdict_text
from service.schemas import Event, Problem, Result, Stop, Submission, TestResult, TierResult, Verdict

SUFFIXES = {
    ".py": "python",
    ".cpp": "cpp17",
    ".cc": "cpp17",
    ".cxx": "cpp17",
    ".c": "c",
    ".java": "java",
    ".js": "javascript",
    ".mjs": "javascript",
    ".go": "go",
    ".rs": "rust",
}
"""Language of a source file when none is given."""


def judge(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The program.", show_default=False)],
    problem: Annotated[
        str,
        typer.Option(
            "--problem", "-p", metavar="ID", help="Id of a stored problem, or a .json file with a whole one.", show_default=False
        ),
    ],
    language: Annotated[str | None, typer.Option("--language", "-l", help="Default: from the file's suffix.")] = None,
    coverage: Annotated[
        float, typer.Option("--coverage", "-c", help="Judge the smallest part of the tests: over 0, at most 1.")
    ] = 1.0,
    stop: Annotated[
        Stop, typer.Option("--stop", "-s", metavar="WHEN", help="When to stop: first_failure, tier or never.")
    ] = Stop.FIRST_FAILURE,
    time_limit_s: Annotated[float | None, typer.Option("--time-limit", help="Seconds of CPU, in place of the problem's.")] = None,
    memory_limit_mb: Annotated[int | None, typer.Option("--memory-limit", help="MiB, in place of the problem's.")] = None,
    server: Server = None,
    wall: Wall = None,
    as_json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
    tests: Annotated[bool, typer.Option("--tests", "-t", help="List each test as well.")] = False,
) -> None:
    """Judge one file and print the tier table.

    Exit status: 0 AC, 1 any other verdict, 2 a mistake in the request, 3 the judge failed (JE).
    """
    submission = _submission(file, problem, language, coverage, stop, time_limit_s, memory_limit_mb)
    with judge_here_or_there(server, wall) as judge_one, progress(quiet=as_json) as bars:
        watch = _Watch(bars)
        result = judge_one(submission, watch.see)
    if as_json:
        print_json(result)
    else:
        out.print(render(result, title=f"{file.name} · {result.language or submission.language} · {_name(problem)}", tests=tests))
    raise typer.Exit(int(exit_status(result)))


def exit_status(result: Result) -> Exit:
    """What the command ends with."""
    if result.verdict is Verdict.AC:
        return Exit.OK
    return Exit.JUDGE_FAILED if result.verdict in (Verdict.JE, None) else Exit.NO


def language_of(file: Path) -> str:
    """The language that a file's suffix says. Ends the command when it says none."""
    found = SUFFIXES.get(file.suffix.lower())
    if found is None:
        fail(f"cannot tell the language of {file.name}. Fix: add --language, one of `tierline languages`")
    return found


def _name(problem: str) -> str:
    return Path(problem).stem if problem.endswith(".json") else problem


def _submission(
    file: Path,
    problem: str,
    language: str | None,
    coverage: float,
    stop: Stop,
    time_limit_s: float | None,
    memory_limit_mb: int | None,
) -> Submission:
    try:
        source = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        fail(f"{file} is not UTF-8 (byte {error.start}). Fix: save it as UTF-8")
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")
    try:
        target = Problem.model_validate_json(Path(problem).read_bytes()) if problem.endswith(".json") else problem
        return Submission(
            problem=target,
            language=language or language_of(file),
            source=source,
            coverage=coverage,
            stop=stop,
            time_limit_s=time_limit_s,
            memory_limit_mb=memory_limit_mb,
        )
    except ValidationError as error:
        fail(describe(error))
    except OSError as error:
        fail(f"cannot read {problem}: {error.strerror}")


class _Watch:
    """Turns the events of a submission into a progress bar."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def see(self, event: Event) -> None:
        if self._task is None:
            self._task = self._bars.add_task("waiting", total=None)
        if event.kind == "compiling":
            self._bars.update(self._task, description="compiling")
        elif event.kind in ("compiled", "test"):
            total = event.data.get("total")
            self._bars.update(self._task, description="judging", total=total if isinstance(total, int) else None)
            if event.kind == "test":
                self._bars.advance(self._task)


def render(result: Result, *, title: str, tests: bool = False) -> RenderableType:
    """The tier table, with what one wants to know below it."""
    parts: list[RenderableType] = [_headline(result, title)]
    if result.tiers:
        parts.append(_tier_table(result.tiers))
    if tests and result.tests:
        parts.append(_test_table(result.tests))
    parts.extend(_remarks(result))
    return Group(*parts)


def _headline(result: Result, title: str) -> Text:
    line = Text(title + "  ", style="bold")
    line.append_text(verdict_text(result.verdict))
    if result.failure is not None:
        line.append(f" ({result.failure})", style="dim")
    if result.cached:
        line.append("  (from the cache)", style="dim")
    return line


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, justify="left" if column in ("verdict", "message") else "right")
    return table


def _tier_table(tiers: list[TierResult]) -> Table:
    table = _table("tier", "coverage", "verdict", "passed", "time", "memory")
    for row in tiers:
        table.add_row(
            str(row.tier),
            f"{row.coverage:.0%}",
            verdict_text(row.verdict),
            f"{row.passed}/{row.tests}",
            seconds(row.cpu_s),
            megabytes(row.memory_mb),
        )
    return table


def _test_table(tests: list[TestResult]) -> Table:
    table = _table("rank", "tier", "input", "verdict", "time", "memory", "message")
    for row in tests:
        message = row.message + (" (confirmed)" if row.confirmed else "")
        cells = (str(row.rank), str(row.tier), size(row.input_bytes))
        table.add_row(*cells, verdict_text(row.verdict), seconds(row.cpu_s), megabytes(row.memory_mb), Text(message))
    return table


def _remarks(result: Result) -> list[RenderableType]:
    remarks: list[RenderableType] = []
    if result.compile.log:
        remarks.append(Text(result.compile.log.rstrip(), style="dim" if result.compile.ok else ""))
    failing = next((test for test in result.tests if test.verdict not in (Verdict.AC, None)), None)
    if failing is not None:
        why = failing.message or _how_it_ended(failing)
        remarks.append(
            Text(f"first failing test: index {failing.index}, {size(failing.input_bytes)} of input; {why}".rstrip("; "))
        )
    if result.error:
        remarks.append(Text(f"judge: {result.error}", style="red"))
    return remarks


def _how_it_ended(test: TestResult) -> str:
    if test.signal:
        return f"signal {test.signal}"
    return f"exit code {test.exit_code}" if test.exit_code else ""
