"""`POST /run_code`, as SandboxFusion has it: for trainers that speak its language.

Such clients have no word for "ask again later" but HTTP's 504, which verl tries three times, and many not even that: what they
cannot read they score as a wrong program. So a request waits here where `/v1/run` would be refused: while the judge starts,
while the queue is full or its Redis is away, and in the queue, as long as the caller does. verl hangs up when it hears nothing
for 10 s more than the two timeouts of its request; a response that is not there by then begins all the same: status 200, and a
space now and then, which JSON allows in front.

504 is said when too many wait already (`TIERLINE_RUN_CODE_WAITING`), when the server shuts down, and when the judge failed. What
fails after the response has begun can only be told in it, as SandboxError. Not covered: a client with a timeout of its own that
calls its own hanging up a failure of the program.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import structlog
from fastapi import APIRouter
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.backend import Backend
from service.bodies import read_body
from service.context import Context, State, json_body, refusals, unless_gone
from service.errors import Invalid, JudgeFailed, TierlineError
from service.problem_documents import document
from service.sandbox_fusion import (
    RunCodeRequest,
    RunCodeResponse,
    RunStatus,
    field_error,
    field_errors,
    run_code_response,
    run_request,
)
from service.schemas import Verdict

router = APIRouter(tags=["SandboxFusion"])
log = structlog.get_logger("tierline.server")

SILENT_S = 5.0
"""Seconds over the two timeouts of a request after which its response begins."""
BEAT_S = 5.0
_NOT_THE_CALLERS_FAULT = (429, 500, 503)


@router.post(
    "/run_code",
    summary="Run a program once, as SandboxFusion does",
    openapi_extra=json_body("RunCodeRequest"),
    responses={
        **refusals(400, 413, 415),
        200: {"model": RunCodeResponse},
        422: {"description": "FastAPI's form, as SandboxFusion has it.", "content": {"application/json": {}}},
        504: {"description": "Too many wait, or the judge failed or shuts down: ask again."},
    },
)
async def run_code(request: Request, state: Context) -> Response:
    """Run a program on a stdin, with files in and out. It waits in the same queue as everything else."""
    body = await read_body(request, state.max_body_bytes)
    try:
        sent = RunCodeRequest.model_validate_json(body)
    except ValidationError as error:
        return _unprocessable(field_errors(error))
    working = asyncio.create_task(_run(state, sent))
    silent_s = sent.compile_timeout + sent.run_timeout + SILENT_S
    try:
        await unless_gone(request, asyncio.wait({working}, timeout=silent_s))
    except ClientDisconnect:
        working.cancel()
        return Response(status_code=499)
    return _answer(working) if working.done() else _Late(working)


async def _run(state: State, sent: RunCodeRequest) -> RunCodeResponse:
    async def ready() -> Backend:
        return state.ready

    backend = await state.waiting_room.until_let_in(ready)
    asked = await asyncio.to_thread(state.admission.run, run_request(sent, state.settings.run_code_memory_mb))
    result = await state.waiting_room.until_let_in(lambda: backend.queue.run(asked))
    if result.verdict is Verdict.JE:
        raise JudgeFailed(result.error or "the judge could not tell")
    language = await asyncio.to_thread(backend.languages.find, asked.language)
    return run_code_response(result, sent, compiled=language is not None and language.compiled)


def _answer(working: asyncio.Task[RunCodeResponse]) -> Response:
    """The response, or what kept it away in HTTP's words."""
    try:
        return Response(working.result().model_dump_json(), media_type="application/json")
    except ValidationError as error:
        return _unprocessable(field_errors(error))
    except Invalid as error:
        return _unprocessable([field_error(field.path.split("."), field.message) for field in error.errors])
    except TierlineError as error:
        if error.status not in _NOT_THE_CALLERS_FAULT:
            raise
        return _ask_again(error.title, error.detail)
    except HTTPException as error:
        return _ask_again("The judge is not ready", error.detail)
    except Exception as error:
        log.exception("run_code failed", error=repr(error))
        return _ask_again("The judge failed", "An error of the judge itself; its log has it.")


class _Late(StreamingResponse):
    """A response that begins before it is there. When the caller hangs up the run ends."""

    def __init__(self, working: asyncio.Task[RunCodeResponse]) -> None:
        super().__init__(self._pieces(), media_type="application/json", headers={"X-Accel-Buffering": "no"})
        self._working = working

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._working.cancel()

    async def _pieces(self) -> AsyncIterator[bytes]:
        while not self._working.done():
            yield b" "
            await asyncio.wait({self._working}, timeout=BEAT_S)
        yield self._told().model_dump_json().encode()

    def _told(self) -> RunCodeResponse:
        try:
            return self._working.result()
        except Exception as error:
            log.warning("run_code failed after its response had begun", error=repr(error))
            return RunCodeResponse(status=RunStatus.SANDBOX_ERROR, message=str(error))


def _unprocessable(fields: list[dict[str, Any]]) -> Response:
    return Response(orjson.dumps({"detail": fields}), 422, media_type="application/json")


def _ask_again(title: str, detail: str) -> Response:
    return document(504, title, detail, headers={"Retry-After": "1"})
