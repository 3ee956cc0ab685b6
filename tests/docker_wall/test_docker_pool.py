"""Containers come and go with their judge, and a wall that cannot be had says why."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox import Mount, Pool, PoolConfig, WallUnavailable
from sandbox.auto_wall import choose_wall
from sandbox.docker_engine import Engine
from sandbox.docker_image import LABEL, look_at
from sandbox.docker_wall import DockerWall

pytestmark = pytest.mark.docker
ConfigMaker = Callable[..., PoolConfig]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


def containers(engine: Engine, pid: int) -> set[str]:
    """Those of the judge with this process number."""
    found = engine.labelled(LABEL).items()
    return {container for container, labels in found if labels[LABEL].startswith(f"tierline-{pid}-")}


def test_closed_pool_leaves_no_container_and_no_group(
    pool_config: ConfigMaker, engine: Engine, tmp_path: Path, cache_dir: Path
) -> None:
    before = containers(engine, os.getpid())
    pool = Pool(pool_config(boxes=1, run_dir=tmp_path, cache_dir=cache_dir))
    pool.start()
    (ours,) = containers(engine, os.getpid()) - before
    pool.close()
    assert containers(engine, os.getpid()) == before
    assert list(Path("/sys/fs/cgroup").glob(f"*/docker/{ours}")) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"machine"}  # which judges share, and no judge owns


_JUDGE = """
import sys, time
from pathlib import Path
from sandbox import Pool, PoolConfig
from sandbox.docker_wall import DockerWall
config = PoolConfig(boxes=1, run_dir=Path(sys.argv[1]), cache_dir=Path(sys.argv[2]), wall="docker", docker_transport=sys.argv[3])
pool = Pool(config)
pool.start()
wall = pool.wall
never_started = wall.engine.create(wall.plan("never-started", 0, 0, None, None))
print(never_started, flush=True)
time.sleep(600)
"""


def test_a_killed_judges_containers_end_and_the_next_start_sweeps_the_rest(
    pool_config: ConfigMaker, engine: Engine, tmp_path: Path, cache_dir: Path
) -> None:
    config = pool_config(boxes=1, run_dir=tmp_path, cache_dir=cache_dir)
    argv = [sys.executable, "-c", _JUDGE, tmp_path, cache_dir, config.docker_transport]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as judge:
        assert judge.stdout is not None
        never_started = judge.stdout.readline().strip()
        assert len(containers(engine, judge.pid)) == 2
        judge.send_signal(signal.SIGKILL)
    until = time.monotonic() + 60
    while (left := containers(engine, judge.pid)) != {never_started} and time.monotonic() < until:
        time.sleep(0.05)
    assert left == {never_started}, "the box's own container goes with its judge"
    pool = Pool(config)
    cleaned = pool.start()
    pool.close()
    assert any(never_started[:12] in line for line in cleaned)
    assert containers(engine, judge.pid) == set()


def test_containers_of_living_judges_are_left(pool: Pool, pool_config: ConfigMaker, engine: Engine, tmp_path: Path) -> None:
    before = containers(engine, os.getpid())
    assert len(before) >= pool.size
    wall = DockerWall(pool_config(run_dir=tmp_path, cache_dir=pool.config.cache_dir))
    wall.open()
    wall.close()
    assert containers(engine, os.getpid()) == before


def test_missing_image_is_named_with_the_way_to_get_it(pool_config: ConfigMaker, engine: Engine, tmp_path: Path) -> None:
    config = pool_config(docker_image="tierline-no-such-image", run_dir=tmp_path, cache_dir=tmp_path)
    with pytest.raises(WallUnavailable, match="docker pull tierline-no-such-image"):
        Pool(config).start()
    assert engine.image_id("tierline-no-such-image") is None, "nothing is pulled"


def test_image_without_python_is_refused(engine: Engine, pool_config: ConfigMaker, tmp_path: Path) -> None:
    if engine.image_id("debian:bookworm-slim") is None:
        pytest.skip("the engine has no image debian:bookworm-slim")
    with pytest.raises(WallUnavailable, match=r"needs Python 3\.11"):
        look_at(engine, pool_config(docker_image="debian:bookworm-slim", cache_dir=tmp_path))


def test_folders_of_this_machine_are_refused_for_a_remote_engine(cache_dir: Path, tmp_path: Path) -> None:
    config = PoolConfig(
        wall="docker", docker_transport="stream", run_dir=tmp_path, cache_dir=cache_dir, mounts=(Mount("/etc", "/opt/etc"),)
    )
    with pytest.raises(WallUnavailable, match="cannot show folders of this machine"):
        Pool(config).start()


def test_auto_is_namespaces_where_they_can_be_had(tmp_path: Path, cache_dir: Path) -> None:
    config = PoolConfig(run_dir=tmp_path / "run", cache_dir=cache_dir)
    assert choose_wall("auto", config).wall == "namespaces"
    assert choose_wall("docker", config).wall == "docker"


_CHOOSE = """
import sys
from pathlib import Path
from sandbox import PoolConfig, WallUnavailable
from sandbox.auto_wall import choose_wall
config = PoolConfig(run_dir=Path(sys.argv[2]), cache_dir=Path(sys.argv[3]), docker_host=sys.argv[4])
try:
    print(choose_wall(sys.argv[1], config).wall)
except WallUnavailable as error:
    print("refused:", error)
"""


def without_namespaces(asked: str, tmp_path: Path, cache_dir: Path, host: str = "") -> str:
    """What is chosen by a judge who may not make namespaces."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root with setpriv (util-linux) can take its own right to make namespaces away")
    python = [sys.executable, "-c", _CHOOSE, asked, tmp_path / "run", cache_dir, host]
    argv = ["setpriv", "--inh-caps=-sys_admin", "--bounding-set=-sys_admin", *python]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_auto_is_docker_where_namespaces_cannot_be_had(tmp_path: Path, cache_dir: Path) -> None:
    assert without_namespaces("auto", tmp_path, cache_dir) == "docker\n"


def test_auto_refuses_with_both_reasons_where_there_is_no_wall(tmp_path: Path, cache_dir: Path) -> None:
    said = without_namespaces("auto", tmp_path, cache_dir, "unix:///no/socket")
    assert said.startswith("refused: no wall can be had here. namespaces: ")
    assert "docker: no Docker engine at unix:///no/socket" in said


def test_what_was_asked_for_is_never_replaced(pool_config: ConfigMaker, tmp_path: Path, cache_dir: Path) -> None:
    config = pool_config(run_dir=tmp_path, cache_dir=cache_dir, docker_host="unix:///no/socket")
    with pytest.raises(WallUnavailable, match="unix:///no/socket"):
        Pool(choose_wall("docker", config)).start()
