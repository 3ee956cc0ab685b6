"""Fixtures that more than one folder of tests uses. Real boxes, no stand-ins."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from bench.redis_server import RedisServer
from bench.server import data_folder
from sandbox import Pool, PoolConfig
from tests.walls import WallOption, choose_tests, mark_known_differences

SLOWNESS = float(os.environ.get("TIERLINE_TEST_SLOWNESS", "1"))
"""How much slower than usual this machine is; tests multiply their limits by it (emulated guests need about 10)."""

ConfigMaker = Callable[..., PoolConfig]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wall", choices=["namespaces", "docker"], default="namespaces", help="what boxes are made of")
    parser.addoption("--docker-transport", choices=["auto", "socket", "stream"], default="auto", help="how to reach them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    choose_tests(config, items)
    mark_known_differences(WallOption.of(config), items)


@pytest.fixture(scope="session")
def slowness() -> float:
    return SLOWNESS


@pytest.fixture(scope="session")
def wall(request: pytest.FixtureRequest) -> WallOption:
    """What the boxes of this run are made of."""
    return WallOption.of(request.config)


@pytest.fixture(scope="session")
def pool_config(wall: WallOption, slowness: float) -> ConfigMaker:
    """Makes a PoolConfig of this run's wall."""
    return partial(PoolConfig, wall=wall.name, docker_transport=wall.transport, start_timeout_s=30 * slowness)


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def data_dir(tmp_path: Path, cache_dir: Path) -> Path:
    """For a judge that a test starts as a process. What languages prepare once on a machine is prepared once in the session."""
    return data_folder(tmp_path / "data", cache_dir)


@pytest.fixture(scope="session")
def pool(pool_config: ConfigMaker, run_dir: Path, cache_dir: Path) -> Iterator[Pool]:
    pool = Pool(pool_config(boxes=2, run_dir=run_dir, cache_dir=cache_dir))
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


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that knows enough to be right now and then. For reading."""
    from trainer.run_config import TinyModel, WarmStart  # torch: seconds that most tests have no use for
    from trainer.warm_start import warm_start

    size = TinyModel(width=32, layers=1, heads=2, inner=64)
    asked = WarmStart(model=size, steps=250, batch=32, problems=50, learning_rate=1e-2)
    return warm_start(asked, 1, tmp_path_factory.mktemp("taught") / "model")
