"""Every code block of the README and the documentation is run, read or marked as not runnable with the reason: see pages.py."""

import contextlib
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from bench.server import Served, data_folder, serve
from tests.docs.pages import PAGES, ROOT, Block, blocks_of, name_of

_RUN = [page for page in PAGES if any(block.mark == "run" for block in blocks_of(page))]
_READERS = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
SOL = """# of no page
n, t, *a = map(int, open(0).read().split())
seen = {}
for i, value in enumerate(a, 1):
    if t - value in seen:
        print(seen[t - value], i)
        break
    seen[value] = i
"""
"""What `sol.py` is where a page speaks of one: it solves two-sum."""


@pytest.fixture(scope="module")
def judge(cache_dir: Path) -> Iterator[Served]:
    """For all pages."""
    with serve(boxes=2, cache=cache_dir) as served:
        yield served


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Path:
    """The data folder of all pages."""
    return data_folder(tmp_path_factory.mktemp("pages") / "data", cache_dir)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_is_marked(page: Path) -> None:
    assert [block.place for block in blocks_of(page) if not block.mark] == [], "tests/docs/pages.py lists the marks"


def test_code_of_the_readme_is_fenced() -> None:
    """A block by indentation could bear no mark. For the other pages test_site.py sees to it."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^    .*", text, re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_marks_say_something(page: Path) -> None:
    blocks = blocks_of(page)
    for block, before in zip(blocks, [None, *blocks], strict=False):
        if block.mark in ("not run", "shown", "tested by", "file"):
            assert block.what, f"{block.place}: why, what, where?"
        if block.mark == "run":
            assert block.language in ("sh", "python"), block.place
        if block.mark == "output":
            assert before, block.place
            assert before.mark == "run", f"{block.place}: of which block?"
        for path in re.findall(r"\btests/[\w/.]+\b", block.what):
            assert (ROOT / path).exists(), f"{block.place}: {path} is not there"
        if block.mark == "tested by":
            assert page.name in (ROOT / block.what).read_text(), f"{block.place}: {block.what} does not name the page"


@pytest.mark.parametrize(
    "block", [block for page in PAGES for block in blocks_of(page) if block.mark == "parsed"], ids=lambda block: block.place
)
def test_block_can_be_read(block: Block) -> None:
    found = _READERS[block.language](block.code)
    if block.what:
        module, _, name = block.what.partition(":")
        kind = getattr(importlib.import_module(module), name)
        tables = found.items() if block.language == "toml" else [(None, found)]
        for table, fields in tables:
            TypeAdapter(kind).validate_python({"name": table, **fields} if table else fields)


@pytest.mark.parametrize("page", _RUN, ids=name_of)
def test_blocks_run(page: Path, judge: Served, data: Path, tmp_path: Path) -> None:
    (tmp_path / "sol.py").write_text(SOL)
    printed = ""
    for block in blocks_of(page):
        code = _here(block.code, judge.url)
        if block.mark == "file":
            (tmp_path / block.what).write_text(code)
        elif block.mark == "run":
            printed = _run(block, code, tmp_path, data)
        elif block.mark == "output":
            assert _masked(printed) == _masked(block.code), f"{block.place}: it prints\n{printed}"


def _here(code: str, url: str) -> str:
    """The judge of this test, and the interpreter that runs it."""
    return code.replace("http://127.0.0.1:8077", url).replace(".venv/bin/", "")


def _run(block: Block, code: str, folder: Path, data: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "PYTHONPATH": str(folder),
        "TIERLINE_DATA_DIR": str(data),
        "COLUMNS": "120",
    }
    argv = ["bash", "-euo", "pipefail", "-c", code] if block.language == "sh" else [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)
    status = re.search(r"status (\d+)", block.what)
    assert done.returncode == int(status[1] if status else 0), f"{block.place}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _masked(text: str) -> Any:
    """What stays the same from one run to the next: no numbers, no spaces more than one; of JSON its content."""
    with contextlib.suppress(ValueError):
        text = json.dumps(json.loads(text), sort_keys=True)
    return " ".join(re.sub(r"\d+(\.\d+)?", "#", text).split())
