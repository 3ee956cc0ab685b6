"""How the problems of submissions get to the workers: named by digest, the texts of stored ones through the depot.

A problem that came inline travels whole, once for all submissions that bring it: small ones through Redis, larger ones through
the depot as well.
"""

from collections.abc import Iterable

import redis

from service.cluster import names
from service.cluster.depot import Depot
from service.cluster.shared_store import SharedStore
from service.compression import compress
from service.queue import Job
from service.schemas import Problem

INLINE_IN_REDIS_BYTES = 256 << 10
_KEPT_S = 7 * 86400


class ProblemPost:
    """The sending end. For threads."""

    def __init__(self, client: redis.Redis, store: SharedStore, depot: Depot) -> None:
        self._client = client
        self._store = store
        self._depot = depot
        self._offered: set[str] = set()

    def send(self, jobs: Iterable[Job]) -> None:
        """See to it that the problems of these jobs can be had by workers. Raises OSError when the depot cannot be written."""
        inline: dict[str, Problem] = {}
        for job in jobs:
            sent = job.submission.problem
            if isinstance(sent, Problem):
                inline[job.digest] = sent
            elif job.digest not in self._offered and job.loaded is not None:
                self._store.offer(job.loaded)
                self._offered.add(job.digest)
        if inline:
            self._send_inline(inline)

    def _send_inline(self, problems: dict[str, Problem]) -> None:
        with self._client.pipeline(transaction=False) as pipeline:
            for digest in problems:
                pipeline.expire(names.problem(digest), _KEPT_S)
            known = pipeline.execute()
        for (digest, problem), there in zip(problems.items(), known, strict=True):
            if there:
                continue
            body = compress(problem.model_dump_json(exclude_defaults=True).encode())
            if len(body) > INLINE_IN_REDIS_BYTES:
                self._depot.put_inline(digest, body)
                body = b""
            self._client.set(names.problem(digest), body, ex=_KEPT_S)
