"""What a route needs besides its request: the settings, and the backend once it is there."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from service.admission import Admission
from service.backend import Backend
from service.metrics import Metrics
from service.problem_documents import MEDIA_TYPE, ProblemDocument
from service.settings import Settings
from service.waiting_room import WaitingRoom

T = TypeVar("T")


@dataclass
class State:
    """Of one application."""

    settings: Settings
    metrics: Metrics
    backend: Backend | None = None
    failure: BaseException | None = None
    """Why the backend could not be opened."""
    on_failure: list[Callable[[], None]] = field(default_factory=list)

    def fail(self, error: BaseException) -> None:
        """The backend will never be there."""
        self.failure = error
        for tell in self.on_failure:
            tell()

    @property
    def ready(self) -> Backend:
        """The backend. Raises HTTPException 503 while there is none."""
        if self.backend is None:
            raise HTTPException(503, "The judge is starting. Fix: try again in a second.", headers={"Retry-After": "1"})
        return self.backend

    @cached_property
    def admission(self) -> Admission:
        """Made once the backend is there."""
        return Admission(self.settings, self.ready.store, self.ready.languages)

    @cached_property
    def waiting_room(self) -> WaitingRoom:
        """For those who call /run_code."""
        return WaitingRoom(self.settings.run_code_waiting)

    @property
    def max_body_bytes(self) -> int:
        """Bound of a request's body."""
        return self.settings.max_body_mb << 20


def state_of(request: Request) -> State:
    """The application's state."""
    state: State = request.app.state.tierline
    return state


Context = Annotated[State, Depends(state_of)]


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The outcome of `work`. When the caller hangs up before, cancels it and raises ClientDisconnect.

    The body must have been read.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(hung_up(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        working.cancel()
        gone.cancel()


async def hung_up(request: Request) -> None:
    """Returns when the caller has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: these statuses, and those of every call, as problem documents."""
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"model": ProblemDocument, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in sorted({401, 403, 422, 503, *statuses})
    }


def json_body(model: str, *, other: dict[str, Any] | None = None) -> dict[str, Any]:
    """`openapi_extra=` of a route that parses its own body."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}, **(other or {})}
    return {"requestBody": {"required": True, "content": content}}
