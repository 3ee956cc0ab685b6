"""What the project and its tests need, for a machine that has no copy of the project to install.

Without the project's own extras that `dev` asks for: no index has them, and they are what writes the documents.
"""

import tomllib
from pathlib import Path


def needs() -> list[str]:
    """Requirements, as pip takes them."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    own = f"{project['name']}["
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [requirement for requirement in wanted if not requirement.startswith(own)]


if __name__ == "__main__":
    print(*needs(), sep="\n")
