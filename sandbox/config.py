"""What a pool of boxes is made with."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sandbox.mounts import Mount

DEFAULT_IMAGE = "tierline-box"
"""What deploy/Dockerfile.box is built as."""


def default_run_dir() -> Path:
    """Where this machine keeps what must not outlive a restart."""
    if os.geteuid() == 0:
        return Path("/run/tierline")
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "tierline" if base else Path(f"/tmp/tierline-{os.geteuid()}")  # noqa: S108 - made with mode 0700 and checked


def default_cache_dir() -> Path:
    """Where compiled helpers and precompiled headers are kept."""
    if os.geteuid() == 0:
        return Path("/var/cache/tierline")
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tierline"


@dataclass(frozen=True)
class PoolConfig:
    """How many boxes, where, and what is in them."""

    boxes: int = 0
    """0: one for each core this process may use."""
    run_dir: Path = field(default_factory=default_run_dir)
    machine_dir: Path | None = None
    """Where the judges of this machine agree on cores and turns; None: below `run_dir`. Containers mount one folder for it."""
    cache_dir: Path = field(default_factory=default_cache_dir)
    python: Path = field(default_factory=lambda: Path(sys.executable))
    """The interpreter that runs Python programs."""
    python_packages: tuple[str, ...] = ("numpy",)
    """Installed distributions that Python programs may import; taken from the environment tierline runs in."""
    mounts: tuple[Mount, ...] = ()
    """Further trees shown read-only in each box: toolchains outside /usr, precompiled headers."""
    uid_base: int = 1_800_000_000
    """As root: box k runs as the uids uid_base + 2k (runner) and uid_base + 2k + 1 (programs)."""
    start_timeout_s: float = 30.0
    box_processes: int = 4200
    """Processes and threads in a box whatever the program's own limit: the backstop."""
    wall: Literal["namespaces", "docker"] = "namespaces"
    """What boxes are made of: see wall.py. The next four are for `docker` only."""
    docker_host: str = ""
    """The engine, as DOCKER_HOST has it; empty means what the environment says, else this machine's."""
    docker_image: str = DEFAULT_IMAGE
    """What containers are made of: it has the Python and the compilers that programs get. Never pulled."""
    docker_transport: Literal["auto", "socket", "stream"] = "auto"
    """How frames reach a container: see docker_wall.py."""
    helper: bool = True
    """Use the C helper for starting programs where a C compiler can build it."""

    @property
    def shared_dir(self) -> Path:
        """The folder that `machine_dir` says."""
        return self.machine_dir or self.run_dir / "machine"
