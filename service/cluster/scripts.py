"""The Lua scripts, each one change of state that happens whole or not at all. What each takes and returns: its first lines."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import redis
import redis.asyncio
from redis.commands.core import AsyncScript, Script

from service.cluster.names import PREFIX

_FOLDER = Path(__file__).parent / "lua"


@cache
def _source(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text()


class Scripts:
    """Scripts for threads: `scripts("take", [...])`, in a pipeline when one is given."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._made: dict[str, Script] = {}

    def __call__(
        self, name: str, args: Sequence[Any], *, keys: Sequence[str] = (), pipeline: "redis.client.Pipeline | None" = None
    ) -> Any:
        """What the script returns; in a pipeline, that comes with the pipeline's answers."""
        script = self._made.get(name)
        if script is None:
            script = self._made[name] = self._client.register_script(_source(name))
        return script(keys=[PREFIX, *keys], args=args, client=pipeline if pipeline is not None else self._client)


class AsyncScripts:
    """The same for the event loop."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._made: dict[str, AsyncScript] = {}

    async def __call__(self, name: str, args: Sequence[Any]) -> Any:
        """What the script returns."""
        script = self._made.get(name)
        if script is None:
            script = self._made[name] = self._client.register_script(_source(name))
        return await cast(Any, script(keys=[PREFIX], args=args))
