"""The box's end of what joins runner and host. A frame comes with files and is answered with files.

Over a socket, files are descriptors. Where only the container's stdin and stdout reach the host, their bytes follow the frame:
see `Stream`. They go from the pipe into memory files and back inside the kernel, for what has once been in the runner's memory
can be read by every program it forks.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct
from typing import Sequence, Tuple

from . import kernel

FIRST = 3
"""Where the channel's descriptors are when the runner starts: a socket, or what it reads from and, next to it, writes to."""

OUTPUT = -1
"""In place of a file's size: the box makes the file, and sends back what is in it with its next answer."""

HEAD = struct.Struct("!II")
"""Before each frame of a stream: the frame's bytes, and how many files follow; then their sizes, 8 bytes each."""

_MOST_FILES = 253  # that travel with one packet: the kernel's own bound
_SEALS = 0xF  # against sealing, shrinking, growing and writing
_ADD_SEALS = 1033
_CHUNK = 1 << 20

Received = Tuple[bytes, list[int]]


class Socket:
    """A unix socket of whole packets."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self.wait_fd = fd
        """Readable when there is a frame or the host is gone."""

    def receive(self) -> Received:
        """A frame and its files; an empty one when the host is gone."""
        frame, fds, _, _ = socket.recv_fds(self._socket, 1 << 17, _MOST_FILES)
        return frame, list(fds)

    def send(self, frame: bytes, fds: Sequence[int] = ()) -> None:
        """An answer with files, which stay the caller's."""
        socket.send_fds(self._socket, [frame], fds)

    def forget(self) -> None:
        """In a child, where the descriptor is closed and its number may be another file's."""
        self._socket.detach()


class Stream:
    """A pipe from the host and one to it."""

    def __init__(self, source: int, target: int) -> None:
        self.wait_fd = source
        self._target = target
        self._outputs: list[int] = []

    def receive(self) -> Received:
        """As `Socket.receive`."""
        head = self._read(HEAD.size)
        if not head:
            return b"", []
        length, count = HEAD.unpack(head)
        sizes = struct.unpack(f"!{count}q", self._read(8 * count))
        frame = self._read(length)
        fds = []
        for size in sizes:
            fds.append(self._take(size) if size != OUTPUT else self._make_output())
        return frame, fds

    def _read(self, size: int) -> bytes:
        """Exactly `size` bytes; nothing when the host hung up before."""
        parts = []
        while size > 0:
            part = os.read(self.wait_fd, min(size, 1 << 16))
            if not part:
                return b""
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _take(self, size: int) -> int:
        """The next bytes as a sealed file, opened for reading."""
        fd = os.memfd_create("input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        while size > 0:
            moved = kernel.splice(self.wait_fd, fd, min(size, _CHUNK))
            if moved == 0:
                os._exit(0)  # the host is gone
            size -= moved
        fcntl.fcntl(fd, _ADD_SEALS, _SEALS)
        reader = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)
        os.close(fd)
        return reader

    def _make_output(self) -> int:
        fd = os.memfd_create("output", os.MFD_CLOEXEC)
        self._outputs.append(os.dup(fd))
        return fd

    def forget(self) -> None:
        """As `Socket.forget`: nothing to do, numbers close nothing."""

    def send(self, frame: bytes, fds: Sequence[int] = ()) -> None:
        """As `Socket.send`; what was written to the outputs goes before the files."""
        outputs, self._outputs = self._outputs, []
        files = [*outputs, *fds]
        sizes = [os.fstat(fd).st_size for fd in files]
        data = HEAD.pack(len(frame), len(files)) + struct.pack(f"!{len(files)}q", *sizes) + frame
        while data:
            data = data[os.write(self._target, data) :]
        for fd, size in zip(files, sizes):
            offset = 0
            while offset < size:
                offset += os.sendfile(self._target, fd, offset, min(size - offset, _CHUNK))
        for fd in outputs:
            os.close(fd)


def open_channel() -> Socket | Stream:
    """The channel that the runner was started with."""
    if stat.S_ISSOCK(os.fstat(FIRST).st_mode):
        return Socket(FIRST)
    return Stream(FIRST, FIRST + 1)
