"""The same program, the same verdict, on a worker at full speed and on one that a real CPU quota holds to a part of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import quota

_JUDGE = """
import json, sys
from pathlib import Path
from sandbox import Pool, PoolConfig
from tests.service.judge_kit import Judge
folder, cache, slowness, sources = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), json.loads(sys.argv[4])
sys.stdin.readline()  # this process has been slowed down by now
pool = Pool(PoolConfig(boxes=1, run_dir=folder / "run", cache_dir=cache, start_timeout_s=120 * slowness))
pool.start()
judge = Judge(pool, cache, folder, slowness)
results = [judge(source, [("", "1\\n")], time_limit_s=limit_s).model_dump(mode="json") for source, limit_s in sources]
judge.judging.close()
pool.close()
print(json.dumps(results))
"""

_SPIN = "import time\nwhile time.process_time() < {}: pass\nprint(1)\n"
_CHILDREN = """
import os, time
for _ in range(10):
    if not (child := os.fork()):
        while time.process_time() < {} / 10: pass
        os._exit(0)
    os.waitpid(child, 0)
print(1)
"""
_NAPS = "import time\nfor _ in range(20):\n    time.sleep(0.001)\nwhile time.process_time() < {}: pass\nprint(1)\n"
_SLEEP = "import time\ntime.sleep(60)\n"
LIMIT_S = 0.3


def _cases(slowness: float) -> list[tuple[str, float]]:
    limit_s = LIMIT_S * slowness
    needs = [need * limit_s for need in (0.7, 1.4)]
    return [(program.format(need_s), limit_s) for program in (_SPIN, _CHILDREN, _NAPS) for need_s in needs] + [(_SLEEP, limit_s)]


def _judge(share: float, folder: Path, cache_dir: Path, slowness: float) -> tuple[list[dict[str, object]], int]:
    """What a judge held to `share` of a core says of the cases, and how often the kernel stopped it."""
    argv = [sys.executable, "-c", _JUDGE, folder, cache_dir, str(slowness), json.dumps(_cases(slowness))]
    root = Path(__file__).parents[2]
    with quota.quota(share) as group:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
        group.take(process.pid)
        out, _ = process.communicate("go\n", timeout=240 * slowness)
        assert process.returncode == 0
        return json.loads(out.splitlines()[-1]), group.throttled


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_a_quota_changes_no_verdict(share: float, tmp_path: Path, cache_dir: Path, slowness: float) -> None:
    if reason := quota.lack():
        pytest.skip(f"no CPU quota can be set: {reason}")
    results, throttled = _judge(share, tmp_path, cache_dir, slowness)
    assert throttled > 10
    assert [result["verdict"] for result in results] == ["AC", "TLE"] * 3 + ["TLE"]
    tests = [result["tests"][0] for result in results]  # type: ignore[index]
    limit_s = LIMIT_S * slowness
    for test in tests[:6:2]:
        # Its time is its own, although it took far longer by the clock on the wall: long enough to be called asleep, had it been.
        assert 0.69 * limit_s < test["cpu_s"] < limit_s
        assert test["wall_s"] > 1.5 * test["cpu_s"]
    assert all(test["message"].startswith("CPU time passed") for test in tests[1:6:2])
    assert tests[6]["message"].startswith("waited for")
