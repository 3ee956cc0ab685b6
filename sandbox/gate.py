"""Lets many boxes run at once, or one alone: a lock for many readers and one writer, in which a waiting writer goes first.

A reader that *yields* is not waited for: its program is paused until no writer wants the lock any more. So a command that runs
for minutes holds no confirmation up, and with it everybody else.

Two gates, one behind the other. The inner one is among the threads of this process. The outer one is among the judges of this
machine, by two locks on files: `gate` is held shared by each run and alone by a confirmation run, and `turnstile` is what
everybody passes on the way in. A confirmation run stays in the turnstile until it is done, so that runs behind it wait and those
before it end. Whoever is killed lets go; whoever is stopped (SIGSTOP, a paused container) holds the others up until it goes on.

For all that yield in this process one thread, the usher, holds the outer gate, and looks from time to time whether the turnstile
is taken.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from typing import Protocol

from sandbox.lock_files import open_lock

_USHER_LOOKS_S = 0.02


class Pausable(Protocol):
    """What runs a program that can be held. Both calls return at once."""

    def pause(self) -> None:
        """Hold what runs, or what is about to."""

    def resume(self) -> None:
        """Let it go on."""


class Gate:
    """Runs take it shared; a confirmation run takes it alone, so that nothing else on the machine slows it down."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where other judges of this machine have theirs. None: only among threads of this process."""
        self._condition = threading.Condition()
        self._running = 0
        self._alone: int | None = None  # the thread that holds it alone
        self._waiting = 0
        self._yielding: list[Pausable] = []  # counted in `running`
        self._aside: list[Pausable] = []  # paused, not counted
        self._outer = _Outer(folder) if folder else None
        self._usher: threading.Thread | None = None

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside others. The thread that holds it alone passes."""
        if self._alone == threading.get_ident():
            yield
            return
        with self._condition:
            self._enter()
        try:
            held = self._outer.enter() if self._outer else None
            try:
                yield
            finally:
                if self._outer and held:
                    self._outer.leave(held)
        finally:
            with self._condition:
                self._leave()

    @contextmanager
    def yielding(self, program: Pausable) -> Iterator[None]:
        """Hold it beside others, and step aside while somebody wants it alone."""
        with self._condition:
            self._enter()
            self._yielding.append(program)
            if self._outer and self._usher is None:
                self._usher = threading.Thread(target=self._show_in, args=(self._outer,), name="usher", daemon=True)
                self._usher.start()
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

    def _show_in(self, outer: "_Outer") -> None:
        """The usher: holds the outer gate while something yields here, and lets go whenever somebody wants it alone."""
        held = outer.enter_at_once()
        while True:
            if held is None or outer.wanted(held):
                with self._condition:
                    self._waiting += 1
                    self._send_aside()
                if held:
                    outer.leave(held)
                held = outer.enter()
                with self._condition:
                    self._waiting -= 1
                    self._call_back()
                    self._condition.notify_all()
            with self._condition:
                if not self._yielding and not self._aside:
                    self._usher = None
                    outer.leave(held)
                    return
            time.sleep(_USHER_LOOKS_S)

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
            held = self._outer.enter(alone=True) if self._outer else None
            try:
                yield
            finally:
                if self._outer and held:
                    self._outer.leave(held)
        finally:
            with self._condition:
                self._alone = None
                self._call_back()
                self._condition.notify_all()

    def close(self) -> None:
        """Keep no file open once nobody is inside."""
        if self._outer:
            self._outer.close()


class _Outer:
    """The locks on files. Each holder has files of its own: a lock belongs to an open file, not to a thread."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / "turnstile", folder / "gate")
        self._unused: list[tuple[int, int]] = []
        self._closed = False

    def enter(self, *, alone: bool = False) -> tuple[int, int]:
        """Wait for one's turn; what comes back is for `leave`."""
        held = self._files()
        turnstile, gate = held
        try:
            flock(turnstile, LOCK_EX if alone else LOCK_SH)
            flock(gate, LOCK_EX if alone else LOCK_SH)
            if not alone:
                flock(turnstile, LOCK_UN)
        except BaseException:
            _close(held)
            raise
        return held

    def enter_at_once(self) -> tuple[int, int] | None:
        """The same if nobody wants it alone; else None."""
        held = self._files()
        try:
            flock(held[0], LOCK_SH | LOCK_NB)
            flock(held[1], LOCK_SH | LOCK_NB)
        except BlockingIOError:
            self.leave(held)
            return None
        flock(held[0], LOCK_UN)
        return held

    def wanted(self, held: tuple[int, int]) -> bool:
        """Whether somebody waits to be alone."""
        try:
            flock(held[0], LOCK_SH | LOCK_NB)
        except BlockingIOError:
            return True
        flock(held[0], LOCK_UN)
        return False

    def leave(self, held: tuple[int, int]) -> None:
        """Let go, whatever is held."""
        turnstile, gate = held
        flock(gate, LOCK_UN)
        flock(turnstile, LOCK_UN)
        if self._closed:
            _close(held)
        else:
            self._unused.append(held)

    def close(self) -> None:
        """Close the files: those that nobody uses now, the others when they are let go."""
        self._closed = True
        while self._unused:
            _close(self._unused.pop())

    def _files(self) -> tuple[int, int]:
        try:
            return self._unused.pop()
        except IndexError:
            pass
        turnstile = open_lock(self._paths[0])
        try:
            return turnstile, open_lock(self._paths[1])
        except BaseException:
            os.close(turnstile)
            raise


def _close(files: tuple[int, int]) -> None:
    for fd in files:
        os.close(fd)
