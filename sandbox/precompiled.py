"""What a language prepares once for all its programs: precompiled headers, a compiled standard library.

Made in a box by the entry's script, once for each kind and version of its tools, and kept in `<cache>/precompiled`, which every
box shows at /opt/precompiled. Boxes that already run see new ones at once. GCC maps a precompiled header instead of reading it,
so that its hundred megabytes cost no copying; its pages are the host's page cache, charged to whoever reads them first, which
`warm_up` makes sure is the judge and not a program.
"""

import fcntl
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sandbox.box import Box
from sandbox.errors import SandboxError
from sandbox.languages import PREPARED, Language
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.outcome import End
from sandbox.program import Program

_LIMITS = Limits(
    cpu_s=300, memory_mb=4096, wall_s=1800, idle_s=120, file_bytes=1 << 30, scratch_mb=2048, processes=256, open_files=1024
)
_WRAP = 'sh /box/prepare.sh "$0" && tar -c -f /tmp/made.tar -C /tmp/made .'
_LOG_BYTES = 4000


class PrepareFailed(Exception):
    """The script failed: no error of the box's."""


class PrepareCancelled(Exception):
    """The submission that would have prepared was cancelled."""


class Precompiled:
    """The prepared folders of this machine."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        """None: boxes do not show it, so nothing is prepared."""
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._places: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        """Language and kind -> why it could not be prepared. It is then compiled the slow way."""

    def place(self, box: Box, language: Language, kind: str) -> str:
        """Path in the box of what `language` prepared, made on first use; empty when it cannot be made.

        Raises PrepareCancelled when the box was told to stop (the next to ask will make it), and what a box raises.
        """
        if self._folder is None:
            return ""
        name = f"{language.name}-{kind}"
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._places:
                self._places[name] = self._find_or_make(box, language, kind, self._folder)
            return self._places[name]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other judge that shares the folder prepares; all at once would do the same work, on the same cores."""
        if self._folder is None:
            yield
            return
        fd = os.open(self._folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def warm_up(self) -> None:
        """Read what is there into the page cache, on the judge's own account."""
        for path in self._folder.rglob("*") if self._folder else ():
            with suppress(OSError):
                if path.is_file():
                    with path.open("rb") as file:
                        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)

    def _find_or_make(self, box: Box, language: Language, kind: str, folder: Path) -> str:
        chain = language.toolchain
        script = " ".join(language.fill((language.entry.prepare,), ""))
        mark = repr((script, chain.version, chain.origin, sorted(chain.tools.items()), os.uname().machine))
        name = f"{language.name}-{kind}-{hashlib.sha256(mark.encode()).hexdigest()[:16]}"
        if not (folder / name).is_dir():
            try:
                self._make(box, language, (script, kind), folder / name)
            except (OSError, tarfile.TarError, PrepareFailed) as error:
                self.failures[f"{language.name}-{kind}"] = str(error)
                return ""
        return f"{PREPARED}/{name}"

    def _make(self, box: Box, language: Language, script: tuple[str, str], target: Path) -> None:
        files = {"prepare.sh": script[0].encode()}
        program = Program(files, argv=("/bin/sh", "-c", _WRAP, script[1]), env=dict(language.entry.env))
        if (log := box.load(program)) is not None:
            raise SandboxError(f"a shell script did not load: {log}")
        with MemFile.sealed(b"") as nothing, closing(box.run(nothing, _LIMITS, collect=("made.tar",))) as outcome:
            if outcome.end is End.CANCELLED:
                raise PrepareCancelled
            if outcome.end is not End.EXIT or outcome.exit_code != 0 or "made.tar" not in outcome.files:
                said = outcome.stderr.read(_LOG_BYTES).decode(errors="replace")
                raise PrepareFailed(f"preparing {language.title} ended as {outcome.end} {outcome.exit_code}: {said}")
            self._unpack(outcome.files["made.tar"], target)

    def _unpack(self, archive: MemFile, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
            made = Path(folder) / "made"
            with io.FileIO(archive.reopen()) as raw, tarfile.open(fileobj=io.BufferedReader(raw, 1 << 20)) as tar:
                _extract(tar, made)
            for path in [made, *made.rglob("*")]:
                path.chmod(0o755 if path.is_dir() else 0o644)
            with suppress(OSError):  # another judge was quicker
                made.rename(target)


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Files and folders, nothing else, and none outside `folder`. Python 3.11 has extraction filters from 3.11.4 on only."""
    for member in tar:
        path = folder / member.name
        if ".." in Path(member.name).parts or not path.is_relative_to(folder) or not (member.isdir() or member.isfile()):
            raise tarfile.TarError(f"{member.name} in the archive is no plain file or leads out of it")
        if member.isdir():
            path.mkdir(parents=True, exist_ok=True)
        elif (source := tar.extractfile(member)) is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with source, path.open("wb") as target:
                shutil.copyfileobj(source, target)
