"""The plugin that fails a run on skips nobody expects."""

import os
import subprocess
import sys
from pathlib import Path

from tests.skips import read_patterns

ROOT = Path(__file__).parent.parent

SUITE = """
import pytest

def test_right():
    assert 1 + 1 == 2

@pytest.mark.skip(reason="no such tool")
def test_of_a_tool():
    pass
"""


MODULE = """
import pytest

pytest.skip("no such library", allow_module_level=True)
"""


def _run(folder: Path, allowed: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(SUITE)
    (folder / "allowed").write_text(allowed)
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.skips",
        "--allowed-skips",
        "allowed",
        "-c",
        "/dev/null",
        "--rootdir",
        ".",
        *options,
    ]
    return subprocess.run(argv, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)


def test_a_skip_that_is_not_listed_fails_the_run_and_is_named(tmp_path: Path) -> None:
    done = _run(tmp_path, "# nothing is allowed\n")
    assert done.returncode == 1
    assert "test_it.py::test_of_a_tool: Skipped: no such tool" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout.splitlines()[-1]


def test_a_skip_that_is_listed_is_fine(tmp_path: Path) -> None:
    assert _run(tmp_path, "test_it.py::test_of_*  needs the tool\n").returncode == 0


def test_of_two_processes_it_hears_the_same_and_each_skip_once(tmp_path: Path) -> None:
    (tmp_path / "test_module.py").write_text(MODULE)
    done = _run(tmp_path, "", "-n", "2")
    assert done.returncode == 1
    assert done.stdout.count("test_module.py: Skipped: no such library\n") == 1
    assert done.stdout.count("test_it.py::test_of_a_tool: Skipped: no such tool\n") == 1


def test_patterns_are_first_words_of_lines_without_comments() -> None:
    assert read_patterns("# head\n\na::b[*]  why # more\nc\n") == ["a::b[*]", "c"]
