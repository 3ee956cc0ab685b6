"""Depots and stores as several replicas and workers have them, each with a folder of its own."""

import secrets
from pathlib import Path
from typing import Any

import redis
import structlog

from service.cluster.connection import connect
from service.cluster.depot import Depot
from service.cluster.problem_post import ProblemPost
from service.cluster.problem_shelf import ProblemShelf
from service.cluster.shared_store import SharedStore
from service.queue import Job
from service.schemas import Problem, Submission, Test
from service.settings import Settings
from service.store import Fallback

structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[structlog.processors.KeyValueRenderer()])  # quiet

BIG = 300_000


def a_problem(*texts: str, **more: Any) -> Problem:
    """Outputs are inputs read backwards."""
    return Problem(tests=tuple(Test(input=text, output=text[::-1]) for text in texts or ("1 2\n", "3 4\n")), **more)


def noise(characters: int) -> str:
    """Text that does not get smaller by compression to less than half."""
    return secrets.token_hex(characters // 2)


def a_store(folder: Path, depot: Depot, fallback: Fallback | None = None, **settings: Any) -> SharedStore:
    """As a replica has it, with a data_dir of its own."""
    return SharedStore(Settings(data_dir=folder, **settings), depot, fallback=fallback)


def a_shelf(client: redis.Redis, folder: Path, depot: Depot, **more: Any) -> ProblemShelf:
    """As a worker has it. It does not wait for what is away, unless told to."""
    return ProblemShelf(client, depot, folder, **({"cache_mb": 64, "input_cache_mb": 16, "patience_s": 0.0} | more))


def a_post(client: redis.Redis, store: SharedStore, depot: Depot) -> ProblemPost:
    """As a replica has it."""
    return ProblemPost(client, store, depot)


def job_of(store: SharedStore, problem: str | Problem) -> Job:
    """What a submission for this problem is let in for."""
    loaded = store.load(problem) if isinstance(problem, str) else store.inline(problem)
    sent = Submission(problem=problem, language="python", source="")
    return Job(sent, loaded.digest, loaded.id or loaded.digest, "python", loaded=loaded)


def only_file(folder: Path, pattern: str) -> Path:
    """The one there is."""
    (found,) = [path for path in folder.rglob(pattern) if path.is_file()]
    return found


def client_of(url: str) -> redis.Redis:
    """A connection."""
    return connect(url)
