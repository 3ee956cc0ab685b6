"""Files of a box with a disk, from outside: put, get, list, delete. Each call is a run of inside/file_calls.py in the box.

Paths are relative to /work, with no part that is empty, `.` or `..`. What comes back was in the hands of the box's programs: it
is data, and never trusted to be more.
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sandbox.box import Box
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.mounts import INSIDE
from sandbox.outcome import End, Outcome
from sandbox.program import Program

_LIMITS = Limits(cpu_s=20, memory_mb=64, wall_s=60, idle_s=20, processes=2, open_files=16)
_STATUS_BYTES = 64 << 10
_LIST_BYTES = 16 << 20


class FileRefused(Exception):
    """The call cannot be done. `code` is the system's name of the error (ENOENT, ENOSPC), or `no_file` (a fifo or the like),
    `too_large` (detail: its bytes), or `failed`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class DiskEntry:
    """One name in a folder."""

    name: str
    """What is not UTF-8 in it is U+FFFD."""
    utf8: bool
    """Whether `name` is the whole truth."""
    kind: str
    """file, folder, link or other."""
    bytes: int
    modified: float
    """Seconds since 1970."""


def put(box: Box, path: str, data: bytes) -> None:
    """Store a file, with the folders above it; what was there stays until all is written. Raises FileRefused, BoxDied."""
    _run(box, {"op": "put", "path": path}, data)


def get(box: Box, path: str, max_bytes: int) -> bytes:
    """A file's bytes. Raises FileRefused, BoxDied."""
    return _run(box, {"op": "get", "path": path, "max_bytes": max_bytes}, output_bytes=max_bytes)[1]


def list_folder(box: Box, path: str, limit: int) -> tuple[list[DiskEntry], bool]:
    """The first `limit` names of a folder ("" is /work itself), and whether there are more. Raises FileRefused, BoxDied."""
    status, text = _run(box, {"op": "list", "path": path, "limit": limit})
    return [DiskEntry(**entry) for entry in json.loads(text)], bool(status["truncated"])


def delete(box: Box, path: str) -> None:
    """Remove a file or an empty folder. Raises FileRefused, BoxDied."""
    _run(box, {"op": "delete", "path": path})


@cache
def _program() -> Program:
    return Program({"file_calls.py": (INSIDE / "file_calls.py").read_bytes()}, warm=True)


def _run(box: Box, call: dict[str, Any], data: bytes = b"", output_bytes: int = _LIST_BYTES) -> tuple[dict[str, Any], bytes]:
    if (log := box.load(_program())) is not None:
        raise FileRefused("failed", log)
    limits = replace(_LIMITS, output_bytes=max(output_bytes, _STATUS_BYTES), file_bytes=len(data))
    with MemFile.sealed([json.dumps(call).encode() + b"\n", data]) as stdin:
        outcome = box.run(stdin, limits)
    try:
        status = _status(outcome)
        if "ok" not in status:
            raise FileRefused(str(status["error"]), str(status["detail"]))
        return status, outcome.stdout.read()
    finally:
        outcome.close()


def _status(outcome: Outcome) -> dict[str, Any]:
    try:
        status = json.loads(outcome.stderr.read(_STATUS_BYTES))
        if outcome.end is End.EXIT and outcome.exit_code == 0 and isinstance(status, dict):
            return status
    except ValueError:
        pass
    said = outcome.stderr.read(500).decode(errors="replace")
    raise FileRefused("failed", f"it ended as {outcome.end}, signal {outcome.signal}, and said {said!r}")
