"""Lending boxes, and leaving nothing behind."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sandbox import Limits, MemFile, Pool, PoolClosed, PoolConfig, Program
from sandbox.gate import Gate


def test_places_are_lent_once_each_and_in_order_of_priority(pool: Pool) -> None:
    first, second = pool.acquire(), pool.acquire()
    assert first.name != second.name
    order: list[str] = []

    def want(name: str, priority: int) -> None:
        box = pool.acquire(priority=priority)
        order.append(name)
        pool.release(box)

    threads = [threading.Thread(target=want, args=args) for args in (("batch", 1), ("interactive", 0))]
    for number, thread in enumerate(threads):
        thread.start()
        while len(pool._waiters) <= number:
            pass
    pool.release(first)
    for thread in threads:
        thread.join()
    pool.release(second)
    assert order == ["interactive", "batch"]


def test_waiting_for_a_box_can_time_out(pool: Pool) -> None:
    boxes = [pool.acquire(), pool.acquire()]
    with pytest.raises(TimeoutError):
        pool.acquire(timeout_s=0.05)
    for box in boxes:
        pool.release(box)
    with pool.box():
        pass


def test_gate_lets_nobody_run_beside_one_alone() -> None:
    gate, inside, seen = Gate(), [], []

    def shared() -> None:
        for _ in range(200):
            with gate.shared():
                inside.append(1)
                inside.pop()

    def alone() -> None:
        for _ in range(50):
            with gate.alone():
                seen.append(len(inside))
                with gate.shared():
                    pass

    threads = [threading.Thread(target=f) for f in (shared, shared, alone, alone)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert seen == [0] * 100


def test_closed_pool_leaves_nothing_and_lends_nothing(
    pool_config: Callable[..., PoolConfig], tmp_path: Path, cache_dir: Path
) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    pool = Pool(pool_config(boxes=1, run_dir=tmp_path, cache_dir=cache_dir))
    pool.start()
    with pool.box() as box, MemFile.sealed(b"") as empty:
        box.load(Program({"p.py": b"print(1)"}, warm=True))
        box.run(empty, Limits(cpu_s=1)).close()
    pool.close()
    assert {child.pid for child in psutil.Process().children(recursive=True)} == before
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    with pytest.raises(PoolClosed):
        pool.acquire()


_JUDGE = """
import sys, time
from pathlib import Path
from sandbox import Pool, PoolConfig, MemFile, Limits, Program
wall = {"wall": sys.argv[3], "docker_transport": sys.argv[4]}
pool = Pool(PoolConfig(boxes=1, run_dir=Path(sys.argv[1]), cache_dir=Path(sys.argv[2]), **wall))
pool.start()
with pool.box() as box, MemFile.sealed(b"") as empty:
    box.load(Program({"p.py": b"import os\\nfor _ in range(3): os.fork()\\nwhile True: pass"}, warm=True))
    print(box.pid, flush=True)
    box.run(empty, Limits(cpu_s=600, wall_s=600))
"""


def test_killed_judge_leaves_no_process_and_the_next_start_cleans_the_rest(
    pool_config: Callable[..., PoolConfig], tmp_path: Path, cache_dir: Path, slowness: float
) -> None:
    config = pool_config(boxes=1, run_dir=tmp_path, cache_dir=cache_dir)
    argv = [sys.executable, "-c", _JUDGE, tmp_path, cache_dir, config.wall, config.docker_transport]
    judge = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert judge.stdout is not None
    runner = psutil.Process(int(judge.stdout.readline()))
    while len(family := [runner, *runner.children(recursive=True)]) < 9:
        pass
    judge.send_signal(signal.SIGKILL)
    judge.communicate()
    # Judges' orphans may become ours (the pool fixture makes this process a subreaper): being a zombie is being dead.
    _, alive = psutil.wait_procs(family, timeout=10 * slowness)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    pool = Pool(pool_config(boxes=1, run_dir=tmp_path, cache_dir=cache_dir))
    cleaned = pool.start()
    pool.close()
    assert cleaned
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]
