"""A channel over a container's stdin and stdout, for engines that no descriptor can reach.

The engine's attached connection carries stdin as it is, and stdout and stderr in chunks with a head of 8 bytes: which of them,
and how long. Within, frames and the bytes of files are laid out as inside/channel.py says.
"""

import os
import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress

from sandbox.channel import Channel, is_hung_up
from sandbox.inside.channel import HEAD, OUTPUT
from sandbox.memfile import MemFile

_CHUNK = 1 << 18
_STDERR = 2


class StreamChannel(Channel):
    """Takes over the connection that an engine attached."""

    def __init__(self, box: str, sock: socket.socket) -> None:
        super().__init__(box)
        self._socket = sock
        self._sending = threading.Lock()  # a cancellation must not get in between a frame and its files
        self._outputs: list[int] = []
        self._left = 0  # of the chunk at hand

    def set_timeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def send(self, frame: bytes, files: Sequence[int] = (), outputs: Sequence[int] = ()) -> None:
        sizes = [*(os.fstat(fd).st_size for fd in files), *(OUTPUT for _ in outputs)]
        with self._sending:
            self._outputs = list(outputs)
            self._socket.sendall(HEAD.pack(len(frame), len(sizes)) + struct.pack(f"!{len(sizes)}q", *sizes) + frame)
            for fd in files:
                self._send_file(fd)

    def _send_file(self, fd: int) -> None:
        offset = 0
        while data := os.pread(fd, _CHUNK, offset):
            self._socket.sendall(data)
            offset += len(data)

    def tell(self, frame: bytes) -> None:
        with suppress(OSError), self._sending:
            self._socket.sendall(HEAD.pack(len(frame), 0) + frame)

    def hung_up(self) -> bool:
        return is_hung_up(self._socket)

    def hang_up(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _take(self) -> tuple[bytes, list[int]]:
        head = self._read(HEAD.size)
        if not head:
            return b"", []
        length, count = HEAD.unpack(head)
        sizes = struct.unpack(f"!{count}q", self._read(8 * count))
        frame = self._read(length)
        outputs, self._outputs = self._outputs, []
        for fd, size in zip(outputs, sizes, strict=False):
            self._read_into(fd, size)
        return frame, [self._read_file(size) for size in sizes[len(outputs) :]]

    def _read_file(self, size: int) -> int:
        file = MemFile.empty()
        try:
            self._read_into(file.fd, size)
            return os.dup(file.fd)
        finally:
            file.close()

    def _read(self, size: int) -> bytes:
        """Exactly `size` bytes of stdout, nothing at its end."""
        data = b""
        while len(data) < size:
            part = self._some(size - len(data))
            if not part:
                return b""
            data += part
        return data

    def _read_into(self, fd: int, size: int) -> None:
        while size > 0:
            part = self._some(size)
            if not part:
                raise ConnectionError("the container ended in the middle of an answer")
            view = memoryview(part)
            while view:
                view = view[os.write(fd, view) :]
            size -= len(part)

    def _some(self, most: int) -> bytes:
        """The next bytes of stdout; what comes on stderr meanwhile is kept for complaints."""
        while self._left == 0:
            head = self._exactly(8)
            if not head:
                return b""
            length = int.from_bytes(head[4:], "big")
            if head[0] == _STDERR:
                self.note(self._exactly(length))
            else:
                self._left = length
        part = self._socket.recv(min(most, self._left, _CHUNK))
        self._left -= len(part)
        return part

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                return b""
            data += part
        return data
