"""Tasks from the problems that a judge has stored: its built-in ones, and data sets that `tierline problems import` brought.

The API hands out a problem with its tests. They go no further than this module: of a test, only what is known to be public
becomes part of a task. That is an example that the statement itself shows (fenced `input` and `output`, as the built-in problems
have them), or a test that its importer named as public: `public-0` (CodeContests), `sample/…` (Kattis packages). LiveCodeBench,
APPS and TACO are stored without telling them apart, so their tasks have no public tests but those of the statement.
"""

import re
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field

from service.client import TierlineClient
from service.schemas import Problem, ProblemSummary
from trainer.tasks import PublicTest, Task

_EXAMPLE = re.compile(r"^```input\n(.*?)^```\n+```output\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PUBLIC_NAME = re.compile(r"public-\d+|sample/.+")
FUNCTION_LANGUAGES = ("python", "pypy")
# fmt: off
BUILT_IN = (
    "a-plus-b", "bracket-runs", "closest-pair", "coin-change", "fibonacci-mod", "interval-scheduling", "inversions", "knapsack",
    "largest-rectangle", "longest-common-subsequence", "longest-distinct-run", "longest-increasing-subsequence",
    "longest-palindrome", "maximum-subarray", "merge-intervals", "network-components", "next-greater-element", "odd-one-out",
    "pattern-count", "prime-queries", "range-sum", "running-median", "shortest-path-grid", "shortest-path-weighted",
    "sliding-window-maximum", "subarray-sum-count", "topological-order", "tree-diameter", "two-sum", "word-frequency",
)
# fmt: on
"""The judge's own problems. It makes them when they are first asked for, and lists them only from then on."""


class TaskFilter(BaseModel):
    """Which stored problems to take. A problem must meet all that is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = Field("", max_length=200, description="how the id begins: `livecodebench/`; empty: every problem of the judge")
    tags: tuple[str, ...] = Field((), description="at least one of these; empty: any")
    difficulties: tuple[str, ...] = Field((), description="one of these, as the data set calls them; empty: any")
    exclude: tuple[str, ...] = Field((), description="ids to leave out")
    language: str = Field("python", min_length=1, max_length=50, description="what programs are to be written in")
    limit: int | None = Field(None, ge=1, description="the first so many by id")


def stored_tasks(client: TierlineClient, chosen: TaskFilter | None = None, *, max_public_tests: int = 8) -> list[Task]:
    """The tasks by id. Problems without a statement cannot be asked for and are left out, as are function problems where the
    language has none. Raises ValueError when nothing is left, naming what the judge has.
    """
    chosen = chosen or TaskFilter()
    tasks: list[Task] = []
    for id in _ids(client, chosen):
        problem = client.get_problem(id)
        if problem.statement.strip() and _meets(problem, chosen):
            tasks.append(task_of(id, problem, chosen.language, max_public_tests=max_public_tests))
        if len(tasks) == chosen.limit:
            break
    if not tasks:
        raise ValueError(f"tasks: no problem of the judge at {client.url} meets {chosen.model_dump(exclude_defaults=True)}")
    return tasks


def task_of(id: str, problem: Problem, language: str = "python", *, max_public_tests: int = 8) -> Task:
    """One problem as a task. `group` is the data set: what the id has before its first slash, else `built-in`."""
    data_set, slash, _ = id.partition("/")
    return Task(
        problem=id,
        statement=_statement(problem, language),
        language=language,
        difficulty=problem.difficulty or "",
        group=data_set if slash else "built-in",
        public_tests=tuple(_public_tests(problem))[:max_public_tests],
        tags=problem.tags,
    )


def _ids(client: TierlineClient, chosen: TaskFilter) -> list[str]:
    """Those that may meet it, in order: a summary tells without the tests, and nothing is known yet of built-in ones."""
    listed = {summary.id: summary for summary in client.list_problems(chosen.prefix)}
    fresh = {id for id in BUILT_IN if id.startswith(chosen.prefix) and id not in listed}
    maybe = fresh | {id for id, summary in listed.items() if _meets(summary, chosen)}
    return sorted(maybe - set(chosen.exclude))


def _meets(problem: Problem | ProblemSummary, chosen: TaskFilter) -> bool:
    return (
        (not chosen.tags or not set(chosen.tags).isdisjoint(problem.tags))
        and (not chosen.difficulties or problem.difficulty in chosen.difficulties)
        and (problem.kind == "stdin" or chosen.language in FUNCTION_LANGUAGES)
    )


def _statement(problem: Problem, language: str) -> str:
    """The statement with what a program of this problem looks like, and its limits. Importers put starter code into it."""
    if problem.kind == "function":
        form = f"Write the function `{problem.function_name}`, or a `class Solution` with it as a method; the judge calls it."
    else:
        form = "Read from standard input, write to standard output."
    limits = f"Limits: {problem.time_limit_s:g} s of CPU time and {problem.memory_limit_mb} MB for each test."
    return f"{problem.statement.rstrip()}\n\n{form} {limits}\n"


def _public_tests(problem: Problem) -> Iterator[PublicTest]:
    """Those of the statement first; none for functions, whose tests are calls and no input of a program."""
    if problem.kind == "function":
        return
    shown = [PublicTest(found[1], found[2]) for found in _EXAMPLE.finditer(problem.statement)]
    yield from shown
    for test in problem.tests:
        if test.name and _PUBLIC_NAME.fullmatch(test.name) and PublicTest(test.input, test.output) not in shown:
            yield PublicTest(test.input, test.output)
