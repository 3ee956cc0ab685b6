"""Callers wait for a judge that is full or starting, up to a bound, and for nothing else."""

import asyncio

import pytest
from starlette.exceptions import HTTPException

from service.errors import Draining, Overloaded, Unavailable
from service.waiting_room import WaitingRoom

FULL = Overloaded("full", retry_after_s=0.01)


class Refusing:
    """Refuses so many times, then lets in."""

    def __init__(self, *refusals: Exception) -> None:
        self._refusals = list(refusals)

    async def __call__(self) -> str:
        if self._refusals:
            raise self._refusals.pop(0)
        return "in"


def test_caller_is_let_in_once_the_judge_has_started_and_has_room() -> None:
    refusing = Refusing(HTTPException(503), FULL, Unavailable("no Redis"), FULL)
    assert asyncio.run(WaitingRoom(1).until_let_in(refusing)) == "in"


@pytest.mark.parametrize("error", [Draining("ends"), HTTPException(404), ValueError("bug")], ids=repr)
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    with pytest.raises(type(error)):
        asyncio.run(WaitingRoom(1).until_let_in(Refusing(FULL, error, FULL)))


def test_room_is_bounded_and_its_places_come_back() -> None:
    async def ask() -> None:
        room, door = WaitingRoom(2), asyncio.Event()

        async def shut() -> str:
            if not door.is_set():
                raise FULL
            return "in"

        waiting = [asyncio.create_task(room.until_let_in(shut)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await room.until_let_in(shut)
        waiting.pop().cancel()
        await asyncio.sleep(0)
        waiting.append(asyncio.create_task(room.until_let_in(shut)))
        await asyncio.sleep(0)
        door.set()
        assert await asyncio.gather(*waiting) == ["in", "in"]

    asyncio.run(ask())


def test_without_places_the_refusal_comes_through() -> None:
    with pytest.raises(Overloaded):
        asyncio.run(WaitingRoom(0).until_let_in(Refusing(FULL)))
    assert asyncio.run(WaitingRoom(0).until_let_in(Refusing())) == "in"
