"""The tests of boxes run on either wall: `pytest --wall docker [--docker-transport stream]`, see docs/how-to/docker-wall.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Literal

import pytest

from tests.docker_wall.known_differences import KNOWN_DIFFERENCES, Difference


@dataclass(frozen=True)
class WallOption:
    """What the command line asks for."""

    name: Literal["namespaces", "docker"]
    transport: Literal["auto", "socket", "stream"]

    @classmethod
    def of(cls, config: pytest.Config) -> "WallOption":
        return cls(config.getoption("--wall"), config.getoption("--docker-transport"))

    def concerns(self, difference: Difference) -> bool:
        """Whether boxes of this run are known to differ so."""
        return self.name == "docker" and (difference.transport in ("", self.transport))


@cache
def why_no_engine() -> str:
    """Why there is no Docker engine to run tests with; empty when there is one."""
    from sandbox.docker_engine import Engine
    from sandbox.errors import WallUnavailable

    try:
        Engine().close()
    except WallUnavailable as error:
        return str(error)
    return ""


def choose_tests(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the docker wall alone run with `--wall docker` only; without an engine that skips everything and says why."""
    if WallOption.of(config).name == "namespaces":
        others = [item for item in items if item.get_closest_marker("docker")]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = [item for item in items if item not in others]
    elif reason := why_no_engine():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


def mark_known_differences(wall: WallOption, items: Iterable[pytest.Item]) -> None:
    """A test of a known difference must fail, or the difference is none any more."""
    differences = [one for one in KNOWN_DIFFERENCES if wall.concerns(one)]
    for item in items:
        for difference in differences:
            if any(fnmatch(item.nodeid.partition("::")[2], pattern) for pattern in difference.tests):
                item.add_marker(pytest.mark.xfail(reason=difference.why, strict=True))
