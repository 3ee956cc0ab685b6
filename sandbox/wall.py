"""What boxes are made of: the interface of both walls.

    namespaces    of this machine's kernel, made by inside/launcher.py: namespaces_wall.py
    docker        a hardened, warm container of a Docker engine for each box: docker_wall.py

The runner is the same, PID 1 of its own world, and so is all that box.py says to it. A wall puts an `Enclosure` around one runner
and gives its channel.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from sandbox.cgroups import BoxGroups
from sandbox.channel import Channel
from sandbox.disk import Disk
from sandbox.mounts import Mount

WallName = Literal["namespaces", "docker"]


class Enclosure(Protocol):
    """What a wall puts around one runner. Once started it is destroyed, never started again."""

    @property
    def pid(self) -> int:
        """Of the runner as this process sees it; 0 where it does not."""

    @property
    def groups(self) -> BoxGroups:
        """The control groups of the box."""

    @property
    def setup(self) -> Mapping[str, Any]:
        """What the runner is told of its surroundings: `uid` of programs, path of the start `helper`, whether it can `mount`."""

    def start(self) -> Channel:
        """Build it and wait until the runner runs. Raises OSError, SandboxError, ValueError, KeyError or SubprocessError with the
        step that failed; call `destroy` then too."""

    def destroy(self) -> None:
        """Kill everything in it and take it away, from any thread. Harmless when done twice or when it never started."""


class Wall(Protocol):
    """One kind of wall on one machine."""

    @property
    def name(self) -> WallName:
        """As results and workers tell it."""

    @property
    def about(self) -> str:
        """A line for people: how it is built here."""

    @property
    def lacks(self) -> list[str]:
        """What cannot be had here, each with its fix; empty when all is well. Complete once open."""

    @property
    def cores(self) -> list[int]:
        """The processors that boxes may have."""

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """Those of the configured mounts that boxes really show. Complete once open."""

    def open(self) -> list[str]:
        """Clean up after judges that were killed and get ready; returns what was cleaned. Raises WallUnavailable."""

    def enclosure(self, name: str, number: int, core: int, disk: Disk | None = None) -> Enclosure:
        """For one box, not yet started; with a disk where that is given. Raises BoxStartFailed."""

    def close(self) -> None:
        """Leave nothing behind; all enclosures are destroyed already."""
