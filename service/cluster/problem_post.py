"""How the problems of submissions get to the workers: named by digest, the texts of stored ones through the depot.

A problem that came inline travels whole, once for all submissions that bring it: small ones through Redis, larger ones through
the depot as well. Whatever is sent can be had for a week from then, and is sent again by whoever needs it an hour later.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable

import redis

from service.cluster import names
from service.cluster.depot import INLINE_KEPT_S, Depot, reachable
from service.cluster.shared_store import SharedStore
from service.compression import compress
from service.queue import Job
from service.schemas import Problem

INLINE_IN_REDIS_BYTES = 256 << 10
_SEEN_FOR_S = 3600.0
_SEEN_AT_MOST = 100_000


class ProblemPost:
    """The sending end. For threads."""

    def __init__(self, client: redis.Redis, store: SharedStore, depot: Depot) -> None:
        self._client = client
        self._store = store
        self._depot = depot
        self._sent = _SentLately()

    def send(self, jobs: Iterable[Job]) -> None:
        """See to it that workers can have the problems of these jobs.

        Raises Unavailable when the depot cannot be written, redis.RedisError when Redis cannot.
        """
        inline: dict[str, Problem] = {}
        for job in jobs:
            sent = job.submission.problem
            if isinstance(sent, Problem):
                inline[job.digest] = sent
            elif job.loaded is not None and job.digest not in self._sent:
                self._store.offer(job.loaded)
                self._sent.add(job.digest)
        if inline:
            self._send_inline(inline)

    def _send_inline(self, problems: dict[str, Problem]) -> None:
        for digest in self._not_in_redis(problems):
            if _inline_mark(digest) in self._sent:
                continue
            body = compress(problems[digest].model_dump_json(exclude_defaults=True).encode())
            if len(body) <= INLINE_IN_REDIS_BYTES:
                self._client.set(names.problem(digest), body, ex=INLINE_KEPT_S)
                continue
            with reachable(self._depot):
                self._depot.put_inline(digest, body)
            self._sent.add(_inline_mark(digest))

    def _not_in_redis(self, digests: Iterable[str]) -> list[str]:
        """Those that are there are kept for another week."""
        asked = list(digests)
        with self._client.pipeline(transaction=False) as pipeline:
            for digest in asked:
                pipeline.expire(names.problem(digest), INLINE_KEPT_S)
            return [digest for digest, there in zip(asked, pipeline.execute(), strict=True) if not there]


def _inline_mark(digest: str) -> str:
    """Apart from a stored problem with the same content."""
    return f"inline {digest}"


class _SentLately:
    """Names, each for an hour. For threads."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return self._until.get(name, 0.0) > time.monotonic()

    def add(self, name: str) -> None:
        """It was sent now."""
        with self._lock:
            self._until[name] = time.monotonic() + _SEEN_FOR_S
            self._until.move_to_end(name)
            while len(self._until) > _SEEN_AT_MOST:
                self._until.popitem(last=False)
