"""One call on a file of /work: put, get, list or delete.

Runs in the jail like any program, with the rights of the programs whose files these are, so that no link or name they left leads
anywhere they could not go themselves. The runner, which may do more, never looks into /work.

stdin   one line of JSON, the call; for `put` followed by the bytes
stdout  the bytes of `get`, the JSON of `list`
stderr  one line of JSON: {"ok": true, ...} or {"error": code, "detail": text}

It is sent into the box as the source of a warm program; it is no part of the runner.
"""

from __future__ import annotations

import errno
import heapq
import json
import os
import stat
import sys
from collections.abc import Callable
from typing import Any, Iterator

_PIECE = 1 << 20
_KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


class Refused(Exception):
    """The call cannot be done: a code, and what there is to say."""


def read_call() -> dict[str, Any]:
    """The call; what comes after it on stdin is left there."""
    head = b""
    while b"\n" not in head:
        piece = os.read(0, 65536)
        if not piece:
            raise Refused("failed", "the call was cut off")
        head += piece
    line = head[: head.index(b"\n") + 1]
    os.lseek(0, len(line), os.SEEK_SET)
    call: dict[str, Any] = json.loads(line)
    return call


def put(call: dict[str, Any]) -> dict[str, Any]:
    """The whole file or none of it: it is written beside its place and then moved there."""
    path = call["path"]
    make_parents(path)
    new = os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}.part")
    target = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        size = 0
        while piece := os.read(0, _PIECE):
            size += len(piece)
            while piece:
                piece = piece[os.write(target, piece) :]
        os.rename(new, path)
    except BaseException:
        os.unlink(new)
        raise
    return {"bytes": size}


def make_parents(path: str) -> None:
    """One after the other: the path may be deeper than Python recurses."""
    end = path.find("/")
    while end > 0:
        try:
            os.mkdir(path[:end])
        except FileExistsError:
            pass
        end = path.find("/", end + 1)


def get(call: dict[str, Any]) -> dict[str, Any]:
    """Links are followed. What is no file (a fifo would never end) is refused."""
    fd = os.open(call["path"], os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    found = os.fstat(fd)
    if stat.S_ISDIR(found.st_mode):
        raise Refused("EISDIR", "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise Refused("no_file", "it is neither a file nor a folder")
    left = call["max_bytes"]
    if found.st_size > left:
        raise Refused("too_large", str(found.st_size))
    while piece := os.read(fd, min(_PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            raise Refused("too_large", f"more than {call['max_bytes']}")
        while piece:
            piece = piece[os.write(1, piece) :]
    return {"bytes": call["max_bytes"] - left}


def list_folder(call: dict[str, Any]) -> dict[str, Any]:
    """The first names in order, and whether there are more. Never holds more than those."""
    with os.scandir(call["path"] or ".") as entries:
        first = heapq.nsmallest(call["limit"] + 1, (os.fsencode(entry.name) for entry in entries))
    shown = list(described(call["path"], first[: call["limit"]]))
    text = json.dumps(shown).encode()
    while text:
        text = text[os.write(1, text) :]
    return {"truncated": len(first) > call["limit"]}


def described(folder: str, names: list[bytes]) -> Iterator[dict[str, Any]]:
    """What there is to say of each; links are described, not followed."""
    for name in names:
        state = os.lstat(os.path.join(os.fsencode(folder), name))
        text = name.decode("utf-8", "replace")
        yield {
            "name": text,
            "utf8": text.encode() == name,
            "kind": _KINDS.get(stat.S_IFMT(state.st_mode), "other"),
            "bytes": state.st_size,
            "modified": round(state.st_mtime, 3),
        }


def delete(call: dict[str, Any]) -> dict[str, Any]:
    """A file, a link, or an empty folder."""
    path = call["path"]
    if stat.S_ISDIR(os.lstat(path).st_mode):
        os.rmdir(path)
    else:
        os.unlink(path)
    return {}


_CALLS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "put": put,
    "get": get,
    "list": list_folder,
    "delete": delete,
}


def answer() -> dict[str, Any]:
    """Do what stdin asks for, and say what became of it."""
    try:
        call = read_call()
        return {"ok": True, **_CALLS[call["op"]](call)}
    except Refused as refused:
        code, detail = refused.args
        return {"error": code, "detail": detail}
    except OSError as error:
        return {"error": errno.errorcode.get(error.errno or 0, "failed"), "detail": error.strerror or str(error)}


if __name__ == "__main__":
    os.write(2, json.dumps(answer()).encode())
    sys.stdout.flush()
