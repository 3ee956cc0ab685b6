"""Sources to programs, inside a box and once.

A compiler runs like any hostile program: `#include </dev/zero>`, template bombs and gigabyte arrays are the program's fault and
end as a compile error with a bounded log. If the box fails, that is raised instead. What was compiled is kept by content, and two
threads that ask for the same at once compile it once.
"""

import hashlib
import re
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sandbox.box import Box
from sandbox.compile_cache import CacheEntry, CompileCache
from sandbox.compile_log import bounded, describe
from sandbox.errors import SandboxError
from sandbox.languages import PREPARED, Language, Languages
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.outcome import End
from sandbox.pool import Pool
from sandbox.precompiled import Precompiled, PrepareCancelled
from sandbox.program import BoxKind, Compiled, Program

_NUMPY = re.compile(rb"\bimport\b[^\n]*\b(?:numpy|scipy|pandas|sklearn|numba)\b|\bfrom\s+(?:numpy|scipy|pandas|sklearn|numba)\b")
_ARTIFACT_BYTES = 64 << 20
_LOG_FILE_BYTES = 4 << 20


class CompileSettings(Protocol):
    """What bounds a compilation; the judge's settings fit."""

    @property
    def compile_time_s(self) -> float:
        """CPU time of one compilation."""

    @property
    def compile_memory_mb(self) -> int:
        """Memory of one compilation."""

    @property
    def compile_log_bytes(self) -> int:
        """Diagnostics that are kept."""

    @property
    def compile_cache_mb(self) -> int:
        """Disk for compiled programs."""


@dataclass(frozen=True)
class CompileBounds:
    """CompileSettings with usual values."""

    compile_time_s: float = 30.0
    compile_memory_mb: int = 2048
    compile_log_bytes: int = 16 << 10
    compile_cache_mb: int = 1024


class _Attempt:
    """A compilation that other threads may wait for; `entry` stays None when it was cancelled or the box failed."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.entry: CacheEntry | None = None


@dataclass(frozen=True)
class _Tried:
    entry: CacheEntry | None
    """None: cancelled."""
    keep: bool
    """Whether the same would come out again."""
    final: bool
    """Whether another way is useless."""

    @property
    def cpu_s(self) -> float:
        return self.entry.cpu_s if self.entry else 0.0


class Compiler:
    """Compiles for all boxes of a pool; use it from any thread."""

    def __init__(self, pool: Pool, languages: Languages, cache_dir: Path, settings: CompileSettings | None = None) -> None:
        self._languages = languages
        self._settings: CompileSettings = settings or CompileBounds()
        self._cache = CompileCache(cache_dir, self._settings.compile_cache_mb << 20)
        shown = [mount.source for mount in pool.mounts if mount.target == PREPARED]
        self.precompiled = Precompiled(Path(shown[0]) if shown else None)
        self._numpy = "numpy" in pool.config.python_packages
        self._lock = threading.Lock()
        self._attempts: dict[str, _Attempt] = {}

    def kind(self, language: str, source: str) -> BoxKind:
        """The kind of box that `source` runs best in. Guessing wrong costs time, not right answers."""
        wants = self._numpy and self._languages.get(language).name == "python" and _NUMPY.search(_encode(source))
        return BoxKind.NUMPY if wants else BoxKind.STANDARD

    def prepare(self, box: Box, language: str) -> bool:
        """Make now what the first compilations would: precompiled headers and the like. False when some could not be made."""
        found = self._languages.get(language)
        places = [self.precompiled.place(box, found, way.kind) for way in found.entry.prepared]
        return all(places)

    def compile(
        self,
        box: Box,
        language: str,
        source: str,
        *,
        exec_mode: bool = False,
        files: Mapping[str, bytes] | None = None,
        memory_mb: int = 256,
        time_s: float | None = None,
    ) -> Compiled:
        """Make a program of `source`, with further `files` beside it in /box.

        `exec_mode` starts the interpreter anew for each run where else a warm one would be used. `memory_mb` is the limit the
        program will run under, which some runtimes want to know. `time_s` is CPU time for the compiler, where that is less than
        the settings have. Load the program afterwards: compiling forgets what the box had loaded. A cancelled compilation gives
        no program and the log "cancelled". Raises KeyError for an unknown language and SandboxError (BoxDied) when the box fails.
        """
        found = self._languages.get(language)
        sources = {found.source_name(source): _encode(source), **(files or {})}
        if not found.entry.compile:
            return Compiled(self._script(found, source, sources, exec_mode))
        time_s = min(time_s or self._settings.compile_time_s, self._settings.compile_time_s)
        key = self._key(found, sources, time_s)
        entry, cached = self._compiled(box, found, source, sources, key, time_s)
        if entry is None:
            return Compiled(None, "cancelled")
        if entry.artifact is None:
            return Compiled(None, entry.log, entry.cpu_s, cached, entry.timed_out)
        made = {found.entry.artifact: entry.artifact} if found.compiled else sources
        return Compiled(found.program(made, source, memory_mb=memory_mb), entry.log, entry.cpu_s, cached)

    def _script(self, language: Language, source: str, sources: dict[str, bytes], exec_mode: bool) -> Program:
        kind = self.kind(language.name, source)
        if language.name == "python" and not exec_mode and len(sources) == 1:
            return Program(sources, warm=True, kind=kind)
        program = language.program(sources, source)
        return Program(program.files, argv=program.argv, kind=kind, env=program.env)

    def _key(self, language: Language, sources: Mapping[str, bytes], time_s: float) -> str:
        """Of all that decides what comes out."""
        chain, entry = language.toolchain, language.entry
        bounds = (time_s, self._settings.compile_memory_mb, self._settings.compile_log_bytes)
        parts = (
            entry.name,
            entry.compile,
            entry.prepared,
            entry.std,
            entry.env,
            chain.version,
            chain.origin,
            chain.static,
            chain.linker,
            bounds,
        )
        digest = hashlib.sha256(repr(parts).encode())
        for name, data in sources.items():
            digest.update(f"\0{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()

    def _compiled(
        self, box: Box, language: Language, source: str, sources: dict[str, bytes], key: str, time_s: float
    ) -> tuple[CacheEntry | None, bool]:
        """From the cache, from a thread that is at it, or by our own work; and whether it was not our own."""
        while True:
            if (entry := self._cache.get(key)) is not None:
                return entry, True
            with self._lock:
                other = self._attempts.get(key)
                if other is None:
                    mine = self._attempts[key] = _Attempt()
                    break
            other.done.wait()
            if other.entry is not None:
                return other.entry, True
        try:
            try:
                entry, keep = self._work(box, language, source, sources, time_s)
            except PrepareCancelled:
                entry, keep = None, False
            mine.entry = entry
            if entry is not None and keep:
                self._cache.put(key, entry)
            return entry, False
        finally:
            with self._lock:
                del self._attempts[key]
            mine.done.set()

    def _work(
        self, box: Box, language: Language, source: str, sources: dict[str, bytes], time_s: float
    ) -> tuple[CacheEntry | None, bool]:
        """Try the quick ways, then the plain one. Gives the entry (None: cancelled) and whether to keep it."""
        ways = [way for way in language.entry.prepared if way.suits(source)]
        quick = [(way.kind, way.compile) for way in ([ways[0], ways[-1]] if len(ways) > 1 else ways)]
        spent, tried, decided = 0.0, None, False
        for kind, command in quick:
            if place := self.precompiled.place(box, language, kind):
                tried = self._try(box, language, language.fill(command, source, prepared=place), sources, time_s)
                spent += tried.cpu_s
                decided = tried.final or kind == quick[-1][0]
                if decided:
                    break
        if tried is None or not decided:
            tried = self._try(box, language, language.fill(language.entry.compile, source), sources, time_s)
            spent += tried.cpu_s
        return tried.entry and replace(tried.entry, cpu_s=spent), tried.keep

    def _try(self, box: Box, language: Language, argv: tuple[str, ...], sources: dict[str, bytes], time_s: float) -> _Tried:
        """One run of a compiler."""
        wanted = (language.entry.artifact,) if language.compiled else ()
        if (log := box.load(Program(sources, argv=argv, env=dict(language.entry.env)))) is not None:
            raise SandboxError(f"a compiler did not load: {log}")
        limits = self._limits(time_s)
        with MemFile.sealed(b"") as nothing, closing(box.run(nothing, limits, collect=wanted)) as outcome:
            if outcome.end is End.CANCELLED:
                return _Tried(None, keep=False, final=True)
            if outcome.end is End.WALL:
                raise SandboxError(f"{language.title}: the compiler found no processor to run on for {limits.wall_s:g} s")
            said = bounded((outcome.stderr, outcome.stdout), self._settings.compile_log_bytes)
            trouble = describe(outcome, limits, wanted, _ARTIFACT_BYTES)
            if trouble is None:
                artifact = outcome.files[wanted[0]].read() if wanted else b""
                return _Tried(CacheEntry(artifact, said, outcome.cpu_s), keep=True, final=True)
            log = "\n".join(part for part in (said, trouble.text) if part)
            return _Tried(CacheEntry(None, log, outcome.cpu_s, trouble.time), keep=not trouble.limit, final=trouble.limit)

    def _limits(self, time_s: float) -> Limits:
        memory_mb = self._settings.compile_memory_mb
        return Limits(
            cpu_s=time_s,
            memory_mb=memory_mb,
            wall_s=max(60.0, 20 * time_s),
            idle_s=max(10.0, time_s),
            output_bytes=_LOG_FILE_BYTES,
            file_bytes=_ARTIFACT_BYTES,
            scratch_mb=max(64, memory_mb // 2),
            processes=128,
            open_files=1024,
            stack_mb=min(256, memory_mb),
        )


def _encode(source: str) -> bytes:
    """Lone surrogates are not UTF-8; they pass as they are, and the language says what it thinks of them."""
    return source.encode("utf-8", "surrogatepass")
