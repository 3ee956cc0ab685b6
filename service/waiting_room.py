"""Callers who would rather wait than be refused while the judge starts, its queue is full, or its Redis is away."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.exceptions import HTTPException

from service.errors import Overloaded, Unavailable

T = TypeVar("T")
_SHORTEST_S, _LONGEST_S = 0.05, 0.5
_ASKING_PER_S = 1000.0
"""All of them together ask about so often at most, however many they are."""


class WaitingRoom:
    """Bounded by callers that had to wait and are not done yet. Whoever comes in the right moment goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._here = 0

    async def until_let_in(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What `attempt` gives, asked again for as long as it is refused. Raises the refusal when the room is full as well."""
        waited = False
        try:
            while True:
                try:
                    return await attempt()
                except (Overloaded, Unavailable, HTTPException) as refusal:
                    if isinstance(refusal, HTTPException) and refusal.status_code != 503:
                        raise
                    if not waited and self._here >= self._most:
                        raise
                    wanted_s = None if isinstance(refusal, HTTPException) else refusal.retry_after_s
                if not waited:
                    waited = True
                    self._here += 1
                await asyncio.sleep(self._pause_s(wanted_s))
        finally:
            if waited:
                self._here -= 1

    def _pause_s(self, wanted_s: float | None) -> float:
        alone_s = min(max(wanted_s or 0.0, _SHORTEST_S), _LONGEST_S)
        return random.uniform(0.5, 1.5) * max(alone_s, self._here / _ASKING_PER_S)
