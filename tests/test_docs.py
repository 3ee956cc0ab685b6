"""What the pages say is so: settings, links, commands, targets and examples."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs.generate import PAGES as GENERATED
from service.schemas import Problem, Result, Submission
from service.settings import Settings
from tests.docs.pages import PAGES, ROOT, blocks_of, name_of

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_TARGET = re.compile(r"\bmake (?!\w+ an?\b)([a-z][a-z0-9-]*)\b")


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _blocks(path: Path) -> list[str]:
    return [block.code for block in blocks_of(path)]


@pytest.mark.parametrize("path", GENERATED, ids=name_of)
def test_generated_page_is_what_make_docs_writes(path: Path) -> None:
    assert path.read_text() == GENERATED[path](), "run `make docs`"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    targets = [link for link in _LINK.findall(path.read_text()) if "://" not in link]
    assert [link for link in targets if not (path.parent / link).exists()] == []


def test_index_names_every_page() -> None:
    linked = set(_LINK.findall((ROOT / "docs" / "index.md").read_text()))
    assert {name_of(path) for path in (ROOT / "docs").rglob("*.md")} - {"index.md"} <= linked


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_examples_named_in_pages_exist(path: Path) -> None:
    named = re.findall(r"`(examples/[\w./-]+)`", path.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_pages_named_in_the_code_exist() -> None:
    folders = ("bench", "deploy", "docs", "merge", "sandbox", "service", "tests", "trainer")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    files = [path for path in files if "node_modules" not in path.parts]
    files += [path for path in ROOT.iterdir() if path.is_file()]
    named = {
        (str(path.relative_to(ROOT)), page)
        for path in files
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(errors="replace"))
    }
    assert {(path, page) for path, page in named if not (ROOT / page).is_file()} == set()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_variables_named_in_pages_are_settings(path: Path) -> None:
    known = {f"TIERLINE_{name}".upper() for name in Settings.model_fields} | {"TIERLINE_TEST_SLOWNESS"}  # tests/conftest.py
    assert set(re.findall(r"TIERLINE_[A-Z_]+[A-Z]", path.read_text())) <= known


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_make_targets_named_in_code_exist(path: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    code = "\n".join(_blocks(path)) + "\n".join(re.findall(r"`([^`]+)`", prose))
    assert set(_TARGET.findall(code)) <= _targets()


def test_problem_in_the_problems_page_is_valid_and_rises_in_tiers() -> None:
    (block,) = [block for block in _blocks(ROOT / "docs" / "how-to" / "own-problems.md") if '"title": "Double"' in block]
    problem = Problem.model_validate_json(block)
    assert [test.output for test in problem.tests] == ["2\n", "42\n"]


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "docs" / "how-to" / "http.md"], ids=name_of)
def test_request_in_the_page_is_valid_and_its_answer_is_a_result(path: Path) -> None:
    bodies = [body for block in _blocks(path) for body in re.findall(r"-d '(\{.*?\})'", block, re.DOTALL)]
    assert bodies
    submissions = [
        json.loads(body)
        for body in bodies
        if '"source"' in body and not {'"stdin"', '"submissions"'} & set(re.findall(r'"\w+"', body))
    ]
    assert submissions
    for body in submissions:
        Submission.model_validate(body)


def test_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = [*project["dependencies"], *extras["dev"], *extras["docs"], *extras["numpy"], *extras["train"]]
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}
    wanted = {re.split(r"[<>=\[; ]", name, maxsplit=1)[0].lower().replace("_", "-") for name in named} - {"tierline"}
    assert wanted - pinned == set(), "run `make constraints`"


def test_answer_in_the_readme_is_a_result_of_the_request_beside_it() -> None:
    (block,) = [block for block in _blocks(ROOT / "README.md") if '"coverage_passed"' in block]
    result = Result.model_validate_json(block)
    assert set(json.loads(block)) == set(Result.model_fields)
    assert (result.problem, result.verdict, [tier.verdict for tier in result.tiers]) == (
        "two-sum",
        "TLE",
        ["AC", "AC", "TLE", "TLE"],
    )


def test_every_module_that_a_client_does_not_need_is_forbidden_to_it() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = [contract for contract in contracts if {"trainer", "service.client"} <= set(contract["source_modules"])]
    modules = {f"service.{path.stem}" for path in (ROOT / "service").glob("*.py") if path.stem != "__init__"}
    packages = {f"service.{path.parent.name}" for path in (ROOT / "service").glob("*/__init__.py")}
    missing = (modules | packages) - set(contract["forbidden_modules"]) - set(contract["source_modules"])
    assert missing == set(), "add them to forbidden_modules in pyproject.toml"


def test_client_imports_no_server_and_no_sandbox() -> None:
    code = "import sys, service.client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "httpx" in loaded
    assert {"fastapi", "starlette", "uvicorn", "sandbox", "redis", "torch"} & set(loaded) == set()
