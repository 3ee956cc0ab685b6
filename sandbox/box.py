"""A box: one isolated place that runs one program at a time, driven over a socket.

The host's end of a box. The other end is inside/runner.py, PID 1 of the box's own namespaces. Frames are small JSON documents;
everything else (sources, inputs, outputs) travels as descriptors of memory files.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.cgroups import BoxGroups, Slot
from sandbox.disk import FOLDER, Disk
from sandbox.errors import BoxDied, BoxStartFailed
from sandbox.gate import Gate
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.mounts import ENV, INSIDE, PYTHON_HOME
from sandbox.outcome import End, Outcome
from sandbox.program import BoxKind, Program

_ANSWER_GRACE_S = 30.0
_HELD_S = 3600.0
"""For how long a program may be paused in all, before its box is given up."""
_COMPILE_MB = 1024
_LOG_BYTES = 64 << 10
_FRAME_BYTES = 1 << 17
FRAME_FDS = 253
"""Descriptors that can travel with one frame: the kernel's own bound."""


@dataclass(frozen=True)
class BoxPlan:
    """What all boxes of a pool share, made once."""

    root: dict[str, Any]
    """Folders, links, files, copies and binds of the root: see mounts.plan_root."""
    root_dir: Path
    """An empty folder to mount the root on."""
    seccomp: bytes
    rootless: bool
    uid_base: int
    helper: bool
    start_timeout_s: float

    def runner_uid(self, number: int) -> int:
        """Who the runner of box `number` is on the host; its programs are the next."""
        return self.uid_base + 2 * number


class Box:
    """One box. Use it from one thread at a time; only `cancel` and `destroy` may come from others."""

    def __init__(
        self,
        name: str,
        number: int,
        core: int,
        kind: BoxKind,
        plan: BoxPlan,
        groups: BoxGroups,
        gate: Gate,
        disk: Disk | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.core = core
        self.pid = 0
        """Of the runner, as the host sees it."""
        self.runs = 0
        self.alive = False
        self._number = number
        self._plan = plan
        self._groups = groups
        self._gate = gate
        self._disk = disk
        self._generation = -1
        self._loaded = False
        self._floor_bytes = 0  # what a fork of the warm interpreter has before it does anything
        self._warm = False
        self._lock = threading.Lock()
        self._calling = threading.Lock()
        self._channel: socket.socket | None = None
        self._complaint = b""

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the box and wait until its runner is warm. Raises BoxStartFailed with the step that failed."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(self._plan.start_timeout_s)
        self._channel = ours
        launcher: subprocess.Popen[bytes] | None = None
        try:
            with theirs, MemFile.sealed(json.dumps(self._launch_plan()).encode()) as plan:
                launcher = self._launch(theirs, plan)
            self._groups.attach(launcher.pid)
            ours.send(b"go")
            self.pid = self._step("born")["pid"]
            launcher.wait(self._plan.start_timeout_s)
            self._groups.settle(self.pid)
            if not self._plan.rootless:
                self._step("map")
                self._write_id_maps()
                ours.send(b"mapped")
            self._set_up()
        except (OSError, KeyError, ValueError, BoxDied, subprocess.SubprocessError) as error:
            self.destroy()
            raise BoxStartFailed(f"box {self.name}: {error}") from error
        except BaseException:
            self.destroy()
            raise
        finally:
            if launcher is not None and launcher.poll() is None:
                launcher.kill()
                launcher.wait()
        self.alive = True

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
            "cores": [self.core],
            "hostname": "box",
            "argv": [f"{PYTHON_HOME}/bin/python3", "/opt/runner/start.py"],
            "env": dict(ENV),
        }

    def _step(self, name: str) -> dict[str, Any]:
        answer = self._receive()[0]
        if answer.get("step") != name:
            raise BoxDied(f"expected step {name}, got {answer}")
        return answer

    def _write_id_maps(self) -> None:
        base = self._plan.runner_uid(self._number)
        for kind in ("uid_map", "gid_map"):
            Path(f"/proc/{self.pid}/{kind}").write_text(f"0 {base} 1\n1000 {base + 1} 1\n")

    def _set_up(self) -> None:
        setup = {
            "op": "setup",
            "uid": None if self._plan.rootless else 1000,
            "helper": "/opt/runner/helper.so" if self._plan.helper else None,
            "env": dict(ENV),
            "preload": ["numpy"] if self.kind is BoxKind.NUMPY else [],
            "disk": {"size_mb": self._disk.size_mb, "files": self._disk.files} if self._disk else None,
        }
        with MemFile.sealed(self._plan.seccomp) as code:
            self._floor_bytes = int(self._call(setup, [code.fd])["floor_bytes"])
        assert self._channel is not None
        self._channel.settimeout(_ANSWER_GRACE_S)

    def destroy(self) -> None:
        """Kill everything in the box and take it away. Harmless when done twice, and from any thread."""
        with self._lock:
            self.alive = False
            if self._channel is not None:
                with suppress(OSError):
                    self._channel.shutdown(socket.SHUT_RDWR)
            if self.pid:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
            self._groups.kill()
            if self.pid:
                _reap(self.pid)
                self.pid = 0
            self._groups.close()
            if self._channel is not None:
                with self._calling:  # whoever waits for an answer has been woken by the shutdown
                    self._channel.close()

    # -- work ------------------------------------------------------------------------------------------------------

    def load(self, program: Program) -> str | None:
        """Make a program ready. Returns None, or the log when a Python source does not compile. Raises BoxDied."""
        self._warm = program.warm
        message = {
            "op": "load",
            "files": list(program.files),
            "executables": list(program.executables),
            "argv": list(program.argv),
            "env": program.env,
            "warm": program.warm,
        }
        with ExitStack() as stack:
            fds = [stack.enter_context(MemFile.sealed(data)).fd for data in program.files.values()]
            if program.warm:
                self._slot(_COMPILE_MB + self._disk_mb << 20, 64)
            answer, files = self._call_for_files(message, fds, timeout_s=90)
        self._loaded = answer["ok"]
        if answer["ok"]:
            return None
        with MemFile(files[0]) as log:
            text = log.read(_LOG_BYTES).decode(errors="replace")
        if text:
            return text
        return "cancelled" if answer["end"] == "cancelled" else f"the source could not be compiled ({answer['end']})"

    def run(
        self,
        stdin: MemFile,
        limits: Limits,
        *,
        collect: Sequence[str] = (),
        attach: Mapping[str, MemFile] | None = None,
        hand_over: bool = False,
        argv_extra: Sequence[str] = (),
    ) -> Outcome:
        """Run the loaded program once. `attach` puts files into /tmp before, `collect` brings files of /tmp back after.

        Their names may be paths. `hand_over` makes what is attached the program's own, to be changed; else it can only be read.
        In a box with a disk the program starts in /work. What it finds and leaves there lives in memory that is charged to it,
        so that it may use `memory_mb` and as much as the disk is large.

        Raises BoxDied when the box does not answer or cannot start the program; then nothing is known about the program.
        """
        attach = attach or {}
        limits = replace(limits, memory_mb=limits.memory_mb + self._disk_mb)
        # Outputs are charged to the program's group, and taken off again below: a program may fill both to the brim.
        slot = self._slot((limits.memory_mb << 20) + limits.output_bytes, limits.processes)
        message = {
            "op": "run",
            "cpu_s": limits.cpu_s,
            "idle_s": limits.idle_s,
            "wall_s": limits.wall_s,
            "memory_mb": limits.memory_mb,
            "stack_mb": limits.stack_mb,
            "output_bytes": limits.output_bytes,
            "file_bytes": limits.file_bytes,
            "scratch_mb": limits.scratch_mb,
            "processes": limits.processes,
            "open_files": limits.open_files,
            "folder": FOLDER if self._disk else "/tmp",  # noqa: S108 - inside the box
            "yields": self._disk is not None,
            "argv": argv_extra,
            "attach": list(attach),
            "hand_over": hand_over,
            "collect": collect,
        }
        stdout, stderr, source = MemFile.empty(), MemFile.empty(), stdin.reopen()
        try:
            fds = [source, stdout.fd, stderr.fd, *(file.fd for file in attach.values())]
            with self._gate.yielding(self) if self._disk else self._gate.shared():
                grace_s = _HELD_S if self._disk else _ANSWER_GRACE_S
                report, files = self._call_for_files(message, fds, timeout_s=limits.wall_s + grace_s)
        except BaseException:
            stdout.close()
            stderr.close()
            raise
        finally:
            os.close(source)
        self.runs += 1
        return self._outcome(report, files, slot, limits, stdout, stderr)

    def _outcome(
        self, report: dict[str, Any], files: list[int], slot: Slot, limits: Limits, stdout: MemFile, stderr: MemFile
    ) -> Outcome:
        written, complained = stdout.size, stderr.size
        if slot.cpu_format == "none":
            peak, oom = report["peak_bytes"], report["end"] == "memory"
        else:
            use = slot.memory()
            if use.starved:
                stdout.close()
                stderr.close()
                raise BoxDied(f"box {self.name}: memory ran out outside the program's own bound, on the machine or its container")
            peak = max(0, use.peak_bytes - written - complained) + (self._floor_bytes if self._warm else 0)
            oom = use.oom_kills > 0
        status = report["status"]
        limit = limits.memory_mb << 20
        if peak > limit and not oom:
            peak -= slot.page_cache_bytes()  # of files it was the first to read; the kernel would have given that up
        return Outcome(
            end=End.EXIT if report["end"] == "memory" else End(report["end"]),
            exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            cpu_s=report["cpu_s"],
            wall_s=report["wall_s"],
            cpu_wait_s=report["cpu_wait_s"],
            memory_bytes=peak,
            out_of_memory=oom or peak > limit,
            stdout=stdout,
            stderr=stderr,
            output_exceeded=max(written, complained) > limits.output_bytes,
            files={name: MemFile(fd) for name, fd in zip(report["files"], files, strict=True)},
        )

    def cancel(self) -> None:
        """End the current run, from another thread. Nothing happens when there is none."""
        self._tell(b'{"op": "cancel"}')

    def pause(self) -> None:
        """Hold the current run of a box with a disk, or the next, until `resume`. Its clocks stand still."""
        self._tell(b'{"op": "pause"}')

    def resume(self) -> None:
        """Let it go on."""
        self._tell(b'{"op": "resume"}')

    def _tell(self, frame: bytes) -> None:
        with suppress(OSError, AttributeError):
            self._channel.send(frame)  # type: ignore[union-attr]

    def wipe(self) -> None:
        """Forget the program."""
        if self._loaded:
            self._call({"op": "wipe"})
            self._loaded = False

    @property
    def _disk_mb(self) -> int:
        return self._disk.size_mb if self._disk else 0

    def hung_up(self) -> bool:
        """Whether its runner has ended. Tells of a box that nobody is using; costs nothing."""
        channel = self._channel
        if channel is None or not self.alive:
            return True
        poll = select.poll()
        try:
            poll.register(channel, select.POLLHUP)
        except ValueError:  # closed meanwhile
            return True
        return any(events & select.POLLHUP for _, events in poll.poll(0))

    # -- frames ----------------------------------------------------------------------------------------------------

    def _slot(self, memory_bytes: int, processes: int) -> Slot:
        slot = self._groups.slot(memory_bytes, processes)
        if slot.generation != self._generation:
            pressure = [slot.pressure_fd] if slot.pressure_fd >= 0 else []
            cpu = [slot.cpu_fd] if slot.cpu_fd >= 0 else []
            into = [slot.into_fd] if slot.into_fd >= 0 else []
            message = {"op": "slot", "cpu_format": slot.cpu_format, "pressure": bool(pressure), "into": bool(into)}
            self._call(message, [*slot.attach_fds, *cpu, *pressure, *into])
            self._generation = slot.generation
        return slot

    def _call(self, message: dict[str, Any], fds: Sequence[int] = (), timeout_s: float = _ANSWER_GRACE_S) -> dict[str, Any]:
        return self._call_for_files(message, fds, timeout_s)[0]

    def _call_for_files(
        self, message: dict[str, Any], fds: Sequence[int] = (), timeout_s: float = _ANSWER_GRACE_S
    ) -> tuple[dict[str, Any], list[int]]:
        if self._channel is None:
            raise BoxDied(f"box {self.name} was never started")
        try:
            with self._calling:
                self._channel.settimeout(timeout_s)
                socket.send_fds(self._channel, [json.dumps(message).encode()], fds)
                return self._receive()
        except OSError as error:
            self.alive = False
            if self._complaint:
                raise BoxDied(f"box {self.name}: {self._complaint.decode(errors='replace')}") from error
            raise BoxDied(f"box {self.name}: no answer to {message['op']} ({error or type(error).__name__})") from error

    def _receive(self) -> tuple[dict[str, Any], list[int]]:
        assert self._channel is not None
        frame, fds, _, _ = socket.recv_fds(self._channel, _FRAME_BYTES, FRAME_FDS)
        if not frame:
            self.alive = False
            raise BoxDied(f"box {self.name}: its runner ended. {self._complaint.decode(errors='replace')}".strip())
        if not frame.startswith(b"{"):  # what the interpreter says on stderr before the runner has taken over
            self._complaint += frame[:4096]
            return self._receive()
        answer: dict[str, Any] = json.loads(frame)
        if "failed" in answer:
            self.alive = False  # replaced, not reused
            raise BoxDied(f"box {self.name}: {answer['failed']}")
        return answer, list(fds)


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
