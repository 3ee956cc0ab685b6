"""What is done in a session's box: a command, or a call on a file. Blocks; from a request to its answer or the error it gets."""

import json
from collections.abc import Callable
from typing import TypeVar

from sandbox import disk_files
from sandbox.box import Box
from sandbox.disk import FOLDER
from sandbox.disk_files import FileRefused
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.outcome import End, Outcome
from sandbox.program import Program
from service.errors import Conflict, FieldError, Invalid, JudgeFailed, NotFound, TierlineError, TooLarge
from service.schemas import content_bytes, path_fault, told
from service.session_register import check_bound
from service.session_schemas import ExecEnd, ExecRequest, ExecResult, FileInfo, FolderEntry, FolderListing
from service.settings import Settings

T = TypeVar("T")
_SHELL = "/bin/sh"
_OUTPUT_BYTES = 64 << 20
_COMMAND_BYTES = 48 << 10
"""Of a command with its environment, as JSON: what one frame to a box can carry."""
_WALL_S = 60.0


class Cancelled(Exception):
    """The command was ended because its caller hung up."""


# -- commands --------------------------------------------------------------------------------------------------------------


def program_of(env: dict[str, str], request: ExecRequest) -> Program:
    """The command as a program. A shell starts it in any case: the box itself looks for no program on a path that others made."""
    argv = (_SHELL, "-c", request.command or "") if request.argv is None else (_SHELL, "-c", 'exec "$@"', _SHELL, *request.argv)
    env = {"HOME": FOLDER, **env, **request.env}
    size = len(json.dumps([argv, env]))
    if size > _COMMAND_BYTES:
        raise TooLarge(
            f"The command has {size} bytes with its environment, as JSON.",
            errors=[FieldError("command", f"send at most {_COMMAND_BYTES} bytes; store a longer one as a file and run that")],
        )
    return Program({}, argv=argv, env=env)


def limits_of(request: ExecRequest, settings: Settings, memory_limit_mb: int, disk_limit_mb: int) -> Limits:
    """What the command may use. A command may sleep as long as its real time lasts. Raises Invalid."""
    check_bound(settings, "session_wall_s", "wall_limit_s", request.wall_limit_s)
    check_bound(settings, "session_memory_mb", "memory_limit_mb", request.memory_limit_mb)
    wall_s = request.wall_limit_s or min(_WALL_S, settings.session_wall_s)
    return Limits(
        cpu_s=request.time_limit_s,
        memory_mb=request.memory_limit_mb or memory_limit_mb,
        wall_s=wall_s,
        idle_s=wall_s,
        output_bytes=_OUTPUT_BYTES,
        file_bytes=disk_limit_mb << 20,
        scratch_mb=settings.scratch_mb,
        processes=settings.processes,
    )


def execute(box: Box, program: Program, limits: Limits, request: ExecRequest) -> ExecResult:
    """Run it. Raises Cancelled, and what a box raises."""
    box.load(program)
    with MemFile.sealed(content_bytes(request.stdin)) as stdin:
        outcome = box.run(stdin, limits)
    try:
        if outcome.end is End.CANCELLED:
            raise Cancelled
        return _exec_result(outcome, limits, request)
    finally:
        outcome.close()


def _exec_result(outcome: Outcome, limits: Limits, request: ExecRequest) -> ExecResult:
    end, message = _end_of(outcome, limits)
    most = request.output_limit_bytes
    return ExecResult(
        end=end,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        stdout=told(outcome.stdout.read(most), request.encoding),
        stderr=told(outcome.stderr.read(most), request.encoding),
        stdout_truncated=outcome.stdout.size > most,
        stderr_truncated=outcome.stderr.size > most,
        encoding=request.encoding,
        cpu_s=round(outcome.cpu_s, 6),
        wall_s=round(outcome.wall_s, 6),
        memory_mb=round(outcome.memory_bytes / (1 << 20), 2),
        message=message,
    )


def _end_of(outcome: Outcome, limits: Limits) -> tuple[ExecEnd, str]:
    if outcome.output_exceeded:
        return "output", f"it wrote more than {limits.output_bytes >> 20} MiB to stdout or stderr"
    if outcome.out_of_memory:
        return "memory", f"a process was out of memory: {limits.memory_mb} MiB, and what was free of the disk"
    if outcome.end is End.CPU:
        return "cpu", f"CPU time passed {limits.cpu_s:g} s"
    if outcome.end in (End.IDLE, End.WALL):
        waited = f", {outcome.cpu_wait_s:.1f} s of it waiting for a processor" if outcome.cpu_wait_s >= 0.1 else ""
        return "wall", f"it took longer than {limits.wall_s:g} s{waited}"
    return "exit", ""


# -- files -----------------------------------------------------------------------------------------------------------------


def check_path(path: str) -> None:
    """Raises Invalid for what is no path in the working folder."""
    if fault := path_fault(path):
        raise Invalid("That is no path in the session's folder.", errors=[FieldError("path", fault)])


def put_file(box: Box, path: str, data: bytes) -> FileInfo:
    """Store it."""
    _told(path, lambda: disk_files.put(box, path, data))
    return FileInfo(path=path, bytes=len(data))


def get_file(box: Box, path: str, max_bytes: int) -> bytes:
    """Fetch it."""
    return _told(path, lambda: disk_files.get(box, path, max_bytes))


def list_files(box: Box, path: str, limit: int) -> FolderListing:
    """List a folder."""
    entries, truncated = _told(path, lambda: disk_files.list_folder(box, path, limit))
    told_of = [
        FolderEntry.model_validate(
            {"name": entry.name, "kind": entry.kind, "bytes": entry.bytes, "modified": entry.modified, "utf8": entry.utf8}
        )
        for entry in entries
    ]
    return FolderListing(path=path, entries=told_of, truncated=truncated)


def delete_file(box: Box, path: str) -> None:
    """Remove it."""
    _told(path, lambda: disk_files.delete(box, path))


_REFUSALS: dict[str, tuple[type[TierlineError], str, str]] = {
    "ENOENT": (NotFound, "There is no such file.", "list the folder with GET .../files?path="),
    "ENOTDIR": (Invalid, "A part of the path is a file, not a folder.", "list the folder with GET .../files?path="),
    "EISDIR": (Invalid, "The path is a folder.", "list it with GET .../files?path="),
    "no_file": (
        Invalid,
        "The path is neither a file nor a folder.",
        "fetch a regular file; a fifo or device can be used by commands only",
    ),
    "ELOOP": (Invalid, "The links in the path go round in circles.", "remove them by a command"),
    "ENAMETOOLONG": (Invalid, "The path is too long.", "take a shorter one"),
    "EACCES": (Conflict, "A command has taken the right to this file or folder away.", "give it back with chmod"),
    "EPERM": (Conflict, "This cannot be changed.", "use a path of files that commands made"),
    "EROFS": (Conflict, "The path leads out of the session's folder, where nothing can be changed.", "use a path in it"),
    "ENOTEMPTY": (Conflict, "The folder is not empty.", "remove it with `rm -r` in a command"),
    "EBUSY": (Conflict, "This is in use.", "use another path"),
    "ENOSPC": (TooLarge, "The session's disk is full.", "remove files, or open a session with a larger disk_limit_mb"),
    "EFBIG": (TooLarge, "The session's disk is full.", "remove files, or open a session with a larger disk_limit_mb"),
    "too_large": (
        TooLarge,
        "The file is larger than an answer may be.",
        "fetch it in parts, by commands such as `split` or `gzip`",
    ),
}


def _told(path: str, call: Callable[[], T]) -> T:
    try:
        return call()
    except FileRefused as refused:
        if refused.code == "failed":
            raise JudgeFailed(f"{path}: {refused.detail}") from refused
        kind, detail, fix = _REFUSALS.get(refused.code, (Conflict, f"That cannot be done: {refused.detail}.", "use another path"))
        raise kind(detail, errors=[FieldError("path", f"{path[:300]}: {fix}")]) from None
