"""What the HTTP side stands on: a queue, a problem store, sessions, and the languages that can be judged."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from service.judging_stats import JudgingStats
from service.languages_view import LanguageTable
from service.queue import Observer, SubmissionQueue
from service.sessions import Sessions
from service.store import ProblemStore


@dataclass(frozen=True)
class Backend:
    """Ready to be asked."""

    queue: SubmissionQueue
    store: ProblemStore
    languages: LanguageTable
    stats: JudgingStats | None = None
    """Of the judging in this process, where there is any."""
    sessions: Sessions | None = None
    """None: this judge has none."""


OpenBackend = Callable[[Observer], AbstractContextManager[Backend]]
"""Makes a backend, blocking until its boxes are warm. Queue and sessions are started and closed by the application."""
