import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from bench.redis_server import PROGRAM, RedisServer
from bench.server import free_port
from service.cluster.connection import LOST, RedisUnfit, check, connect, hide_password, reached, refuse_unfit
from service.errors import Unavailable

FIT = {"redis_version": "7.2.4", "redis_mode": "standalone", "role": "master", "maxmemory_policy": "noeviction", "maxmemory": 0}


@pytest.fixture
def client(redis_server: RedisServer) -> Iterator[redis.Redis]:
    with connect(redis_server.url) as client:
        yield client
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "yes")
        client.replicaof("NO", "ONE")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://host:6379/0", "redis://host:6379/0"),
        ("redis://:hidden@host:6379/0", "redis://:…@host:6379/0"),
        ("rediss://me:hidden@host/0", "rediss://me:…@host/0"),
        ("redis://me:hid@den@host", "redis://me:…@host"),
        ("redis://:hid/den#x?y@host", "redis://:…@host"),
        ("redis://host/0?password=hidden&db=1", "redis://host/0?password=…&db=1"),
        ("unix:///run/redis.sock?db=0&password=hidden", "unix:///run/redis.sock?db=0&password=…"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("sftp://me:hidden@host/p", "sftp://me:…@host/p"),
        ("redis://me:hidden@[bad", "redis://me:…@[bad"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert hide_password(url) == shown


@pytest.mark.parametrize("url", ["http://x", "redis://host:port", "redis://:hidden/part@host", "localhost:6379", ""])
def test_what_is_no_redis_url_is_refused_with_the_fix(url: str) -> None:
    with pytest.raises(RedisUnfit, match=r"is no Redis URL\. Fix: set TIERLINE_REDIS_URL to redis://host:6379/0") as refused:
        connect(url)
    assert "hidden" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_redis_that_is_as_it_should_be_has_nothing_to_complain_of(client: redis.Redis, redis_server: RedisServer) -> None:
    assert check(client, redis_server.url) == []


def test_a_redis_without_an_append_only_file_is_complained_of(client: redis.Redis, redis_server: RedisServer) -> None:
    client.config_set("appendonly", "no")
    (complaint,) = check(client, redis_server.url)
    assert "--appendonly yes" in complaint


def test_a_redis_that_may_evict_is_refused(client: redis.Redis, redis_server: RedisServer) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    assert check(client, redis_server.url) == []  # without a bound nothing is evicted
    client.config_set("maxmemory", 100 << 20)
    with pytest.raises(RedisUnfit, match=r"may evict keys \(maxmemory-policy allkeys-lru\). Fix: set it to noeviction"):
        check(client, redis_server.url)


def test_a_replica_of_redis_is_refused_at_the_start_and_lost_later(client: redis.Redis, redis_server: RedisServer) -> None:
    client.replicaof("127.0.0.1", "1")
    with pytest.raises(RedisUnfit, match="is a replica"):
        check(client, redis_server.url)
    with pytest.raises(Unavailable, match="it is a replica now"), reached(redis_server.url):
        client.set("a", "b")


def test_a_full_redis_is_unavailable(client: redis.Redis, redis_server: RedisServer) -> None:
    client.config_set("maxmemory", 1)
    with pytest.raises(LOST):
        client.set("a", "b")
    with pytest.raises(Unavailable, match=r"is full \(maxmemory\)") as told, reached(redis_server.url):
        client.set("a", "b")
    assert told.value.retry_after_s == 1


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"redis_version": "6.0.16"}, r"6\.0\.16, which is too old. Fix: use 6\.2"),
        ({"redis_version": "5.9"}, "too old"),
        ({"redis_mode": "cluster"}, "is a cluster"),
        ({"role": "slave"}, "is a replica"),
        ({"maxmemory_policy": "volatile-ttl", "maxmemory": 1}, "may evict"),
    ],
)
def test_what_cannot_be_trusted_is_refused(told: dict[str, object], match: str) -> None:
    refuse_unfit(FIT, "redis://h")
    with pytest.raises(RedisUnfit, match=match):
        refuse_unfit(FIT | told, "redis://:hidden@h")


@pytest.mark.parametrize("version", ["6.2.0", "6.2-rc1", "7.0.15", "8.0", "255.255.255"])
def test_versions_that_are_new_enough(version: str) -> None:
    refuse_unfit(FIT | {"redis_version": version}, "redis://h")


def test_a_redis_that_is_not_there_is_unavailable() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with connect(url) as client, pytest.raises(Unavailable, match="does not answer") as told:
        check(client, url)
    assert told.value.retry_after_s == 1
    assert not isinstance(told.value, RedisUnfit)


def test_a_wrong_password_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    if PROGRAM is None:
        raise FileNotFoundError("redis-server is missing")
    port = free_port()
    argv = [PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--requirepass", "right", "--save", ""]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        with connect(f"redis://:right@127.0.0.1:{port}/0") as owner:
            while True:
                try:
                    owner.ping()
                    break
                except redis.ConnectionError:
                    assert time.monotonic() < until
                    time.sleep(0.01)
        for url in (f"redis://:hidden@127.0.0.1:{port}/0", f"redis://127.0.0.1:{port}/0"):
            with (
                connect(url) as client,
                pytest.raises(RedisUnfit, match=r"refuses us: .* Fix: name user and password") as refused,
            ):
                check(client, url)
            assert refused.value.retry_after_s is None
            assert "hidden" not in str(refused.value)
        with connect(f"redis://:right@127.0.0.1:{port}/0") as client:
            assert len(check(client, "redis://h")) == 1
    finally:
        process.terminate()
        process.wait(20)
