"""Each hostile program of programs/ runs beside a bystander, and after it one runs in the same box. See attack.py."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import MemFile, Pool, Program
from tests.attacks.attack import Attack, read_all
from tests.attacks.surroundings import Bystander, Host, compile_c, leave_secrets

PROGRAMS = read_all(Path(__file__).parent / "programs")
CASES = [pytest.param(attack, way, id=f"{attack.name}-{way}") for attack in PROGRAMS for way in attack.ways]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = Host(tmp_path_factory.mktemp("host"))
    yield host
    host.close()


def make_program(attack: Attack, way: str, tmp_path: Path) -> Program:
    if way == "compiled":
        binary = compile_c(attack.path, tmp_path / "program")
        if binary is None:
            pytest.skip("no gcc to compile it with: apt install gcc")
        return Program({"program": binary}, argv=("/box/program",), executables=("program",))
    source = attack.path.read_bytes()
    if way == "warm":
        return Program({"sol.py": source}, warm=True)
    return Program({"sol.py": source}, argv=("python3", "/box/sol.py"))


@pytest.mark.parametrize(("attack", "way"), CASES)
def test_attack_is_held(attack: Attack, way: str, pool: Pool, host: Host, tmp_path: Path, slowness: float) -> None:
    if attack.header.get("needs") == "cgroups" and any("control groups" in lack for lack in pool.wall.lacks):
        pytest.skip("memory that no process maps is not counted without control groups")
    program = make_program(attack, way, tmp_path)
    complaints = []
    with pool.box() as box, pool.box() as neighbour:
        secrets = leave_secrets(box) | {"expected output": host.expected_output}
        beside = Bystander(neighbour, slowness)
        with beside.running():
            assert box.load(program) is None
            outcomes = []
            for run in range(1, attack.runs + 1):
                told = host.tell(run)
                with MemFile.sealed(told) as stdin:
                    outcomes.append(box.run(stdin, attack.limits(slowness), collect=attack.collect))
                    assert stdin.read() == told, "the input has changed"
        after = Bystander(box, slowness)
        after.load()
        after.run_once()
        after.run_once()
        # Read late, so that what a survivor of the attack would still write is seen.
        for outcome in outcomes:
            complaints.append(attack.complaint(outcome))
            files = (outcome.stdout, outcome.stderr, *outcome.files.values())
            text = b"\n".join(file.read(1 << 20) for file in files)
            complaints += [f"{place} came out" for place, secret in secrets.items() if secret.encode() in text]
            outcome.close()
        changes = host.changes({box.pid, neighbour.pid})
    assert [complaint for complaint in complaints if complaint] == []
    assert beside.wrong == [], "the bystander in another box"
    assert after.wrong == [], "the next program in the same box"
    assert changes == [], "the host"


def test_corpus_is_as_large_as_promised() -> None:
    themes = Counter(attack.path.parent.name for attack in PROGRAMS)
    assert len(PROGRAMS) >= 120
    for theme in [
        "processes",
        "memory",
        "output",
        "files",
        "secrets",
        "network",
        "namespaces",
        "signals",
        "limits",
        "kernel",
        "suid",
        "warm",
    ]:
        assert themes[theme] >= 2, theme


def test_a_program_that_does_escape_is_noticed(pool: Pool, host: Host, tmp_path: Path, slowness: float) -> None:
    """The harness itself must be able to fail."""
    path = tmp_path / "escape.py"
    path.write_text("# tries: nothing\n# ends: exit 0\nprint('ESCAPED: it says so itself')\n")
    attack = Attack.read(path)
    with pool.box() as box, MemFile.sealed(host.tell(1)) as stdin:
        box.load(make_program(attack, "warm", tmp_path))
        outcome = box.run(stdin, attack.limits(slowness))
        assert "it says so itself" in (attack.complaint(outcome) or "")
        outcome.close()
    path.write_text("# tries: nothing\n")
    with pytest.raises(ValueError, match="required"):
        Attack.read(path)
