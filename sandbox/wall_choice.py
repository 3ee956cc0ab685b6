"""Which wall is built."""

from sandbox.config import PoolConfig
from sandbox.namespaces_wall import NamespacesWall
from sandbox.wall import Wall


def make_wall(config: PoolConfig) -> Wall:
    """The wall that `config` names, not yet open. Raises WallUnavailable when what it needs is not installed."""
    if config.wall == "docker":
        from sandbox.docker_wall import DockerWall

        return DockerWall(config)
    return NamespacesWall(config)
