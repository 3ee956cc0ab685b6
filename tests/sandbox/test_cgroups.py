"""Control groups as this machine has them. `make test-v2` runs the same on a machine with v2 alone, as root and as a user."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cgroup_choice import detect
from sandbox.cgroup_files import below, hierarchies, processes, read, write
from sandbox.cgroup_none import NoGroups
from sandbox.cgroup_v1 import V1Groups
from sandbox.cgroups import BoxGroups, Groups, Slot
from sandbox.errors import BoxDied
from sandbox.sweep import judge_name
from tests.sandbox.runner_process import RunnerProcess

MB = 1 << 20
TOUCH = "x = b'x' * ({} << 20)"


def v1_alone() -> Groups:
    """What a machine without any v2 hierarchy would have."""
    return V1Groups([hierarchy for hierarchy in hierarchies() if hierarchy.version == 1])


HAS_V1 = os.geteuid() == 0 and any("memory" in hierarchy.controllers for hierarchy in hierarchies() if hierarchy.version == 1)


@pytest.fixture(params=[detect, v1_alone] if HAS_V1 else [detect], ids=lambda make: make.__name__)
def groups(request: pytest.FixtureRequest) -> Iterator[Groups]:
    groups: Groups = request.param()
    if groups.flavour == "none" and os.geteuid() != 0:
        pytest.skip(f"this user may write no control group: {groups.lacks[0]}")
    assert groups.flavour != "none", groups.lacks
    groups.open()
    yield groups
    groups.close()


@pytest.fixture
def box(groups: Groups) -> Iterator[BoxGroups]:
    box = groups.box("box", processes=100)
    yield box
    box.close()


@pytest.fixture
def runner(box: BoxGroups) -> Iterator[RunnerProcess]:
    with RunnerProcess(box) as runner:
        yield runner


@pytest.fixture
def standing() -> list[Path]:
    """What other fixtures of this process have open for the whole session."""
    return own_groups()


def own_groups() -> list[Path]:
    """Directories of this process's own judge in all hierarchies."""
    return [
        Path(parent, name)
        for hierarchy in hierarchies()
        for parent, names, _ in os.walk(hierarchy.mount)
        for name in names
        if name.startswith(judge_name())
    ]


def groups_of(pid: int) -> list[Path]:
    """Directories of the groups a process is in."""
    found = []
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if judge_name() not in path:
            continue
        beneath = path[path.index(judge_name()) :]  # a mount need not show the tree from its top
        for hierarchy in hierarchies():
            if hierarchy.writable and (hierarchy.version == 2 if not names else names in hierarchy.controllers):
                tops = (hierarchy.mount / path.lstrip("/"), hierarchy.mount / beneath, hierarchy.own / beneath)
                found += [group for group in tops if group.is_dir()][:1]
    return found


def cpu_s(slot: Slot) -> float:
    text = os.pread(slot.cpu_fd, 200, 0)
    return int(text.split()[1]) / 1e6 if slot.cpu_format == "v2" else int(text) / 1e9


@pytest.mark.parametrize("megabytes", [10, 100])
def test_peak_is_what_the_run_touched(box: BoxGroups, runner: RunnerProcess, megabytes: int) -> None:
    slot = box.slot(256 * MB, 50)
    assert runner.run(slot, TOUCH.format(megabytes)) == 0
    use = slot.memory()
    assert megabytes * MB <= use.peak_bytes < (megabytes + 6) * MB
    assert use.oom_kills == 0


def test_peak_does_not_carry_over_to_the_next_run(box: BoxGroups, runner: RunnerProcess) -> None:
    peaks = []
    for megabytes in (100, 10, 50, 0):
        slot = box.slot(256 * MB, 50)
        assert runner.run(slot, TOUCH.format(megabytes)) == 0
        peaks.append(slot.memory().peak_bytes // MB)
    assert [round(peak, -1) for peak in peaks] == [100, 10, 50, 0]


def test_memory_of_a_child_counts(box: BoxGroups, runner: RunnerProcess) -> None:
    slot = box.slot(256 * MB, 50)
    both = f"r, w = os.pipe()\npid = os.fork()\n{TOUCH.format(40)}\n"  # the child holds its memory until the parent has its own
    code = f"{both}if pid:\n  os.write(w, x[:1])\n  os.waitpid(pid, 0)\nelse:\n  os.read(r, 1)\n  os._exit(0)"
    assert runner.run(slot, code) == 0
    assert 80 * MB <= slot.memory().peak_bytes < 90 * MB


def test_running_out_of_memory_is_counted_for_that_run_alone(box: BoxGroups, runner: RunnerProcess) -> None:
    slot = box.slot(50 * MB, 50)
    assert runner.run(slot, TOUCH.format(200)) == -signal.SIGKILL
    use = slot.memory()
    assert use.oom_kills >= 1
    assert not use.starved
    assert 45 * MB < use.peak_bytes <= 50 * MB

    slot = box.slot(50 * MB, 50)
    assert runner.run(slot, TOUCH.format(5)) == 0
    assert slot.memory().oom_kills == 0


def test_a_killed_child_counts_though_the_program_ends_well(box: BoxGroups, runner: RunnerProcess) -> None:
    slot = box.slot(50 * MB, 50)
    code = f"pid = os.fork()\nif pid: os.waitpid(pid, 0)\nelse:\n    {TOUCH.format(200)}"
    assert runner.run(slot, code) in (0, -signal.SIGKILL)  # v2 kills the whole group
    assert slot.memory().oom_kills >= 1


def test_limit_moves_both_ways(box: BoxGroups, runner: RunnerProcess) -> None:
    fits = []
    for limit_mb in (64, 512, 128, 64, 1024):
        slot = box.slot(limit_mb * MB, 50)
        fits.append(runner.run(slot, TOUCH.format(100)) == 0)
    assert fits == [False, True, True, False, True]


def test_memory_running_out_further_up_is_told_apart(box: BoxGroups, runner: RunnerProcess) -> None:
    slot = box.slot(512 * MB, 50)
    bounded = 0
    for path in groups_of(runner.pid):
        for name in ("memory.limit_in_bytes", "memory.max"):
            if (path / name).exists():
                write(path.parent / name, str(64 * MB))
                bounded += 1
    assert bounded == 1
    assert runner.run(slot, TOUCH.format(200)) == -signal.SIGKILL
    use = slot.memory()
    assert use.oom_kills >= 1
    assert use.starved


def test_cpu_time_is_that_of_the_whole_tree(box: BoxGroups, runner: RunnerProcess, slowness: float) -> None:
    slot = box.slot(256 * MB, 50)
    before_s = cpu_s(slot)
    burn = "import time\nwhile time.process_time() < 0.1: pass"
    double_fork = (
        f"if os.fork() == 0:\n  if os.fork() == 0:\n    {burn.replace(chr(10), chr(10) + '    ')}\n    os._exit(0)\n  os.wait()"
    )
    assert runner.run(slot, f"import time\n{double_fork}\nelse:\n  os.wait()") == 0
    assert 0.1 <= cpu_s(slot) - before_s < 0.1 + 0.4 * slowness


FORKS = """
count = 0
try:
    while count < 90:
        if os.fork() == 0:
            import time
            time.sleep(60)
            os._exit(0)
        count += 1
except BlockingIOError:
    os._exit(count)
os._exit(200)
"""


def test_processes_of_a_run_are_bounded(box: BoxGroups, runner: RunnerProcess) -> None:
    assert runner.run(box.slot(256 * MB, 20), FORKS) == 19
    box.kill()


def test_processes_of_a_box_are_bounded(groups: Groups) -> None:
    box = groups.box("small", processes=12)
    with RunnerProcess(box) as runner:
        assert runner.run(box.slot(256 * MB, 80), FORKS) == 10  # 12 less the runner and the program itself
    box.close()


def test_kill_ends_all_and_close_leaves_no_group(groups: Groups) -> None:
    box = groups.box("doomed", processes=100)
    with RunnerProcess(box) as runner:
        slot = box.slot(256 * MB, 50)
        runner.run(slot, "if os.fork() == 0:\n  os.setsid()\n  import time\n  time.sleep(60)")
        paths = {path.parent for path in groups_of(runner.pid)}
        members = {pid for path in paths for group in below(path) for pid in processes(group)}
        assert len(members) == 2
        box.kill()
        assert runner.wait() == -signal.SIGKILL
        box.close()
    assert paths
    assert not [path for path in paths if path.exists()]
    assert not [pid for pid in members if Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_close_ends_what_still_forks(standing: list[Path], groups: Groups, slowness: float) -> None:
    box = groups.box("bomb", processes=100)
    with RunnerProcess(box) as runner:
        runner.start(box.slot(256 * MB, 50), "while True:\n  try: os.fork()\n  except OSError: pass")
        time.sleep(0.1)
        started = time.monotonic()
        box.close()
        assert time.monotonic() - started < 5 * slowness
    groups.close()
    assert own_groups() == standing


def test_closing_the_judge_leaves_nothing(standing: list[Path], groups: Groups) -> None:
    with RunnerProcess(groups.box("a", processes=10)) as runner:
        groups.box("b", processes=10)
        assert own_groups() != standing
        groups.close()
        assert runner.wait() == -signal.SIGKILL
    assert own_groups() == standing


def test_many_runs_keep_groups_and_descriptors_few(box: BoxGroups, runner: RunnerProcess) -> None:
    counts = []
    for _ in range(2):
        for _ in range(25):
            slot = box.slot(64 * MB, 50)
            assert runner.run(slot, "pass") == 0
            slot.memory()
        leaves = sum(1 for path in {path.parent for path in groups_of(runner.pid)} for _ in below(path))
        counts.append((leaves, len(list(Path("/proc/self/fd").iterdir()))))
    assert counts[1][0] <= counts[0][0] + 2
    assert counts[1][1] == counts[0][1]
    assert counts[1][0] <= 15
    stats = [dict(line.split() for line in read(path.parent / "cgroup.stat").splitlines()) for path in groups_of(runner.pid)]
    dying = [int(stat["nr_dying_descendants"]) for stat in stats if stat]
    assert max(dying, default=0) <= 10


def test_descriptors_change_only_with_the_generation(box: BoxGroups, runner: RunnerProcess) -> None:
    seen = {}
    for _ in range(5):
        slot = box.slot(64 * MB, 50)
        fds = [*slot.attach_fds, slot.cpu_fd]
        names = tuple(str(Path(f"/proc/self/fd/{fd}").readlink()) for fd in fds)
        assert seen.setdefault(slot.generation, names) == names
        runner.run(slot, "pass")


@pytest.mark.parametrize("wrapper", [(), ("unshare", "--user", "--map-root-user")], ids=["plain", "user-namespace"])
def test_a_program_moves_itself(box: BoxGroups, wrapper: tuple[str, ...]) -> None:
    with RunnerProcess(box, wrapper) as runner:
        slot = box.slot(256 * MB, 50)
        assert runner.run(slot, TOUCH.format(30)) == 0
        assert 30 * MB <= slot.memory().peak_bytes < 36 * MB
        assert cpu_s(slot) > 0


def test_a_box_closed_by_another_thread_says_so(box: BoxGroups, runner: RunnerProcess) -> None:
    slot = box.slot(64 * MB, 50)
    closer = threading.Thread(target=box.close)
    closer.start()
    closer.join()
    with pytest.raises(BoxDied):
        slot.memory()
    with pytest.raises(BoxDied):
        box.slot(64 * MB, 50)


def test_two_judges_in_one_process_do_not_meet(groups: Groups) -> None:
    other = detect()
    other.open()
    first, second = groups.box("box", processes=10), other.box("box", processes=10)
    with RunnerProcess(first) as one, RunnerProcess(second) as two:
        assert not set(groups_of(one.pid)) & set(groups_of(two.pid))
        other.close()
        assert two.wait() == -signal.SIGKILL
        assert one.run(first.slot(64 * MB, 5), "pass") == 0


def test_a_box_may_follow_one_of_the_same_name(groups: Groups) -> None:
    first = groups.box("box", processes=10)
    second = groups.box("box", processes=10)
    with RunnerProcess(second) as runner:
        first.close()
        assert runner.run(second.slot(64 * MB, 5), "pass") == 0


def test_without_groups_nothing_is_measured_and_the_fix_is_named() -> None:
    groups = NoGroups([])
    groups.open()
    slot = groups.box("box", processes=10).slot(64 * MB, 5)
    assert (slot.attach_fds, slot.cpu_fd, slot.cpu_format, slot.pressure_fd) == ((), -1, "none", -1)
    assert "mount a cgroup2 file system" in groups.lacks[0]


AS_USER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from sandbox.cgroup_choice import detect
from tests.sandbox.runner_process import RunnerProcess
groups = detect()
groups.open()
box = groups.box("box", processes=50)
with RunnerProcess(box) as runner:
    slot = box.slot(64 << 20, 20)
    fine = runner.run(slot, "x = b'x' * (30 << 20)"), slot.memory().peak_bytes >> 20
    slot = box.slot(64 << 20, 20)
    killed = runner.run(slot, "x = b'x' * (90 << 20)"), min(1, slot.memory().oom_kills)
groups.close()
print(os.geteuid(), groups.flavour, *fine, *killed)
"""
USER = 65534


@pytest.fixture
def delegated() -> Iterator[list[Path]]:
    """A group in each hierarchy that belongs to an ordinary user, as Delegate=yes makes them."""
    made = []
    for hierarchy in hierarchies():
        if hierarchy.version == 1 and not hierarchy.controllers & {"memory", "pids", "cpuacct"}:
            continue
        path = hierarchy.mount / f"delegated-{os.getpid()}"
        path.mkdir()
        made.append(path)
        if hierarchy.version == 2 and "memory" in hierarchy.controllers:
            write(hierarchy.mount / "cgroup.subtree_control", "+memory +pids")
        for owned in (path, *(path / name for name in ("tasks", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"))):
            if owned.exists():
                os.chown(owned, USER, USER)
    yield made
    for path in made:
        for group in below(path):
            group.rmdir()


@pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root to hand a group to a user; as a user all other tests here show the same"
)
def test_an_ordinary_user_measures_in_groups_of_its_own(delegated: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        for package in ("sandbox", "tests/sandbox"):
            shutil.copytree(package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
        drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        pythons = [sys.executable, "/usr/bin/python3"]  # an interpreter below /root is out of a user's reach
        find = [*drop, "sh", "-c", 'for python; do "$python" -c "" 2>&- && echo "$python" && break; done', "sh", *pythons]
        python = subprocess.run(find, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        (root / "as_user.py").write_text(AS_USER)
        enter = 'for group in "$@"; do echo $$ >"$group/cgroup.procs"; done'
        command = f"{enter}; exec {' '.join(drop)} sh -c '{python} -I {root}/as_user.py {root}'"
        done = subprocess.run(["bash", "-c", command, "bash", *map(str, delegated)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    user, flavour, *runs = done.stdout.split()
    assert int(user) == USER
    assert flavour == detect().flavour
    code, peak_mb, killed_code, kills = map(int, runs)
    assert (code, killed_code, kills) == (0, -signal.SIGKILL, 1)
    assert 30 <= peak_mb < 36


def test_moving_in_does_not_wait_where_leaves_can_be_threaded(groups: Groups, runner: RunnerProcess) -> None:
    """Moving between ordinary v2 groups costs some 10 ms after a pause; on a hybrid machine it need not."""
    types = [read(path / "cgroup.type").strip() for path in groups_of(runner.pid) if (path / "cgroup.type").exists()]
    assert types == {"v2": ["domain"], "hybrid": ["threaded"], "v1": []}[groups.flavour]
