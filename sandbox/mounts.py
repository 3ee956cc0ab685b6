"""What a box's file system is made of, decided on the host and built by inside/launcher.py.

Read-only system folders, the Python that judges, the runner's own files, and empty places for programs. Paths inside are
neutral where they can be: a box does not tell where its host keeps things, except for an interpreter outside /usr, which only
works where it was installed.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from sandbox.errors import NoInterpreter

INSIDE = Path(__file__).parent / "inside"
RUNNER_FILES = (
    "__init__.py",
    "channel.py",
    "folder.py",
    "jail.py",
    "kernel.py",
    "own_group.py",
    "runner.py",
    "scratch.py",
    "spawn.py",
    "supervise.py",
    "warm.py",
    "warm_program.py",
)
RUNNER_HELPER = "/opt/runner/helper.so"
PYTHON_HOME = "/opt/python"
PATH = f"{PYTHON_HOME}/bin:/usr/local/bin:/usr/bin:/bin"

ENV = {
    "PATH": PATH,
    "HOME": "/tmp",  # noqa: S108 - inside the box
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",  # one source, one verdict
    "OPENBLAS_NUM_THREADS": "1",  # a box has one core; more threads double the CPU time of importing numpy
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

_FOLDERS = ("/box", "/work", "/tmp", "/dev", "/dev/shm", "/proc", "/etc", "/opt/runner/inside", f"{PYTHON_HOME}/bin")  # noqa: S108
PASSWD = "root:x:0:0:root:/tmp:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\nnobody:x:65534:65534::/tmp:/bin/false\n"  # noqa: S105 - a file, and nobody can log in
GROUP = "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"
_FILES = {
    "/etc/passwd": PASSWD,
    "/etc/group": GROUP,
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/hostname": "box\n",
}
_LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}


@dataclass(frozen=True)
class Mount:
    """A folder or file of the host shown read-only in the box."""

    source: str
    target: str


@dataclass(frozen=True)
class Interpreter:
    """A Python that can be put into a box."""

    executable: str
    """The real file, no virtual environment's link."""
    base_prefix: str
    version: str
    """As in the library folder's name: 3.11."""


@cache
def interpreter(python: Path) -> Interpreter:
    """Ask a Python where it lives. Raises NoInterpreter when it does not answer."""
    code = "import os, sys; print(os.path.realpath(sys.executable), sys.base_prefix, '%d.%d' % sys.version_info[:2], sep='\\n')"
    try:
        answer = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=True)
        return Interpreter(*answer.stdout.splitlines()[:3])
    except (OSError, subprocess.SubprocessError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it does not answer as a Python does"
        raise NoInterpreter(f"cannot run {python}: {why}. Fix: name a Python 3 with --python or TIERLINE_PYTHON") from error


def package_trees(names: Sequence[str]) -> dict[str, str]:
    """Top-level files and folders of installed distributions: name in site-packages -> path here. Absent ones are left out."""
    trees: dict[str, str] = {}
    for name in names:
        try:
            files = metadata.files(name) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and top not in trees:
                path = Path(str(file.locate())).parents[len(file.parts) - 2] if len(file.parts) > 1 else Path(str(file.locate()))
                trees[top] = str(path)
    return trees


def site_packages(python: Interpreter) -> str:
    """Where a box has the packages that programs may import. It is a virtual environment of the box's own, wherever the
    interpreter is from."""
    return f"{PYTHON_HOME}/lib/python{python.version}/site-packages"


def python_links(python: Interpreter) -> dict[str, str]:
    """Names of the interpreter in a box -> where it really is."""
    return {f"{PYTHON_HOME}/bin/{name}": python.executable for name in ("python3", "python", f"python{python.version}")}


def python_files(python: Interpreter) -> dict[str, str]:
    """What makes PYTHON_HOME a virtual environment."""
    return {f"{PYTHON_HOME}/pyvenv.cfg": f"home = {Path(python.executable).parent}\ninclude-system-site-packages = false\n"}


def plan_root(python: Interpreter, packages: dict[str, str], mounts: Sequence[Mount], helper: Path | None) -> dict[str, Any]:
    """Folders, links, files, copies and read-only binds that make a box's root. Keys of copies and binds are paths inside."""
    folders, links, files = list(_FOLDERS), dict(_LINKS), dict(_FILES)
    binds: dict[str, str] = {"/usr": "/usr"}
    copies = {f"/opt/runner/inside/{name}": str(INSIDE / name) for name in RUNNER_FILES}
    copies["/opt/runner/start.py"] = str(INSIDE / "start.py")
    for name in ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"):
        path = Path(name)
        if path.is_symlink():
            links[name] = str(path.readlink())
        elif path.is_dir():
            binds[name] = name
    if Path("/etc/alternatives").is_dir():
        binds["/etc/alternatives"] = "/etc/alternatives"
    if Path("/etc/ld.so.cache").exists():
        copies["/etc/ld.so.cache"] = "/etc/ld.so.cache"
    if helper is not None:
        copies[RUNNER_HELPER] = str(helper)
    if not python.base_prefix.startswith("/usr"):
        binds[python.base_prefix] = python.base_prefix
    site = site_packages(python)
    folders.append(site)
    links |= python_links(python)
    files |= python_files(python)
    binds |= {f"{site}/{name}": source for name, source in packages.items()}
    binds |= {mount.target: mount.source for mount in mounts}
    return {"folders": folders, "links": links, "files": files, "copies": copies, "binds": binds}
