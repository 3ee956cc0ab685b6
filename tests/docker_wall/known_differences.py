"""Where a box of the docker wall behaves otherwise than one of namespaces, and why. docs/docker-wall.md says the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One difference, with the tests that show it: patterns of test names."""

    what: str
    why: str
    tests: tuple[str, ...]
    transport: str = ""
    """Only with this one, where it is so."""


KNOWN_DIFFERENCES: tuple[Difference, ...] = ()
