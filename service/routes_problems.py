"""Problems: stored once, judged against many times."""

import asyncio
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.bodies import parse, read_body
from service.context import Context, json_body, refusals
from service.loaded_problem import settings_of
from service.schemas import Problem, ProblemSummary
from service.uploads import UNPACKED_TIMES, put_package

router = APIRouter(tags=["problems"])
JSON = "application/json"
ZIP = "application/zip"
_PACKAGE: dict[str, Any] = {ZIP: {"schema": {"type": "string", "format": "binary"}}}


@router.put(
    "/v1/problems/{problem_id:path}",
    summary="Store a problem",
    openapi_extra=json_body("Problem", other=_PACKAGE),
    responses={200: {"model": ProblemSummary}, **refusals(400, 413, 415)},
)
async def put(problem_id: str, request: Request, state: Context) -> Response:
    """Store a problem, or replace it; the same again changes nothing.

    JSON, or a problem package (zip); either may come with Content-Encoding: zstd.
    """
    store = state.ready.store
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind not in (JSON, ZIP):
        raise HTTPException(415, f"Content-Type {kind[:50]!r} is not known here.")
    body = await read_body(request, state.max_body_bytes)
    if kind == ZIP:
        bound = UNPACKED_TIMES * state.max_body_bytes
        summary = await asyncio.to_thread(put_package, store, problem_id, body, max_unpacked_bytes=bound)
    else:
        summary = await asyncio.to_thread(lambda: store.put(problem_id, parse(Problem, body)))
    return Response(summary.model_dump_json(), media_type=JSON)


@router.get("/v1/problems", summary="List problems", responses={200: {"model": list[ProblemSummary]}, **refusals()})
async def list_all(
    state: Context,
    prefix: Annotated[str, Query(max_length=200, description="ids that begin so")] = "",
    offset: Annotated[int, Query(ge=0, le=1 << 40)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Response:
    """Summaries by id."""
    found = await asyncio.to_thread(state.ready.store.list, prefix=prefix, offset=offset, limit=limit)
    return Response(orjson.dumps([summary.model_dump(mode="json") for summary in found]), media_type=JSON)


@router.get(
    "/v1/problems/{problem_id:path}", summary="Fetch a problem", responses={200: {"model": Problem}, **refusals(404, 413)}
)
async def get(
    problem_id: str,
    state: Context,
    tests: Annotated[bool, Query(description="false: leave the tests out, of which there may be much")] = True,
) -> Response:
    """The whole problem, its tests too."""

    def fetch() -> str:
        if not tests:
            return settings_of(state.ready.store.load(problem_id).settings).model_dump_json()
        return state.ready.store.get(problem_id, max_bytes=state.max_body_bytes).model_dump_json()

    return Response(await asyncio.to_thread(fetch), media_type=JSON)


@router.delete(
    "/v1/problems/{problem_id:path}",
    summary="Forget a problem",
    status_code=204,
    response_class=Response,
    responses=refusals(404),
)
async def delete(problem_id: str, state: Context) -> Response:
    """Submissions under way are judged to their end."""
    await asyncio.to_thread(state.ready.store.delete, problem_id)
    return Response(status_code=204)
