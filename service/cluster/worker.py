"""`tierline worker`: boxes that judge what waits in Redis.

The first SIGTERM (or Ctrl+C) lets the worker take nothing more; what it has begun is finished within `drain_s`, what it has not
goes back to the line at once. A second signal ends it at once, as SIGKILL would: others find what it held within seconds.
"""

import itertools
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

import redis
import structlog
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from service import preparation
from service.cluster.box_worker import BoxWorker
from service.cluster.connection import LOST, check, connect, hide_password
from service.cluster.crew import Crew
from service.cluster.depot import Depot
from service.cluster.leases import Leases
from service.cluster.problem_shelf import ProblemShelf
from service.cluster.roster import Roster
from service.cluster.session_host import SessionHost
from service.cluster.store_notice import find_depot
from service.cluster.sweeper import Sweeper
from service.errors import Unavailable
from service.judging_threads import Judge, RunOnce
from service.loaded_problem import LoadedProblem
from service.local_backend import has_sessions, judges_of, worker_info
from service.local_sessions import LocalSessions
from service.logs import configure_logs
from service.machine import Machine, language_infos, open_machine
from service.metrics import serve_worker_metrics
from service.queue import WorkerInfo
from service.schemas import LanguageInfo
from service.settings import Settings

log = structlog.get_logger("tierline.worker")
_AT_ONCE = 130  # exit status after a second signal
_PATIENCE_S = 60.0
_AGAIN_S = 0.5
_LANGUAGES_EVERY_S = 30.0


def worker_name() -> str:
    """Of this process; never that of one before it."""
    return f"{socket.gethostname()}:{os.getpid()}-{secrets.token_hex(2)}"


class Worker:
    """All of a worker but its boxes: what it takes, holds and tells."""

    def __init__(
        self,
        settings: Settings,
        judge: Judge,
        run_once: RunOnce,
        problems: Callable[[str], LoadedProblem],
        *,
        threads: int,
        info: Callable[[], WorkerInfo],
        languages: list[LanguageInfo],
    ) -> None:
        self._settings = settings
        self._client = connect(settings.redis_url)
        self._rq_client = connect(settings.redis_url)  # RQ sets long time-outs on its own
        self._roster = Roster(self._client)
        self._info = info
        self._languages = languages
        self.name = info().name
        self._leases = Leases(self._client, self.name, self._beat)
        self._crew = Crew(self._client, self.name, judge, run_once, problems, self._leases, self._roster, settings)
        self._sweeper = Sweeper(self._client, settings)
        self._threads = threads
        self._box_worker: BoxWorker | None = None
        self._told_languages_at = -_LANGUAGES_EVERY_S

    def work(self) -> int:
        """Judge until told to stop; a Redis that goes away is waited for. The exit status of an orderly end: 0."""
        self._obey_signals()
        self._leases.start()
        self._sweeper.start()
        try:
            for number in itertools.count():
                if self._crew.stopping.is_set():
                    return 0
                self._take_slices(f"{self.name}.{number}")
        finally:
            self._close()
        return 0

    def _take_slices(self, name: str) -> None:
        """As an RQ worker, which ends when something goes wrong that it does not know."""
        try:
            self._box_worker = BoxWorker(self._rq_client, name, self._crew.judge_slice, threads=self._threads)
            if self._crew.stopping.is_set():  # it came between
                return
            self._box_worker.work(logging_level="WARNING")
        except LOST as error:
            log.warning("waiting for Redis", error=str(error))
        self._crew.stopping.wait(_AGAIN_S)

    def _obey_signals(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._signalled)

    def _signalled(self, sig: int, frame: FrameType | None) -> None:
        if self._crew.stopping.is_set():
            os._exit(_AT_ONCE)
        self.stop()

    def stop(self) -> None:
        """Take nothing more, finish what has begun, and end. From any thread."""
        self._crew.stopping.set()
        timer = threading.Timer(self._settings.drain_s, self._leases.cancel_all)
        timer.daemon = True
        timer.start()
        if self._box_worker is not None:
            self._box_worker.stop()

    def _beat(self) -> None:
        self._crew.look_round()
        self._roster.tell(self._info())
        if time.monotonic() - self._told_languages_at > _LANGUAGES_EVERY_S:  # Redis may have forgotten
            self._roster.tell_languages(self._languages)
            self._told_languages_at = time.monotonic()

    def _close(self) -> None:
        self._sweeper.close()
        self._leases.close()
        try:
            self._roster.leave(self.name)
        except LOST as error:
            log.warning("Redis was not told that this worker has ended", error=str(error))
        self._client.close()
        self._rq_client.close()


def work(settings: Settings, *, on_ready: Callable[[Machine, str], None] | None = None) -> int:
    """Judge until a signal. Raises Unavailable when Redis or the store cannot be reached, WallUnavailable without isolation."""
    configure_logs(settings.log_format, settings.log_level)
    name = worker_name()
    with ExitStack() as stack:
        client = stack.enter_context(connect(settings.redis_url))
        depot = _depot_of_servers(client, settings)
        machine = stack.enter_context(open_machine(settings, worker=name))
        preparation.start(machine.pool, machine.compiler, machine.languages)
        shelf = ProblemShelf(
            client,
            depot,
            settings.data_dir / "fetched",
            cache_mb=settings.store_cache_mb,
            input_cache_mb=settings.input_cache_mb,
        )
        judge, run_once = judges_of(machine)
        worker = Worker(
            settings,
            judge,
            run_once,
            shelf.get,
            threads=machine.pool.size,
            info=lambda: worker_info(machine, name),
            languages=language_infos(machine.languages),
        )
        host = SessionHost(settings, lambda ids: LocalSessions(machine.pool, settings, ids, worker=name))
        if settings.sessions_max and has_sessions(machine):
            host.start()
            stack.callback(host.close)
        if settings.metrics_port:
            stack.callback(
                serve_worker_metrics(
                    settings.host, settings.metrics_port, machine.judging.stats, lambda: worker_info(machine, name)
                )
            )
        if on_ready is not None:
            on_ready(machine, name)
        log.info("working", name=name, boxes=machine.pool.size, redis=hide_password(settings.redis_url), store=depot.shown)
        return worker.work()


def _depot_of_servers(client: redis.Redis, settings: Settings) -> Depot:
    """Waits a while for Redis and for a server: they may be starting beside this worker."""

    def look() -> Depot:
        for complaint in check(client, settings.redis_url):
            log.warning(complaint)
        return find_depot(client, settings)

    patience = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, Unavailable) and error.retry_after_s is not None),
        stop=stop_after_delay(_PATIENCE_S),
        wait=wait_fixed(1),
        before_sleep=lambda state: log.info("waiting", reason=str(state.outcome and state.outcome.exception())),
        reraise=True,
    )
    return patience(look)
