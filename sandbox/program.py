"""A program made ready to run: what a compiler left, or a script as it is."""

from dataclasses import dataclass, field
from enum import StrEnum


class BoxKind(StrEnum):
    """What a box's warm interpreter has loaded."""

    STANDARD = "standard"
    NUMPY = "numpy"


@dataclass(frozen=True, slots=True)
class Program:
    """Files and the command that runs them. Nothing in it may be secret: the program can read all of it.

    A `warm` program is Python source that runs in a fork of the box's interpreter; it has one file and no `argv`. Any other
    is started by `argv`, found inside the box, with the files in /box, which is read-only, and /tmp as working directory.
    """

    files: dict[str, bytes]
    """Name in /box -> content. The first is the main file."""
    argv: tuple[str, ...] = ()
    warm: bool = False
    kind: BoxKind = BoxKind.STANDARD
    env: dict[str, str] = field(default_factory=dict)
    executables: tuple[str, ...] = ()
    """Names in `files` that need the execute bit."""

    @property
    def main(self) -> str:
        """Name of the main file."""
        return next(iter(self.files))


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a compile step gave: a program, or none and the reason in `log` (bounded)."""

    program: Program | None
    log: str = ""
    cpu_s: float = 0.0
    cached: bool = False
    timed_out: bool = False
    """The compiler was stopped because it took too long."""
