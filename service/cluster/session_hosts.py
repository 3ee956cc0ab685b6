"""The workers that have sessions, as they last told of themselves: a *host* is known by a token, which its sessions' ids bear."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, cast

import orjson
import redis.asyncio

from service.cluster import names
from service.cluster.roster import STALE_S
from service.session_ids import SignedIds

HOLD_MS = 10_000
"""How long a place of a key is held unless its session's host says again that it is open."""


@dataclass(frozen=True, slots=True)
class Host:
    """A worker that answers calls on sessions."""

    token: str
    open: int
    most: int


def calls_list(token: str) -> str:
    """Where a host takes calls from."""
    return f"{names.PREFIX}session-calls:{token}"


def places(caller: str) -> str:
    """Sessions that a caller has open, by when they are to be forgotten (ms)."""
    return f"{names.PREFIX}session-places:{caller_digest(caller)}"


def caller_digest(caller: str) -> str:
    """A caller as it is called in Redis."""
    return hashlib.blake2b(caller.encode(), digest_size=16).hexdigest()


def token_of(session_id: str) -> str:
    """Of the host that made an id; nonsense for what is no id."""
    return session_id.partition("-")[0]


def ids_of(secret: bytes, token: str) -> SignedIds:
    """Ids of a host's sessions."""
    return SignedIds(secret, prefix=f"{token}-")


async def shared_secret(client: redis.asyncio.Redis) -> bytes:
    """What all hosts sign ids with, made when first asked for."""
    key = f"{names.PREFIX}session-secret"
    await client.set(key, secrets.token_bytes(32), nx=True)
    return cast(bytes, await client.get(key))


async def tell(client: redis.asyncio.Redis, host: Host) -> None:
    """A host is alive."""
    await cast(Any, client.hset(names.SESSION_HOSTS, host.token, orjson.dumps([time.time(), host.open, host.most]).decode()))


async def leave(client: redis.asyncio.Redis, token: str) -> None:
    """A host has ended."""
    await cast(Any, client.hdel(names.SESSION_HOSTS, token))


async def alive(client: redis.asyncio.Redis) -> list[Host]:
    """Those that were heard of of late, the emptiest first."""
    told = await cast(Any, client.hgetall(names.SESSION_HOSTS))
    hosts = []
    for token, data in told.items():
        when, taken, most = orjson.loads(data)
        if time.time() - when < STALE_S:
            hosts.append(Host(token.decode(), taken, most))
        elif time.time() - when > 10 * STALE_S:
            await leave(client, token.decode())
    return sorted(hosts, key=lambda host: host.open / max(1, host.most))
