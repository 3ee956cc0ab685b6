"""What a replica's HTTP side stands on: queue and languages in Redis, problems in the depot. It has no boxes."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis
import structlog

from service import problem_set
from service.backend import Backend, OpenBackend
from service.cluster import names
from service.cluster.connection import check, connect, hide_password, reached, text
from service.cluster.depot import Depot, DepotUnfit, reachable
from service.cluster.problem_post import ProblemPost
from service.cluster.redis_queue import RedisQueue
from service.cluster.remote_sessions import RemoteSessions
from service.cluster.roster import Roster
from service.cluster.shared_store import SharedStore
from service.cluster.sweeper import Sweeper
from service.errors import Unavailable
from service.languages_view import LanguageTable
from service.queue import Observer
from service.schemas import LanguageInfo
from service.settings import Settings

log = structlog.get_logger("tierline.server")
PROBE = "tierline-depot"
_LANGUAGES_EVERY_S = 2.0


def in_cluster(settings: Settings) -> OpenBackend:
    """Queue in Redis, boxes elsewhere."""

    @contextmanager
    def opened(observer: Observer) -> Iterator[Backend]:
        with connect(settings.redis_url) as client:
            for complaint in check(client, settings.redis_url):
                log.warning(complaint)
            depot = open_depot(client, settings)
            store = SharedStore(settings, depot, fallback=lambda name: problem_set.fill(store, name))
            problem_set.drop_outdated(store)
            languages = WorkerLanguages(Roster(client), settings.redis_url)
            queue = RedisQueue(settings, ProblemPost(client, store, depot), observer=observer)
            sweeper = Sweeper(client, settings, chores=depot.drop_old_inline)
            sweeper.start()
            log.info("serving from Redis", redis=hide_password(settings.redis_url), store=depot.url)
            try:
                yield Backend(queue, store, languages, sessions=RemoteSessions(settings))
            finally:
                sweeper.close()

    return opened


def open_depot(client: redis.Redis, settings: Settings) -> Depot:
    """The depot that this replica writes to, and that Redis tells workers of. Raises DepotUnfit when it cannot be written."""
    depot = Depot(settings.store_url or str(settings.data_dir))
    with reachable(depot), reached(settings.redis_url):
        try:
            token = depot.read(PROBE).decode()
        except FileNotFoundError:
            token = secrets.token_hex(16)
            depot.write(PROBE, token.encode())
        before = client.hget(names.STORE, "token")
        if before is not None and text(before) != token:
            log.warning("another server of this Redis uses another store; workers will use this one", store=depot.url)
        client.hset(names.STORE, mapping={"url": depot.url, "token": token})
    return depot


def find_depot(client: redis.Redis, settings: Settings) -> Depot:
    """The depot of the replicas, as a worker sees it. Raises DepotUnfit when it is not the same, or nobody has told of one."""
    with reached(settings.redis_url):
        told = {text(key): text(value) for key, value in client.hgetall(names.STORE).items()}
    if not told:
        raise DepotUnfit(
            "no `tierline serve --redis` has told yet where problems lie. Fix: start one, or wait for it", retry_after_s=1
        )
    depot = Depot(settings.store_url or told["url"])
    fix = "set TIERLINE_STORE_URL of servers and workers to one folder or URL that all of them reach"
    try:
        token = depot.read(PROBE).decode()
    except OSError as error:
        raise DepotUnfit(f"the servers' store {depot.url} cannot be read here ({error}). Fix: {fix}") from error
    if token != told["token"]:
        raise DepotUnfit(f"{depot.url} is not the store that the servers use ({told['url']}). Fix: {fix}")
    return depot


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
