"""What only boxes of the docker wall do. The tests of all boxes run on them too: `make test-docker-wall`."""

import json
from collections.abc import Iterator

import pytest

from sandbox import Limits, MemFile, Pool, Program
from sandbox.docker_engine import Engine
from sandbox.docker_image import LABEL
from sandbox.sweep import judge_name

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


def run(pool: Pool, source: str, **limits: object) -> tuple[str, bool]:
    """What a program prints, and whether it ran out of memory."""
    with pool.box() as box, MemFile.sealed(b"") as empty:
        assert box.load(Program({"sol.py": source.encode()}, warm=True)) is None
        outcome = box.run(empty, Limits(cpu_s=10, **limits))  # type: ignore[arg-type]
        text, out_of_memory = outcome.stdout.read().decode(), outcome.out_of_memory
        outcome.close()
    return text, out_of_memory


def test_of_the_runner_only_what_a_process_list_has_can_be_read(pool: Pool) -> None:
    source = """
import json, os
read = []
for name in os.listdir("/proc/1"):
    path = "/proc/1/" + name
    try:
        if os.path.islink(path): os.readlink(path)
        elif os.path.isdir(path): os.listdir(path)
        else: open(path, "rb").read(1)
        read.append(name)
    except OSError:
        pass
print(json.dumps(read))
"""
    secret = {
        "mem",
        "maps",
        "smaps",
        "environ",
        "fd",
        "fdinfo",
        "cwd",
        "root",
        "exe",
        "stack",
        "syscall",
        "auxv",
        "pagemap",
        "ns",
    }
    assert not secret & set(json.loads(run(pool, source)[0]))


def test_too_much_in_tmp_is_out_of_memory_even_when_written_at_once(pool: Pool) -> None:
    fill = "import os\nfor n in range({}): open(f'/{}/{{n}}', 'wb').write(bytes(1 << 20))\nprint('written', flush=True)"
    assert run(pool, fill.format(24, "tmp"), memory_mb=256, scratch_mb=16)[1]
    assert run(pool, fill.format(24, "dev/shm"), memory_mb=256, scratch_mb=16)[1]
    assert run(pool, fill.format(12, "tmp"), memory_mb=256, scratch_mb=16) == ("written\n", False)


NASTY = {
    "deep": "for _ in range(3000): os.mkdir('d'); os.chdir('d')",
    "wide": "for n in range(60000): os.close(os.open(str(n), os.O_CREAT))",
    "closed": "os.makedirs('a/b/c'); open('a/b/f', 'w'); os.chmod('a/b/c', 0); os.chmod('a/b', 0); os.chmod('a', 0)",
    "bytes": "os.mkdir(b'\\xff\\xfe'); os.mkdir(b'\\xff\\xfe/\\n'); os.mkdir('x' * 255); os.mkdir('x' * 255 + '/' + 'y' * 255)",
    "links": "os.symlink('/', 'root'); os.symlink('.', 'me'); os.mkdir('in'); os.symlink('/box', 'in/box'); os.mkfifo('in/fifo')",
    "many folders": "for n in range(200):\n os.makedirs(f'{n}/a/b'); os.makedirs(f'{n}/c')",
}


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])  # noqa: S108 - in the box
def test_whatever_a_program_left_is_gone_and_the_box_is_the_same(pool: Pool, nasty: str, place: str) -> None:
    with pool.box() as box, MemFile.sealed(b"") as empty:
        source = (
            f"import os\nos.chdir({place!r})\ntry:\n"
            + "\n".join(f" {line}" for line in nasty.splitlines())
            + "\nexcept OSError: pass"
        )
        runs = box.runs
        for program in (source, "import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'), os.listdir('/box'))"):
            assert box.load(Program({"sol.py": program.encode()}, warm=True)) is None
            outcome = box.run(empty, Limits(cpu_s=20, memory_mb=512, idle_s=20))
            assert (outcome.exit_code, outcome.stderr.read()) == (0, b"")
            answer = outcome.stdout.read()
            outcome.close()
        assert answer == b"[] [] ['sol.py']\n"
        assert (box.alive, box.runs) == (True, runs + 2)


def test_containers_are_hardened(pool: Pool, engine: Engine) -> None:
    ours = [id for id, labels in engine.labelled(LABEL).items() if labels[LABEL] == judge_name()]
    assert len(ours) >= pool.size
    for id in ours:
        host = engine._api.inspect_container(id)["HostConfig"]
        assert host["NetworkMode"] == "none"
        assert host["ReadonlyRootfs"] is True
        assert host["Privileged"] is False
        assert host["CapDrop"] == ["ALL"]
        assert {name.removeprefix("CAP_") for name in host["CapAdd"]} == {"SETUID", "SETGID", "KILL"}
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["PidsLimit"] == pool.config.box_processes
        assert 1 << 30 < host["Memory"] == host["MemorySwap"]
        assert host["CpusetCpus"].isdigit()
        assert all(bind.endswith(":ro") and "docker.sock" not in bind for bind in host["Binds"] or ())


def test_a_container_has_no_network_and_no_rights(pool: Pool) -> None:
    source = """
print(open("/proc/net/dev").read().count(":"))
lines = [line.split() for line in open("/proc/self/status")]
print([line[1] for line in lines if line[0] in ("CapPrm:", "CapEff:", "NoNewPrivs:", "Seccomp:")])
"""
    assert run(pool, source)[0] == f"1\n{['0' * 16, '0' * 16, '1', '2']}\n"


def test_the_containers_bound_grows_before_a_program_meets_it(pool: Pool) -> None:
    text, out_of_memory = run(pool, "x = bytearray(1800 << 20); print(len(x))", memory_mb=2500, idle_s=30)
    assert (text, out_of_memory) == (f"{1800 << 20}\n", False)
