"""That servers and workers of one Redis use one depot: servers tell of theirs in Redis, everybody looks for its mark there.

The mark is an empty file named by a token that Redis knows. Two folders of the same name on two machines are two depots, and only
one has the file: a server that finds another depot in use refuses to start, and so does a worker.
"""

import secrets
import threading
from typing import Any

import redis
import structlog
from redis.client import Pipeline

from service.cluster import names
from service.cluster.connection import LOST, reached, text
from service.cluster.depot import Depot, DepotUnfit, reachable
from service.settings import Settings

log = structlog.get_logger("tierline.server")
_EVERY_S = 5.0
_IN_USE_S = 30.0
_FOLDER = "known-by"
_FIX = "set TIERLINE_STORE_URL of all servers and workers to one folder or URL that all of them reach"


class StoreNotice:
    """What a server tells. `with` it: tells at once, and every few seconds, for Redis may have forgotten."""

    def __init__(self, client: redis.Redis, settings: Settings, depot: Depot) -> None:
        self._client = client
        self._url = settings.redis_url
        self._depot = depot
        self._me = secrets.token_hex(8)
        self._token = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="store-notice", daemon=True)

    def __enter__(self) -> "StoreNotice":
        """Raises DepotUnfit when the depot cannot be written, or other servers of this Redis use another."""
        with reached(self._url), reachable(self._depot):
            self._agree()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)
        try:
            if what_is_told(self._client).get("by") == self._me:
                self._client.hset(names.STORE, "at", 0)
        except LOST as error:
            log.debug("Redis was not told that this server has ended", error=str(error))

    def _agree(self) -> None:
        """Take the token that Redis has, or give it one, unless another depot is in use."""
        fresh = self._depots_token()
        self._depot.write(_mark(fresh), b"")  # before Redis has it, so that others find both; also proves that one can write
        self._client.transaction(lambda pipeline: self._choose(pipeline, fresh), names.STORE)

    def _choose(self, pipeline: Pipeline, fresh: str) -> None:
        told = what_is_told(pipeline)
        self._token = told.get("token", fresh)
        if self._depot.info(_mark(self._token)) is None:
            where = told.get("url", "of an unknown URL")
            age_s = self._now() - float(told.get("at", 0))
            if age_s <= _IN_USE_S:
                raise DepotUnfit(
                    f"{self._depot.shown} is not the store that other servers of this Redis use ({where}), as one of them said "
                    f"{age_s:.0f} s ago. Fix: {_FIX}; to change it, stop all servers for {_IN_USE_S:.0f} s"
                )
            log.warning("another store than before is used from now on", store=self._depot.shown, before=where)
            self._token = fresh
        pipeline.multi()
        pipeline.hset(names.STORE, mapping={**self._words(), "token": self._token})

    def _depots_token(self) -> str:
        return next((name for name in sorted(self._depot.infos(_FOLDER))), secrets.token_hex(16))

    def _serve(self) -> None:
        while not self._ended.wait(_EVERY_S):
            try:
                self.tell_again()
            except LOST as error:
                log.debug("Redis was not told of the store", error=str(error))
            except Exception:
                log.exception("telling of the store failed")

    def tell_again(self) -> None:
        """Redis may have forgotten; or it was told of another depot while this server could not reach it."""
        self._client.hsetnx(names.STORE, "token", self._token)
        told = what_is_told(self._client)["token"]
        if told == self._token:
            self._tell()
        elif self._depot.info(_mark(told)) is not None:
            self._token = told
        else:
            log.error("other servers of this Redis use another store", store=self._depot.shown, fix=_FIX)

    def _tell(self) -> None:
        self._client.hset(names.STORE, mapping=self._words())

    def _words(self) -> Any:
        return {"url": self._depot.shown, "at": self._now(), "by": self._me}

    def _now(self) -> float:
        seconds, micros = self._client.time()
        return float(seconds) + micros / 1e6


def what_is_told(client: redis.Redis) -> dict[str, str]:
    """What Redis knows of the depot: url, token, at (s since 1970), by. Empty when nobody has told."""
    return {text(key): text(value) for key, value in client.hgetall(names.STORE).items()}


def open_depot(settings: Settings) -> Depot:
    """The depot of a server. Raises DepotUnfit."""
    return Depot(settings.store_url or str(settings.data_dir))


def find_depot(client: redis.Redis, settings: Settings) -> Depot:
    """The depot of the servers, as a worker sees it. Raises DepotUnfit when it is not the same, or nobody has told of one."""
    with reached(settings.redis_url):
        told = what_is_told(client)
    if "url" not in told:
        raise DepotUnfit(
            "no `tierline serve --redis` has told yet where problems lie. Fix: start one, or wait for it", retry_after_s=1
        )
    if not settings.store_url and "…" in told["url"]:
        raise DepotUnfit(f"the store {told['url']} has a password, which Redis is not told. Fix: set TIERLINE_STORE_URL here")
    depot = Depot(settings.store_url or told["url"])
    with reachable(depot):
        if depot.info(_mark(told["token"])) is None:
            raise DepotUnfit(f"{depot.shown} is not the store that the servers use ({told['url']}). Fix: {_FIX}")
    return depot


def _mark(token: str) -> str:
    return f"{_FOLDER}/{token}"
