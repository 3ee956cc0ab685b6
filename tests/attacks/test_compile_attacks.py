"""Each source of compile_time/ attacks whoever compiles it. See attack.py; `refused` means that it ends as a compile error."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Box, MemFile, Pool, Program
from sandbox.compiler import CompileBounds, Compiler
from sandbox.errors import NotCompiled
from sandbox.languages import Languages
from tests.attacks.attack import Attack, read_all
from tests.attacks.surroundings import SECRET_MARK, Bystander, Host, leave_secrets

SOURCES = read_all(Path(__file__).parent / "compile_time")
LOG_BYTES = 1 << 16
"""What a log may be at most, whatever the source."""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = Host(tmp_path_factory.mktemp("host"))
    yield host
    host.close()


def shadow_lines() -> list[str]:
    """Lines of the host's own files that must never come out of a box."""
    lines: list[str] = []
    for path in (Path("/etc/shadow"), Path("/etc/passwd")):
        try:
            text = path.read_text()
        except OSError:
            continue
        # A box has an /etc/passwd of its own, with users of these two names.
        lines += [line for line in text.splitlines() if line.count(":") > 5 and not line.startswith(("root:x", "nobody"))]
    return lines


def check(
    attack: Attack, log: str, run: Program | None, box: Box, slowness: float, host: Host, *, later: bool = False
) -> list[str]:
    """What is wrong with how the source was compiled and, where it was, with how the program ran."""
    wrong = []
    output = ""
    outcome = None
    if run is not None:
        assert box.load(run, compile_later=later) is None
        try:
            with MemFile.sealed(host.tell(1)) as stdin:
                outcome = box.run(stdin, attack.limits(slowness))
        except NotCompiled as error:
            log = str(error)
    if outcome is None:
        if "refused" not in attack.ends:
            wrong.append(f"refused: {log[:2000]}")
    else:
        wrong += [complaint for complaint in (attack.complaint(outcome),) if complaint]
        output = outcome.stdout.read(1 << 20).decode(errors="replace") + outcome.stderr.read(1 << 20).decode(errors="replace")
        outcome.close()
    if len(log.encode()) > LOG_BYTES:
        wrong.append(f"a log of {len(log)} characters")
    wrong += [f"{secret!r} came out" for secret in (SECRET_MARK, *shadow_lines()) if secret in log + output]
    return wrong


@pytest.mark.parametrize("later", [False, True], ids=["ahead", "by its first run"])
@pytest.mark.parametrize("attack", [pytest.param(a, id=a.path.name) for a in SOURCES if a.path.suffix == ".py"])
def test_python_source_is_held(attack: Attack, pool: Pool, host: Host, slowness: float, later: bool) -> None:
    with pool.box() as box, pool.box() as neighbour:
        leave_secrets(box)
        program = Program({"sol.py": attack.path.read_bytes()}, warm=True)
        beside = Bystander(neighbour, slowness)
        with beside.running():
            log = None if later else box.load(program)
            wrong = check(attack, log or "", None if log is not None else program, box, slowness, host, later=later)
        after = Bystander(box, slowness)
        after.load()
        after.run_once()
        changes = host.changes({box.pid, neighbour.pid})
    assert wrong == []
    assert beside.wrong == [], "the bystander in another box"
    assert after.wrong == [], "the next program in the same box"
    assert changes == [], "the host"


@pytest.fixture(scope="module")
def compiler(pool: Pool, cache_dir: Path, slowness: float) -> Compiler:
    bounds = CompileBounds(compile_time_s=1.5 * slowness, compile_memory_mb=512)
    return Compiler(pool, Languages.probe(pool.config), cache_dir / "attacks", bounds)


@pytest.mark.parametrize("attack", [pytest.param(a, id=a.path.name) for a in SOURCES if a.path.suffix == ".cpp"])
def test_cpp_source_is_held(attack: Attack, pool: Pool, compiler: Compiler, host: Host, slowness: float) -> None:
    source = attack.path.read_text().replace("TIERLINE_HOST_FILE", str(host.file))
    with pool.box() as box, pool.box() as neighbour:
        leave_secrets(box)
        beside = Bystander(neighbour, slowness)
        with beside.running():
            made = compiler.compile(box, "cpp17", source)
            wrong = check(attack, made.log, made.program, box, slowness, host)
        if made.program is None and not made.log:
            wrong.append("refused without a reason")
        after = Bystander(box, slowness)
        after.load()
        after.run_once()
        changes = host.changes({box.pid, neighbour.pid})
    assert wrong == []
    assert beside.wrong == [], "the bystander in another box"
    assert after.wrong == [], "the next program in the same box"
    assert changes == [], "the host"


def test_corpus_is_as_large_as_promised() -> None:
    assert len([attack for attack in SOURCES if attack.path.suffix == ".cpp"]) >= 25
    assert len([attack for attack in SOURCES if attack.path.suffix == ".py"]) >= 12
