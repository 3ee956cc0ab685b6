"""Sessions as they are asked for and told of: a box that keeps its files between commands. Nothing here needs a server."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from service.schemas import Content, Encoding, Sent

ExecEnd = Literal["exit", "cpu", "wall", "memory", "output"]
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _whole(text: str) -> str:
    if "\0" in text:
        raise ValueError("a command cannot carry the character NUL; send it on stdin or in a file")
    return text


def _variables(env: dict[str, str]) -> dict[str, str]:
    for name in env:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a variable: letters, digits and _, no digit first")
    return env


Argument = Annotated[str, AfterValidator(_whole)]
Env = Annotated[dict[str, Argument], AfterValidator(_variables)]


class SessionRequest(Sent):
    """A session to open."""

    memory_limit_mb: int | None = Field(
        None, ge=8, le=65536, description="of one command that does not say its own; default 256, at most session_memory_mb"
    )
    disk_limit_mb: int | None = Field(
        None, ge=1, le=65536, description="of /work and /tmp together, in memory; default 64, at most session_disk_mb"
    )
    idle_timeout_s: float | None = Field(None, gt=0, allow_inf_nan=False, description="default, and at most: session_idle_s")
    total_lifetime_s: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="default, and at most: session_lifetime_s"
    )
    env: Env = Field(default_factory=dict, description="environment of all commands, added to the box's own")


class SessionInfo(BaseModel):
    """A session as it stands. Times in seconds since 1970."""

    id: str
    memory_limit_mb: int
    disk_limit_mb: int
    idle_timeout_s: float
    total_lifetime_s: float
    created: float
    expires: float = Field(description="when it ends at the latest")
    expires_if_idle: float = Field(description="when it ends if nothing is asked of it until then")
    busy: bool = Field(False, description="a command runs")
    commands: int = Field(0, description="run so far")
    worker: str = ""
    wall: str = ""


class ExecRequest(Sent):
    """A command: a line for /bin/sh, or a program with its arguments."""

    command: Argument | None = Field(None, description="run by /bin/sh -c")
    argv: tuple[Argument, ...] | None = Field(None, min_length=1, description="a program and its arguments, without a shell")
    stdin: Content = ""
    env: Env = Field(default_factory=dict, description="added to that of the session")
    time_limit_s: float = Field(30.0, gt=0, le=600, allow_inf_nan=False, description="CPU time of the command and all it starts")
    wall_limit_s: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="real time; default 60, at most session_wall_s"
    )
    memory_limit_mb: int | None = Field(None, ge=8, le=65536, description="in place of the session's")
    output_limit_bytes: int = Field(1 << 20, ge=1, le=64 << 20, description="of stdout and of stderr that come back")
    encoding: Encoding = "text"

    @model_validator(mode="after")
    def _one_of_two(self) -> "ExecRequest":
        if (self.command is None) == (self.argv is None):
            raise ValueError("give either command (a line for /bin/sh) or argv (a list)")
        return self


class ExecResult(BaseModel):
    """What a command did. `end`: `exit` by itself or by a signal, else past its limit of `cpu`, `wall`, `memory` or `output`."""

    end: ExecEnd
    exit_code: int | None = Field(None, description="null when a signal ended it")
    signal: int | None = None
    stdout: str = Field("", description="text: bytes that are not UTF-8 become U+FFFD")
    stderr: str = ""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    encoding: Encoding = "text"
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = Field(0.0, description="peak, with what it wrote to /work and /tmp")
    message: str = Field("", description="what limit was passed")


class FileInfo(BaseModel):
    """A file that was stored."""

    path: str
    bytes: int


class FolderEntry(BaseModel):
    """A name in a folder."""

    name: str = Field(description="what is not UTF-8 in it is U+FFFD")
    kind: Literal["file", "folder", "link", "other"]
    bytes: int
    modified: float = Field(description="seconds since 1970")
    utf8: bool = Field(True, description="false: the name has bytes that are not UTF-8; rename it by a command to fetch it")


class FolderListing(BaseModel):
    """The first names of a folder, in the order of their bytes."""

    path: str
    entries: list[FolderEntry]
    truncated: bool = Field(description="there are more")


class SessionStats(BaseModel):
    """Counts of all sessions."""

    open: int = 0
    running: int = Field(0, description="sessions in which something runs or waits for its turn")
    commands: dict[str, int] = Field(default_factory=dict, description="by how they ended")
    ended: dict[str, int] = Field(default_factory=dict, description="sessions, by why")
