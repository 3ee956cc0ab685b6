"""Which languages programs can be written in here: entries of languages.toml, each with the tools that were found for it.

    languages = Languages.probe(config)
    pool = Pool(replace(config, mounts=(*config.mounts, *languages.mounts)))
    languages.get("cpp")       # by name or alias; KeyError when unknown or missing here
    languages.missing["go"]    # why, and which package brings it

Probing asks each compiler for its version, in parallel and once: answers are kept by the tools' paths and times. With the docker
wall it is the image that is asked.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sandbox import java_names
from sandbox.config import PoolConfig
from sandbox.language_entries import Entry, read_entries
from sandbox.mounts import PYTHON_HOME, Mount, interpreter
from sandbox.program import Program
from sandbox.toolchains import Toolchain, ToolMissing, VersionMemory, find_toolchain

PREPARED = "/opt/precompiled"
"""In the box: what compilers were given once for all programs, such as precompiled headers."""

_HOLE = re.compile(r"\{([a-z0-9_+]+)\}")
_PYTHON = f"{PYTHON_HOME}/bin/python3"


@dataclass(frozen=True)
class Language:
    """An entry with the tools of this machine."""

    entry: Entry
    toolchain: Toolchain

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def title(self) -> str:
        return self.entry.title

    @property
    def aliases(self) -> tuple[str, ...]:
        return self.entry.aliases

    @property
    def version(self) -> str:
        """As the tool tells it."""
        return self.toolchain.version

    @property
    def compiled(self) -> bool:
        """Whether compiling leaves something other than the source to run."""
        return bool(self.entry.artifact)

    @property
    def time_factor(self) -> float:
        return self.entry.time_factor

    @property
    def memory_extra_mb(self) -> int:
        return self.entry.memory_extra_mb

    def source_name(self, source: str) -> str:
        """What the source file has to be called."""
        return f"{java_names.file_stem(source)}.java" if self.entry.naming == "java" else self.entry.source

    def fill(self, command: tuple[str, ...], source: str, *, memory_mb: int = 0, prepared: str = "") -> tuple[str, ...]:
        """A command of the entry as it is run in the box."""
        values = {
            **self.toolchain.tools,
            "python": _PYTHON,
            "std": self.entry.std,
            "static": self.toolchain.static,
            "linker": self.toolchain.linker,
            "source": f"/box/{self.source_name(source)}",
            "program": f"/tmp/{self.entry.artifact}",  # noqa: S108 - in the box
            "class": java_names.main_class(source) if self.entry.naming == "java" else "",
            "memory_mb": str(memory_mb),
            "prepared": prepared,
        }
        filled = (_HOLE.sub(lambda hole: values[hole[1]], word) for word in command)
        return tuple(word for word in filled if word)

    def program(self, files: Mapping[str, bytes], source: str, *, memory_mb: int = 256) -> Program:
        """What runs: the artifact or the source, main file first. `memory_mb` is for runtimes that size a heap of their own."""
        executables = (self.entry.artifact,) if self.entry.run[0] == f"/box/{self.entry.artifact}" else ()
        argv = self.fill(self.entry.run, source, memory_mb=memory_mb)
        return Program(dict(files), argv=argv, env=dict(self.entry.env), executables=executables)


@dataclass(frozen=True)
class MissingLanguage:
    """An entry whose tools are not here."""

    entry: Entry
    reason: str

    @property
    def package(self) -> str:
        return self.entry.package


@dataclass(frozen=True)
class LanguageRow:
    """A language in a list for people."""

    name: str
    title: str
    available: bool
    version: str
    source_name: str
    aliases: tuple[str, ...]
    compiled: bool
    time_factor: float
    package: str
    reason: str


class Languages:
    """The languages of this machine, and those that it lacks."""

    def __init__(self, available: dict[str, Language], missing: dict[str, MissingLanguage], mounts: tuple[Mount, ...]) -> None:
        self.available = available
        self.missing = missing
        self.mounts = mounts
        """What boxes must show for these languages to work: toolchains outside /usr, and the prepared files."""
        found = [entry for entry in read_entries() if entry.name in available]
        self._names = {alias: entry.name for entry in found for alias in (entry.name, *entry.aliases)}

    @classmethod
    def probe(cls, config: PoolConfig) -> "Languages":
        """Look for every language's tools. Never fails because of a tool: one that hangs or crashes is missing."""
        found = probe_image(config) if config.wall == "docker" else probe_here(config)
        available = {one.entry.name: one for one in found if isinstance(one, Language)}
        missing = {one.entry.name: one for one in found if isinstance(one, MissingLanguage)}
        mounts = {mount.target: mount for language in available.values() for mount in language.toolchain.mounts}
        folder = config.cache_dir / "precompiled"
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        mounts[PREPARED] = Mount(str(folder), PREPARED)
        return cls(available, missing, tuple(mounts.values()))

    @property
    def names(self) -> list[str]:
        """Names of the available ones."""
        return list(self.available)

    def get(self, name: str) -> Language:
        """By name or alias. Raises KeyError for those that are unknown or missing here."""
        return self.available[self._names[name]]

    def infos(self) -> list[LanguageRow]:
        """All languages, missing ones too, in the file's order."""
        return [self._row(entry) for entry in read_entries()]

    def _row(self, entry: Entry) -> LanguageRow:
        here, missing = self.available.get(entry.name), self.missing.get(entry.name)
        return LanguageRow(
            name=entry.name,
            title=entry.title,
            available=here is not None,
            version=here.version if here else "",
            source_name=entry.source,
            aliases=entry.aliases,
            compiled=bool(entry.artifact),
            time_factor=entry.time_factor,
            package=entry.package,
            reason=missing.reason if missing else "",
        )


def probe_here(config: PoolConfig) -> list[Language | MissingLanguage]:
    """Every language as this machine has it."""
    memory = VersionMemory(config.cache_dir / "versions.json")
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda entry: _probe_one(entry, config, memory), read_entries()))
    memory.save()
    return found


def probe_image(config: PoolConfig) -> list[Language | MissingLanguage]:
    """Every language as the image of the docker wall has it. Raises WallUnavailable."""
    from sandbox.docker_engine import Engine
    from sandbox.docker_image import look_at

    engine = Engine(config.docker_host)
    try:
        image = look_at(engine, config)
    finally:
        engine.close()
    found: list[Language | MissingLanguage] = []
    for entry in read_entries():
        if entry.name in image.toolchains:
            found.append(Language(entry, image.toolchains[entry.name]))
        else:
            reason = image.missing.get(entry.name, "the image was not asked for it")
            found.append(MissingLanguage(entry, f"in image {image.name}: {reason}"))
    return found


def _probe_one(entry: Entry, config: PoolConfig, memory: VersionMemory) -> Language | MissingLanguage:
    if entry.name == "python":
        try:
            python = interpreter(config.python)
        except Exception as error:  # whatever it is, there is no Python to run
            return MissingLanguage(entry, f"{config.python} does not answer: {error}")
        return Language(entry, Toolchain({}, python.version))
    try:
        toolchain = find_toolchain(entry.name, entry.tools, entry.version, entry.static, memory)
    except ToolMissing as error:
        return MissingLanguage(entry, str(error))
    number = re.search(r"\d+", toolchain.version)
    if entry.min_version and (number is None or int(number[0]) < entry.min_version):
        return MissingLanguage(entry, f"{entry.title} needs version {entry.min_version}, this is {toolchain.version}")
    return Language(entry, toolchain.titled(entry.title_version))
