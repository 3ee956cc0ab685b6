"""The host's end of what joins it to a box's runner: one frame there, one answer back, and files with either.

A frame is a small JSON document; sources, inputs and outputs travel as files. Over a socket (`SocketChannel`) they are
descriptors, so that their size does not matter. Where descriptors cannot pass, as to a container of a remote engine,
`StreamChannel` of stream_channel.py carries their bytes.
"""

import json
import select
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sandbox.errors import BoxDied

MOST_FILES = 253
"""That can travel with one frame: the kernel's own bound."""
_FRAME_BYTES = 1 << 17
_COMPLAINT_BYTES = 16 << 10


class Channel(ABC):
    """One box's channel. Used by one thread at a time, except for `tell` and `hang_up`."""

    def __init__(self, box: str) -> None:
        self._box = box
        self._complaint = b""

    @abstractmethod
    def set_timeout(self, seconds: float) -> None:
        """How long `send` and `receive` may take from now on."""

    @abstractmethod
    def send(self, frame: bytes, files: Sequence[int] = (), outputs: Sequence[int] = ()) -> None:
        """Send a frame with descriptors of memory files: `files` that the box reads, then `outputs` that it writes. What it wrote
        is in them when the answer has been received. Raises OSError."""

    @abstractmethod
    def tell(self, frame: bytes) -> None:
        """Send a frame that has no answer, from any thread: cancel, pause, resume. Harmless when the box is gone."""

    @abstractmethod
    def hung_up(self) -> bool:
        """Whether the runner's end is closed, seen from a channel that nobody is using."""

    @abstractmethod
    def hang_up(self) -> None:
        """Wake whoever waits, from any thread; the runner ends."""

    @abstractmethod
    def close(self) -> None:
        """Give the descriptors back."""

    @abstractmethod
    def _take(self) -> tuple[bytes, list[int]]:
        """One frame with its files; an empty one when the runner's end is closed. Raises OSError."""

    def receive(self) -> tuple[dict[str, Any], list[int]]:
        """One answer and the files that came with it, the caller's own. Raises OSError, or BoxDied when the runner has ended or
        says that it failed."""
        while True:
            frame, files = self._take()
            if not frame:
                raise BoxDied(f"box {self._box}: its runner ended. {self.complaint}".strip())
            if frame.startswith(b"{"):
                break
            self.note(frame)
        answer: dict[str, Any] = json.loads(frame)
        if "failed" in answer:
            raise BoxDied(f"box {self._box}: {answer['failed']}")
        return answer, files

    def step(self, name: str) -> dict[str, Any]:
        """The answer, if it is the one of this step. Raises BoxDied for any other."""
        answer = self.receive()[0]
        if answer.get("step") != name:
            raise BoxDied(f"expected step {name}, got {answer}")
        return answer

    def note(self, text: bytes) -> None:
        """Keep what the interpreter said on stderr before the runner had taken over."""
        self._complaint = (self._complaint + text)[-_COMPLAINT_BYTES:]

    @property
    def complaint(self) -> str:
        """What was said on stderr."""
        return self._complaint.decode(errors="replace").strip()


class SocketChannel(Channel):
    """Over a unix socket of whole packets: frames as they are, files as descriptors."""

    def __init__(self, box: str, sock: socket.socket) -> None:
        super().__init__(box)
        self._socket = sock

    def set_timeout(self, seconds: float) -> None:
        self._socket.settimeout(seconds)

    def send(self, frame: bytes, files: Sequence[int] = (), outputs: Sequence[int] = ()) -> None:
        socket.send_fds(self._socket, [frame], [*files, *outputs])

    def tell(self, frame: bytes) -> None:
        with suppress(OSError):
            self._socket.send(frame)

    def hung_up(self) -> bool:
        return is_hung_up(self._socket)

    def hang_up(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()

    def _take(self) -> tuple[bytes, list[int]]:
        frame, files, _, _ = socket.recv_fds(self._socket, _FRAME_BYTES, MOST_FILES)
        return frame, list(files)


def is_hung_up(sock: socket.socket) -> bool:
    """Whether the other end is closed, or this one."""
    poll = select.poll()
    try:
        poll.register(sock, select.POLLRDHUP)
    except ValueError:  # closed meanwhile
        return True
    return any(events & (select.POLLHUP | select.POLLRDHUP) for _, events in poll.poll(0))
