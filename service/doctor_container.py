"""The doctor's checks of a container: which of its engine's restrictions forbid boxes, each with the option that lifts it.

Two setups work; docs/how-to/deploy.md says what each is worth:

* as root with CAP_SYS_ADMIN, SETUID and SETGID (and CHOWN on cgroup v2), nothing else: control groups measure and bound programs;
* as an ordinary user without any capability, with /proc unmasked: boxes come from a user namespace, memory is sampled.

Both need a system call profile that allows mounts and pivot_root, and no AppArmor profile that forbids mounts.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.doctor import Check, State

PROFILE = "security_opt: [seccomp=deploy/seccomp.json]"
_AS_ROOT = "cap_drop: [ALL], cap_add: [SYS_ADMIN, SETUID, SETGID, CHOWN]"
_WITHOUT = 'user: "10001:10001", security_opt: [seccomp=deploy/seccomp.json, systempaths=unconfined]'
_CAPABILITIES = {"CHOWN": 0, "SETGID": 6, "SETUID": 7, "SYS_ADMIN": 21}


@dataclass(frozen=True)
class Container:
    """What this process may do in the container it is in."""

    engine: str
    root: bool
    capabilities: frozenset[str]
    """Those of `_CAPABILITIES` that are in effect."""
    apparmor: str
    """The confining profile, empty when there is none."""
    masked_proc: bool
    filtered: bool


def engine(root: Path, environment: Mapping[str, str]) -> str:
    """What runs this container, or "" outside of one."""
    if environment.get("KUBERNETES_SERVICE_HOST"):
        return "Kubernetes"
    if (root / ".dockerenv").exists():
        return "Docker"
    if (root / "run/.containerenv").exists():
        return "Podman"
    return environment.get("container", "")


def look(root: Path = Path("/"), environment: Mapping[str, str] | None = None) -> Container | None:
    """The container around this process, or None. `root` is where /proc is found."""
    name = engine(root, os.environ if environment is None else environment)
    if not name:
        return None
    status = dict(line.split(":", 1) for line in _read(root / "proc/self/status").splitlines() if ":" in line)
    effective = int(status.get("CapEff", "0").strip(), 16)
    mounts = [line.split()[4] for line in _read(root / "proc/self/mountinfo").splitlines()]
    profile = _read(root / "proc/self/attr/current").strip("\0\n ")
    return Container(
        engine=name,
        root=status.get("Uid", "0").split()[1:2] == ["0"],
        capabilities=frozenset(name for name, bit in _CAPABILITIES.items() if effective >> bit & 1),
        apparmor=profile if profile.endswith("(enforce)") else "",
        masked_proc=any(mount.startswith("/proc/") for mount in mounts),
        filtered=status.get("Seccomp", "0").strip() == "2",
    )


def check_container() -> list[Check]:
    """How the container is held; nothing outside of one."""
    container = look()
    if container is None:
        return []
    who = "root" if container.root else "an ordinary user"
    held = ", ".join(sorted(container.capabilities)) or "no capability that matters"
    found = f"{container.engine}, as {who} with {held}; {'a' if container.filtered else 'no'} system call profile"
    return [Check("container", State.OK, found + (f"; AppArmor {container.apparmor}" if container.apparmor else ""))]


def lacks(container: Container | None) -> list[Check]:
    """Where no box can be made: what in the container's setup forbids it, each with the compose option that lifts it."""
    if container is None:
        return []
    found: list[tuple[str, str]] = []
    if container.root and "SYS_ADMIN" not in container.capabilities:
        found.append(("root without CAP_SYS_ADMIN", f"{_AS_ROOT}; or without capabilities: {_WITHOUT}"))
    elif container.root and (missing := sorted(_CAPABILITIES.keys() - container.capabilities)):
        found.append((f"root without CAP_{', CAP_'.join(missing)}", _AS_ROOT))
    if not container.root and container.masked_proc:
        found.append(("parts of /proc are masked, so a box cannot have its own", "security_opt: [systempaths=unconfined]"))
    if container.filtered:
        found.append(("the system call profile may forbid mounts and pivot_root", PROFILE))
    if container.apparmor:
        found.append((f"AppArmor profile {container.apparmor} forbids mounts", "security_opt: [apparmor=unconfined]"))
    return [Check("container", State.FAIL, what, "no box can be made", f"in the compose file, {fix}") for what, fix in found]


def check_quota(root: Path = Path("/"), cores: int | None = None) -> list[Check]:
    """A container's CPU quota smaller than the cores it sees: programs are stopped for parts of each 100 ms."""
    quota = _quota_cores(root / "sys/fs/cgroup")
    cores = cores or len(os.sched_getaffinity(0))
    if quota is None or quota >= cores:
        return []
    found = f"a quota of {quota:g} cores on {cores}"
    lost = "boxes are stopped in mid-run, wait for each other, and tests take longer"
    return [
        Check("CPU quota", State.WARN, found, lost, f"bind it to whole cores instead (cpuset), or --boxes {max(1, int(quota))}")
    ]


def _quota_cores(groups: Path) -> float | None:
    both = _read(groups / "cpu.max").split()
    if not both:
        cpu = next((path for path in (groups / "cpu", groups / "cpu,cpuacct") if path.exists()), groups)
        both = [_read(cpu / "cpu.cfs_quota_us").strip(), _read(cpu / "cpu.cfs_period_us").strip()]
    if len(both) != 2 or not both[1].isdigit() or not both[0].isdigit():
        return None  # "max" on v2, -1 on v1, or no such file
    return int(both[0]) / int(both[1])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
