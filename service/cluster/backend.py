"""What a replica's HTTP side stands on: queue and languages in Redis, problems in the depot. It has no boxes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog

from service import problem_set
from service.backend import Backend, OpenBackend
from service.cluster.connection import check, connect, hide_password, reached
from service.cluster.problem_post import ProblemPost
from service.cluster.redis_queue import RedisQueue
from service.cluster.remote_sessions import RemoteSessions
from service.cluster.roster import Roster
from service.cluster.shared_store import SharedStore
from service.cluster.store_notice import StoreNotice, open_depot
from service.cluster.sweeper import Sweeper
from service.errors import Unavailable
from service.languages_view import LanguageTable
from service.queue import Observer
from service.schemas import LanguageInfo
from service.settings import Settings

log = structlog.get_logger("tierline.server")
_LANGUAGES_EVERY_S = 2.0


def in_cluster(settings: Settings) -> OpenBackend:
    """Queue in Redis, boxes elsewhere."""

    @contextmanager
    def opened(observer: Observer) -> Iterator[Backend]:
        with ExitStack() as stack:
            client = stack.enter_context(connect(settings.redis_url))
            for complaint in check(client, settings.redis_url):
                log.warning(complaint)
            depot = open_depot(settings)
            stack.enter_context(StoreNotice(client, settings, depot))
            store = SharedStore(settings, depot, fallback=lambda name: problem_set.fill(store, name))
            problem_set.drop_outdated(store)
            languages = WorkerLanguages(Roster(client), settings.redis_url)
            queue = RedisQueue(settings, ProblemPost(client, store, depot), observer=observer)
            sweeper = Sweeper(client, settings, chores=depot.drop_old)
            stack.callback(sweeper.close)
            sweeper.start()
            log.info("serving from Redis", redis=hide_password(settings.redis_url), store=depot.shown)
            yield Backend(queue, store, languages, sessions=RemoteSessions(settings))

    return opened


class WorkerLanguages(LanguageTable):
    """What the workers can judge, a few seconds old. Raises Unavailable as long as no worker has ever told."""

    def __init__(self, roster: Roster, url: str) -> None:
        super().__init__([])
        self._roster = roster
        self._url = url
        self._read_at = -_LANGUAGES_EVERY_S

    @property
    def infos(self) -> list[LanguageInfo]:
        """All that any of them knows of."""
        self._refresh()
        return super().infos

    def find(self, name: str) -> LanguageInfo | None:
        """By name or alias; None when nobody knows it."""
        self._refresh()
        return super().find(name)

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at > _LANGUAGES_EVERY_S:
            with reached(self._url):
                self._set(self._roster.languages())
            self._read_at = time.monotonic()
        if not super().infos:
            self._read_at = -_LANGUAGES_EVERY_S
            raise Unavailable("no worker has reported yet. Fix: start `tierline worker --redis`", retry_after_s=2)
