"""A program answers alike in a fork of the warm interpreter and by `python3 sol.py`: exit, stdout and stderr, byte for byte."""

import re
from pathlib import Path

import pytest

from sandbox import Box, Limits, MemFile, Pool, Program
from sandbox.errors import NotCompiled
from sandbox.outcome import End
from tests.fidelity.known_differences import KNOWN_DIFFERENCES
from tests.fidelity.snippet import Snippet, exit_of, read_all

SNIPPETS = read_all(Path(__file__).parent / "snippets")
DOCUMENT = Path(__file__).parents[2] / "docs" / "explanation" / "fidelity.md"


def text_of(file: MemFile) -> str:
    """Its text, without the addresses in it: those differ between any two runs of one program."""
    return re.sub("0x[0-9a-f]{8,}", "0x...", file.read().decode(errors="backslashreplace"))


def run(box: Box, program: Program, snippet: Snippet, slowness: float, *, compile_later: bool = False) -> tuple[str, str, str]:
    """Exit, stdout and stderr."""
    log = box.load(program, compile_later=compile_later)
    return run_again(box, snippet, slowness) if log is None else ("does not compile", "", log)


def run_again(box: Box, snippet: Snippet, slowness: float) -> tuple[str, str, str]:
    """The same, of the program that is loaded."""
    limits = Limits(cpu_s=10 * slowness, memory_mb=512, wall_s=120 * slowness, idle_s=10 * slowness)
    try:
        with MemFile.sealed(snippet.stdin) as stdin:
            outcome = box.run(stdin, limits)
    except NotCompiled as error:
        return "does not compile", "", str(error)
    try:
        if outcome.end is not End.EXIT or outcome.out_of_memory:
            return f"{outcome.end}, memory {outcome.out_of_memory}", "", text_of(outcome.stderr)
        return exit_of(outcome), text_of(outcome.stdout), text_of(outcome.stderr)
    finally:
        outcome.close()


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[snippet.name for snippet in SNIPPETS])
def test_warm_run_is_like_exec(snippet: Snippet, pool: Pool, slowness: float) -> None:
    with pool.box() as box:
        by_exec = run(box, Program({"sol.py": snippet.source}, argv=("python3", "/box/sol.py")), snippet, slowness)
        compiling = run(box, Program({"sol.py": snippet.source}, warm=True), snippet, slowness, compile_later=True)
        warm = run_again(box, snippet, slowness)
    assert snippet.exits in ("any", by_exec[0]), f"the snippet does something else than its author thought: {by_exec}"
    if snippet.name in KNOWN_DIFFERENCES:
        assert warm != by_exec, "no longer different: take it off the list"
    else:
        assert warm == by_exec
        assert compiling == by_exec, "the run that compiles"


def test_corpus_is_as_large_as_promised() -> None:
    assert len({snippet.name for snippet in SNIPPETS}) == len(SNIPPETS) >= 300


def test_known_differences_are_snippets_and_few() -> None:
    assert KNOWN_DIFFERENCES.keys() <= {snippet.name for snippet in SNIPPETS}
    assert len(KNOWN_DIFFERENCES) <= 0.1 * len(SNIPPETS)


def test_document_lists_the_known_differences() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE))
    assert table == KNOWN_DIFFERENCES
