"""Where compilers and interpreters are on the host, which version they are, and where a box sees them.

What is under /usr is seen at the same path. A toolchain elsewhere (rustup's, /usr/local is under /usr, /opt, a version manager's)
is shown at /opt/<language>, so that a box tells nothing of the host's folders.
"""

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.mounts import Mount

_ALSO = ("/usr/local/go/bin", "/usr/lib/go/bin", "/usr/local/bin", "~/.cargo/bin", "~/go/bin", "/snap/bin")
_TIMEOUT_S = 20.0
_OUTPUT_CHARS = 200


class ToolMissing(Exception):
    """A tool is not here or does not answer; the message says which and why."""


@dataclass(frozen=True)
class Toolchain:
    """The tools of one language."""

    tools: dict[str, str]
    """Name -> path in the box."""
    version: str
    mounts: tuple[Mount, ...] = ()
    static: str = ""
    """The flag that links statically, where its libraries are here."""
    linker: str = ""
    """The flag for a quicker linker, where there is one."""
    origin: str = ""
    """Id of the image they are in; empty for this machine's own."""

    def titled(self, title: str) -> "Toolchain":
        """The same with a word before the version."""
        return replace(self, version=f"{title} {self.version}".strip())


class VersionMemory:
    """What tools said before, by path, size and time of change, so that a start need not ask again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._answers: dict[str, str] = {}
        self._changed = False
        with suppress(OSError, ValueError):
            known = json.loads(path.read_text())
            self._answers = {str(key): str(value) for key, value in known.items()}

    def ask(self, command: list[str]) -> str:
        """Standard output (or error, for old Javas) of a command, shortened. Raises ToolMissing when it fails or hangs."""
        stat = Path(command[0]).stat()
        key = json.dumps([*command, os.path.realpath(command[0]), stat.st_size, stat.st_mtime_ns])
        if key not in self._answers:
            self._answers[key] = _run(command)
            self._changed = True
        return self._answers[key]

    def save(self) -> None:
        """Keep the answers. A folder that cannot be written only costs the next start its time."""
        if not self._changed:
            return
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as file:
                json.dump(self._answers, file)
            Path(file.name).rename(self._path)


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissing(f"{command[0]} does not answer: {error}") from error
    if done.returncode != 0:
        raise ToolMissing(f"{command[0]} failed with status {done.returncode}: {done.stderr.strip()[:_OUTPUT_CHARS]}")
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0][:_OUTPUT_CHARS] if lines else ""


def find_tool(name: str) -> str | None:
    """Path on the host, in PATH or where toolchains like to be."""
    folders = [os.environ.get("PATH", os.defpath), *(os.path.expanduser(folder) for folder in _ALSO)]  # noqa: PTH111
    return shutil.which(name, path=os.pathsep.join(folders))


def find_toolchain(
    language: str, names: tuple[str, ...], version: tuple[str, ...], static: tuple[str, ...], memory: VersionMemory
) -> Toolchain:
    """Find all tools, ask the first for its version. Raises ToolMissing."""
    host = {name: find_tool(name) for name in names}
    absent = [name for name, path in host.items() if path is None]
    if absent:
        raise ToolMissing(f"{' and '.join(absent)} not found")
    tools, mounts = {}, []
    for name, path in host.items():
        tools[name], shown = _in_box(language, name, str(path), memory)
        mounts += shown
    first = names[0]
    answer = memory.ask([word.replace(f"{{{first}}}", str(host[first])) for word in version])
    flag = static[0] if static and _has_libraries(static[1:], memory) else ""
    linker = "-fuse-ld=gold" if find_tool("ld.gold") else ""
    return Toolchain(tools, answer, tuple(dict.fromkeys(mounts)), flag, linker)


def _in_box(language: str, name: str, path: str, memory: VersionMemory) -> tuple[str, list[Mount]]:
    """Path in the box, and what must be mounted for it."""
    real = Path(os.path.realpath(path))
    if name == "rustc":  # rustup puts a chooser in front, which needs its settings
        real = Path(memory.ask([path, "--print", "sysroot"])) / "bin" / "rustc"
    home = real.parent.parent
    if real.is_relative_to("/usr"):
        shown = path if path.startswith(("/usr/", "/bin/")) else str(real)
        return shown, [Mount(folder, folder) for folder in _etc_folders(home)]
    if home == Path("/"):
        return path, []
    return f"/opt/{language}/bin/{real.name}", [Mount(str(home), f"/opt/{language}")]


def _etc_folders(home: Path) -> list[str]:
    """Folders of /etc that a JDK's configuration is linked to."""
    folders = set()
    for conf in (home / "conf", home / "lib" / "jvm.cfg"):
        for link in conf.rglob("*") if conf.is_dir() and not conf.is_symlink() else [conf]:
            target = os.path.realpath(link)
            if link.is_symlink() and target.startswith("/etc/"):
                folders.add("/".join(target.split("/")[:3]))
    return sorted(folders)


def _has_libraries(names: tuple[str, ...], memory: VersionMemory) -> bool:
    """Whether the C++ or C compiler finds these files: it prints a path for those it does, else the bare name."""
    compiler = find_tool("g++") or find_tool("gcc") or find_tool("cc")
    if compiler is None:
        return False
    try:
        return all("/" in memory.ask([compiler, f"-print-file-name={name}"]) for name in names)
    except ToolMissing:
        return False
