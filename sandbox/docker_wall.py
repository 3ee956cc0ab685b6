"""The `docker` wall: each box is a hardened container that stays warm, with the runner as its first process.

How host and runner speak to each other (`transport`):

    socket    a unix socket in a folder that the container shows: descriptors pass. For an engine of this machine.
    stream    the container's stdin and stdout, as the engine attaches them. For any engine.

A container dies with its judge: the runner ends when its channel closes, and a container that has ended removes itself. Each
carries the judge's name in a label, so that the next start sweeps away what could not, such as one that never started.

Not covered, beyond what the other wall does not: see docs/how-to/docker-wall.md.
"""

import base64
import json
import os
import shutil
import socket
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from sandbox.cgroup_container import ContainerBox, OwnBox, bound_for, leaves_in_container
from sandbox.cgroup_none import NoBox
from sandbox.cgroups import BoxGroups
from sandbox.channel import Channel, SocketChannel
from sandbox.config import PoolConfig
from sandbox.disk import Disk
from sandbox.docker_engine import ContainerPlan, Engine, EngineFailed
from sandbox.docker_image import LABEL, BoxImage, look_at
from sandbox.errors import BoxDied, BoxStartFailed, WallUnavailable
from sandbox.helper import build_helper
from sandbox.inside.launcher import MASKED
from sandbox.memfile import MemFile
from sandbox.mounts import (
    ENV,
    GROUP,
    INSIDE,
    PASSWD,
    PYTHON_HOME,
    RUNNER_FILES,
    RUNNER_HELPER,
    Mount,
    python_files,
    python_links,
    site_packages,
)
from sandbox.stream_channel import StreamChannel
from sandbox.sweep import WorkFolder, alive, judge_name, open_run_dir, sweep_folders
from sandbox.wall import WallName

_BOOT = "tierline.boot"
_FIRST_MEMORY = 1 << 30
_SOCKET_FOLDER = "/run/tierline"
_PROC_MASKED = ("acpi", "scsi", "latency_stats", "timer_stats", "interrupts", *MASKED)
_SYS_MASKED = ("block", "bus", "class", "dev", "devices", "firmware", "hypervisor", "kernel", "module", "power")
_DEV_MASKED = ("mqueue", "pts")
_MASKED = [
    f"/{top}/{name}" for top, names in (("proc", _PROC_MASKED), ("sys", _SYS_MASKED), ("dev", _DEV_MASKED)) for name in names
]
_SIZES = "size=64g,nosuid,nodev,exec"  # what is used is bounded by memory, and watched: see inside/supervise.py
_TMPFS = {
    "/box": "mode=0755,size=1g,nr_inodes=4096,nosuid,nodev,exec",
    "/tmp": f"mode=1777,nr_inodes=65536,{_SIZES}",  # noqa: S108 - in the box
    "/dev/shm": f"mode=1777,nr_inodes=4096,{_SIZES}",  # noqa: S108
    "/opt/runner": "mode=0755,size=16m,nr_inodes=256,nosuid,nodev,exec",
    PYTHON_HOME: "mode=0755,size=4m,nr_inodes=1024,nosuid,nodev,exec",
}


class DockerWall:
    """See `sandbox.wall.Wall`."""

    name: WallName = "docker"

    def __init__(self, config: PoolConfig) -> None:
        self._config = config
        self.engine = Engine(config.docker_host)
        self.lacks: list[str] = []
        self.mounts: tuple[Mount, ...] = config.mounts
        self.transport = config.docker_transport
        self.image: BoxImage | None = None
        self._folder: WorkFolder | None = None
        self._helper: bytes | None = None

    @property
    def about(self) -> str:
        """See `sandbox.wall.Wall`."""
        image = f"image {self.image.name} ({self.image.short_id})" if self.image else f"image {self._config.docker_image}"
        return f"docker {self.engine.version}, {image}, by {self.transport}"

    @property
    def cores(self) -> list[int]:
        """See `sandbox.wall.Wall`."""
        here = sorted(os.sched_getaffinity(0))
        return here if self.engine.local else list(range(self.engine.processors))

    def open(self) -> list[str]:
        """See `sandbox.wall.Wall`."""
        try:
            return self._open()
        except EngineFailed as error:
            raise WallUnavailable(f"the Docker engine at {self.engine.url}: {error}") from error

    def _open(self) -> list[str]:
        config = self._config
        open_run_dir(config.run_dir)
        cleaned = self._sweep() + sweep_folders(config.run_dir)
        self.image = look_at(self.engine, config)
        self._folder = WorkFolder(config.run_dir)
        helper = build_helper(config.cache_dir) if config.helper else None
        self._helper = helper.read_bytes() if helper else None
        if self.transport == "auto":
            self.transport = "socket" if self.engine.local else "stream"
            if self.transport == "socket" and not self._socket_passes():
                self.transport = "stream"
        if self.transport == "stream":
            self._do_without_mounts()
        return cleaned

    def _sweep(self) -> list[str]:
        """Remove containers of dead judges of this machine; whether those of others live cannot be told from here."""
        removed = []
        for container, labels in self.engine.labelled(LABEL).items():
            name = labels[LABEL]
            if labels.get(_BOOT) == boot_id() and not alive(name):
                self.engine.remove(container)
                removed.append(f"container {container[:12]} of {name}")
        return removed

    def _socket_passes(self) -> bool:
        """Whether a container reaches a socket of this machine: not if the engine runs it in a virtual machine."""
        box = self.enclosure("check", 0, self.cores[0])
        try:
            box.start().close()
            return True
        except BoxStartFailed as error:
            self.lacks.append(
                "the engine's containers do not reach a socket of this machine, so inputs are copied (4 ms for each MB): "
                f"{error}; use an engine of this machine"
            )
            return False
        finally:
            box.destroy()

    def _do_without_mounts(self) -> None:
        """A remote engine has none of this machine's folders. Prepared headers only save time; anything else was asked for."""
        from sandbox.languages import PREPARED

        others = [mount.source for mount in self.mounts if mount.target != PREPARED]
        if others:
            raise WallUnavailable(
                f"{', '.join(others)}: a remote Docker engine cannot show folders of this machine; put it in the image"
            )
        if self.mounts:
            self.lacks.append(
                "headers are not precompiled, so C++ takes a second longer to compile; use an engine of this machine"
            )
        self.mounts = ()

    def enclosure(self, name: str, number: int, core: int, disk: Disk | None = None) -> "Container":
        """See `sandbox.wall.Wall`."""
        assert self._folder is not None
        return Container(self, name, number, core, disk)

    def close(self) -> None:
        """See `sandbox.wall.Wall`."""
        if self._folder is not None:
            self._folder.close()
        self.engine.close()

    # -- for its containers ----------------------------------------------------------------------------------------

    def plan(self, box: str, number: int, core: int, disk: Disk | None, socket_folder: Path | None) -> ContainerPlan:
        """How the container of a box is made."""
        assert self.image is not None
        binds = {mount.target: mount.source for mount in self.mounts}
        command = [self.image.python.executable, "-I", "-S", "-c", (INSIDE / "arrive.py").read_text()]
        if socket_folder is not None:
            binds[_SOCKET_FOLDER] = str(socket_folder)
            command.append(f"{_SOCKET_FOLDER}/channel")
        return ContainerPlan(
            image=self.image.id,
            command=command,
            labels={LABEL: judge_name(), _BOOT: boot_id(), "tierline.box": box},
            memory_bytes=bound_for(_FIRST_MEMORY),
            processes=self._config.box_processes,
            core=core,
            masked=_MASKED,
            tmpfs=_TMPFS | (disk_options(disk, self._uid(number)) if disk else {}),
            binds=binds,
        )

    def layout(self, number: int) -> dict[str, Any]:
        """What inside/arrive.py is told for box `number`."""
        assert self.image is not None
        python = self.image.python
        site = site_packages(python)
        uid = self._uid(number)
        users = {  # where the image has links to them, as deploy/Dockerfile.box does
            "/opt/runner/passwd": PASSWD.replace(":1000:1000:", f":{uid}:{uid}:"),
            "/opt/runner/group": GROUP.replace(":1000:", f":{uid}:"),
        }
        files = {f"/opt/runner/inside/{name}": (INSIDE / name).read_text() for name in RUNNER_FILES}
        return {
            "folders": ["/opt/runner/inside", f"{PYTHON_HOME}/bin", site],
            "links": python_links(python) | {f"{site}/{name}": path for name, path in self.image.packages.items()},
            "files": files | users | python_files(python) | {"/opt/runner/start.py": (INSIDE / "start.py").read_text()},
            "binaries": {RUNNER_HELPER: base64.b64encode(self._helper).decode()} if self._helper else {},
            "argv": [f"{PYTHON_HOME}/bin/python3", "/opt/runner/start.py"],
            "env": dict(ENV),
        }

    def setup(self, number: int) -> dict[str, Any]:
        """What the runner of box `number` is told."""
        return {"uid": self._uid(number), "helper": RUNNER_HELPER if self._helper else None, "mount": False}

    def _uid(self, number: int) -> int:
        """Who programs are. The kernel counts a user's processes on the whole machine, so each box has one of its own: as good as
        certainly no other judge's either."""
        mark = zlib.crc32(f"{judge_name()} {boot_id()} {number}".encode())
        return 20_000 + mark % 40_000 if self.engine.maps_users else self._config.uid_base + mark % 200_000_000

    def groups(self, container: str, pid: int) -> BoxGroups:
        """The best control groups that a box can have here. Raises BoxStartFailed."""
        assert self.image is not None
        inner: BoxGroups | None = None
        if self.transport == "socket" and pid and os.geteuid() == 0:
            inner = leaves_in_container(pid, container, self._config.box_processes)
        if inner is None:
            self._lack_own_leaves()
            inner = OwnBox() if self.image.own_group else NoBox()

        def raise_bound(memory_bytes: int) -> None:
            try:
                self.engine.set_memory(container, memory_bytes)
            except EngineFailed as error:
                raise BoxDied(str(error)) from error

        return ContainerBox(inner, bound_for(_FIRST_MEMORY), raise_bound)

    def _lack_own_leaves(self) -> None:
        assert self.image is not None
        lack = (
            "memory: watched every 5 ms in the container's own control group instead of bounded for each run; "
            "run the judge as root on the engine's machine"
            if self.image.own_group
            else "control groups: a container does not see its own, so memory and CPU time are sampled from /proc"
        )
        if lack not in self.lacks:
            self.lacks.append(lack)

    def folder_for(self, name: str) -> Path:
        """A new folder for a box's socket, which its container may enter."""
        assert self._folder is not None
        folder = self._folder.path / f"{name}-{os.urandom(4).hex()}"
        folder.mkdir()
        folder.chmod(0o755)
        return folder


class Container:
    """The container of one box. See `sandbox.wall.Enclosure`."""

    def __init__(self, wall: DockerWall, name: str, number: int, core: int, disk: Disk | None) -> None:
        self.pid = 0
        self.groups: BoxGroups = NoBox()
        self.setup = wall.setup(number)
        self._wall = wall
        self._name = name
        self._number = number
        self._core = core
        self._disk = disk
        self._container = ""
        self._folder: Path | None = None

    def start(self) -> Channel:
        """See `sandbox.wall.Enclosure`."""
        if self._wall.transport == "stream":
            return self._start_by_stream()
        return self._start_by_socket()

    def _start_by_stream(self) -> Channel:
        channel = StreamChannel(self._name, self._begin(None))
        try:
            channel.set_timeout(self._wall._config.start_timeout_s)
            channel.send(json.dumps(self._wall.layout(self._number)).encode())
            if self._wall.engine.local:
                self.pid = self._wall.engine.first_pid(self._container)
            self.groups = self._wall.groups(self._container, self.pid)
        except BaseException:
            channel.close()
            raise
        return channel

    def _start_by_socket(self) -> Channel:
        self._folder = self._wall.folder_for(self._name)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            bind_in(self._folder, "channel", listener)
            listener.listen(1)
            with self._begin(self._folder) as attached:
                ours = self._accept(listener, attached)
        shutil.rmtree(self._folder)  # nobody else shall connect
        channel = SocketChannel(self._name, ours)
        try:
            channel.set_timeout(self._wall._config.start_timeout_s)
            self.pid = peer_pid(ours)
            self.groups = self._wall.groups(self._container, self.pid)
            with MemFile.sealed(json.dumps(self._wall.layout(self._number)).encode()) as layout:
                channel.send(b"{}", [layout.fd])
        except BaseException:
            channel.close()
            raise
        return channel

    def _begin(self, folder: Path | None) -> socket.socket:
        """Create, attach and start: the attached connection, which tells what the container complains of."""
        engine = self._wall.engine
        self._container = engine.create(self._wall.plan(self._name, self._number, self._core, self._disk, folder))
        attached = engine.attach(self._container)
        try:
            engine.start(self._container)
        except BaseException:
            attached.close()
            raise
        return attached

    def _accept(self, listener: socket.socket, attached: socket.socket) -> socket.socket:
        """The runner's connection. Raises BoxStartFailed when the container ends or takes too long."""
        import select

        ready, _, _ = select.select([listener, attached], [], [], self._wall._config.start_timeout_s)
        if listener in ready:
            return listener.accept()[0]
        said = b""
        if ready:
            attached.settimeout(5)
            with suppress(OSError):
                while part := attached.recv(4096):
                    said += part
        raise BoxStartFailed(f"its container does not connect. {said[8:].decode(errors='replace')[-1000:]}".strip())

    def destroy(self) -> None:
        """See `sandbox.wall.Enclosure`."""
        container, self._container = self._container, ""
        self.groups.kill()
        self.groups.close()
        self.pid = 0
        if container:
            with suppress(EngineFailed):  # the runner has ended with its channel, and the next start looks for what is left
                self._wall.engine.remove(container)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def disk_options(disk: Disk, uid: int) -> dict[str, str]:
    """/work and /tmp of a box with a disk. A container cannot have two folders of one tmpfs, so each may be as large."""
    size = f"size={disk.size_mb}m,nr_inodes={disk.files + 1},nosuid,nodev,exec"
    return {"/work": f"mode=0755,uid={uid},gid={uid},{size}", "/tmp": f"mode=1777,{size}"}  # noqa: S108 - in the box


def boot_id() -> str:
    """Of this start of this machine: process numbers mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def bind_in(folder: Path, name: str, sock: socket.socket) -> None:
    """Bind a socket in a folder, whose path may be longer than an address can be."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sock.bind(f"/proc/self/fd/{fd}/{name}")
        (folder / name).chmod(0o666)  # in a folder that only this user and this container can enter
    finally:
        os.close(fd)


def peer_pid(sock: socket.socket) -> int:
    """Who is at the other end, as this process sees it; 0 when it does not."""
    return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], "little", signed=True)
