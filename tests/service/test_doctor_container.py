"""What the doctor reads from a container's own files, and which compose option it names for each lack."""

from pathlib import Path

import pytest

from service.doctor import State
from service.doctor_container import check_quota, engine, lacks, look

NONE, SYS_ADMIN_ALONE, ENOUGH = 0, 1 << 21, 1 << 21 | 1 << 7 | 1 << 6 | 1

CAP_ADD = "cap_add: [SYS_ADMIN, SETUID, SETGID, CHOWN]"


def container(root: Path, *, capabilities: int, uid: int = 0, seccomp: int = 0, masked: bool = False, apparmor: str = "") -> Path:
    """A folder with what the kernel shows of a process."""
    (root / "proc/self/attr").mkdir(parents=True)
    (root / ".dockerenv").touch()
    (root / "proc/self/status").write_text(
        f"Name:\tpython\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nCapEff:\t{capabilities:016x}\nSeccomp:\t{seccomp}\n"
    )
    (root / "proc/self/attr/current").write_text(apparmor)
    mounts = ["20 1 0:1 / / rw - overlay overlay rw", "21 20 0:2 / /proc rw - proc proc rw"]
    (root / "proc/self/mountinfo").write_text("\n".join(mounts + ["22 21 0:3 / /proc/kcore rw - tmpfs tmpfs rw"] * masked))
    return root


def fixes(root: Path) -> str:
    """All fixes for the container at `root`, one a line."""
    return "\n".join(check.fix for check in lacks(look(root, {})))


@pytest.mark.parametrize(
    ("setup", "words", "absent"),
    [
        ({"capabilities": NONE}, [CAP_ADD, 'user: "10001:10001"'], ["apparmor", "privileged"]),
        ({"capabilities": SYS_ADMIN_ALONE}, [CAP_ADD], ["user:", "seccomp"]),
        ({"capabilities": ENOUGH, "seccomp": 2}, ["seccomp=deploy/seccomp.json"], ["cap_add", "systempaths"]),
        ({"capabilities": ENOUGH, "apparmor": "docker-default (enforce)\n"}, ["apparmor=unconfined"], ["cap_add", "seccomp"]),
        ({"capabilities": ENOUGH, "apparmor": "unconfined\n"}, [], ["apparmor"]),
        ({"capabilities": NONE, "uid": 10001, "masked": True}, ["systempaths=unconfined"], ["cap_add"]),
        ({"capabilities": NONE, "uid": 10001, "seccomp": 2}, ["seccomp=deploy/seccomp.json"], ["systempaths"]),
    ],
)
def test_each_lack_names_its_option(tmp_path: Path, setup: dict[str, int], words: list[str], absent: list[str]) -> None:
    found = fixes(container(tmp_path, **setup))  # type: ignore[arg-type]
    assert all(word in found for word in words), found
    assert not any(word in found for word in absent), found


def test_outside_of_a_container_nothing_is_said(tmp_path: Path) -> None:
    assert look(tmp_path, {}) is None
    assert lacks(None) == []


def test_kubernetes_is_told_by_its_environment(tmp_path: Path) -> None:
    assert engine(tmp_path, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == "Kubernetes"


@pytest.mark.parametrize(
    ("files", "boxes"),
    [
        ({"cpu.max": "150000 100000"}, "--boxes 1"),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.max": "400000 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"}, "--boxes 2"),
        ({"cpu,cpuacct/cpu.cfs_quota_us": "50000", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, "--boxes 1"),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_a_quota_below_the_cores_is_told_with_the_boxes_that_fit(
    tmp_path: Path, files: dict[str, str], boxes: str | None
) -> None:
    for name, text in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    checks = check_quota(tmp_path, cores=4)
    assert [check.state for check in checks] == [State.WARN] * (boxes is not None)
    assert boxes is None or boxes in checks[0].fix
