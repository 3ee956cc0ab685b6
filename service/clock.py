"""A worker's speed over time: what limits are scaled by, and whether it can be relied on.

The speed is the median of the last figures that were measured alone, the faster one of two: whatever disturbs a measurement
makes it slower. From time to time the fixed work runs beside other programs, in a box that nobody else wants. As long as it
agrees, nothing changes. If not, that may be the neighbours' doing, so it is measured again alone. A figure that is too far from
the median makes the worker unsteady until one agrees again, or until the median has followed what lasts.
"""

import logging
import threading
from collections import deque

from sandbox.box import Box
from sandbox.errors import PoolClosed, SandboxError
from sandbox.pool import Pool
from service.calibration import Speed, measure
from service.settings import Settings

log = logging.getLogger("tierline.clock")

_KEPT = 5
_IN_DOUBT_S = 10.0
"""How soon an unsteady worker is measured again."""
_LEAVE_S = 2.0
_AFTER_ALL, _BEFORE_ALL = 2, -1  # priorities of boxes: judging has 0 and 1


class Clock:
    """Safe for threads."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._reference = settings.reference_speed
        self._tolerance = settings.calibration_tolerance
        self._every_s = settings.calibration_every_s
        self._figures: deque[Speed] = deque(maxlen=_KEPT)
        self._first = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.steady = True
        """The last figure agreed with the median."""

    @property
    def speed(self) -> Speed | None:
        """What this worker usually has. None before the first measurement."""
        figures = sorted(self._figures.copy(), key=lambda speed: speed.figure)
        return figures[len(figures) // 2] if figures else None

    def factor(self) -> float:
        """What limits are multiplied by. Without a reference speed 1; with one, the first caller waits for a measurement.

        Raises SandboxError when that fails.
        """
        if self._reference is None:
            return 1.0
        with self._first:
            if self.speed is None:
                self.check()
        return self.known_factor

    @property
    def known_factor(self) -> float:
        """`factor`, or 1 as long as nothing was measured."""
        usual = self.speed
        return self._reference / usual.figure if self._reference and usual else 1.0

    def check(self) -> None:
        """Measure in a box that nobody else wants now. Raises SandboxError."""
        try:
            box = self._pool.acquire(priority=_AFTER_ALL, timeout_s=max(_IN_DOUBT_S, self._every_s))
        except TimeoutError:  # every box is wanted, for hours perhaps
            box = self._pool.acquire(priority=_BEFORE_ALL)
        try:
            if self.speed is not None and self._agrees(measure(box)):
                self._become(steady=True)
                return
            with self._pool.alone():
                self.measure_alone(box)
        finally:
            self._pool.release(box)

    def measure_alone(self, box: Box) -> float:
        """Measure in a box, by the thread that holds the pool alone. Returns the factor of this moment. Raises SandboxError."""
        speed = measure(box)
        self._figures.append(speed)
        self._become(steady=self._agrees(speed))
        return self._reference / speed.figure if self._reference else 1.0

    def _agrees(self, speed: Speed) -> bool:
        usual = self.speed
        return usual is None or abs(speed.figure / usual.figure - 1) <= self._tolerance

    def _become(self, *, steady: bool) -> None:
        was, self.steady = self.steady, steady
        if was and not steady:
            last, usual = self._figures[-1].figure, self.speed
            assert usual is not None
            fix = "see docs/explanation/cpu-time.md"
            log.warning("this worker is unsteady: its speed is %.2f, and was %.2f. Fix: %s", last, usual.figure, fix)
        elif steady and not was:
            log.warning("this worker is steady again")

    # -- watching --------------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Measure now, and then from time to time in a thread of its own, until `close`."""
        self._thread = threading.Thread(target=self._watch, name="clock", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                self.check()
            except PoolClosed:
                return
            except (SandboxError, OSError) as error:
                log.warning("this worker's speed could not be measured: %s", error)
            if not self._every_s:
                return
            self._over.wait(self._every_s if self.steady else min(self._every_s, _IN_DOUBT_S))

    def close(self) -> None:
        """End the thread. A measurement that still waits for a box ends with the pool."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_LEAVE_S)
