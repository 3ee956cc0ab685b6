"""Lets many boxes run at once, or one alone: a lock for many readers and one writer, in which a waiting writer goes first.

A reader that *yields* is not waited for: its program is paused until no writer wants the lock any more. So a command that runs
for minutes holds no confirmation up, and with it everybody else.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Pausable(Protocol):
    """What runs a program that can be held. Both calls return at once."""

    def pause(self) -> None:
        """Hold what runs, or what is about to."""

    def resume(self) -> None:
        """Let it go on."""


class Gate:
    """Runs take it shared; a confirmation run takes it alone, so that nothing else on the machine slows it down."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._running = 0
        self._alone: int | None = None  # the thread that holds it alone
        self._waiting = 0
        self._yielding: list[Pausable] = []  # counted in `running`
        self._aside: list[Pausable] = []  # paused, not counted

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside others. The thread that holds it alone passes."""
        if self._alone == threading.get_ident():
            yield
            return
        with self._condition:
            self._enter()
        try:
            yield
        finally:
            with self._condition:
                self._leave()

    @contextmanager
    def yielding(self, program: Pausable) -> Iterator[None]:
        """Hold it beside others, and step aside while somebody wants it alone."""
        with self._condition:
            self._enter()
            self._yielding.append(program)
        try:
            yield
        finally:
            with self._condition:
                if program in self._aside:
                    self._aside.remove(program)
                    program.resume()  # it may not have been paused yet
                else:
                    self._yielding.remove(program)
                    self._leave()

    def _enter(self) -> None:
        while self._alone is not None or self._waiting:
            self._condition.wait()
        self._running += 1

    def _leave(self) -> None:
        self._running -= 1
        if not self._running and self._waiting:
            self._condition.notify_all()

    def _send_aside(self) -> None:
        for program in self._yielding:
            program.pause()
            self._aside.append(program)
        self._running -= len(self._yielding)
        self._yielding.clear()

    def _call_back(self) -> None:
        if self._alone is None and not self._waiting:
            for program in self._aside:
                program.resume()
                self._yielding.append(program)
            self._running += len(self._aside)
            self._aside.clear()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until nobody holds it, and keep others out."""
        with self._condition:
            self._waiting += 1
            try:
                self._send_aside()
                while self._running or self._alone is not None:
                    self._condition.wait()
                self._alone = threading.get_ident()
            finally:
                self._waiting -= 1
                self._call_back()
        try:
            yield
        finally:
            with self._condition:
                self._alone = None
                self._call_back()
                self._condition.notify_all()
