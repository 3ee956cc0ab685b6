"""The wall `auto`: namespaces where they can be had, else docker, else none at all. Both hold the same attacks; see
docs/how-to/docker-wall.md for what docker lacks in comfort."""

from dataclasses import replace
from typing import Literal

from sandbox.config import PoolConfig
from sandbox.errors import SandboxError, WallUnavailable
from sandbox.pool import Pool
from sandbox.wall import WallName


def choose_wall(asked: Literal["auto", "namespaces", "docker"], config: PoolConfig) -> PoolConfig:
    """`config` with the wall that was asked for, never another. For `auto` each is tried with one box, which takes a tenth of a
    second. Raises WallUnavailable, with what each lacks."""
    if asked != "auto":
        return replace(config, wall=asked)
    reasons = []
    names: tuple[WallName, ...] = ("namespaces", "docker")
    for name in names:
        tried = replace(config, wall=name)
        reason = why_not(tried)
        if reason is None:
            return tried
        reasons.append(f"{name}: {reason}")
    raise WallUnavailable("no wall can be had here. " + "\n".join(reasons))


def why_not(config: PoolConfig) -> str | None:
    """Why no box can be made with this wall, or None when one was."""
    try:
        pool = Pool(replace(config, boxes=1))
        try:
            pool.start()
        finally:
            pool.close()
    except SandboxError as error:
        return str(error)
    return None
