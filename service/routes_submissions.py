"""Judging: submissions one by one, batches, and single runs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from service.batch_stream import BatchStream
from service.bodies import parse, read_body
from service.context import Context, State, json_body, refusals, unless_gone
from service.queue import Ticket
from service.schemas import Batch, Event, Result, RunRequest, RunResult, Submission

router = APIRouter(tags=["judging"])
JSON = "application/json"
HEARTBEAT_S = 15

Wait = Annotated[
    float, Query(ge=0, allow_inf_nan=False, description="wait so many seconds for the result, at most the judge's max_wait_s")
]


@router.post(
    "/v1/submissions",
    summary="Judge a program",
    openapi_extra=json_body("Submission"),
    responses={
        200: {"model": Result, "description": "Judged within `wait` seconds."},
        202: {"model": Result, "description": "Not done yet: ask again with its `id`."},
        **refusals(400, 404, 409, 413, 415, 429),
    },
)
async def submit(request: Request, state: Context, wait: Wait = 0) -> Response:
    """Judge a program.

    When the caller hangs up while it waits and gave no idempotency key, nobody can ask again, and it is cancelled.
    """
    queue = state.ready.queue
    sent = parse(Submission, await read_body(request, state.max_body_bytes))
    job = await asyncio.to_thread(state.admission.submission, sent, request.state.caller)
    (ticket,) = await queue.submit([job])
    try:
        return await unless_gone(request, _answer(state, ticket, wait, pending_status=202))
    except ClientDisconnect:
        if sent.idempotency_key is None:
            await queue.cancel(ticket)
        return Response(status_code=499)


@router.get(
    "/v1/submissions/{submission_id}",
    summary="Ask for a result",
    responses={200: {"model": Result}, **refusals(404)},
)
async def result(submission_id: str, request: Request, state: Context, wait: Wait = 0) -> Response:
    """The result, or how it stands when it is not there after `wait` seconds (`status` queued or running)."""
    ticket = await state.ready.queue.find(submission_id)
    try:
        return await unless_gone(request, _answer(state, ticket, wait, pending_status=200))
    except ClientDisconnect:
        return Response(status_code=499)


@router.delete(
    "/v1/submissions/{submission_id}",
    summary="Cancel",
    responses={200: {"model": Result}, **refusals(404)},
)
async def cancel(submission_id: str, state: Context) -> Response:
    """Judge it no further. Answers with what it has become: `cancelled`, or its result when it was done before."""
    queue = state.ready.queue
    ticket = await queue.find(submission_id)
    await queue.cancel(ticket)
    return await _answer(state, ticket, 0, pending_status=200)


async def _answer(state: State, ticket: Ticket, wait_s: float, *, pending_status: int) -> Response:
    queue = state.ready.queue
    found = await queue.wait(ticket, min(wait_s, state.settings.max_wait_s))
    if found is not None:
        return Response(found, media_type=JSON)
    standing = await queue.standing(ticket)
    location = {"Location": f"/v1/submissions/{ticket.id}"} if pending_status == 202 else None
    return Response(standing.model_dump_json(), pending_status, location, JSON)


@router.get(
    "/v1/submissions/{submission_id}/events",
    summary="Watch",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "One event a step: `queued`, `compiling`, `compiled`, `test`..., `done` with the result.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        204: {"description": "Last-Event-ID was that of `done`: there is nothing more."},
        **refusals(404),
    },
)
async def events(
    submission_id: str, state: Context, last_event_id: Annotated[str | None, Header(description="go on after this one")] = None
) -> Response:
    """Server-sent events from the first on, whenever one comes; after a break from the one after Last-Event-ID."""
    queue = state.ready.queue
    ticket = await queue.find(submission_id)
    if last_event_id == "done":
        return Response(status_code=204)
    return EventSourceResponse(_server_sent(queue.events(ticket, last_event_id)), ping=HEARTBEAT_S, sep="\n")


async def _server_sent(happened: AsyncIterator[tuple[str, Event]]) -> AsyncIterator[ServerSentEvent]:
    async for name, event in happened:
        yield ServerSentEvent(data=orjson.dumps(event.data).decode(), event=event.kind, id=name, sep="\n")


@router.post(
    "/v1/submissions/batch",
    summary="Judge many programs",
    openapi_extra=json_body("Batch"),
    responses={
        200: {
            "description": 'NDJSON: `{"index": 0, "result": {...}}` for each submission as it finishes, in any order.',
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **refusals(400, 404, 409, 413, 415, 429),
    },
)
async def batch(request: Request, state: Context) -> Response:
    """All are let in, or none. When the caller hangs up, those without an idempotency key are cancelled."""
    queue = state.ready.queue
    sent = parse(Batch, await read_body(request, state.max_body_bytes))
    jobs = await asyncio.to_thread(state.admission.batch, sent, request.state.caller)
    tickets = await queue.submit(jobs)
    lost = [ticket for ticket, job in zip(tickets, jobs, strict=True) if job.submission.idempotency_key is None]
    return BatchStream(queue, tickets, cancel_when_gone=lost)


@router.post(
    "/v1/run",
    summary="Run a program once",
    openapi_extra=json_body("RunRequest"),
    responses={200: {"model": RunResult}, **refusals(400, 413, 415, 429)},
)
async def run(request: Request, state: Context) -> Response:
    """Run a program on a given stdin. It waits in the same queue as submissions, and ends when the caller hangs up."""
    sent = parse(RunRequest, await read_body(request, state.max_body_bytes))
    asked = await asyncio.to_thread(state.admission.run, sent)
    try:
        done = await unless_gone(request, state.ready.queue.run(asked))
    except ClientDisconnect:
        return Response(status_code=499)
    return Response(done.model_dump_json(), media_type=JSON)
