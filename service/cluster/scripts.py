"""The Lua scripts, each one change of state that happens whole or not at all. What each takes and returns: its first lines."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import redis
import redis.asyncio
from redis.client import Pipeline
from redis.commands.core import AsyncScript, Script
from redis.exceptions import NoScriptError

from service.cluster.names import PREFIX

_FOLDER = Path(__file__).parent / "lua"


@cache
def _source(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text()


class Scripts:
    """Scripts for threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._made: dict[str, Script] = {}

    def _script(self, name: str) -> Script:
        if (script := self._made.get(name)) is None:
            script = self._made[name] = self._client.register_script(_source(name))
        return script

    def __call__(self, name: str, args: Sequence[Any]) -> Any:
        """What the script returns."""
        return self._script(name)(keys=[PREFIX], args=args)

    def add(self, pipeline: Pipeline, name: str, args: Sequence[Any], *, keys: Sequence[str] = ()) -> None:
        """Have a script run as part of a pipeline; see `together`."""
        # Not Script's own way, which asks at each pipeline whether Redis knows the script.
        pipeline.evalsha(self._script(name).sha, 1 + len(keys), PREFIX, *keys, *args)

    def together(self, build: Callable[[Pipeline], None], *, transaction: bool = True) -> list[Any]:
        """Send what `build` adds to a pipeline; the answers. Sent again when Redis has to be told the scripts first.

        So nothing that `build` adds may do harm when it is done twice.
        """
        while True:
            with self._client.pipeline(transaction=transaction) as pipeline:
                build(pipeline)
                try:
                    return pipeline.execute()
                except NoScriptError:
                    for script in list(self._made.values()):  # other threads may add some
                        self._client.script_load(script.script)


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
