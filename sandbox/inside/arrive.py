"""The first program of a container: takes the runner's files from the host, lays them out and becomes the runner.

Given to the image's own Python as text, so that any image with a Python can be a box and always has this judge's runner. With an
argument it connects to the socket there, else stdin and stdout are the channel: see channel.py. One frame comes first:

    {"folders": [path], "links": {path: target}, "files": {path: text}, "binaries": {path: base64}, "argv": [...], "env": {...}}
"""

import base64
import fcntl
import json
import os
import socket
import struct
import sys
from typing import Any


def main() -> None:
    if len(sys.argv) > 1:
        host = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        host.connect(sys.argv[1])
        _, fds, _, _ = socket.recv_fds(host, 1 << 16, 1)
        plan = json.loads(os.pread(fds[0], os.fstat(fds[0]).st_size, 0))
        channel = [host.fileno()]
        os.dup2(host.fileno(), 2)  # until the runner speaks for itself
    else:
        size, count = struct.unpack("!II", read(8))
        if count:
            raise ValueError("no files are expected here")
        plan = json.loads(read(size))
        channel = [os.dup(0), os.dup(1)]
    lay_out(plan)
    os.setgroups([])
    os.umask(0o022)
    os.chdir("/tmp")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    kept = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in channel]
    for number, fd in enumerate(kept):
        os.dup2(fd, 3 + number)
    os.closerange(3 + len(kept), 256)
    os.execve(plan["argv"][0], plan["argv"], plan["env"])


def read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            raise EOFError("the host hung up")
        data += part
    return data


def lay_out(plan: dict[str, Any]) -> None:
    for folder in plan["folders"]:
        os.makedirs(folder, 0o755, exist_ok=True)
    for path, target in plan["links"].items():
        os.symlink(target, path)
    for path, text in plan["files"].items():
        write(path, text.encode())
    for path, data in plan["binaries"].items():
        write(path, base64.b64decode(data))


def write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


main()
