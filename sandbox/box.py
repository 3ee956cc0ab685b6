"""A box: one isolated place that runs one program at a time, driven over a socket.

The host's end of a box. The other end is inside/runner.py, PID 1 of the box. What is around that, and how frames and files get
there, is the wall's: see wall.py.
"""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from sandbox.cgroups import Slot
from sandbox.channel import Channel
from sandbox.disk import FOLDER, Disk
from sandbox.errors import BoxDied, BoxStartFailed, NotCompiled, SandboxError
from sandbox.gate import Gate
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.mounts import ENV
from sandbox.outcome import End, Outcome
from sandbox.program import BoxKind, Program
from sandbox.wall import Enclosure

_ANSWER_GRACE_S = 30.0
_HELD_S = 3600.0
"""For how long a program may be paused in all, before its box is given up."""
_COMPILE_MB = 1024
_LOG_BYTES = 64 << 10
_SMALL_BYTES = 1 << 20


class Box:
    """One box. Use it from one thread at a time; only `cancel` and `destroy` may come from others."""

    def __init__(
        self,
        name: str,
        core: int,
        kind: BoxKind,
        enclosure: Enclosure,
        *,
        seccomp: bytes,
        gate: Gate,
        start_timeout_s: float,
        disk: Disk | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.core = core
        self.pid = 0
        """Of the runner, as the host sees it; 0 where it does not."""
        self.runs = 0
        self.alive = False
        self._enclosure = enclosure
        self._seccomp = seccomp
        self._gate = gate
        self._start_timeout_s = start_timeout_s
        self._disk = disk
        self._generation = -1
        self.compiles_in_runs = False
        """Whether `compile_later` is heeded: CPU time can be read to the moment, and runs do not pause. Known from the first
        program on."""
        self._unsent: Program | None = None  # goes with its first run
        self._bytes = 0  # of the program's files
        self._floor_bytes = 0  # what a fork of the warm interpreter has before it does anything
        self._warm = False
        self._lock = threading.Lock()
        self._calling = threading.Lock()
        self._channel: Channel | None = None

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Build the box and wait until its runner is warm. Raises BoxStartFailed with the step that failed."""
        try:
            self._channel = self._enclosure.start()
            self.pid = self._enclosure.pid
            self._set_up()
        except (OSError, KeyError, ValueError, SandboxError, subprocess.SubprocessError) as error:
            self.destroy()
            raise BoxStartFailed(f"box {self.name}: {error}") from error
        except BaseException:
            self.destroy()
            raise
        self.alive = True

    def _set_up(self) -> None:
        setup = {
            "op": "setup",
            **self._enclosure.setup,
            "env": dict(ENV),
            "preload": ["numpy"] if self.kind is BoxKind.NUMPY else [],
            "disk": {"size_mb": self._disk.size_mb, "files": self._disk.files} if self._disk else None,
        }
        with MemFile.sealed(self._seccomp) as code:
            answer = self._call(setup, [code.fd], timeout_s=self._start_timeout_s)
        self._floor_bytes = int(answer["floor_bytes"])

    def destroy(self) -> None:
        """Kill everything in the box and take it away. Harmless when done twice, and from any thread."""
        with self._lock:
            self.alive = False
            if self._channel is not None:
                self._channel.hang_up()
            self._enclosure.destroy()
            self.pid = 0
            if self._channel is not None:
                with self._calling:  # whoever waits for an answer has been woken
                    self._channel.close()

    # -- work ------------------------------------------------------------------------------------------------------

    def load(self, program: Program, *, compile_later: bool = False) -> str | None:
        """Make a program ready. Returns None, or the log when a Python source does not compile. Raises BoxDied.

        `compile_later`: leave that to the first run, which then raises NotCompiled; it saves a process, and a frame. Nothing is
        left to it where its own time could not be told from the compiler's.
        """
        self._warm = program.warm
        self._bytes = sum(map(len, program.files.values()))
        self._unsent = program if program.warm and compile_later and self.compiles_in_runs else None
        if self._unsent:
            return None
        with ExitStack() as stack:
            fds = [stack.enter_context(MemFile.sealed(data)).fd for data in program.files.values()]
            if program.warm:
                return self._compile({**_load_frame(program), "compile": True}, fds)
            self._call(_load_frame(program), fds)
            return None

    def _compile(self, message: dict[str, Any], fds: Sequence[int] = ()) -> str | None:
        """By a frame that makes the runner compile; gives the log of what does not compile."""
        self._slot(_COMPILE_MB + self._disk_mb << 20, 64)
        answer, files = self._call_for_files(message, fds, timeout_s=90)
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
        on_compiled: Callable[[], None] | None = None,
    ) -> Outcome:
        """Run the loaded program once. `attach` puts files into /tmp before, `collect` brings files of /tmp back after.

        Their names may be paths. `hand_over` makes what is attached the program's own, to be changed; else it can only be read.
        In a box with a disk the program starts in /work. What it finds and leaves there lives in memory that is charged to it,
        so that it may use `memory_mb` and as much as the disk is large. `on_compiled` is called when a program that was loaded
        with `compile_later` is known to compile and its first run takes long.

        Raises BoxDied when the box does not answer or cannot start the program; then nothing is known about the program. Raises
        NotCompiled when it was loaded with `compile_later` and does not compile, or that was cancelled.
        """
        attach = attach or {}
        limits = replace(limits, memory_mb=limits.memory_mb + self._disk_mb)
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
        while True:
            outcome = self._try_run(message, stdin, limits, list(attach.values()), on_compiled)
            if outcome is not None:
                return outcome
            if (log := self._compile({"op": "compile"})) is not None:
                raise NotCompiled(log)

    def _try_run(
        self,
        message: dict[str, Any],
        stdin: MemFile,
        limits: Limits,
        attach: list[MemFile],
        on_compiled: Callable[[], None] | None,
    ) -> Outcome | None:
        """None when the program has to be compiled first."""
        # Outputs are charged to the program's group, and taken off again below: a program may fill both to the brim.
        slot = self._slot((limits.memory_mb << 20) + limits.output_bytes, limits.processes)
        stdout, stderr, source = MemFile.empty(), MemFile.empty(), stdin.reopen()
        loaded: list[MemFile] = []
        try:
            if self._unsent:
                message = {**message, "load": _load_frame(self._unsent)}
                loaded += map(MemFile.sealed, self._unsent.files.values())
            fds = [*(file.fd for file in loaded), source, *(file.fd for file in attach)]
            with self._gate.yielding(self) if self._disk else self._gate.shared():
                timeout_s = limits.wall_s + (_HELD_S if self._disk else _ANSWER_GRACE_S)
                report, files = self._call_for_files(message, fds, (stdout.fd, stderr.fd), timeout_s, on_compiled)
        except BaseException:
            stdout.close()
            stderr.close()
            raise
        finally:
            os.close(source)
            for file in loaded:
                file.close()
        self._unsent = None
        if "uncompiled" in report:
            stdout.close()
            stderr.close()
            return None
        self.runs += 1
        self.alive = self.alive and "dirty" not in report
        return self._outcome(report, files, slot, limits, stdout, stderr)

    def _outcome(
        self, report: dict[str, Any], files: list[int], slot: Slot, limits: Limits, stdout: MemFile, stderr: MemFile
    ) -> Outcome:
        written, complained = stdout.size, stderr.size
        if slot.cpu_format == "none":
            peak, oom = report["peak_bytes"], False
        elif slot.cpu_format == "own":
            peak, oom = report["peak_bytes"], report["oom_kills"] > 0
            peak = max(0, peak - written - complained) + (self._floor_bytes if self._warm else 0)
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
            out_of_memory=oom or peak > limit or report["end"] == "memory",
            stdout=stdout,
            stderr=stderr,
            output_exceeded=max(written, complained) > limits.output_bytes,
            files={name: MemFile(fd) for name, fd in zip(report["files"], files, strict=True)},
        )

    def cancel(self) -> None:
        """End the current run, from another thread. Nothing happens when there is none, nor when its program is still being
        compiled, which then is done once more: whoever means the run asks again, as service/canceller.py does."""
        self._tell(b'{"op": "cancel"}')

    def pause(self) -> None:
        """Hold the current run of a box with a disk, or the next, until `resume`. Its clocks stand still."""
        self._tell(b'{"op": "pause"}')

    def resume(self) -> None:
        """Let it go on."""
        self._tell(b'{"op": "resume"}')

    def _tell(self, frame: bytes) -> None:
        if self._channel is not None:
            self._channel.tell(frame)

    def wipe(self) -> None:
        """Forget the program. A small one lies there until the next is loaded, which takes its place before anything runs."""
        if self._bytes > _SMALL_BYTES:
            self._call({"op": "wipe"})
        self._unsent, self._bytes = None, 0

    @property
    def _disk_mb(self) -> int:
        return self._disk.size_mb if self._disk else 0

    def hung_up(self) -> bool:
        """Whether it cannot be used any more. Tells of a box that nobody is using; costs next to nothing."""
        return self._channel is None or not self.alive or self._channel.hung_up()

    # -- frames ----------------------------------------------------------------------------------------------------

    def _slot(self, memory_bytes: int, processes: int) -> Slot:
        slot = self._enclosure.groups.slot(memory_bytes, processes)
        if slot.generation != self._generation:
            pressure = [slot.pressure_fd] if slot.pressure_fd >= 0 else []
            cpu = [slot.cpu_fd] if slot.cpu_fd >= 0 else []
            into = [slot.into_fd] if slot.into_fd >= 0 else []
            message = {
                "op": "slot",
                "cpu_format": slot.cpu_format,
                "cpu": bool(cpu),
                "pressure": bool(pressure),
                "into": bool(into),
            }
            self._call(message, [*slot.attach_fds, *cpu, *pressure, *into])
            self._generation = slot.generation
            self.compiles_in_runs = slot.cpu_format in ("v1", "v2") and self._disk is None
        return slot

    def _call(self, message: dict[str, Any], fds: Sequence[int] = (), timeout_s: float = _ANSWER_GRACE_S) -> dict[str, Any]:
        return self._call_for_files(message, fds, timeout_s=timeout_s)[0]

    def _call_for_files(
        self,
        message: dict[str, Any],
        fds: Sequence[int] = (),
        outputs: Sequence[int] = (),
        timeout_s: float = _ANSWER_GRACE_S,
        on_compiled: Callable[[], None] | None = None,
    ) -> tuple[dict[str, Any], list[int]]:
        channel = self._channel
        if channel is None:
            raise BoxDied(f"box {self.name} was never started")
        try:
            with self._calling:
                channel.set_timeout(timeout_s)
                channel.send(json.dumps(message).encode(), fds, outputs)
                answer, files = channel.receive()
                if "compiled" in answer:
                    if on_compiled is not None:
                        on_compiled()
                    answer, files = channel.receive()
                return answer, files
        except OSError as error:
            self.alive = False
            said = channel.complaint or f"no answer to {message['op']} ({error or type(error).__name__})"
            raise BoxDied(f"box {self.name}: {said}") from error
        except BaseException:
            self.alive = False  # replaced, not reused: an answer may be on its way
            raise


def _load_frame(program: Program) -> dict[str, Any]:
    """What makes the runner load it; its files go with the frame."""
    return {
        "op": "load",
        "files": list(program.files),
        "executables": list(program.executables),
        "argv": list(program.argv),
        "env": program.env,
        "warm": program.warm,
        "compile": False,
    }
