"""What a worker holds, and that it is alive: a thread that renews leases every second and hears orders meanwhile."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import redis
import structlog

from service.cluster import names
from service.cluster.connection import LOST
from service.cluster.event_stream import EventPen
from service.cluster.scripts import Scripts

log = structlog.get_logger("tierline.worker")
LEASE_MS = 6000
BEAT_S = 1.0
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Running:
    """A work that is being judged: how to end it, and where its events go."""

    cancelled: threading.Event
    pen: EventPen


class Leases:
    """The works of one worker. `hold`, `run` and `drop` may be called from any thread."""

    def __init__(self, client: redis.Redis, worker: str, on_beat: Callable[[], None]) -> None:
        self._client = client
        self._worker = worker
        self._on_beat = on_beat
        self._scripts = Scripts(client)
        self._lock = threading.Lock()
        self._held: dict[str, Running | None] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="leases", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def close(self) -> None:
        """Stop. What is held is found by others when its lease has run out."""
        self._ended.set()
        self._thread.join(5)

    def hold(self, works: list[str]) -> None:
        """They were taken."""
        with self._lock:
            self._held.update(dict.fromkeys(works))

    def run(self, work: str, running: Running, *, watched: bool) -> None:
        """It is being judged."""
        with self._lock:
            self._held[work] = running
        if watched:
            running.pen.tell()

    def drop(self, work: str) -> None:
        """It is done, or somebody else's."""
        with self._lock:
            self._held.pop(work, None)

    def cancel_all(self) -> None:
        """End what is being judged: the worker shuts down."""
        with self._lock:
            for running in self._held.values():
                if running is not None:
                    running.cancelled.set()

    @property
    def running(self) -> int:
        """How many are being judged."""
        with self._lock:
            return sum(running is not None for running in self._held.values())

    # -- the thread ------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                with self._client.pubsub() as channel:  # type: ignore[no-untyped-call]
                    channel.subscribe(names.ORDERS)
                    while not self._ended.is_set():
                        self._beat()
                        self._hear(channel)
            except LOST as error:
                log.warning("lost the connection to Redis", error=str(error))
                self._ended.wait(0.3)
            except Exception:
                log.exception("the heartbeat failed")
                self._ended.wait(BEAT_S)

    def _beat(self) -> None:
        with self._lock:
            held = list(self._held)
        if held:
            for order in self._scripts("renew", [self._worker, LEASE_MS, *held]):
                self._obey(order.decode())
        self._on_beat()

    def _hear(self, channel: "redis.client.PubSub") -> None:
        """Obey orders for the length of a beat."""
        until = time.monotonic() + BEAT_S
        while not self._ended.is_set() and (left_s := until - time.monotonic()) > 0:
            message = channel.get_message(ignore_subscribe_messages=True, timeout=min(left_s, _LOOK_EVERY_S))
            if message is None:
                continue
            self._obey(message["data"].decode())

    def _obey(self, order: str) -> None:
        what, _, work = order.partition(" ")
        with self._lock:
            running = self._held.get(work)
        if running is None:
            return
        if what == "cancel":
            running.cancelled.set()
        elif what == "tell":
            with suppress(*LOST):
                running.pen.tell()
