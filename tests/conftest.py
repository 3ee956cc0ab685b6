"""Fixtures that more than one folder of tests uses. Real boxes, no stand-ins."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.redis_server import RedisServer
from sandbox import Pool, PoolConfig

SLOWNESS = float(os.environ.get("TIERLINE_TEST_SLOWNESS", "1"))
"""How much slower than usual this machine is; tests multiply their limits by it (emulated guests need about 10)."""


@pytest.fixture(scope="session")
def slowness() -> float:
    return SLOWNESS


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def pool(run_dir: Path, cache_dir: Path) -> Iterator[Pool]:
    pool = Pool(PoolConfig(boxes=2, run_dir=run_dir, cache_dir=cache_dir, start_timeout_s=30 * SLOWNESS))
    pool.start()
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(redis_process: RedisServer) -> RedisServer:
    """Empty at the beginning of each test."""
    redis_process.flush()
    return redis_process
