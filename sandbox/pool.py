"""A pool of warm boxes, one for each core.

A core belongs to one *place*. A place keeps a box of each kind that was asked for (standard, numpy), and lends one of them at a
time. A box that died, or does not reset, is destroyed and replaced; it is never used again. Beside the places there may be
boxes of one's own: see `sandbox.own_boxes`.
"""

import heapq
import itertools
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from sandbox import seccomp
from sandbox.box import Box
from sandbox.config import PoolConfig
from sandbox.cores import CoreLeases
from sandbox.disk import Disk
from sandbox.errors import BoxDied, BoxStartFailed, PoolClosed, WallUnavailable
from sandbox.gate import Gate
from sandbox.limits import Limits
from sandbox.lock_files import make_folder
from sandbox.memfile import MemFile
from sandbox.mounts import Mount
from sandbox.outcome import End
from sandbox.own_boxes import OwnBoxes
from sandbox.program import BoxKind, Program
from sandbox.wall import Wall
from sandbox.wall_choice import make_wall

log = logging.getLogger("tierline.pool")

_PROOF = b"""
import os, socket
for attempt in (socket.socket, lambda: os.mkdir('/box/x'), lambda: os.listdir('/proc/1/fd')):
    try:
        attempt()
        print('free')
    except OSError:
        print('held')
"""


@dataclass
class _Place:
    """One core and the boxes that stand on it."""

    number: int
    core: int = -1
    """Leased when the pool starts."""
    boxes: dict[BoxKind, Box] = field(default_factory=dict)
    busy: bool = False
    restarts: int = 0


@dataclass(frozen=True)
class BoxStatus:
    """A line for people who watch the pool."""

    name: str
    kind: BoxKind
    core: int
    busy: bool
    runs: int
    restarts: int


@dataclass(order=True)
class _Waiter:
    priority: int
    number: int
    kind: BoxKind = field(compare=False)
    place: _Place | None = field(default=None, compare=False)
    ready: threading.Event = field(default_factory=threading.Event, compare=False)
    given_up: bool = field(default=False, compare=False)


class Pool:
    """Warm boxes for many threads. Start it, borrow boxes, close it."""

    def __init__(self, config: PoolConfig | None = None) -> None:
        self.config = config or PoolConfig()
        self.wall: Wall = make_wall(self.config)
        self.gate = Gate(self.config.shared_dir)
        self._cores = CoreLeases(self.config.shared_dir)
        self._lock = threading.Lock()
        self._waiters: list[_Waiter] = []
        self._counter = itertools.count()
        self._closed = False
        self._seccomp = seccomp.program_filter()
        self._lent: dict[int, _Place] = {}
        cores = self.wall.cores
        count = self.config.boxes or len(cores)
        self._places = [_Place(number) for number in range(count)]
        self.own = OwnBoxes(self._own_box, cores, first_number=count * len(BoxKind))

    @property
    def size(self) -> int:
        """Boxes that can run at once."""
        return len(self._places)

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """Those of the configured mounts that boxes show."""
        return self.wall.mounts

    def start(self) -> list[str]:
        """Clean up after judges that were killed, build the boxes, and prove that they hold. Returns what was cleaned.

        Raises WallUnavailable when no isolation can be had here.
        """
        try:
            cleaned = self.wall.open()
            make_folder(self.config.shared_dir)
            self._lease_cores()
            for place in self._places:
                self._box_at(place, BoxKind.STANDARD)
            self._prove()
        except (BoxStartFailed, BoxDied) as error:
            self.close()
            raise WallUnavailable(f"no box can be built here: {error}. Run `tierline doctor` for what is missing") from error
        except BaseException:
            self.close()
            raise
        return cleaned

    def _lease_cores(self) -> None:
        cores = self._cores.take(self.size, self.wall.cores)
        for place, core in zip(self._places, cores, strict=True):
            place.core = core
        self.own = OwnBoxes(self._own_box, sorted(set(cores)), first_number=self.size * len(BoxKind))
        if self._cores.crowded:
            log.warning("other judges have boxes on cores %s as well: programs wait for each other there", self._cores.crowded)

    def _prove(self) -> None:
        """Run a program that must be stopped; a wall that lets it through is no wall."""
        with self.box() as box, MemFile.sealed(b"") as nothing:
            if (log := box.load(Program({"prove.py": _PROOF}, warm=True))) is not None:
                raise BoxStartFailed(f"the first program did not compile: {log}")
            outcome = box.run(nothing, Limits(cpu_s=10, memory_mb=256))
            answer = outcome.stdout.read(200).decode(errors="replace").split()
            errors = outcome.stderr.read(2000).decode(errors="replace")
            outcome.close()
        if outcome.end is not End.EXIT or answer != ["held"] * 3:
            raise BoxStartFailed(f"the first program was not held: {answer} {outcome.end} {errors}")

    # -- lending ---------------------------------------------------------------------------------------------------

    def acquire(self, kind: BoxKind = BoxKind.STANDARD, *, priority: int = 0, timeout_s: float | None = None) -> Box:
        """A warm box of `kind`; the caller's own until `release`. Lower priorities go first, then who came first.

        Raises PoolClosed, TimeoutError, or BoxStartFailed when a box had to be made and could not.
        """
        waiter = _Waiter(priority, next(self._counter), kind)
        with self._lock:
            if self._closed:
                raise PoolClosed("the pool is closed")
            heapq.heappush(self._waiters, waiter)
            self._match()
        if not waiter.ready.wait(timeout_s):
            with self._lock:
                waiter.given_up = True
                if waiter.place is None:
                    raise TimeoutError(f"no box became free in {timeout_s} s")
        if waiter.place is None:
            raise PoolClosed("the pool is closed")
        try:
            box = self._box_at(waiter.place, kind)
        except BaseException:
            self._give_back(waiter.place)
            raise
        with self._lock:
            self._lent[id(box)] = waiter.place
        return box

    def _match(self) -> None:
        while self._waiters:
            first = self._waiters[0]
            if first.given_up:
                heapq.heappop(self._waiters)
                continue
            free = [place for place in self._places if not place.busy]
            if not free:
                return
            place = next((place for place in free if first.kind in place.boxes), free[0])
            place.busy = True
            heapq.heappop(self._waiters)
            first.place = place
            first.ready.set()

    def _box_at(self, place: _Place, kind: BoxKind) -> Box:
        box = place.boxes.get(kind)
        if box is not None and not box.hung_up():
            return box
        if box is not None:
            box.destroy()
            place.restarts += 1
        name = f"{place.number}-{kind.value}"
        number = place.number * len(BoxKind) + list(BoxKind).index(kind)
        box = self._start_box(name, number, place.core, kind)
        place.boxes[kind] = box
        return box

    def _own_box(self, name: str, number: int, core: int, disk: Disk) -> Box:
        return self._start_box(name, number, core, BoxKind.STANDARD, disk)

    def _start_box(self, name: str, number: int, core: int, kind: BoxKind, disk: Disk | None = None) -> Box:
        box = Box(
            name,
            core,
            kind,
            self.wall.enclosure(name, number, core, disk),
            seccomp=self._seccomp,
            gate=self.gate,
            start_timeout_s=self.config.start_timeout_s,
            disk=disk,
        )
        box.start()
        return box

    def release(self, box: Box) -> None:
        """Give a box back. It is wiped; one that is not alive is replaced before its place is lent again."""
        with self._lock:
            place = self._lent.pop(id(box))
        try:
            if box.alive:
                with suppress(BoxDied):
                    box.wipe()
            if box.hung_up() and not self._closed:
                with suppress(BoxStartFailed):  # the next to ask for it hears why
                    self._box_at(place, box.kind)
        finally:
            self._give_back(place)

    def _give_back(self, place: _Place) -> None:
        with self._lock:
            place.busy = False
            self._match()

    @contextmanager
    def box(self, kind: BoxKind = BoxKind.STANDARD, *, priority: int = 0) -> Iterator[Box]:
        """Borrow a box for the length of a with block."""
        box = self.acquire(kind, priority=priority)
        try:
            yield box
        finally:
            self.release(box)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other box of this machine's judges runs a program meanwhile. For confirmation runs, by a thread that holds a box."""
        with self.gate.alone():
            yield

    # -- watching and ending ---------------------------------------------------------------------------------------

    def status(self) -> list[BoxStatus]:
        """Every box that stands, as it is now."""
        return [
            BoxStatus(box.name, kind, place.core, place.busy, box.runs, place.restarts)
            for place in self._places
            for kind, box in list(place.boxes.items())
        ]

    def close(self) -> None:
        """Destroy all boxes, lent ones as well, and leave nothing behind."""
        with self._lock:
            self._closed = True
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.ready.set()
        self.own.close_all()
        for place in self._places:
            for box in list(place.boxes.values()):
                box.destroy()
        self._cores.close()
        self.gate.close()
        self.wall.close()
