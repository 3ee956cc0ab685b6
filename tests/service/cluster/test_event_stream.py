import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from bench.redis_server import RedisServer
from service.cluster import names
from service.cluster.connection import LOST, connect, connect_async
from service.cluster.event_stream import EventPen, EventStream
from service.schemas import Event

COMPILING = Event(kind="compiling")
COMPILED = Event(kind="compiled", data={"ok": True, "total": 3})


def a_test(rank: int) -> Event:
    return Event(kind="test", data={"rank": rank, "verdict": "AC"})


async def heard(url: str, after: str | None = None, *, before_end: Callable[[], Any] = lambda: None) -> list[tuple[str, Event]]:
    """All that a listener is told until the work is done, which it is after `before_end`."""
    client, done = connect_async(url), asyncio.Event()
    found: list[tuple[str, Event]] = []

    async def listen() -> None:
        found.extend([pair async for pair in EventStream(client, "w", after).until(done)])

    listening = asyncio.create_task(listen())
    await asyncio.to_thread(before_end)
    done.set()
    await asyncio.wait_for(listening, 10)
    await client.aclose()
    return found


def run(what: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(what)


def test_nothing_is_written_while_nobody_listens(redis_server: RedisServer) -> None:
    with connect(redis_server.url) as client:
        pen = EventPen(client, "w")
        pen.add(COMPILING)
        assert client.exists(names.events("w")) == 0
        pen.tell()
        assert client.xlen(names.events("w")) == 1
        assert 0 < client.ttl(names.events("w")) <= 600
        pen.tell()
        assert client.xlen(names.events("w")) == 1


def test_a_listener_hears_what_was_and_what_comes_in_order(redis_server: RedisServer) -> None:
    with connect(redis_server.url) as client:
        pen = EventPen(client, "w")
        pen.add(COMPILING)

        def go_on() -> None:
            pen.tell()
            pen.add(COMPILED)
            for rank in range(300):
                pen.add(a_test(rank))

        told = run(heard(redis_server.url, before_end=go_on))
    assert [name for name, _ in told] == ["queued", "compiling", "compiled", *(f"test-{rank}" for rank in range(300))]
    assert [event for _, event in told[1:3]] == [COMPILING, COMPILED]


@pytest.mark.parametrize(
    ("after", "names_told"),
    [
        (None, ["queued", "compiling", "test-0", "test-1"]),
        ("", ["queued", "compiling", "test-0", "test-1"]),
        ("queued", ["compiling", "test-0", "test-1"]),
        ("compiling", ["test-0", "test-1"]),
        ("test-1", []),
    ],
)
def test_a_listener_goes_on_where_it_was(redis_server: RedisServer, after: str | None, names_told: list[str]) -> None:
    with connect(redis_server.url) as client:
        pen = EventPen(client, "w")
        pen.tell()
        for event in (COMPILING, a_test(0), a_test(1)):
            pen.add(event)
    assert [name for name, _ in run(heard(redis_server.url, after))] == names_told


def test_what_a_second_worker_tells_again_is_heard_once(redis_server: RedisServer) -> None:
    with connect(redis_server.url) as client:
        for last in (2, 4):  # the first worker dies after two tests
            pen = EventPen(client, "w")
            pen.tell()
            pen.add(COMPILING)
            for rank in range(last):
                pen.add(a_test(rank))
    told = [name for name, _ in run(heard(redis_server.url))]
    assert told == ["queued", "compiling", "test-0", "test-1", "test-2", "test-3"]


def test_what_could_not_be_written_is_written_with_the_next(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    with connect(server.url) as client:
        pen = EventPen(client, "w")
        pen.add(COMPILING)
        server.stop()
        with pytest.raises(LOST):
            pen.tell()
        with pytest.raises(LOST):
            pen.add(COMPILED)
        server.start()
        pen.add(a_test(0))
        assert [name for name, _ in run(heard(server.url))] == ["queued", "compiling", "compiled", "test-0"]
    server.stop()
