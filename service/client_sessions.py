"""Sessions from the caller's side: what `TierlineClient.session` gives.

    with judge.session() as box:
        box.put("in.txt", b"1 2 3")
        done = box.run("wc -w < in.txt > out.txt")
        print(done.end, done.exit_code, box.get("out.txt"))

A command is never sent twice: when the connection is lost while it may have run, httpx.TransportError is raised. A session
that has ended raises Gone, which says why.
"""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

import httpx

from service import client_protocol as protocol
from service.client_protocol import Flow, Patience
from service.errors import TierlineError
from service.session_schemas import ExecRequest, ExecResult, FileInfo, FolderListing, SessionInfo

Drive = Callable[[Flow[Any]], Any]
AsyncDrive = Callable[[Flow[Any]], Awaitable[Any]]


def _request(command: str | list[str] | ExecRequest, limits: dict[str, Any]) -> ExecRequest:
    if isinstance(command, ExecRequest):
        return command.model_copy(update=limits)
    return ExecRequest(command=command, **limits) if isinstance(command, str) else ExecRequest(argv=tuple(command), **limits)


class Session:
    """An open session. Used by many threads at once, its calls are done one after the other."""

    def __init__(self, drive: Drive, info: SessionInfo, patience: Patience) -> None:
        self.info = info
        self.id = info.id
        self._drive = drive
        self._patience = patience

    def run(self, command: str | list[str] | ExecRequest, **more: Any) -> ExecResult:
        """Run a line of shell, or a program with its arguments, and wait for its end. `more`: fields of ExecRequest."""
        result: ExecResult = self._drive(protocol.execute(self.id, _request(command, more), self._patience))
        return result

    def put(self, path: str, data: bytes) -> FileInfo:
        """Store a file, with the folders above it."""
        info: FileInfo = self._drive(protocol.put_file(self.id, path, data, self._patience))
        return info

    def get(self, path: str) -> bytes:
        """A file's bytes. Raises NotFound."""
        data: bytes = self._drive(protocol.get_file(self.id, path, self._patience))
        return data

    def files(self, path: str = "", *, limit: int = 1000) -> FolderListing:
        """The first names in a folder."""
        listing: FolderListing = self._drive(protocol.list_files(self.id, path, limit, self._patience))
        return listing

    def delete(self, path: str) -> None:
        """Remove a file or an empty folder. Raises NotFound, Conflict."""
        self._drive(protocol.delete_file(self.id, path, self._patience))

    def standing(self) -> SessionInfo:
        """How it stands. Raises Gone when it has ended."""
        info: SessionInfo = self._drive(protocol.session(self.id, self._patience))
        return info

    def close(self) -> None:
        """End it; its files are lost. Harmless when it has ended."""
        self._drive(protocol.close_session(self.id, self._patience))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except (httpx.TransportError, TierlineError):
            if error is None:  # else that is what the caller should hear of
                raise


class AsyncSession:
    """The same calls, to be awaited."""

    def __init__(self, drive: AsyncDrive, info: SessionInfo, patience: Patience) -> None:
        self.info = info
        self.id = info.id
        self._drive = drive
        self._patience = patience

    async def run(self, command: str | list[str] | ExecRequest, **more: Any) -> ExecResult:
        """See Session.run."""
        result: ExecResult = await self._drive(protocol.execute(self.id, _request(command, more), self._patience))
        return result

    async def put(self, path: str, data: bytes) -> FileInfo:
        """See Session.put."""
        info: FileInfo = await self._drive(protocol.put_file(self.id, path, data, self._patience))
        return info

    async def get(self, path: str) -> bytes:
        """See Session.get."""
        data: bytes = await self._drive(protocol.get_file(self.id, path, self._patience))
        return data

    async def files(self, path: str = "", *, limit: int = 1000) -> FolderListing:
        """See Session.files."""
        listing: FolderListing = await self._drive(protocol.list_files(self.id, path, limit, self._patience))
        return listing

    async def delete(self, path: str) -> None:
        """See Session.delete."""
        await self._drive(protocol.delete_file(self.id, path, self._patience))

    async def standing(self) -> SessionInfo:
        """See Session.standing."""
        info: SessionInfo = await self._drive(protocol.session(self.id, self._patience))
        return info

    async def close(self) -> None:
        """See Session.close."""
        await self._drive(protocol.close_session(self.id, self._patience))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            await self.close()
        except (httpx.TransportError, TierlineError):
            if error is None:
                raise
