"""A backend in this process: boxes, judging threads, queue and sessions."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service import preparation
from service.backend import Backend, OpenBackend
from service.in_process_queue import InProcessQueue
from service.judging_threads import Judge, RunOnce
from service.languages_view import LanguageTable
from service.local_sessions import LocalSessions
from service.machine import Machine, language_infos, open_machine
from service.queue import BoxInfo, Job, Observer, WorkerInfo
from service.schemas import Event, Result, RunRequest, RunResult
from service.settings import Settings


def in_process(settings: Settings, *, on_ready: Callable[[Machine], None] | None = None) -> OpenBackend:
    """Boxes and queue in this process. `on_ready` is told of the machine once its boxes are warm."""

    @contextmanager
    def opened(observer: Observer) -> Iterator[Backend]:
        with open_machine(settings) as machine:
            preparation.start(machine.pool, machine.compiler, machine.languages)
            if on_ready is not None:
                on_ready(machine)
            yield backend_of(machine, observer)

    return opened


def backend_of(machine: Machine, observer: Observer) -> Backend:
    """An in-process queue in front of a machine that is open."""
    judge, run_once = judges_of(machine)
    queue = InProcessQueue(
        judge,
        run_once,
        machine.settings,
        threads=machine.pool.size,
        workers=lambda: [worker_info(machine, f"{socket.gethostname()}:{os.getpid()}")],
        observer=observer,
    )
    sessions = LocalSessions(machine.pool, machine.settings) if has_sessions(machine) else None
    return Backend(queue, machine.store, LanguageTable(language_infos(machine.languages)), machine.judging.stats, sessions)


def has_sessions(machine: Machine) -> bool:
    """Not behind the docker wall: a session's command cannot be paused there while a confirmation run is alone."""
    return machine.pool.wall.name == "namespaces"


def judges_of(machine: Machine) -> tuple[Judge, RunOnce]:
    """What a queue's threads call. From now on the machine's speed is watched, until its judging is closed."""
    machine.judging.clock.watch()

    def judge(job: Job, on_event: Callable[[Event], None], cancelled: threading.Event) -> Result:
        return machine.judging.judge(job, on_event=on_event, cancelled=cancelled)

    def run_once(request: RunRequest, cancelled: threading.Event) -> RunResult:
        return machine.judging.run_once(request, cancelled=cancelled)

    return judge, run_once


def worker_info(machine: Machine, name: str) -> WorkerInfo:
    """A machine's boxes, now."""
    boxes = [
        BoxInfo(name=box.name, kind=box.kind.value, core=box.core, busy=box.busy, runs=box.runs, restarts=box.restarts)
        for box in machine.pool.status()
    ]
    clock = machine.judging.clock
    return WorkerInfo(
        name=name,
        wall=machine.pool.wall.name,
        boxes=boxes,
        speed=clock.speed,
        steady=clock.steady,
        limit_factor=round(clock.known_factor, 4),
    )
