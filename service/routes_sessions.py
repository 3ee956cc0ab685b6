"""Sessions: a box of one's own that keeps its files between commands."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from service.bodies import parse, read_body
from service.context import Context, State, json_body, refusals, unless_gone
from service.errors import NotFound
from service.session_schemas import ExecRequest, ExecResult, FileInfo, FolderListing, SessionInfo, SessionRequest
from service.sessions import Sessions

router = APIRouter(tags=["sessions"], prefix="/v1/sessions")
JSON = "application/json"
BYTES = "application/octet-stream"
_CONTENT = {BYTES: {"schema": {"type": "string", "format": "binary"}}}
_FILE = "/{session_id}/files/{path:path}"


def _sessions(state: State) -> Sessions:
    sessions = state.ready.sessions
    if sessions is None:
        raise NotFound("This judge has no sessions. Fix: serve it with --wall namespaces")
    return sessions


@router.post(
    "",
    summary="Open a session",
    status_code=201,
    response_class=Response,
    openapi_extra=json_body("SessionRequest"),
    responses={201: {"model": SessionInfo}, **refusals(400, 404, 413, 415, 429, 500)},
)
async def open_session(request: Request, state: Context) -> Response:
    """A box of one's own, which keeps its files until it has been idle for too long, its lifetime is over, or it is closed."""
    sessions = _sessions(state)
    sent = parse(SessionRequest, await read_body(request, state.max_body_bytes) or b"{}")
    info = await sessions.open(sent, request.state.caller)
    return Response(info.model_dump_json(), 201, {"Location": f"/v1/sessions/{info.id}"}, JSON)


@router.get("", summary="List sessions", responses={200: {"model": list[SessionInfo]}, **refusals(404)})
async def list_sessions(request: Request, state: Context) -> Response:
    """Those of the caller's own key that are open, oldest first."""
    found = await _sessions(state).list(request.state.caller)
    return Response(orjson.dumps([info.model_dump(mode="json") for info in found]), media_type=JSON)


@router.get("/{session_id}", summary="Ask for a session", responses={200: {"model": SessionInfo}, **refusals(404, 410)})
async def find(session_id: str, request: Request, state: Context) -> Response:
    """How it stands. It does not count as use. 410 says why a session is gone."""
    info = await _sessions(state).find(session_id, request.state.caller)
    return Response(info.model_dump_json(), media_type=JSON)


@router.delete("/{session_id}", summary="Close a session", status_code=204, response_class=Response, responses=refusals(404, 410))
async def close(session_id: str, request: Request, state: Context) -> Response:
    """End it, with the command that runs in it. Its files are lost."""
    await _sessions(state).close(session_id, request.state.caller)
    return Response(status_code=204)


@router.post(
    "/{session_id}/exec",
    summary="Run a command",
    openapi_extra=json_body("ExecRequest"),
    responses={200: {"model": ExecResult}, **refusals(400, 404, 409, 410, 413, 415, 500)},
)
async def execute(session_id: str, request: Request, state: Context) -> Response:
    """Run a command in /work and wait for its end.

    What it leaves running is killed. Calls on one session are done one after the other. When its caller hangs up, it ends.
    """
    sessions = _sessions(state)
    sent = parse(ExecRequest, await read_body(request, state.max_body_bytes))
    try:
        result = await unless_gone(request, sessions.execute(session_id, sent, request.state.caller))
    except ClientDisconnect:
        return Response(status_code=499)
    return Response(result.model_dump_json(), media_type=JSON)


@router.get(
    "/{session_id}/files",
    summary="List a folder",
    responses={200: {"model": FolderListing}, **refusals(404, 409, 410, 500)},
)
async def list_files(
    session_id: str,
    request: Request,
    state: Context,
    path: Annotated[str, Query(description="a folder within /work; empty: /work itself")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """The first names in it, in the order of their bytes."""
    listing = await _sessions(state).list_files(session_id, path.rstrip("/"), limit, request.state.caller)
    return Response(listing.model_dump_json(), media_type=JSON)


@router.put(
    _FILE,
    summary="Store a file",
    openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
    responses={200: {"model": FileInfo}, **refusals(400, 404, 409, 410, 413, 415, 500)},
)
async def put_file(session_id: str, path: str, request: Request, state: Context) -> Response:
    """The body's bytes as they are. Folders above it are made; a file that was there is replaced, as a whole or not at all."""
    sessions = _sessions(state)
    await sessions.find(session_id, request.state.caller)  # before so many bytes are read for nothing
    data = await read_body(request, state.max_body_bytes)
    info = await sessions.put_file(session_id, path, data, request.state.caller)
    return Response(info.model_dump_json(), media_type=JSON)


@router.get(
    _FILE,
    summary="Fetch a file",
    response_class=Response,
    responses={200: {"content": _CONTENT}, **refusals(404, 409, 410, 413, 500)},
)
async def get_file(session_id: str, path: str, request: Request, state: Context) -> Response:
    """Its bytes. Links are followed as far as a command could follow them."""
    data = await _sessions(state).get_file(session_id, path, request.state.caller)
    return Response(data, media_type=BYTES)


@router.delete(
    _FILE,
    summary="Remove a file",
    status_code=204,
    response_class=Response,
    responses=refusals(404, 409, 410, 500),
)
async def delete_file(session_id: str, path: str, request: Request, state: Context) -> Response:
    """A file, a link, or an empty folder."""
    await _sessions(state).delete_file(session_id, path, request.state.caller)
    return Response(status_code=204)
