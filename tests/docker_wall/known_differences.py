"""Where a box of the docker wall behaves otherwise than one of namespaces, and why. docs/how-to/docker-wall.md says the same."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One difference, with the tests that show it: patterns of test names."""

    what: str
    why: str
    tests: tuple[str, ...]
    transport: str = ""
    """Only with this one, where it is so."""


KNOWN_DIFFERENCES = (
    Difference(
        what="A program that fills /tmp or /dev/shm past `scratch_mb` is ended as out of memory; its write does not fail.",
        why="A container's tmpfs cannot be given another size: the runner watches what is in it, every 20 ms and at the end.",
        tests=("test_attack_is_held[[]memory/fill_tmp.py-warm]",),
    ),
    Difference(
        what="A program sees that the runner is there: `cmdline`, `status`, `stat` and `task` of process 1, nothing else of it.",
        why="A container's /proc has no `hidepid`. The runner keeps no secret, and is not dumpable.",
        tests=("test_attack_is_held[[]secrets/runner_proc_files.py-*]",),
    ),
)
