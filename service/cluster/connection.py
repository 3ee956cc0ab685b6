"""Connections to Redis, and whether it may be trusted with submissions."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ReadOnlyError
from redis.retry import Retry

from service.errors import Unavailable

OLDEST = (6, 2)
_TIMEOUT_S = 10.0
LOST = (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError, ReadOnlyError, OutOfMemoryError, ConnectionError)
"""What the client raises while Redis cannot be asked, or cannot keep what it is told. The same call may succeed later."""


class RedisUnfit(Unavailable):
    """Redis answers, and must not be used as it is."""

    title = "Redis cannot be used"


def connect(url: str) -> redis.Redis:
    """For threads. Raises RedisUnfit for a URL that is none."""
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=_TIMEOUT_S, socket_connect_timeout=5)
    except ValueError:  # its message may quote a part of the password
        raise RedisUnfit(
            f"{hide_password(url)} is no Redis URL. Fix: set TIERLINE_REDIS_URL to redis://host:6379/0 "
            "(or rediss://, unix://), with what is no letter or digit in a password written as %40 and the like"
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
    """The URL as it may be logged. Hides too much rather than too little: a password may have any character."""
    hidden = re.sub(r"(://[^:/@?]*):.*@", r"\1:…@", url, flags=re.DOTALL)
    return re.sub(r"([?&;][^=&]*(?:password|secret|token|key)[^=&]*=)[^&]*", r"\1…", hidden, flags=re.IGNORECASE)


def check(client: redis.Redis, url: str) -> list[str]:
    """Raises Unavailable when Redis does not answer, RedisUnfit when it would lose submissions. Returns what should be mended."""
    with reached(url):
        try:
            info = client.info()
        except (AuthenticationError, NoPermissionError) as error:
            raise RedisUnfit(
                f"Redis at {hide_password(url)} refuses us: {error}. Fix: name user and password, redis://user:password@host:6379/0"
            ) from error
    refuse_unfit(info, url)
    if not int(info.get("aof_enabled", 0)):
        return ["Redis keeps no append-only file: what waits is lost when it stops. Fix: start it with --appendonly yes"]
    return []


def refuse_unfit(info: dict[str, Any], url: str) -> None:
    """Raises RedisUnfit for one that says of itself (INFO) that it would lose submissions or cannot run the judge's scripts."""
    where = f"Redis at {hide_password(url)}"
    version = str(info["redis_version"])
    numbers = [int(part) for part in re.findall(r"\d+", version)[:2]]
    if tuple(numbers) < OLDEST:
        raise RedisUnfit(f"{where} is {version}, which is too old. Fix: use 6.2 or newer")
    if info.get("redis_mode") == "cluster":
        raise RedisUnfit(
            f"{where} is a cluster, whose parts cannot change together. Fix: use one Redis, or a primary with replicas"
        )
    if info.get("role") == "slave":
        raise RedisUnfit(f"{where} is a replica and cannot be written. Fix: name its primary in TIERLINE_REDIS_URL")
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction" and int(info.get("maxmemory", 0)):
        raise RedisUnfit(
            f"{where} may evict keys (maxmemory-policy {policy}). Fix: set it to noeviction, or submissions get lost"
        )


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Turns a lost connection into Unavailable, which says when to come back."""
    try:
        yield
    except LOST as error:
        raise Unavailable(
            f"the judge's Redis at {hide_password(url)} {_trouble(error)}. Fix: try again in a second; "
            "where it never came up, start it or name another in TIERLINE_REDIS_URL",
            retry_after_s=1,
        ) from error


def _trouble(error: Exception) -> str:
    if isinstance(error, OutOfMemoryError):
        return "is full (maxmemory)"
    if isinstance(error, ReadOnlyError):
        return "takes nothing: it is a replica now"
    return f"does not answer ({type(error).__name__})"
