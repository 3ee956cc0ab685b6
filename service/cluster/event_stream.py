"""Events of a judging that somebody watches: a Redis stream, written by its worker, read by replicas.

A worker writes nothing until it is told that somebody listens; then it writes what has happened so far as well.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import orjson
import redis
import redis.asyncio

from service.cluster import names
from service.schemas import Event
from service.submission_events import event_id

_KEPT_S = 600
_LONGEST = 20_000
_BLOCK_MS = 200


class EventPen:
    """Collects the events of one judging, and writes them as soon as it is told to. For threads."""

    def __init__(self, client: redis.Redis, work: str) -> None:
        self._client = client
        self._key = names.events(work)
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._watched = False

    def add(self, event: Event) -> None:
        """Something happened."""
        with self._lock:
            if not self._watched:
                self._events.append(event)
                return
        self._write([event])

    def tell(self) -> None:
        """Somebody listens: write what was, and from now on what is."""
        with self._lock:
            if self._watched:
                return
            self._watched = True
            before, self._events = self._events, []
            self._write(before)

    def _write(self, events: Sequence[Event]) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            for event in events:
                fields: Any = {"kind": event.kind, "data": orjson.dumps(event.data)}
                pipeline.xadd(self._key, fields, maxlen=_LONGEST)
            pipeline.expire(self._key, _KEPT_S)
            pipeline.execute()


class EventStream:
    """Reads them, from the one after `after` (an event's id) on."""

    def __init__(self, client: redis.asyncio.Redis, work: str, after: str | None) -> None:
        self._client = client
        self._key = names.events(work)
        self._after = after

    async def until(self, done: asyncio.Event) -> AsyncIterator[tuple[str, Event]]:
        """(event id, event) as they come; ends when `done` is set and nothing more is there."""
        place: Any = "0"
        if self._after in (None, ""):
            yield "queued", Event(kind="queued")
        skipping = self._after not in (None, "", "queued")
        told: set[str] = set()
        while True:
            ended = done.is_set()
            answer = await cast(Any, self._client.xread({self._key: place}, block=None if ended else _BLOCK_MS))
            for at, fields in answer[0][1] if answer else ():
                place = at
                event = Event(kind=fields[b"kind"].decode(), data=orjson.loads(fields[b"data"]))
                name = event_id(event)
                if name in told:  # judged again on another worker
                    continue
                told.add(name)
                if not skipping:
                    yield name, event
                elif name == self._after:
                    skipping = False
            if ended and not answer:
                return
