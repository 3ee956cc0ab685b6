"""The main loop of a box. One frame from the host, one answer:

    setup   how programs are confined, and the seccomp program
    slot    new descriptors of the program's control group (cgroup v2 before Linux 6.12 needs a new group for each run)
    load    files of a program, one descriptor each; with `compile`, the next with it
    compile a warm program, in a confined child
    run     one run of the program: stdin, stdout and stderr as descriptors, the limits in the frame; with `load`, that comes
            first, and its files before the others. A warm program that is not compiled yet may be refused: `uncompiled`. If it
            is not, and the run takes long, `compiled` comes before the answer
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
from typing import Any, Optional

from . import channel, folder, kernel, scratch, spawn, supervise, warm, warm_program
from .jail import Jail, confine_runner
from .warm_program import Job

Message = dict[str, Any]


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
        self.warm: warm_program.WarmProgram | None = None

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
        self.shelf = scratch.Shelf("/box", mounts=mounts)
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
        self.load(message, fds)
        if message["compile"]:
            self.do_compile(message, [])
        else:
            self.answer({"ok": True})

    def load(self, message: Message, fds: Sequence[int]) -> None:
        self.forget()
        for name, fd in zip(message["files"], fds):
            self.shelf.put(name, fd, 0o555 if name in message["executables"] else 0o444)
        self.program = message
        if message["warm"]:
            path = "/box/" + message["files"][0]
            self.warm = warm_program.WarmProgram(path, self.spawner, self.supervisor, self.null)
            warm.fresh_main(self.fresh_main, path)

    def do_compile(self, message: Message, fds: list[int]) -> None:
        assert self.warm is not None
        answer, log = self.warm.compile()
        self.answer(answer, log)
        for fd in log:
            os.close(fd)

    def do_run(self, message: Message, fds: list[int]) -> Job | None:
        load = message.get("load")
        if load:
            self.load(load, fds)
        source, *attached, stdout, stderr = fds[len(load["files"]) if load else 0 :]
        program = self.program
        message["forked"] = program["warm"]
        self.freshen(message["scratch_mb"])
        streams = [source, stdout, stderr]
        self.attach(message, attached)
        self.spawner.clear_trouble()
        if self.warm is not None:
            started = self.warm.start(message, streams)
            if started is None:
                self.answer({"failed": self.spawner.trouble()} if self.spawner.trouble() else {"uncompiled": True})
                return None
            if not isinstance(started, warm_program.Started):
                fds.clear()  # the jail has closed them
                self.host.forget()
                return started
            pid, clocks, has_compiled = started
        else:
            clocks, has_compiled = self.supervisor.begin(), False
            try:
                env = {**self.env, **program["env"]}
                pid = self.spawner.start([*program["argv"], *message["argv"]], env, message, streams)
            except spawn.SpawnFailed as failure:
                supervise.sweep()
                self.answer({"failed": str(failure)})
                return None
        report = self.supervisor.watch(pid, message, clocks, self.tell_compiled if has_compiled else None)
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

    def tell_compiled(self) -> None:
        """Ahead of the answer."""
        self.answer({"compiled": True})

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

    def do_wipe(self, message: Message, fds: list[int]) -> None:
        self.forget()
        self.answer({"ok": True})

    def forget(self) -> None:
        if self.warm is not None:
            self.warm.close()
        self.warm, self.program = None, {}
        self.shelf.clear()

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
    return {"/tmp": scratch.Scratch("/tmp", "1777", 65536), "/dev/shm": shm}


def kept_places(uid: int | None) -> dict[str, scratch.Scratch | folder.Folder]:
    """Places of a container, which are emptied. With a disk, /tmp and /work are kept as they were made."""
    return {path: folder.Folder(path, uid) for path in ("/tmp", "/dev/shm")}


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


_kept: list[Runner] = []
"""For ever: a child that took it apart would copy a hundred pages for nothing."""


def serve(fresh_main: dict[str, Any]) -> Job:
    """Serve the host until it goes away. Returns only in a child that is to run a warm program."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # PID 1 is then deaf to it; children take Python's handler back
    try:
        host = channel.open_channel()
        try:
            _kept.append(Runner(host, fresh_main))
            return _kept[0].serve()
        except BaseException:
            failure = warm.describe_error(all_frames=True)[-8000:]
            host.send(json.dumps({"failed": "the runner failed: " + failure}).encode())
            os._exit(1)
    except BaseException:
        os._exit(1)
