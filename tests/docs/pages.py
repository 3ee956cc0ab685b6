"""Pages of the documentation and the code blocks in them. Each block has a mark, an HTML comment above it:

<!-- run -->                    a test runs it (sh or python); in the order of the page, in a folder of the page's own
<!-- run: server -->            the same, with a judge that listens
<!-- run: server, status 1 -->  it ends with that exit status
<!-- file: NAME -->             it is written to that file of the folder, for the blocks that run
<!-- output -->                 it is what the block before it prints, numbers aside
<!-- parsed -->                 JSON, YAML or TOML that can be read; `parsed: MODULE:TYPE`: and is valid for that type
<!-- tested by tests/X.py -->   that test reads it
<!-- not run: REASON -->        a command that no test runs
<!-- shown: WHAT -->            no command: output, names, a formula
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>\w*)$")
_MARK = re.compile(r"^ *<!-- (?P<kind>run|file|output|parsed|tested by|not run|shown)(?::? (?P<what>.+?))? -->$")


@dataclass(frozen=True)
class Block:
    """`mark` and `what`: the comment's two parts; no mark: it has none."""

    page: Path
    line: int
    language: str
    code: str
    mark: str
    what: str

    @property
    def place(self) -> str:
        """As an editor opens it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def name_of(page: Path) -> str:
    """A page as tests are named after it."""
    return str(page.relative_to(ROOT)).removeprefix("docs/")


def blocks_of(page: Path) -> list[Block]:
    """Fenced blocks of a page, in order. Raises ValueError for a fence that is not closed."""
    found: list[Block] = []
    lines = iter(enumerate(page.read_text().split("\n"), 1))
    above = ""
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence:
            mark = _MARK.match(above)
            code = _inside(lines, fence["indent"] + fence["ticks"], len(fence["indent"]), f"{page}:{number}")
            kind, what = (mark["kind"], mark["what"] or "") if mark else ("", "")
            found.append(Block(page, number, fence["language"], code, kind, what))
        if line.strip():
            above = "" if fence else line
    return found


def _inside(lines: Iterator[tuple[int, str]], closing: str, indent: int, place: str) -> str:
    code = []
    for _, line in lines:
        if line == closing:
            return "".join(f"{each}\n" for each in code)
        code.append(line[indent:])
    raise ValueError(f"{place}: the fence is not closed")
