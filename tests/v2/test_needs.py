"""What the guest installs."""

import tomllib

from packaging.requirements import Requirement

from tests.v2.needs import PYPROJECT, needs


def test_all_is_there_but_the_project_itself() -> None:
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    names = {Requirement(need).name for need in needs(project)}
    assert project["name"] not in names
    assert {"fastapi", "psutil", "pytest", "hypothesis"} <= names
