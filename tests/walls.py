"""The tests of boxes run on either wall: `pytest --wall docker [--docker-transport stream]`, see docs/docker-wall.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
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


def mark_known_differences(wall: WallOption, items: Iterable[pytest.Item]) -> None:
    """A test of a known difference must fail, or the difference is none any more."""
    differences = [one for one in KNOWN_DIFFERENCES if wall.concerns(one)]
    for item in items:
        for difference in differences:
            if any(fnmatch(item.nodeid.partition("::")[2], pattern) for pattern in difference.tests):
                item.add_marker(pytest.mark.xfail(reason=difference.why, strict=True))
