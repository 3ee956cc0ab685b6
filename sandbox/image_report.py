"""What a box image holds: its Python, packages and languages. Runs inside a container of it, by its own Python.

The same code looks for tools in an image as on a host: the whole package is put into a container and this module run there, with
the names of the packages that programs may import as arguments. It prints JSON: see docker_image.py, which asks for it.
"""

import json
import platform
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sandbox.config import PoolConfig
from sandbox.inside.own_group import OwnGroup
from sandbox.languages import Language, MissingLanguage, probe_here
from sandbox.mounts import interpreter, package_trees


def report(packages: list[str]) -> dict[str, Any]:
    """All that a judge wants to know of an image."""
    with tempfile.TemporaryDirectory() as folder:
        found = probe_here(PoolConfig(cache_dir=Path(folder)))
    return {
        "machine": platform.machine(),
        "python": asdict(interpreter(Path(sys.executable))),
        "packages": package_trees(packages),
        "own_group": shows_own_group(),
        "languages": {one.entry.name: asdict(one.toolchain) for one in found if isinstance(one, Language)},
        "missing": {one.entry.name: one.reason for one in found if isinstance(one, MissingLanguage)},
    }


def shows_own_group() -> bool:
    """Whether a container of this engine sees what its control group counts."""
    try:
        group = OwnGroup()
        return group.cpu_ns() > 0 and group.memory_bytes() > 0 and group.oom_kills() >= 0
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    print(json.dumps(report(sys.argv[1:])))
