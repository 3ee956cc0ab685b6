"""Sessions: boxes that keep their files between commands. The interface that the HTTP side is written against.

Every call is one request with one answer, made of plain models, text and bytes, so that an implementation may send it to another
process. `caller` is who asks (see `service.keys`): sessions of another caller are not there. Methods raise the errors of
`service.errors`: NotFound for what never was, Gone (with the reason) for a session that has ended, Overloaded when there is no
room, Draining while the judge shuts down.

Calls on one session are done one after the other, in the order in which they come. Cancelling the coroutine of a call ends
the command that it runs.
"""

from typing import Protocol

from service.session_schemas import (
    ExecRequest,
    ExecResult,
    FileInfo,
    FolderListing,
    SessionInfo,
    SessionRequest,
    SessionStats,
)


class Sessions(Protocol):
    """All sessions of a judge."""

    async def start(self) -> None:
        """Begin to watch over them."""
        ...

    async def open(self, request: SessionRequest, caller: str) -> SessionInfo:
        """A new one. Raises Overloaded, Invalid for limits past their bounds, JudgeFailed when no box can be made."""
        ...

    async def find(self, session_id: str, caller: str) -> SessionInfo:
        """How it stands. Does not count as use."""
        ...

    async def list(self, caller: str) -> list[SessionInfo]:
        """The caller's own that are open, oldest first."""
        ...

    async def close(self, session_id: str, caller: str) -> None:
        """End it, with the command that runs in it."""
        ...

    async def execute(self, session_id: str, request: ExecRequest, caller: str) -> ExecResult:
        """Run a command. Raises Conflict when too many calls wait for their turn already."""
        ...

    async def put_file(self, session_id: str, path: str, data: bytes, caller: str) -> FileInfo:
        """Store a file with the folders above it, whole or not at all."""
        ...

    async def get_file(self, session_id: str, path: str, caller: str) -> bytes:
        """A file's bytes. Raises NotFound, TooLarge."""
        ...

    async def list_files(self, session_id: str, path: str, limit: int, caller: str) -> FolderListing:
        """The first names in a folder; path "" is the working folder."""
        ...

    async def delete_file(self, session_id: str, path: str, caller: str) -> None:
        """Remove a file or an empty folder."""
        ...

    async def stats(self) -> SessionStats:
        """Counts."""
        ...

    async def drain(self, wait_s: float) -> None:
        """Open none any more; return when no call is under way, or after `wait_s`."""
        ...

    async def shut_down(self) -> None:
        """End all. Afterwards nothing of them is left."""
        ...
