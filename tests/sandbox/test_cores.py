"""Cores are shared out among the judges of one machine, and come back with their death."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import Pool, PoolConfig, WallUnavailable
from sandbox.cores import CoreLeases, tenants

_HOLDER = """
import sys
from pathlib import Path
from sandbox.cores import CoreLeases
print(*CoreLeases(Path(sys.argv[1])).take(int(sys.argv[2]), [0, 1, 2, 3]), flush=True)
sys.stdin.read()
"""


@contextmanager
def _judge(folder: Path, count: int) -> Iterator[list[int]]:
    """Another process that holds `count` leases; killed at the end."""
    argv = [sys.executable, "-c", _HOLDER, str(folder), str(count)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield [int(word) for word in process.stdout.readline().split()]
        finally:
            process.kill()


def test_judges_take_different_cores_while_there_are_free_ones(tmp_path: Path) -> None:
    with _judge(tmp_path, 1) as first, _judge(tmp_path, 2) as second:
        ours = CoreLeases(tmp_path)
        assert (first, second, ours.take(1, [0, 1, 2, 3]), ours.crowded) == ([0], [1, 2], [3], [])
        ours.close()


def test_the_least_used_core_is_shared_when_none_is_free_and_it_is_said(tmp_path: Path) -> None:
    with _judge(tmp_path, 5):
        ours = CoreLeases(tmp_path)
        assert ours.take(3, [0, 1, 2, 3]) == [1, 2, 3]
        assert ours.crowded == [1, 2, 3]
        assert tenants(tmp_path, range(4)) == {0: 2, 1: 2, 2: 2, 3: 2}
        ours.close()


def test_cores_of_a_killed_judge_are_free_again(tmp_path: Path) -> None:
    with _judge(tmp_path, 4):
        assert tenants(tmp_path, range(4)) == {0: 1, 1: 1, 2: 1, 3: 1}
    assert tenants(tmp_path, range(4)) == {}


def test_a_judge_counts_tenants_whose_predecessor_has_left(tmp_path: Path) -> None:
    first, second, third = (CoreLeases(tmp_path) for _ in range(3))
    assert (first.take(2, [0, 1]), second.take(1, [0, 1])) == ([0, 1], [0])
    first.close()
    assert (third.take(1, [0, 1]), third.crowded) == ([1], [])
    second.close()
    third.close()


def test_only_cores_of_the_own_affinity_mask_are_taken(tmp_path: Path) -> None:
    with _judge(tmp_path, 4):
        ours = CoreLeases(tmp_path)
        assert ours.take(2, [2]) == [2, 2]
        ours.close()


def test_two_pools_on_one_machine_stand_on_different_cores(tmp_path: Path, cache_dir: Path, slowness: float) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("one core only: two pools have to share it")
    config = PoolConfig(boxes=1, run_dir=tmp_path / "run", cache_dir=cache_dir, start_timeout_s=30 * slowness)
    first, second = Pool(config), Pool(config)
    try:
        first.start()
        second.start()
        taken = {pool.status()[0].core for pool in (first, second)}
        # What the kernel says of the boxes' runners, not what the pool says of itself.
        bound = {
            tuple(os.sched_getaffinity(box.pid))
            for pool in (first, second)
            for place in pool._places
            for box in place.boxes.values()
        }
    finally:
        first.close()
        second.close()
    assert taken == set(cores[:2])
    assert bound == {(core,) for core in cores[:2]}
    assert tenants(config.shared_dir, cores) == {}


def test_a_shared_folder_that_cannot_be_used_is_said_with_the_fix(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "file").touch()
    pool = Pool(PoolConfig(boxes=1, run_dir=tmp_path / "run", cache_dir=cache_dir, machine_dir=tmp_path / "file"))
    with pytest.raises(WallUnavailable, match="TIERLINE_MACHINE_DIR"):
        pool.start()
