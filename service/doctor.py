"""What this machine can do as a judge: each check says what was found, and for each lack what is lost and the fix.

The wall is not guessed from files: a box is made and a program is run in it. Timing quality is measured, for a machine whose
clock or processor wanders gives verdicts near the limit that wander too.
"""

import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from service.settings import Settings


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    """Something is lost, judging works."""
    FAIL = "fail"
    """Judging does not work."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    state: State
    found: str
    lost: str = ""
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def check_system() -> Check:
    """Kernel, rights and interpreter, for bug reports."""
    who = "root" if os.geteuid() == 0 else f"uid {os.geteuid()}"
    return Check(
        "system", State.OK, f"Linux {platform.release()}, {platform.machine()}, {who}, Python {platform.python_version()}"
    )


def check_seccomp() -> Check:
    """Whether the kernel filters system calls."""
    actions = _read("/proc/sys/kernel/seccomp/actions_avail").split()
    if "errno" in actions:
        return Check("seccomp", State.OK, "filters work")
    lost = "programs could reach the whole kernel; boxes refuse to start"
    return Check("seccomp", State.FAIL, "no filters", lost, "use a kernel with CONFIG_SECCOMP_FILTER")


def check_compiler() -> Check:
    """Whether the C helper and static C++ programs can be built."""
    found = shutil.which("g++") or shutil.which("gcc")
    if found:
        return Check("start helper", State.OK, f"built with {found}")
    return Check("start helper", State.WARN, "no C compiler", "compiled programs start 1-2 ms later", "apt-get install g++")


def check_cores(settings: Settings) -> Check:
    """Cores this process may use, and whether they share execution units."""
    cores = len(os.sched_getaffinity(0))
    boxes = settings.boxes or cores
    if _read("/sys/devices/system/cpu/smt/active") == "1":
        lost = "a neighbour on the same core makes programs up to 30% slower"
        return Check(
            "cores", State.WARN, f"{cores} hardware threads, SMT on", lost, f"--boxes {max(1, cores // 2)}, or turn SMT off"
        )
    if boxes > cores:
        return Check("cores", State.WARN, f"{boxes} boxes on {cores} cores", "boxes wait for each other", f"--boxes {cores}")
    return Check("cores", State.OK, f"{cores}, one box each" if boxes == cores else f"{cores}, {boxes} boxes")


def check_governor() -> Check:
    """Whether the processor's frequency follows load."""
    governors = {_read(str(path)) for path in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")}
    if not governors or governors == {"performance"}:
        return Check("frequency", State.OK, "performance" if governors else "set by the host")
    fix = "cpupower frequency-set -g performance"
    return Check("frequency", State.WARN, ", ".join(sorted(governors)), "the first tests after a pause run slower", fix)


def check_clock() -> Check:
    """Resolution of the clock that CPU time is read from, and its source."""
    resolution_ns = time.clock_getres(time.CLOCK_PROCESS_CPUTIME_ID) * 1e9
    source = _read("/sys/devices/system/clocksource/clocksource0/current_clocksource") or "unknown"
    found = f"{source}, {resolution_ns:.0f} ns"
    if resolution_ns > 1e6:
        return Check("clock", State.WARN, found, "CPU times are coarse", "use a kernel with high-resolution timers")
    if source in ("acpi_pm", "hpet", "jiffies"):
        return Check("clock", State.WARN, found, "reading the clock is slow", "boot with clocksource=tsc where the TSC is stable")
    return Check("clock", State.OK, found)


def _spin() -> float:
    started = time.process_time()
    total = 0
    for number in range(150_000):
        total += number * number % 7
    return time.process_time() - started


def check_noise(rounds: int = 40) -> Check:
    """How much the CPU time of the same work varies: the 95th percentile over the median."""
    _spin()
    times = sorted(_spin() for _ in range(rounds))
    middle = statistics.median(times)
    spread = times[int(rounds * 0.95)] / middle - 1
    found = f"the same work takes up to {spread:.0%} more CPU time ({middle * 1000:.1f} ms)"
    if spread > 0.2:
        lost = "verdicts within that margin of a limit need a second run, or vary"
        return Check("CPU noise", State.WARN, found, lost, "stop other work on this machine; on a VM, use dedicated cores")
    return Check("CPU noise", State.OK, found)


def check_steal() -> Check:
    """Processor time that the hypervisor gave to others, since boot."""
    times = psutil.cpu_times()
    stolen = getattr(times, "steal", 0.0) / max(1.0, sum(times))
    found = f"{stolen:.1%} of processor time taken by the host"
    if stolen > 0.02:
        return Check("steal", State.WARN, found, "tests wait, and judging takes longer", "use dedicated cores")
    return Check("steal", State.OK, found)


def check_memory(settings: Settings) -> Check:
    """Whether each box can have the memory a usual problem allows."""
    boxes = settings.boxes or len(os.sched_getaffinity(0))
    free_mb = psutil.virtual_memory().available >> 20
    need_mb = boxes * 512 + settings.input_cache_mb
    found = f"{free_mb} MB available for {boxes} boxes"
    if free_mb < need_mb:
        return Check(
            "memory", State.WARN, found, "programs may meet the machine's limit before their own", f"--boxes {max(1, boxes // 2)}"
        )
    return Check("memory", State.OK, found)


def check_disk(settings: Settings) -> Check:
    """Whether problems and compiled programs have room, where they are kept."""
    folder = settings.data_dir
    there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    free_mb = shutil.disk_usage(there).free >> 20
    found = f"{free_mb} MB free for {folder}"
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError:
        return Check("disk", State.FAIL, f"{folder} cannot be written", "no problem can be stored", "--data-dir FOLDER")
    if free_mb < 2048:
        return Check("disk", State.WARN, found, "large problem sets will not fit", "--data-dir FOLDER on a larger disk")
    return Check("disk", State.OK, found)


def checks(settings: Settings) -> list[tuple[str, Callable[[], Check | list[Check]]]]:
    """All checks by name, in the order they are shown. Those that make boxes come last."""
    from service import doctor_box, doctor_container

    return [
        ("system", check_system),
        ("container", doctor_container.check_container),
        ("cores", lambda: check_cores(settings)),
        ("CPU quota", doctor_container.check_quota),
        ("frequency", check_governor),
        ("clock", check_clock),
        ("CPU noise", check_noise),
        ("steal", check_steal),
        ("memory", lambda: check_memory(settings)),
        ("disk", lambda: check_disk(settings)),
        ("start helper", check_compiler),
        ("seccomp", check_seccomp),
        ("control groups", doctor_box.check_groups),
        ("other judges", lambda: doctor_box.check_neighbours(settings)),
        ("docker", lambda: doctor_box.check_docker(settings)),
        ("wall", lambda: doctor_box.check_wall(settings)),
    ]


def examine(settings: Settings, before: Callable[[str, int, int], None] | None = None) -> Iterator[Check]:
    """Run all checks; `before` hears each one's name, number and the number of all. A check that breaks is a failed check."""
    todo = checks(settings)
    for number, (name, run) in enumerate(todo):
        if before:
            before(name, number, len(todo))
        try:
            found = run()
        except Exception as error:
            state = State.FAIL if name == "wall" else State.WARN  # not known to hold is not holding
            found = Check(name, state, f"could not be checked: {type(error).__name__}: {error}")
        yield from found if isinstance(found, list) else [found]
