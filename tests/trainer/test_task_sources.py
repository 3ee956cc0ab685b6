"""Tasks from stored problems: what is taken, what the model sees, and that hidden tests are no part of it."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.client import TierlineClient
from service.importers import ImportedProblem, read_problems
from service.problem_set import names
from service.schemas import Problem
from service.schemas import Test as JudgeTest
from trainer.task_sources import BUILT_IN, TaskFilter, stored_tasks, task_of
from trainer.tasks import PublicTest

HIDDEN = "424242"


def brought(client: TierlineClient, format: str, row: dict[str, object], folder: Path) -> str:
    """Import one row of a data set; its id."""
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n")
    (found,) = read_problems(format, folder / "rows.jsonl")
    assert isinstance(found, ImportedProblem), found
    tests = [{"input": test.input, "output": test.output, "name": test.name} for test in found.tests]
    client.put_problem(found.id, Problem.model_validate({**dict(found.settings), "tests": tests}))
    return found.id


def test_built_in_problems_come_with_the_examples_of_their_statements(client: TierlineClient) -> None:
    chosen = TaskFilter(tags=("hashing",), difficulties=("easy",), prefix="two")
    (task,) = stored_tasks(client, chosen)
    assert (task.problem, task.difficulty, task.group) == ("two-sum", "easy", "built-in")
    assert task.public_tests == (PublicTest("4 10\n3 5 7 12\n", "1 3\n"),)
    assert task.statement.startswith("# Two Sum\n")
    assert task.statement.endswith("Limits: 1 s of CPU time and 256 MB for each test.\n")


def test_the_names_of_the_built_in_problems_are_those_of_the_judge() -> None:
    assert sorted(names()) == sorted(BUILT_IN)


def test_codecontests_tells_public_tests_apart(client: TierlineClient, tmp_path: Path) -> None:
    row = {
        "name": "1_A. Sum",
        "description": "Add two numbers.",
        "public_tests": [{"input": "1 2\n", "output": "3\n"}],
        "private_tests": [{"input": f"{HIDDEN} 0\n", "output": f"{HIDDEN}\n"}],
        "generated_tests": [{"input": f"0 {HIDDEN}\n", "output": f"{HIDDEN}\n"}],
    }
    id = brought(client, "codecontests", row, tmp_path)
    (task,) = stored_tasks(client, TaskFilter(prefix="codecontests/"))
    assert (task.problem, task.group) == (id, "codecontests")
    assert task.public_tests == (PublicTest("1 2\n", "3\n"),)
    assert HIDDEN not in repr(task)


def test_livecodebench_functions_show_their_starter_code_and_no_test(client: TierlineClient, tmp_path: Path) -> None:
    row = {
        "question_id": "double",
        "question_title": "Double",
        "question_content": "Double it.",
        "starter_code": "class Solution:\n    def double(self, n): ...",
        "metadata": json.dumps({"func_name": "double"}),
        "difficulty": "easy",
        "platform": "leetcode",
        "public_test_cases": json.dumps([{"input": "1", "output": "2", "testtype": "functional"}]),
        "private_test_cases": json.dumps([{"input": HIDDEN, "output": "848484", "testtype": "functional"}]),
    }
    brought(client, "livecodebench", row, tmp_path)
    (task,) = stored_tasks(client, TaskFilter(prefix="livecodebench/", tags=("leetcode",)))
    assert "class Solution:\n    def double(self, n): ..." in task.statement
    assert "Write the function `double`" in task.statement
    assert task.public_tests == ()
    assert HIDDEN not in repr(task)
    with pytest.raises(ValueError, match="no problem of the judge"):
        stored_tasks(client, TaskFilter(prefix="livecodebench/", language="cpp17"))


@pytest.mark.parametrize(("format", "id"), [("apps", "apps/7"), ("taco", "taco/00000")])
def test_apps_and_taco_do_not_tell_public_tests_apart(client: TierlineClient, tmp_path: Path, format: str, id: str) -> None:
    row = {
        "problem_id": 7,
        "question": "Say it.",
        "input_output": json.dumps({"inputs": [HIDDEN], "outputs": [HIDDEN]}),
        "difficulty": "INTERVIEW",
    }
    assert brought(client, format, row, tmp_path) == id
    (task,) = stored_tasks(client, TaskFilter(prefix=f"{format}/", difficulties=("interview",)))
    assert (task.public_tests, task.group) == ((), format)
    assert HIDDEN not in repr(task)


def test_samples_of_a_package_are_public_and_secrets_are_not() -> None:
    tests = [JudgeTest(input=name, output="", name=name) for name in ("sample/1", "secret/1", "secret/sample/2", "public-x")]
    task = task_of("kattis/p", Problem(statement="Do.", tests=tuple(tests)))
    assert [test.input for test in task.public_tests] == ["sample/1"]


def test_what_is_left_out_and_how_many(client: TierlineClient) -> None:
    chosen = TaskFilter(prefix="t", exclude=("topological-order", "taco/00000"), limit=1)
    assert [task.problem for task in stored_tasks(client, chosen)] == ["tree-diameter"]
    client.put_problem("silent/p", Problem(tests=(JudgeTest(input="1", output="1"),)))
    with pytest.raises(ValueError, match="silent/"):
        stored_tasks(client, TaskFilter(prefix="silent/"))


def test_a_misspelt_filter_is_an_error() -> None:
    with pytest.raises(ValidationError, match="difficulty"):
        TaskFilter.model_validate({"difficulty": ["easy"]})
