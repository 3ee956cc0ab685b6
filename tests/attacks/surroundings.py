"""What stands around an attack: a bystander whose verdict must not change, secrets that must not be found, the host."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from sandbox import Box, Limits, MemFile, Program
from sandbox.outcome import End

ATTACK_MARK = "tierline-attack"
"""How attacks name what they leave behind."""
_IPC_KEY = "1910640913"  # that of files/sysv_ipc.py, as /proc shows it
SECRET_MARK = "tierline-secret-"  # noqa: S105 - what tests look for

_BYSTANDER = b"""
import math
import os
n = int(input())
assert not os.listdir("/tmp") and not os.listdir("/dev/shm"), "left behind"
open("/tmp/mine", "w").write("x" * 1000)
print(sum(int(math.sqrt(i * i)) for i in range(n + 1)))
"""


class Bystander:
    """A well-behaved program and whatever was not right about its runs."""

    def __init__(self, box: Box, slowness: float) -> None:
        self.box = box
        self.runs = 0
        self.wrong: list[str] = []
        self._slowness = slowness
        self._stop = threading.Event()

    def run_once(self) -> None:
        """One run with an input that was not seen before; notes what is wrong."""
        self.runs += 1
        number = 1000 + self.runs
        slow = self._slowness
        limits = Limits(cpu_s=5 * slow, memory_mb=64, wall_s=120 * slow, idle_s=5 * slow, processes=8)
        with MemFile.sealed(b"%d\n" % number) as stdin:
            outcome = self.box.run(stdin, limits)
        answer, errors = outcome.stdout.read(), outcome.stderr.read(2000)
        outcome.close()
        if outcome.end is not End.EXIT or outcome.exit_code != 0 or outcome.out_of_memory or errors:
            self.wrong.append(f"{outcome} {errors!r}")
        if answer != b"%d\n" % (number * (number + 1) // 2):
            self.wrong.append(f"answered {answer[:200]!r} for {number}")
        if outcome.cpu_s > 0.5 * self._slowness or outcome.memory_bytes > 32 << 20:
            self.wrong.append(f"used {outcome.cpu_s} s and {outcome.memory_bytes} bytes")

    def load(self) -> None:
        """Make the program ready in its box."""
        assert self.box.load(Program({"bystander.py": _BYSTANDER}, warm=True)) is None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs without end, in a thread of its own, for the length of a with block."""
        self.load()
        self.run_once()
        thread = threading.Thread(target=self._run_on)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _run_on(self) -> None:
        try:
            while not self._stop.wait(0.02):
                self.run_once()
        except Exception as error:
            self.wrong.append(repr(error))


def leave_secrets(box: Box) -> dict[str, str]:
    """Run other submissions in the box, with secrets in every place where one might stay behind: name of the place -> secret."""
    places = ("source", "input", "stdout", "stderr", "file", "compile log", "compile warning")
    left = {place: SECRET_MARK + secrets.token_hex(8) for place in places}
    source = f"""
import sys
secret = "{left["source"]}"
given = sys.stdin.read().split()
print(given[1])
print(given[2], file=sys.stderr)
open("/tmp/file", "w").write(given[3])
1 is "{left["compile warning"]}"
"""
    stdin = " ".join(left[place] for place in ("input", "stdout", "stderr", "file"))
    broken = f"this is = '{left['compile log']}' no python\n"
    by_exec = Program({"sol.py": source.encode()}, argv=("python3", "/box/sol.py"))
    limits = Limits(cpu_s=10, memory_mb=128)
    for program in (Program({"sol.py": source.encode()}, warm=True), by_exec):
        assert box.load(program) is None
        with MemFile.sealed(stdin.encode()) as file:
            outcome = box.run(file, limits)
        assert outcome.stdout.read().decode().strip() == left["stdout"], outcome.stderr.read()
        outcome.close()
    log = box.load(Program({"sol.py": broken.encode()}, warm=True))
    assert log is not None
    assert left["compile log"] in log
    return left


class Host:
    """The machine outside the box: what an attacker may be told of it, and whether it is as it was."""

    def __init__(self, folder: Path) -> None:
        self.expected_output = SECRET_MARK + secrets.token_hex(8)
        """In the judge's memory and in a file of the host, never given to a box."""
        self.file = folder / "expected-output"
        self.file.write_text(self.expected_output)
        self._folder = folder
        self._server = socket.create_server(("127.0.0.1", 0))
        self._socket_name = f"{ATTACK_MARK}-{secrets.token_hex(4)}"
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind("\0" + self._socket_name)
        self._unix.listen()
        self._before = self._state()

    def tell(self, run: int) -> bytes:
        """What goes to an attack's stdin."""
        return json.dumps(
            {
                "run": run,
                "host_name": socket.gethostname(),
                "host_port": self._server.getsockname()[1],
                "host_socket": self._socket_name,
                "host_pid": os.getpid(),
                "host_paths": [str(self.file), str(self._folder), str(Path(__file__).parents[2])],
                "rootless": os.geteuid() != 0,
            }
        ).encode()

    def _state(self) -> dict[str, object]:
        folders = ("/", "/tmp", "/dev/shm", "/var/tmp", "/dev", str(self._folder), str(Path.cwd()))  # noqa: S108
        left = [str(path) for folder in folders for path in Path(folder).glob(ATTACK_MARK + "*")]
        shared = [path for path in map(Path, ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")) if path.exists()]
        ipc = {path.name: path.read_text().count(_IPC_KEY) for path in shared}
        names = [path for name in ("hostname", "domainname", "core_pattern") if (path := Path("/proc/sys/kernel", name)).exists()]
        settings = {path.name: path.read_text() for path in names}
        return {"ipc": ipc, "left": left, "settings": settings, "expected": self.file.read_text()}

    def changes(self, runners: set[int]) -> list[str]:
        """What is not as it was before all attacks, and processes in the boxes of these runners that are nobody's."""
        now = self._state()
        changed = [f"{key}: {self._before[key]} -> {now[key]}" for key in now if now[key] != self._before[key]]
        worlds = {Path(f"/proc/{pid}/ns/pid").readlink() for pid in runners}
        assert len(worlds) == len(runners), "the runners were not found, so neither would strays be"
        for pid in set(psutil.pids()) - runners:
            try:
                if Path(f"/proc/{pid}/ns/pid").readlink() in worlds:
                    changed.append(f"process {pid} lives: {Path(f'/proc/{pid}/status').read_text().splitlines()[:3]}")
            except (FileNotFoundError, ProcessLookupError, PermissionError):  # gone, or another user's
                continue
        return changed

    def close(self) -> None:
        self._server.close()
        self._unix.close()


def compile_c(source: Path, target: Path) -> bytes | None:
    """A static program, made by the host's own compiler; None where there is none."""
    if shutil.which("gcc") is None:
        return None
    subprocess.run(["gcc", "-O1", "-static", "-w", "-pthread", "-o", target, source], check=True)
    return target.read_bytes()
