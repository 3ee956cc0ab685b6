"""The workers as they last told of themselves, and what they can judge."""

import time

import orjson
import redis
import structlog

from service.cluster import names
from service.cluster.connection import text
from service.queue import WorkerInfo
from service.schemas import LanguageInfo

log = structlog.get_logger("tierline.queue")
STALE_S = 10.0
"""A worker that has not been heard of for so long counts no more."""
SHOWN_S = 60.0
"""And for so long it is still shown, with the age of its last word."""
_READ_EVERY_S = 1.0
_LANGUAGES_KEPT_S = 7 * 86400
_READS_PER_S = 50
"""Of all workers together, at most. A thousand workers fill 0.8 MB and take Redis a millisecond to tell."""


class Roster:
    """Read by replicas, written by workers. For threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._read_at = -_READ_EVERY_S
        self._read_every_s = _READ_EVERY_S
        self._boxes = 1

    def tell(self, worker: WorkerInfo) -> None:
        """A worker is alive."""
        now = self._now()
        self._client.hset(names.WORKERS, worker.name, orjson.dumps([now, worker.model_dump(mode="json")]).decode())

    def leave(self, name: str) -> None:
        """A worker has ended in good order."""
        self._client.hdel(names.WORKERS, name)

    def tell_languages(self, infos: list[LanguageInfo]) -> None:
        """What a worker can judge, joined with what others can: each language is a field of its own, so none is lost."""
        now = self._now()
        with self._client.pipeline() as pipeline:
            for info in infos:
                told = orjson.dumps([now, info.model_dump(mode="json")]).decode()
                if info.available:
                    pipeline.hset(names.LANGUAGES, info.name, told)
                else:
                    pipeline.hsetnx(names.LANGUAGES, info.name, told)
            pipeline.execute()

    def workers(self) -> list[WorkerInfo]:
        """Those shown, by name, each with how long ago it was heard of."""
        now = self._now()
        found = []
        for name, data in sorted(self._client.hgetall(names.WORKERS).items()):
            try:
                when, info = orjson.loads(data)
                worker = WorkerInfo.model_validate({**info, "heartbeat_age_s": round(max(0.0, now - when), 3)})
            except ValueError as error:
                log.warning("a worker of another version is not counted", worker=text(name), error=str(error))
                continue
            if worker.heartbeat_age_s > SHOWN_S:
                self._client.hdel(names.WORKERS, name)
            else:
                found.append(worker)
        return found

    def alive(self) -> list[WorkerInfo]:
        """Those that may be counted on."""
        return [worker for worker in self.workers() if worker.heartbeat_age_s <= STALE_S]

    def boxes(self) -> int:
        """How many programs can run at once, at least 1; a second old, or more where there are many workers.

        All workers ask at the end of a batch, and each is told of all: asking less often the more there are keeps that linear.
        """
        if time.monotonic() - self._read_at > self._read_every_s:
            alive = self.alive()
            self._boxes = max(1, sum(len({box.core for box in worker.boxes}) for worker in alive))
            self._read_at, self._read_every_s = time.monotonic(), max(_READ_EVERY_S, len(alive) / _READS_PER_S)
        return self._boxes

    def languages(self) -> list[LanguageInfo]:
        """All that any worker could judge of late, in no order.

        A language that nobody has told of for a week, while others were told of, is gone.
        """
        told = [orjson.loads(data) for data in self._client.hgetall(names.LANGUAGES).values()]
        newest = max((when for when, _ in told), default=0.0)
        return [LanguageInfo.model_validate(info) for when, info in told if newest - when <= _LANGUAGES_KEPT_S]

    def _now(self) -> float:
        seconds, micros = self._client.time()
        return float(seconds) + micros / 1e6
