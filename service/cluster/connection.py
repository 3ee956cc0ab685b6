"""Connections to Redis, and whether it may be trusted with submissions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.errors import Unavailable

OLDEST = (6, 2)
_TIMEOUT_S = 10.0
LOST = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, ConnectionError)
"""What the client raises while Redis cannot be asked. The same call may succeed later."""


class RedisUnfit(Unavailable):
    """Redis answers, and must not be used as it is."""

    title = "Redis cannot be used"


def connect(url: str) -> redis.Redis:
    """For threads. Raises RedisUnfit for a URL that is none."""
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=_TIMEOUT_S, socket_connect_timeout=5)
    except ValueError as error:
        raise RedisUnfit(
            f"{hide_password(url)} is no Redis URL: {error}. Fix: set TIERLINE_REDIS_URL to redis://host:6379/0"
        ) from None


def connect_async(url: str) -> redis.asyncio.Redis:
    """For the event loop."""
    # Failing at once is ours to handle: calls that may be repeated say so.
    retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(url, retry=retry, socket_timeout=_TIMEOUT_S, socket_connect_timeout=5)


def text(value: Any) -> str:
    """What Redis answered, as text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def hide_password(url: str) -> str:
    """The URL as it may be logged."""
    parts = urlsplit(url)
    return url if parts.password is None else url.replace(f":{parts.password}@", ":…@")


def check(client: redis.Redis, url: str) -> list[str]:
    """Raises Unavailable when Redis does not answer, RedisUnfit when it would lose submissions. Returns what should be mended."""
    with reached(url):
        info = client.info()
        version = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2])
        policy = str(info.get("maxmemory_policy", "noeviction"))
        durable = int(info.get("aof_enabled", 0))
    if version < OLDEST:
        raise RedisUnfit(f"Redis {info['redis_version']} is too old. Fix: use 6.2 or newer")
    if policy != "noeviction" and int(info.get("maxmemory", 0)):
        raise RedisUnfit(f"Redis may evict keys (maxmemory-policy {policy}). Fix: set it to noeviction, or submissions get lost")
    if not durable:
        return ["Redis keeps no append-only file: what waits is lost when it stops. Fix: start it with --appendonly yes"]
    return []


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Turns a lost connection into Unavailable, which says when to come back."""
    try:
        yield
    except LOST as error:
        raise Unavailable(
            f"the judge's Redis at {hide_password(url)} does not answer ({type(error).__name__}). Fix: try again in a second",
            retry_after_s=1,
        ) from error
