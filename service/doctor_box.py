"""The doctor's checks that touch the sandbox: control groups, and a box that is really made and really used."""

import os
import statistics

from sandbox import Limits, MemFile, Pool, Program
from sandbox.cgroup_choice import detect
from sandbox.cores import tenants
from sandbox.docker_engine import Engine
from sandbox.docker_image import look_at
from sandbox.errors import SandboxError
from sandbox.outcome import End
from service import doctor_container
from service.calibration import measure
from service.doctor import Check, State
from service.machine import make_pool, pool_config
from service.settings import Settings

_RUNS = 15
_PROGRAM = Program({"main.py": b"print(sum(map(int, input().split())))"}, warm=True)


def check_groups() -> list[Check]:
    """Which control groups there are, and a line for each thing they lack."""
    groups = detect()
    checks = [Check("control groups", State.WARN if groups.flavour == "none" else State.OK, groups.flavour)]
    return checks + [Check("control groups", State.WARN, lack) for lack in groups.lacks]


def check_neighbours(settings: Settings) -> Check:
    """Whether other judges on this machine leave enough cores."""
    cores = os.sched_getaffinity(0)
    folder = pool_config(settings).shared_dir
    taken, boxes = len(tenants(folder, cores)), settings.boxes or len(cores)
    if not taken:
        return Check("other judges", State.OK, f"none that shares {folder}")
    free = len(cores) - taken
    found = f"they have boxes on {taken} of {len(cores)} cores"
    if boxes > free:
        fix = f"--boxes {free}, or other cores (taskset)" if free else "other cores (taskset), or another machine"
        return Check("other judges", State.WARN, found, "programs wait for each other", fix)
    return Check("other judges", State.OK, found)


def check_docker(settings: Settings) -> list[Check]:
    """Whether the docker wall could be had. It is a lack only where it is the wall that was asked for."""
    state = State.FAIL if settings.wall == "docker" else State.OK
    try:
        engine = Engine(settings.docker_host)
    except SandboxError as error:
        return [Check("docker", state, f"not to be had: {error}")]
    try:
        image = look_at(engine, pool_config(settings.model_copy(update={"wall": "docker"})))
    except SandboxError as error:
        return [Check("docker", state, f"engine {engine.version} at {engine.url}", str(error))]
    finally:
        engine.close()
    found = f"engine {engine.version} at {engine.url}, image {image.name} ({image.short_id}) with Python {image.python.version}"
    return [Check("docker", State.OK, found)]


def check_wall(settings: Settings) -> list[Check]:
    """Make a box, run a program in it, and say how long each takes. The one check that decides whether there is a judge."""
    try:
        pool, _ = make_pool(settings.model_copy(update={"boxes": 1}))
        pool.start()
    except SandboxError as error:
        around = doctor_container.lacks(doctor_container.look())
        return [Check("wall", State.FAIL, "no box can be made", str(error), "see below" if around else _wall_fix()), *around]
    try:
        found = [Check("wall", State.OK, f"{pool.wall.about}; a+b in Python takes {_median_ms(pool):.1f} ms in a box")]
        if pool.wall.name == "docker":  # those of namespaces are told as control groups
            found += [Check("wall", State.WARN, lack) for lack in pool.wall.lacks]
        return [*found, Check("speed", State.OK, _speed(pool, settings.reference_speed))]
    except SandboxError as error:
        return [Check("wall", State.FAIL, "a box was made but does not work", str(error), _wall_fix())]
    finally:
        pool.close()


def _median_ms(pool: Pool) -> float:
    times = []
    with pool.box() as box, MemFile.sealed(b"1 2\n") as stdin:
        log = box.load(_PROGRAM)
        if log is not None:
            raise SandboxError(f"a+b did not compile: {log}")
        for _ in range(_RUNS):
            outcome = box.run(stdin, Limits(cpu_s=5))
            answer = outcome.stdout.read()
            outcome.close()
            if outcome.end is not End.EXIT or answer != b"3\n":
                raise SandboxError(f"a+b answered {answer!r} and ended by {outcome.end}")
            times.append(outcome.wall_s)
    return statistics.median(times) * 1000


def _speed(pool: Pool, reference: float | None) -> str:
    with pool.box() as box, pool.alone():
        speed = measure(box)
    parts = ", ".join(f"{name} {value:.2f}" for name, value in speed.model_dump(exclude={"figure"}).items())
    scaled = f"; limits are multiplied by {reference / speed.figure:.2f}" if reference else ""
    return f"{speed.figure:.2f} ({parts}){scaled}"


def _wall_fix() -> str:
    return (
        "run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 and, on Ubuntu, "
        "kernel.apparmor_restrict_unprivileged_userns=0; in a container, see docs/how-to/deploy.md; or use Docker: --wall docker"
    )
