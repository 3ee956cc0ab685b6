"""The `namespaces` wall: each box in namespaces of its own, built by inside/launcher.py, with control groups around it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.cgroup_choice import detect
from sandbox.cgroups import BoxGroups, Groups
from sandbox.channel import Channel, SocketChannel
from sandbox.config import PoolConfig
from sandbox.disk import Disk
from sandbox.helper import build_helper
from sandbox.inside import kernel
from sandbox.memfile import MemFile
from sandbox.mounts import ENV, INSIDE, PYTHON_HOME, RUNNER_HELPER, Mount, interpreter, package_trees, plan_root
from sandbox.sweep import WorkFolder, open_run_dir, sweep
from sandbox.wall import WallName


@dataclass(frozen=True)
class _Plan:
    """What all boxes share, made once."""

    root: dict[str, Any]
    """Folders, links, files, copies and binds of the root: see mounts.plan_root."""
    root_dir: Path
    """An empty folder to mount the root on."""
    rootless: bool
    uid_base: int
    helper: bool
    start_timeout_s: float

    def runner_uid(self, number: int) -> int | None:
        """Who the runner of box `number` is on the host where that is not this user; its programs are the next."""
        return None if self.rootless else self.uid_base + 2 * number


class NamespacesWall:
    """See `sandbox.wall.Wall`."""

    name: WallName = "namespaces"

    def __init__(self, config: PoolConfig) -> None:
        self._config = config
        self._groups: Groups = detect()
        self._folder: WorkFolder | None = None
        self._plan: _Plan | None = None
        self.mounts: tuple[Mount, ...] = config.mounts

    @property
    def about(self) -> str:
        """See `sandbox.wall.Wall`."""
        return f"namespaces, {'as root' if os.geteuid() == 0 else 'rootless'}; control groups: {self._groups.flavour}"

    @property
    def lacks(self) -> list[str]:
        """See `sandbox.wall.Wall`."""
        return self._groups.lacks

    @property
    def cores(self) -> list[int]:
        """See `sandbox.wall.Wall`."""
        return sorted(os.sched_getaffinity(0))

    def open(self) -> list[str]:
        """See `sandbox.wall.Wall`."""
        kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1, "subreaper")
        open_run_dir(self._config.run_dir)
        cleaned = sweep(self._groups, self._config.run_dir)
        self._groups.open()
        self._plan = self._make_plan()
        return cleaned

    def _make_plan(self) -> _Plan:
        config = self._config
        self._folder = WorkFolder(config.run_dir)
        root_dir = self._folder.path / "root"
        root_dir.mkdir()
        helper = build_helper(config.cache_dir) if config.helper else None
        root = plan_root(interpreter(config.python), package_trees(config.python_packages), config.mounts, helper)
        return _Plan(root, root_dir, os.geteuid() != 0, config.uid_base, helper is not None, config.start_timeout_s)

    def enclosure(self, name: str, number: int, core: int, disk: Disk | None = None) -> "Namespaces":
        """See `sandbox.wall.Wall`. The runner mounts the disk."""
        assert self._plan is not None
        uid = self._plan.runner_uid(number)
        groups = self._groups.box(name, processes=self._config.box_processes, runner_uid=uid)
        return Namespaces(name, core, uid, self._plan, groups)

    def close(self) -> None:
        """See `sandbox.wall.Wall`."""
        self._groups.close()
        if self._folder is not None:
            self._folder.close()


class Namespaces:
    """The namespaces of one box. See `sandbox.wall.Enclosure`."""

    def __init__(self, name: str, core: int, runner_uid: int | None, plan: _Plan, groups: BoxGroups) -> None:
        self.pid = 0
        self.groups = groups
        self.setup = {
            "uid": None if runner_uid is None else 1000,
            "helper": RUNNER_HELPER if plan.helper else None,
            "mount": True,
        }
        self._name = name
        self._core = core
        self._runner_uid = runner_uid
        self._plan = plan

    def start(self) -> Channel:
        """See `sandbox.wall.Enclosure`."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel = SocketChannel(self._name, ours)
        channel.set_timeout(self._plan.start_timeout_s)
        launcher: subprocess.Popen[bytes] | None = None
        try:
            with theirs, MemFile.sealed(json.dumps(self._launch_plan()).encode()) as plan:
                launcher = self._launch(theirs, plan)
            self.groups.attach(launcher.pid)
            channel.send(b"go")
            self.pid = channel.step("born")["pid"]
            launcher.wait(self._plan.start_timeout_s)
            self.groups.settle(self.pid)
            if self._runner_uid is not None:
                channel.step("map")
                self._write_id_maps(self._runner_uid)
                channel.send(b"mapped")
        except BaseException:
            channel.close()
            raise
        finally:
            if launcher is not None and launcher.poll() is None:
                launcher.kill()
                launcher.wait()
        return channel

    def _launch(self, channel: socket.socket, plan: MemFile) -> subprocess.Popen[bytes]:
        # As a package of its own, so that the launcher does not import all of the host's side.
        code = f"import sys; sys.path.insert(0, {str(INSIDE.parent)!r}); from inside import launcher; launcher.main()"
        argv = [sys.executable, "-I", "-S", "-c", code, str(channel.fileno()), str(plan.fd)]
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(channel.fileno(), plan.fd),
            env=dict(ENV),
            cwd="/",
        )

    def _launch_plan(self) -> dict[str, Any]:
        return {
            **self._plan.root,
            "root": str(self._plan.root_dir),
            "rootless": self._plan.rootless,
            "cores": [self._core],
            "hostname": "box",
            "argv": [f"{PYTHON_HOME}/bin/python3", "/opt/runner/start.py"],
            "env": dict(ENV),
        }

    def _write_id_maps(self, base: int) -> None:
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{self.pid}/{kind}").write_text(f"0 {base} 1\n1000 {base + 1} 1\n")

    def destroy(self) -> None:
        """See `sandbox.wall.Enclosure`."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.groups.kill()
        if self.pid:
            _reap(self.pid)
            self.pid = 0
        self.groups.close()


def _reap(pid: int, within_s: float = 5.0) -> None:
    """Wait for a killed runner: ours by PR_SET_CHILD_SUBREAPER since its launcher has left."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.002)
