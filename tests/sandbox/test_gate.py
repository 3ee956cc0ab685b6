"""The gate among processes: whoever is alone is alone on the machine, nobody starves, and the dead let go."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.gate import Gate

_JUDGE = """
import os, sys, threading, time
from pathlib import Path
from sandbox.gate import Gate
folder, rounds, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
gate, log = Gate(folder), os.open(folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def run():
    for _ in range(rounds):
        with gate.shared():
            os.write(log, b"+")
            os.write(log, b"-")
def confirm():
    for _ in range(rounds // 10):
        with gate.alone():
            os.write(log, b"(")
            with gate.shared():
                pass
            os.write(log, b")")
        time.sleep(0)
crowd = [threading.Thread(target=run) for _ in range(threads)] + [threading.Thread(target=confirm)]
for thread in crowd:
    thread.start()
for thread in crowd:
    thread.join()
"""

_HOLD = """
import sys
from pathlib import Path
from sandbox.gate import Gate
with getattr(Gate(Path(sys.argv[1])), sys.argv[2])():
    print("inside", flush=True)
    sys.stdin.read()
"""

_STREAM = """
import sys, threading
from pathlib import Path
from sandbox.gate import Gate
gate, entries, change = Gate(Path(sys.argv[1])), [], threading.Condition()
def run():
    # Each leaves once the other has come in after it, so that somebody always is inside; unless the other is kept out.
    while True:
        with gate.shared():
            with change:
                entries.append(1)
                change.notify_all()
                change.wait_for(lambda own=len(entries): len(entries) > own, timeout=0.2)
for _ in range(2):
    threading.Thread(target=run, daemon=True).start()
with change:
    change.wait_for(lambda: len(entries) > 2)
print("running", flush=True)
sys.stdin.read()
"""

_YIELD = """
import os, sys
from pathlib import Path
from sandbox.gate import Gate
class Program:
    def pause(self):
        os.write(1, b"paused\\n")
    def resume(self):
        os.write(1, b"resumed\\n")
with Gate(Path(sys.argv[1])).yielding(Program()):
    os.write(1, b"inside\\n")  # in one piece: two threads speak
    sys.stdin.readline()
os.write(1, b"outside\\n")
sys.stdin.read()
"""


@contextmanager
def _process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _say(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_nobody_of_any_process_runs_beside_one_alone(tmp_path: Path, slowness: float) -> None:
    rounds, threads = 300, 3
    with _process(_JUDGE, tmp_path, rounds, threads) as first, _process(_JUDGE, tmp_path, rounds, threads) as second:
        assert (first.wait(60 * slowness), second.wait(60 * slowness)) == (0, 0)
    text = (tmp_path / "log").read_text()
    assert (text.count("+"), text.count("(")) == (2 * rounds * threads, 2 * rounds // 10)
    running = alone = 0
    for sign in text:
        running += {"+": 1, "-": -1}.get(sign, 0)
        alone += {"(": 1, ")": -1}.get(sign, 0)
        assert alone in (0, 1)
        assert not (alone and running), "a run beside one alone"


def test_runs_of_two_processes_hold_it_together(tmp_path: Path) -> None:
    with _process(_HOLD, tmp_path, "shared") as other:
        assert _say(other) == "inside"
        with Gate(tmp_path).shared():  # would wait for ever
            assert other.poll() is None


def test_one_alone_is_not_starved_by_runs_of_another_process(tmp_path: Path) -> None:
    with _process(_STREAM, tmp_path) as stream:
        assert _say(stream) == "running"
        gate = Gate(tmp_path)
        for _ in range(5):
            with gate.alone():
                pass
        assert stream.poll() is None


def test_runs_that_come_later_wait_behind_one_that_waits_to_be_alone(tmp_path: Path) -> None:
    order: list[str] = []
    gate, late = Gate(tmp_path), Gate(tmp_path)  # two judges, as far as the locks can tell

    def alone() -> None:
        with gate.alone():
            order.append("alone")

    def shared() -> None:
        with late.shared():
            order.append("shared")

    with _process(_HOLD, tmp_path, "shared") as runs:
        assert _say(runs) == "inside"
        waiter = threading.Thread(target=alone)
        waiter.start()
        _until_blocked(tmp_path / "gate")
        later = threading.Thread(target=shared)
        later.start()
        _until_blocked(tmp_path / "turnstile")
        assert order == []
        runs.kill()
        waiter.join()
        later.join()
    assert order == ["alone", "shared"]


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    for held in ("alone", "shared"):
        with _process(_HOLD, tmp_path, held) as holder:
            assert _say(holder) == "inside"
            done = threading.Event()

            def alone(done: threading.Event = done) -> None:
                with Gate(tmp_path).alone():
                    done.set()

            threading.Thread(target=alone, daemon=True).start()
            _until_blocked(tmp_path / ("turnstile" if held == "alone" else "gate"))
            assert not done.is_set()
            holder.kill()
            assert done.wait(30)


def test_a_program_that_yields_is_paused_while_another_process_is_alone(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    with _process(_YIELD, tmp_path) as other:
        assert _say(other) == "inside"  # nobody wants to be alone, so it is not asked to wait
        for _ in range(3):
            with gate.alone():
                assert _say(other) == "paused"
            assert _say(other) == "resumed"
        assert other.stdin is not None
        print("go on", file=other.stdin, flush=True)
        assert _say(other) == "outside"
        with gate.alone():  # nobody holds it for programs that have ended
            pass


def test_a_program_that_yields_does_not_begin_beside_another_process_that_is_alone(tmp_path: Path) -> None:
    with _process(_HOLD, tmp_path, "alone") as holder:
        assert _say(holder) == "inside"
        with _process(_YIELD, tmp_path) as other:
            assert sorted((_say(other), _say(other))) == ["inside", "paused"]
            _until_blocked(tmp_path / "turnstile")
            holder.kill()
            assert _say(other) == "resumed"


def test_a_closed_gate_keeps_no_file_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    gate = Gate(tmp_path)
    with gate.shared():
        gate.close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before + 2
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def _until_blocked(path: Path) -> None:
    """Until somebody waits for a lock on the file: the kernel lists those with an arrow."""
    inode = f":{path.stat().st_ino} "
    while not any("->" in line and inode in line for line in Path("/proc/locks").read_text().splitlines()):
        time.sleep(0.005)
