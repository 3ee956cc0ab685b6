"""A real server on loopback, in a thread of the test process, over the session's boxes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
import redis
import structlog
import uvicorn

from bench.redis_server import RedisServer
from sandbox import Pool
from sandbox.languages import Languages
from service.app import create_app
from service.backend import Backend, OpenBackend
from service.cluster import names
from service.cluster.backend import in_cluster
from service.cluster.connection import connect
from service.cluster.problem_shelf import ProblemShelf
from service.cluster.session_host import SessionHost
from service.cluster.store_notice import find_depot
from service.cluster.worker import Worker
from service.context import State
from service.judging import Judging
from service.local_backend import backend_of, judges_of, worker_info
from service.local_sessions import LocalSessions
from service.machine import Machine, language_infos, make_compiler, open_store
from service.queue import Observer
from service.server import Server, listen, url_of
from service.settings import Settings

structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[structlog.processors.KeyValueRenderer()])  # quiet

A_PLUS_B = {"tests": [{"input": f"{n} 1\n", "output": f"{n + 1}\n"} for n in range(4)], "time_limit_s": 5}
RIGHT = "print(sum(map(int, input().split())))"
WRONG = "print(3)"
SLEEPER = "import time\nprint(sum(map(int, input().split())), flush=True)\nwhile True: time.sleep(0.01)"


@dataclass
class Serving:
    """A server that answers."""

    url: str
    server: Server
    state: State
    settings: Settings

    def drain(self) -> None:
        """As a SIGTERM would."""
        assert self.server._loop is not None
        self.server._loop.call_soon_threadsafe(self.server.begin_drain)


def boxes_of(pool: Pool, settings: Settings) -> OpenBackend:
    """A backend over a pool that belongs to somebody else."""

    @contextmanager
    def opened(observer: Observer) -> Iterator[Backend]:
        languages = Languages.probe(pool.config)
        compiler, store = make_compiler(pool, languages, settings), open_store(settings)
        judging = Judging(pool, compiler, languages, store, settings)
        with closing(judging):
            yield backend_of(Machine(settings, pool, languages, compiler, store, judging), observer)

    return opened


def cluster_of(pool: Pool, settings: Settings) -> OpenBackend:
    """The same boxes behind Redis: a replica, and a worker beside it in threads of this process."""

    @contextmanager
    def opened(observer: Observer) -> Iterator[Backend]:
        languages = Languages.probe(pool.config)
        compiler, store = make_compiler(pool, languages, settings), open_store(settings)
        with in_cluster(settings)(observer) as backend, connect(settings.redis_url) as client:
            judging = Judging(pool, compiler, languages, store, settings, worker="worker")
            machine = Machine(settings, pool, languages, compiler, store, judging)
            judge, run_once = judges_of(machine)
            shelf = ProblemShelf(
                client, find_depot(client, settings), settings.data_dir / "fetched", cache_mb=64, input_cache_mb=64
            )
            worker = Worker(
                settings,
                judge,
                run_once,
                shelf.get,
                threads=pool.size,
                info=lambda: worker_info(machine, "worker"),
                languages=language_infos(languages),
            )
            host = SessionHost(settings, lambda ids: LocalSessions(pool, settings, ids, worker="worker"))
            working = threading.Thread(target=worker.work)
            working.start()
            if settings.sessions_max:
                host.start()
            _until_workers(client, sessions=settings.sessions_max > 0)
            try:
                yield backend
            finally:
                judging.close()
                worker.stop()
                if settings.sessions_max:
                    host.close()
                working.join(30)
                assert not working.is_alive(), "the worker did not stop"

    return opened


KINDS = ("one machine", "many machines")
"""Parameters of fixtures whose tests hold for both."""


def settings_of_kind(request: pytest.FixtureRequest, data_dir: Path, **given: Any) -> Settings:
    """Settings for the kind that the fixture's parameter names; Redis is empty then."""
    if request.param == "many machines":
        redis_process: RedisServer = request.getfixturevalue("redis_process")
        redis_process.flush()
        given["redis_url"] = redis_process.url
    return settings_for(data_dir, **given)


def backend_for(pool: Pool, settings: Settings) -> OpenBackend:
    """Of the kind that the settings are for."""
    return cluster_of(pool, settings) if settings.redis_url else boxes_of(pool, settings)


def _until_workers(client: redis.Redis, *, sessions: bool) -> None:
    end = time.monotonic() + 30
    while not client.exists(names.LANGUAGES) or (sessions and not client.exists(names.SESSION_HOSTS)):
        assert time.monotonic() < end, "the worker did not come"
        time.sleep(0.01)


@contextmanager
def serving(open_backend: OpenBackend, settings: Settings, sock: socket.socket | None = None) -> Iterator[Serving]:
    """A server for the length of a `with`."""
    with sock or listen(settings.model_copy(update={"port": 0})) as listening:
        app = create_app(settings, open_backend)
        state: State = app.state.tierline
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5)
        server = Server(config, state, settings.drain_s)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        running = Serving(url_of(listening), server, state, settings)
        try:
            _until_ready(running)
            yield running
        finally:
            running.drain()
            thread.join(30)
            assert not thread.is_alive(), "the server did not stop"


def _until_ready(running: Serving) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if running.state.failure is not None:
            raise running.state.failure
        try:
            headers = {"Authorization": f"Bearer {running.settings.api_keys[0]}"} if running.settings.api_keys else {}
            if httpx.get(f"{running.url}/readyz", headers=headers).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.01)
    raise TimeoutError("the server did not become ready")


def settings_for(data_dir: Path, **given: Any) -> Settings:
    """Settings of a test's server."""
    return Settings(data_dir=data_dir, **{"drain_s": 5, "log_level": "error", **given})


def server_fixture(scope: Literal["module", "session"] = "module", **given: Any) -> Any:
    """A fixture: a server over the session's boxes, with these settings."""

    @pytest.fixture(scope=scope)
    def server(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
        settings = settings_for(tmp_path_factory.mktemp("server"), **given)
        with serving(boxes_of(pool, settings), settings) as running:
            yield running

    return server
