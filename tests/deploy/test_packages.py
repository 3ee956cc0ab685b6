"""The wheel and the source distribution: what is inside, and that the wheel alone serves in an environment with what it names."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import distribution
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION = PROJECT["project"]["version"]
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
HASH = """import sys
_, target, *numbers = map(int, sys.stdin.buffer.read().split())
seen = {}
for place, number in enumerate(numbers, 1):
    if target - number in seen: print(seen[target - number], place)
    seen[number] = place
"""


def build(source: Path, out: Path, *kinds: str) -> Path:
    """What the build makes of a folder, without the network."""
    argv = [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", str(out), str(source)]
    subprocess.run(argv, check=True, capture_output=True, text=True)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist"), "--sdist")


def contents(wheel: Path) -> dict[str, str]:
    """A digest of each file."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def in_tree() -> dict[str, str]:
    """What the packages' folders hold here."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    names = {path.relative_to(ROOT).as_posix(): path for path in files if "__pycache__" not in path.parts}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in names.items()}


def test_wheel_has_every_file_of_its_packages_and_nothing_else(wheel: Path) -> None:
    found = contents(wheel)
    assert wheel.name == f"tierline-{VERSION}-py3-none-any.whl"
    box = {"sandbox/Dockerfile.box": hashlib.sha256((ROOT / "deploy" / "Dockerfile.box").read_bytes()).hexdigest()}
    assert {name: digest for name, digest in found.items() if ".dist-info/" not in name} == in_tree() | box
    wanted = (
        "sandbox/languages.toml",
        "sandbox/inside/spawn.c",
        "service/cluster/lua/take.lua",
        "service/problem_set/two-sum/problem.toml",
        "service/problem_set/two-sum/solutions/brute.cpp",
        "trainer/presets/laptop.yaml",
        "trainer/settings/templates/agent.txt",
        "merge/presets/laptop.yaml",
        "merge/evaluation/templates/study.html",
        *(f"{package}/py.typed" for package in PACKAGES),
    )
    assert set(wanted) <= found.keys()


def test_source_distribution_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert source.name == f"tierline-{VERSION}"
    assert contents(build(source, tmp_path / "out", "--wheel")) == contents(wheel)
    beside = ("README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "Makefile", "constraints.txt")
    more = ("deploy/setup.sh", "docs/index.md", "examples/README.md", "tests/conftest.py", "bench/__main__.py")
    assert [name for name in (*beside, *more) if not (source / name).is_file()] == []
    assert [path for path in source.rglob("*") if path.suffix == ".pyc" or path.name == ".env"] == []


# -- an environment of its own ---------------------------------------------------------------------------------------------


def needed(name: str, extras: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
    """The distributions that one needs, those that they need, and itself; from what is installed here."""
    found: dict[str, frozenset[str]] = {}
    waiting = [(name, extras)]
    while waiting:
        now, wanted = waiting.pop()
        if now in found and wanted <= found[now]:
            continue
        found[now] = found.get(now, frozenset()) | wanted
        for line in distribution(now).requires or ():
            asked = Requirement(line)
            if asked.marker is None or any(asked.marker.evaluate({"extra": extra}) for extra in ("", *wanted)):
                waiting.append((canonicalize_name(asked.name), frozenset(asked.extras)))
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `tierline` of a fresh environment: the wheel, and links to what its metadata names. Nothing is fetched."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in needed("tierline").keys() - {"tierline"}:
        given = distribution(name)
        for top in {file.parts[0] for file in given.files or ()} - {"..", "__pycache__"}:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(str(given.locate_file(top))))
    argv = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--no-index", "--no-deps"]
    subprocess.run([*argv, "--quiet", "--disable-pip-version-check", str(wheel)], check=True, capture_output=True)
    return folder / "bin" / "tierline"


def environment(data: Path) -> Mapping[str, str]:
    """Nothing of this checkout's."""
    return {"PATH": os.environ["PATH"], "HOME": str(data), "TIERLINE_DATA_DIR": str(data), "COLUMNS": "120"}


@pytest.fixture
def served(installed: Path, tmp_path: Path, data_dir: Path) -> Iterator[str]:
    """The URL of a server of that environment, ready, started in an empty folder."""
    argv, log = [str(installed), "serve", "--port", "0", "--boxes", "1", "--log-format", "json"], tmp_path / "log"
    with log.open("w") as err, subprocess.Popen(argv, cwd=tmp_path, env=environment(data_dir), stderr=err) as process:
        try:
            yield _ready(process, log)
        finally:
            process.terminate()


def _ready(process: "subprocess.Popen[bytes]", log: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if url := re.search(r"http://[0-9.]+:[0-9]+", log.read_text()):
            with suppress(httpx.TransportError):
                if httpx.get(f"{url[0]}/readyz").status_code == 200:
                    return url[0]
        time.sleep(0.05)
    pytest.fail("it did not become ready: " + log.read_text())


def test_installed_wheel_serves_and_judges(installed: Path, served: str, tmp_path: Path) -> None:
    def tierline(*arguments: str) -> "subprocess.CompletedProcess[str]":
        argv = [str(installed), *arguments]
        return subprocess.run(argv, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=120)

    assert tierline("--version").stdout == f"tierline {VERSION}\n"
    assert httpx.get(f"{served}/openapi.json").json()["info"]["version"] == VERSION
    (tmp_path / "hash.py").write_text(HASH)
    judged = tierline("judge", "hash.py", "-p", "two-sum", "--server", served, "--json")
    result = json.loads(judged.stdout)
    assert (judged.returncode, result["verdict"], result["coverage_passed"]) == (0, "AC", 1.0), judged.stderr
    assert "two-sum" in tierline("problems", "list", "--server", served, "--json").stdout


@pytest.mark.parametrize(
    "command",
    [
        "train sweep --out out",
        "merge --low a --high b --alpha 2 --out out",
        "evaluate --model a --problems frontier:1 --out out",
        "frontier --preset laptop --out out",
    ],
)
def test_installed_wheel_says_what_to_install_for_the_rest(installed: Path, tmp_path: Path, command: str) -> None:
    argv = [str(installed), *command.split()]
    told = subprocess.run(argv, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (2, "")
    assert re.match(
        r"error: this command needs \w+, which is not installed\. Fix: pip install 'tierline\[train\]', or", told.stderr
    )
