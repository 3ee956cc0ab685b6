"""The main loop of a box. One frame from the host, one answer:

    setup   how programs are confined, and the seccomp program
    slot    new descriptors of the program's control group (cgroup v2 before Linux 6.12 needs a new group for each run)
    load    files of a program, one descriptor each; a warm one is compiled in a confined child
    run     one run of it: stdin, stdout and stderr as descriptors, the limits in the frame
    wipe    forget the program

    pause   hold the run at hand, or the next, until `resume`; for boxes with a disk

Any other frame during a run, or the host's end of the socket closing, cancels the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Optional, Tuple

from . import channel, folder, kernel, scratch, spawn, supervise, warm
from .jail import Jail, confine_runner

Message = dict[str, Any]
Job = Tuple[bytes, bytes]
"""Code and compile-time warnings of a warm program. Its `__main__` waits in sys.modules."""

_CODE_LIMIT = 64 << 20
_LOG_LIMIT = 64 << 10
_COMPILE = {
    "cpu_s": 10.0,
    "idle_s": 10.0,
    "wall_s": 60.0,
    "memory_mb": 1024,
    "stack_mb": 64,
    "output_bytes": _CODE_LIMIT,
    "file_bytes": _CODE_LIMIT,
    "scratch_mb": 64,
    "forked": True,
    "processes": 8,
    "open_files": 64,
}


class Runner:
    """The state of a box: how programs are confined, and the program at hand."""

    def __init__(self, host: channel.Socket | channel.Stream, fresh_main: dict[str, Any]) -> None:
        self.host = host
        self.null = os.open("/dev/null", os.O_RDONLY)
        self.fresh_main = fresh_main
        self.places: dict[str, scratch.Scratch | folder.Folder] = {}
        self.fresh = ["/tmp", "/dev/shm"]  # what each run finds empty
        self.uid: int | None = None
        self.acts_as: int | None = None
        """Whose rights it takes to touch what is the program's, where the runner's own will not do."""
        self.program: Message = {}
        self.code = -1
        self.warnings = -1

    def answer(self, message: Message, fds: Sequence[int] = ()) -> None:
        self.host.send(json.dumps(message).encode(), fds)

    def serve(self) -> Job:
        """Answer frames for ever. Returns only in a forked child that is to run a warm program: its code and warnings."""
        while True:
            frame, fds = self.host.receive()
            if not frame:
                os._exit(0)  # the host is gone; everything in the box goes with PID 1
            message = json.loads(frame)
            try:
                handle: Callable[[Message, list[int]], Optional[Job]] = getattr(self, "do_" + message["op"])
                job = handle(message, fds)
            finally:
                for fd in fds:
                    os.close(fd)
            if job is not None:
                return job

    def do_setup(self, message: Message, fds: list[int]) -> None:
        code = os.pread(fds[0], 1 << 16, 0)
        self.uid = message["uid"]
        self.jail = Jail(kernel.Filter(code), self.uid)
        self.spawner = spawn.Spawner(self.jail, message["helper"])
        disk, mounts = message["disk"], message["mount"]
        self.places = mounted_places(disk, self.uid) if mounts else kept_places(self.uid)
        self.acts_as = None if mounts else self.uid
        if disk:
            self.fresh.remove("/tmp")
        watched = [] if mounts else [place for path in self.fresh if isinstance(place := self.places[path], folder.Folder)]
        self.supervisor = supervise.Supervisor(self.host, supervise.ProcMeter(), watched)
        self.env = message["env"]
        os.dup2(1, 2)  # stderr was the channel, for failures until here
        warm.preload(message["preload"])
        confine_runner()
        self.answer({"ok": True, "python": sys.version.split()[0], "floor_bytes": supervise.own_memory_bytes()})

    def do_slot(self, message: Message, fds: list[int]) -> None:
        old = [*self.jail.attach, self.jail.into, self.supervisor.meter.cpu_fd, self.supervisor.meter.pressure_fd]
        kept = [os.dup(fd) for fd in fds]
        self.jail.into = kept.pop() if message["into"] else -1
        pressure = kept.pop() if message["pressure"] else -1
        cpu = kept.pop() if message["cpu"] else -1
        if self.jail.into >= 0 and self.spawner.can_be_born_into_groups():
            while kept:  # it will be there from birth
                os.close(kept.pop())
        self.jail.attach = tuple(kept)
        self.supervisor.meter = supervise.make_meter(cpu, message["cpu_format"], pressure)
        for fd in old:
            if fd >= 0:
                os.close(fd)
        self.answer({"ok": True})

    def do_load(self, message: Message, fds: list[int]) -> None:
        self.forget()
        size_mb = sum(os.fstat(fd).st_size for fd in fds) // (1 << 20) + 2
        self.places["/box"].replace(size_mb)
        for name, fd in zip(message["files"], fds):
            path = f"/box/{name}"
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            scratch.put(path, fd, 0o555 if name in message["executables"] else 0o444)
        self.places["/box"].protect()
        self.program = message
        if message["warm"]:
            self.compile()
        else:
            self.answer({"ok": True})

    def compile(self) -> None:
        """Compile a warm program in a confined child: its parser may crash or exhaust the process it runs in.

        What the compiler says goes to the host, or to the program's runs, as a file: here every later program could read it.
        """
        code, log = os.memfd_create("code"), os.memfd_create("log")
        enter = self.spawner.prepare(_COMPILE, [self.null, code, log])
        started = self.supervisor.begin()
        pid = self.spawner.fork()
        if pid == 0:
            self.compile_in_child(enter)
        report = self.supervisor.watch(pid, _COMPILE, started)
        answer: Message = {"ok": False, "end": report["end"], "cpu_s": report["cpu_s"]}
        if report["end"] == "exit" and report["status"] == 0 and os.fstat(code).st_size:
            warm.fresh_main(self.fresh_main, "/box/" + self.program["files"][0])
            self.code, self.warnings = code, log
            self.answer({**answer, "ok": True})
            return
        self.answer(answer, [log])
        os.close(code)
        os.close(log)

    def compile_in_child(self, enter: Callable[[], None]) -> None:
        status = 1
        try:
            enter()
            data = warm.compile_source("/box/" + self.program["files"][0])
            while data:
                data = data[os.write(1, data) :]
            sys.stderr.flush()
            status = 0
        except BaseException:
            os.write(2, warm.describe_error().encode(errors="replace")[-32768:])
        os._exit(status)

    def do_run(self, message: Message, fds: list[int]) -> Job | None:
        program = self.program
        message["forked"] = program["warm"]
        self.freshen(message["scratch_mb"])
        streams = [fds[0], *fds[-2:]]
        self.attach(message, fds[1:-2])
        self.spawner.clear_trouble()
        started = self.supervisor.begin()
        if program["warm"]:
            enter = self.spawner.prepare(message, streams)
            pid = self.spawner.fork()
            if pid == 0:
                fds.clear()  # the jail closes them
                return self.become_program(enter)
        else:
            try:
                env = {**self.env, **program["env"]}
                pid = self.spawner.start([*program["argv"], *message["argv"]], env, message, streams)
            except spawn.SpawnFailed as failure:
                supervise.sweep()
                self.answer({"failed": str(failure)})
                return None
        report = self.supervisor.watch(pid, message, started)
        if self.spawner.trouble():
            self.answer({"failed": self.spawner.trouble()})
            return None
        with self.acting():
            found = {name: made for name in message["collect"] if (made := open_made("/tmp", name)) is not None}
        report["files"] = list(found)
        try:
            self.freshen(message["scratch_mb"])
        except folder.Dirty as error:  # the program's own result stands; the box is not used again
            report["dirty"] = str(error)
        self.answer(report, list(found.values()))
        for fd in found.values():
            os.close(fd)
        return None

    def freshen(self, size_mb: int) -> None:
        """Nothing of an earlier run is left where each run starts empty."""
        for path in self.fresh:
            self.places[path].refresh(size_mb)

    def attach(self, message: Message, fds: Sequence[int]) -> None:
        """Put files into /tmp: to be read, or the program's own."""
        own = message["hand_over"]
        with self.acting() if own else contextlib.nullcontext():
            owner = None if self.acts_as is not None else self.uid
            for name, fd in zip(message["attach"], fds):
                scratch.put_beneath("/tmp", name, fd, own, owner)

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """As the program's user, where that is needed: a container's root may neither read what its user has closed to others
        nor give a file away."""
        if self.acts_as is None:
            yield
            return
        os.setegid(self.acts_as)
        os.seteuid(self.acts_as)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)

    def become_program(self, enter: Callable[[], None]) -> Job:
        """In the child: enter the jail and hand back what the module level below runs, from as shallow a frame as can be."""
        try:
            code, warnings = os.pread(self.code, _CODE_LIMIT, 0), os.pread(self.warnings, _LOG_LIMIT, 0)
            enter()
        except BaseException as error:
            self.spawner.report_trouble(error)
            os._exit(127)
        self.spawner.forbid_trouble()
        return code, warnings

    def do_wipe(self, message: Message, fds: list[int]) -> None:
        self.forget()
        self.places["/box"].replace(1)
        self.answer({"ok": True})

    def forget(self) -> None:
        if self.code >= 0:
            os.close(self.code)
            os.close(self.warnings)
        self.code, self.warnings, self.program = -1, -1, {}

    def do_ping(self, message: Message, fds: list[int]) -> None:
        self.answer({"ok": True})

    def do_pause(self, message: Message, fds: list[int]) -> None:
        self.supervisor.held = True  # the run that it is meant for has not begun, or has ended and `resume` follows

    def do_resume(self, message: Message, fds: list[int]) -> None:
        self.supervisor.held = False

    def do_cancel(self, message: Message, fds: list[int]) -> None:
        """It came too late: the run it was meant for has ended."""


def mounted_places(disk: Message | None, owner: int | None) -> dict[str, scratch.Scratch | folder.Folder]:
    """Places that are mounted anew for each program or run."""
    shm = scratch.Scratch("/dev/shm", "1777", 4096)
    shm.replace(16)
    if disk:
        scratch.mount_disk(disk["size_mb"], disk["files"], owner)
    return {"/box": scratch.Scratch("/box", "0755", 4096), "/tmp": scratch.Scratch("/tmp", "1777", 65536), "/dev/shm": shm}


def kept_places(uid: int | None) -> dict[str, scratch.Scratch | folder.Folder]:
    """Places of a container, which are emptied. With a disk, /tmp and /work are kept as they were made."""
    return {path: folder.Folder(path, owner) for path, owner in (("/box", None), ("/tmp", uid), ("/dev/shm", uid))}


def open_made(folder: str, name: str) -> int | None:
    """A descriptor of a regular file that a program made, or None.

    No link in its path is followed: here that would be done with the runner's rights.
    """
    *parents, last = name.split("/")
    if not {"", ".", ".."}.isdisjoint([*parents, last]):
        return None
    at = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parents:
            above, at = at, os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(above)
        fd = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
    except OSError:
        return None
    finally:
        os.close(at)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def serve(fresh_main: dict[str, Any]) -> Job:
    """Serve the host until it goes away. Returns only in a child that is to run a warm program."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # PID 1 is then deaf to it; children take Python's handler back
    try:
        host = channel.open_channel()
        try:
            return Runner(host, fresh_main).serve()
        except BaseException:
            failure = warm.describe_error(all_frames=True)[-8000:]
            host.send(json.dumps({"failed": "the runner failed: " + failure}).encode())
            os._exit(1)
    except BaseException:
        os._exit(1)
