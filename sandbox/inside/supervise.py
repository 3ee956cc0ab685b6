"""Waits for a program, holds it to its limits, kills what it leaves behind, and says what it used.

CPU time is that of the whole process tree: the control group's counter, or, where there is none, what PID 1 learns when it
reaps (every orphan becomes its child). Time spent waiting for a processor is kept apart from sleeping, so that a busy machine
never looks like a sleeping program.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, Protocol, Sequence, Tuple

from .own_group import OwnGroup

NS = 1_000_000_000
_LAST_LOOK_MS = 1024
"""The longest step in which stopped processes are looked for after a pause."""
_LOOK_AGAIN_NS = 20_000_000
_LASTING_S = 0.1
_MEMORY_LOOK_MS = 5
_PLACES_LOOK_MS = 20


class Clocks(NamedTuple):
    """Where the clocks stand when a program starts, in ns. `earlier_ns`: CPU time that its process has used before."""

    start_ns: int
    cpu_ns: int
    stalled_ns: int
    earlier_ns: int = 0


class Host(Protocol):
    """Where frames come from: see channel.py."""

    wait_fd: int

    def receive(self) -> Tuple[bytes, "list[int]"]: ...


class Place(Protocol):
    """A folder whose size is not bounded by the kernel, so that it is watched."""

    def used_bytes(self) -> int: ...


@dataclass
class Meter:
    """Reads the CPU time and waiting time of the program's control group, in ns. Its memory is bounded and read by the host."""

    cpu_fd: int = -1
    cpu_format: str = "none"
    pressure_fd: int = -1

    def watch_bytes(self, run: dict[str, Any]) -> int:
        """How much the runner must not let the program use; 0 where the kernel sees to it."""
        return 0

    def cpu_ns(self) -> int:
        """CPU time of all that ever ran in the group."""
        if self.cpu_format == "v2":
            text = os.pread(self.cpu_fd, 256, 0)
            start = text.index(b"usage_usec ") + 11
            return int(text[start : text.index(b"\n", start)]) * 1000
        return int(os.pread(self.cpu_fd, 64, 0))

    def stalled_ns(self) -> int:
        """Time in which some of the group was ready to run and none of it did (pressure stall information), or -1."""
        if self.pressure_fd < 0:
            return -1
        for line in os.pread(self.pressure_fd, 512, 0).split(b"\n"):
            if line.startswith(b"full "):
                return int(line.rpartition(b"total=")[2]) * 1000
        return -1

    def begin_memory(self) -> None:
        """A run begins."""

    def memory_bytes(self) -> int:
        """What the program uses now."""
        return 0

    def end_memory(self, seen_bytes: int, largest_bytes: int, forked: bool) -> tuple[int, int]:
        """The run's peak, given the most that was seen and the largest process's peak; and processes killed for want of it.
        `forked`: that process shares what the runner has."""
        return max(seen_bytes, largest_bytes), 0


class ProcMeter(Meter):
    """Without any control group: what /proc tells."""

    def watch_bytes(self, run: dict[str, Any]) -> int:
        limit: int = run["memory_mb"] << 20
        return limit

    def cpu_ns(self) -> int:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return int((used.ru_utime + used.ru_stime) * NS) + sum(_tree_cpu_ns())

    def memory_bytes(self) -> int:
        return _memory_bytes()


class OwnGroupMeter(Meter):
    """The container's own group, as it shows itself inside. See own_group.py."""

    def watch_bytes(self, run: dict[str, Any]) -> int:
        # Output is charged to the group, and taken off again by the host: a program may fill both to the brim.
        limit: int = (run["memory_mb"] << 20) + int(run["output_bytes"])
        return limit

    def __init__(self) -> None:
        super().__init__()
        self._group = OwnGroup()
        self._base_bytes = self._high_before = self._kills_before = 0

    def cpu_ns(self) -> int:
        return self._group.cpu_ns()

    def begin_memory(self) -> None:
        self._base_bytes = self._group.memory_bytes()
        self._high_before = self._group.high_bytes()
        self._kills_before = self._group.oom_kills()

    def memory_bytes(self) -> int:
        return max(0, self._group.memory_bytes() - self._base_bytes)

    def end_memory(self, seen_bytes: int, largest_bytes: int, forked: bool) -> tuple[int, int]:
        high, kills = self._group.high_bytes(), self._group.oom_kills() - self._kills_before
        if high > self._high_before:
            return max(seen_bytes, high - self._base_bytes), kills
        # The most that it can have been; a process's own peak starts at the runner's, so it is only an upper bound as well.
        largest_bytes -= min(largest_bytes, _resident_bytes()) if forked else 0
        bound = max(0, high - self._base_bytes) if high else largest_bytes
        return max(seen_bytes, min(bound, largest_bytes)), kills


def make_meter(cpu_fd: int, cpu_format: str, pressure_fd: int) -> Meter:
    """By the names that `sandbox.cgroups.Slot.cpu_format` has. Raises OSError where the container's own group is not shown."""
    if cpu_format == "own":
        return OwnGroupMeter()
    return ProcMeter() if cpu_format == "none" else Meter(cpu_fd, cpu_format, pressure_fd)


def processes() -> list[int]:
    """All processes of the box but the runner."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def _tree_cpu_ns() -> list[int]:
    tick = NS // os.sysconf("SC_CLK_TCK")
    used = []
    for pid in processes():
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            used.append(sum(map(int, fields[11:15])) * tick)  # its own, and its reaped children's
        except OSError:
            continue
    return used


def _thread_files(name: str) -> Iterator[str]:
    """What /proc says in file `name` of each living thread of the box."""
    for pid in processes():
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/{name}") as file:
                    yield file.read()
        except OSError:
            continue


def _waited_ns() -> int:
    """Time that the living threads spent ready to run without a processor, the largest of any thread."""
    return max((int(text.split()[1]) for text in _thread_files("schedstat")), default=0)


def _states() -> set[str]:
    """The kernel's letters for what the living threads do: R is ready to run, S asleep, D waiting where nothing can wake it."""
    return {text.rpartition(")")[2].split()[0] for text in _thread_files("stat")}


def _memory_bytes() -> int:
    """Memory of all processes and files of the box as /proc tells it: for boxes without a control group."""
    pids = processes()
    total = sum(_used_bytes(path) for path in ("/tmp", "/dev/shm"))
    for pid in pids:
        try:
            if len(pids) == 1:
                with open(f"/proc/{pid}/statm") as file:
                    total += int(file.read().split()[1]) * resource.getpagesize()
            else:  # forks share pages, which must count once
                with open(f"/proc/{pid}/smaps_rollup") as file:
                    total += next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
        except (OSError, IndexError, StopIteration):
            continue
    return total


def _used_bytes(path: str) -> int:
    state = os.statvfs(path)
    return (state.f_blocks - state.f_bfree) * state.f_frsize


def _resident_bytes() -> int:
    """What this process has in memory, shared or not."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def own_memory_bytes() -> int:
    """Memory of this process that no file backs: what a fork starts with, and no control group charges to it."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


class Supervisor:
    """Watches one program at a time."""

    def __init__(self, host: Host, meter: Meter, places: Sequence[Place] = ()) -> None:
        self._host = host
        self._places = places
        self.meter = meter
        self.held = False
        """The host wants nothing to run now."""
        self._held_ns = self._stopped_ns = 0
        self._look_for_stopped_ms = 0

    def watch(
        self, pid: int, run: dict[str, Any], clocks: Clocks, on_lasting: Optional[Callable[[], None]] = None
    ) -> dict[str, Any]:
        """Wait for `pid`, held to the limits in `run`; `clocks` is what `begin` gave before the program was started. `on_lasting`
        is called when it takes long enough for somebody to wonder."""
        self._held_ns = self._look_for_stopped_ms = 0
        pidfd = os.pidfd_open(pid)
        try:
            if on_lasting and min(run["cpu_s"], run["idle_s"], run["wall_s"]) > 2 * _LASTING_S and not _ends(pidfd, _LASTING_S):
                on_lasting()
            end, peak = self._wait(pidfd, run, clocks)
        finally:
            os.close(pidfd)
        # This walks /proc, so only where somebody will ask why the program was slow.
        waited = self._processor_wait_ns(clocks.stalled_ns) if end != "exit" else 0
        if end != "exit":
            os.kill(pid, signal.SIGKILL)
        status, used = os.wait4(pid, 0)[1:]
        wall_ns = time.monotonic_ns() - clocks.start_ns - self._held_ns
        sweep()
        # The group's counter sees every process; rusage sees only those that somebody waited for, but to the microsecond.
        cpu_ns = max(self.meter.cpu_ns() - clocks.cpu_ns, int((used.ru_utime + used.ru_stime) * NS) - clocks.earlier_ns)
        peak, kills = self.meter.end_memory(peak, used.ru_maxrss * 1024, forked=run["forked"])
        if self._places_overflow(run):
            end = "memory"
        return {
            "end": end,
            "status": status,
            "cpu_s": cpu_ns / NS,
            "wall_s": wall_ns / NS,
            "cpu_wait_s": min(waited, wall_ns) / NS,
            "peak_bytes": peak,
            "oom_kills": kills,
        }

    def begin(self) -> Clocks:
        """The clocks before a program starts."""
        self.meter.begin_memory()
        return Clocks(time.monotonic_ns(), self.meter.cpu_ns(), self.meter.stalled_ns())

    def await_word(self, pid: int, word_fd: int, run: dict[str, Any], clocks: Clocks) -> Optional[Clocks]:
        """Wait until `pid` says by a byte that it is ready, held to the limits in `run`. The clocks from then on; or None, and
        nothing is left of it: it ended, took too long, or is cancelled."""
        pidfd = os.pidfd_open(pid)
        try:
            end, _ = self._wait(pidfd, run, clocks, word_fd)
        finally:
            os.close(pidfd)
        if end == "word" and os.read(word_fd, 1):  # else it has ended
            after = self.begin()
            return after._replace(earlier_ns=after.cpu_ns - clocks.cpu_ns)
        sweep()
        return None

    def _processor_wait_ns(self, stalled_before: int) -> int:
        # Pressure information covers all that ever ran, but is brought up to date every two seconds only.
        stalled = self.meter.stalled_ns() - stalled_before if stalled_before >= 0 else 0
        return max(stalled, _waited_ns())

    def _places_overflow(self, run: dict[str, Any]) -> bool:
        return any(place.used_bytes() > run["scratch_mb"] << 20 for place in self._places)

    def _wait(self, pidfd: int, run: dict[str, Any], clocks: Clocks, word_fd: int = -1) -> tuple[str, int]:
        """What ended the wait, and the most memory that was seen. `word`: something can be read from `word_fd`."""
        start_ns, cpu_before, stalled_before, _ = clocks
        cpu_limit, idle_limit, wall_limit = int(run["cpu_s"] * NS), int(run["idle_s"] * NS), int(run["wall_s"] * NS)
        watched = self.meter.watch_bytes(run)
        look_ms = _MEMORY_LOOK_MS if watched else _PLACES_LOOK_MS if self._places else 0
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(self._host.wait_fd, select.POLLIN)
        if word_fd >= 0:
            poll.register(word_fd, select.POLLIN)
        wait_ns, peak = min(cpu_limit, idle_limit, wall_limit), 0
        if self.held:  # asked for before this run began
            self._stop()
            if not self._hold():
                return "cancelled", peak
        while True:
            timeout_ms = max(1, -(-wait_ns // 1_000_000))
            ready = [fd for fd, _ in poll.poll(min(filter(None, (timeout_ms, look_ms, self._look_for_stopped_ms))))]
            self._wake_stopped()
            if self._host.wait_fd in ready and not (run.get("yields") and self._hold()):
                return "cancelled", peak  # the only other frame that may come during a run, or the host is gone
            if word_fd in ready:
                return "word", peak
            if pidfd in ready:
                return "exit", peak
            if watched:
                peak = max(peak, self.meter.memory_bytes())
                if peak > watched:
                    return "memory", peak
            if self._places_overflow(run):
                return "memory", peak
            wall_ns = time.monotonic_ns() - start_ns - self._held_ns
            cpu_ns = self.meter.cpu_ns() - cpu_before
            if cpu_ns >= cpu_limit:
                return "cpu", peak
            idle_ns = wall_ns - cpu_ns
            if idle_ns >= idle_limit:
                idle_ns -= self._processor_wait_ns(stalled_before)
            if idle_ns >= idle_limit:
                # D is most often a disk, which is not the program's doing; but a parent in vfork is in D as well, for ever.
                held_up = _states() & ({"R", "D"} if idle_ns < 2 * idle_limit else {"R"})
                if not held_up:
                    return "idle", peak
                idle_ns = idle_limit - _LOOK_AGAIN_NS
            if wall_ns >= wall_limit:
                return "wall", peak
            wait_ns = min(cpu_limit - cpu_ns, idle_limit - idle_ns, wall_limit - wall_ns)

    def _hold(self) -> bool:
        """Do what the host says by a frame; with `pause`, until it says otherwise. False when the run is to end."""
        while True:
            frame, _ = self._host.receive()
            if b"resume" in frame:
                self._go_on()
                return True
            if b"pause" not in frame:
                return False
            self._stop()

    def _stop(self) -> None:
        self.held, self._stopped_ns = True, time.monotonic_ns()
        signal_all(signal.SIGSTOP)

    def _go_on(self) -> None:
        if self.held:
            self.held = False
            self._held_ns += time.monotonic_ns() - self._stopped_ns
            signal_all(signal.SIGCONT)
            self._look_for_stopped_ms = 1

    def _wake_stopped(self) -> None:
        """After a pause, in ever longer steps for two seconds: what is still stopped goes on.

        A fork that was under way all through a short pause starts its child with the stop and without the go-on: Linux hands on
        signals that came during a fork, but not a SIGCONT, which it drops where no handler awaits it.
        """
        if self._look_for_stopped_ms:
            if "T" in _states():
                signal_all(signal.SIGCONT)
            self._look_for_stopped_ms = self._look_for_stopped_ms * 2 if self._look_for_stopped_ms < _LAST_LOOK_MS else 0


def _ends(pidfd: int, within_s: float) -> bool:
    return bool(select.select([pidfd], [], [], within_s)[0])


def signal_all(number: int) -> None:
    """To everything in the box but the runner."""
    try:
        os.kill(-1, number)
    except ProcessLookupError:
        pass


def sweep() -> None:
    """Kill and reap everything in the box but the runner. kill(-1) is atomic against fork, so nothing slips through."""
    while True:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            return
