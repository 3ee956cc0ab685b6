"""The workers as they last told of themselves, and what they can judge."""

import time

import orjson
import redis

from service.cluster import names
from service.queue import WorkerInfo
from service.schemas import LanguageInfo

STALE_S = 10.0
"""A worker that has not been heard of for so long counts no more."""
SHOWN_S = 60.0
"""And for so long it is still shown, with the age of its last word."""
_READ_EVERY_S = 1.0


class Roster:
    """Read by replicas, written by workers. For threads."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._read_at = -_READ_EVERY_S
        self._boxes = 1

    def tell(self, worker: WorkerInfo) -> None:
        """A worker is alive."""
        now = self._now()
        self._client.hset(names.WORKERS, worker.name, orjson.dumps([now, worker.model_dump(mode="json")]).decode())

    def leave(self, name: str) -> None:
        """A worker has ended in good order."""
        self._client.hdel(names.WORKERS, name)

    def tell_languages(self, infos: list[LanguageInfo]) -> None:
        """What a worker can judge, joined with what others can."""
        known = {info.name: info for info in self.languages()}
        known.update({info.name: info for info in infos if info.available or info.name not in known})
        self._client.set(names.LANGUAGES, orjson.dumps([info.model_dump(mode="json") for info in known.values()]))

    def workers(self) -> list[WorkerInfo]:
        """Those shown, by name, each with how long ago it was heard of."""
        now = self._now()
        told = self._client.hgetall(names.WORKERS)
        found = []
        for name, data in sorted(told.items()):
            when, info = orjson.loads(data)
            age_s = max(0.0, now - when)
            if age_s > SHOWN_S:
                self._client.hdel(names.WORKERS, name)
            else:
                found.append(WorkerInfo.model_validate({**info, "heartbeat_age_s": round(age_s, 3)}))
        return found

    def alive(self) -> list[WorkerInfo]:
        """Those that may be counted on."""
        return [worker for worker in self.workers() if worker.heartbeat_age_s <= STALE_S]

    def boxes(self) -> int:
        """How many programs can run at once, at least 1; a second old at most."""
        if time.monotonic() - self._read_at > _READ_EVERY_S:
            self._boxes = max(1, sum(len({box.core for box in worker.boxes}) for worker in self.alive()))
            self._read_at = time.monotonic()
        return self._boxes

    def languages(self) -> list[LanguageInfo]:
        """All that any worker could judge of late."""
        data = self._client.get(names.LANGUAGES)
        return [LanguageInfo.model_validate(info) for info in orjson.loads(data)] if data else []

    def _now(self) -> float:
        seconds, micros = self._client.time()
        return float(seconds) + micros / 1e6
