"""What the guest installs."""

from packaging.requirements import Requirement

from tests.v2.needs import needs


def test_all_is_there_but_the_project_itself() -> None:
    names = {Requirement(need).name for need in needs()}
    assert "tierline" not in names
    assert {"fastapi", "psutil", "pytest", "hypothesis"} <= names
