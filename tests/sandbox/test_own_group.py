"""A container's own group as the runner reads it: both versions of control groups, from folders with the kernel's own text."""

import resource
import time
from pathlib import Path

import pytest

from sandbox.inside.own_group import OwnGroup

V2 = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cpu.stat": "usage_usec 5000000\nuser_usec 4000000\nsystem_usec 1000000\n",
    "memory.current": "10485760\n",
    "memory.peak": "20971520\n",
    "memory.events": "low 0\nhigh 0\nmax 17\noom 4\noom_kill 3\noom_group_kill 0\n",
}
V1 = {
    "cpuacct/cpuacct.usage": "5000000000\n",
    "memory/memory.usage_in_bytes": "10485760\n",
    "memory/memory.max_usage_in_bytes": "20971520\n",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
}


def lay_out(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return str(folder)


@pytest.mark.parametrize("files", [V1, V2], ids=["v1", "v2"])
def test_figures_are_read_and_the_runners_own_time_is_taken_off(files: dict[str, str], tmp_path: Path) -> None:
    group = OwnGroup(lay_out(tmp_path, files))
    assert (group.memory_bytes(), group.high_bytes(), group.oom_kills()) == (10 << 20, 20 << 20, 3)
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    used = resource.getrusage(resource.RUSAGE_SELF)
    own_ns = (used.ru_utime + used.ru_stime) * 1e9
    assert abs(5e9 - own_ns - group.cpu_ns()) < 2e7


def test_a_kernel_without_a_peak_is_said_to_tell_none(tmp_path: Path) -> None:
    group = OwnGroup(lay_out(tmp_path, {name: text for name, text in V2.items() if name != "memory.peak"}))
    assert group.high_bytes() == 0


def test_a_container_that_does_not_show_its_group_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cpuacct"):
        OwnGroup(str(tmp_path))
