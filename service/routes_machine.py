"""What the judge can do, and how it is."""

import asyncio
import time

import orjson
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.context import Context, refusals
from service.queue import WorkerInfo
from service.schemas import LanguageInfo
from service.stats import Stats

router = APIRouter(tags=["machine"])
JSON = "application/json"


@router.get("/v1/languages", summary="Languages", responses={200: {"model": list[LanguageInfo]}, **refusals()})
async def languages(state: Context) -> Response:
    """Those that can be judged here, and what to install for the others."""
    table = state.ready.languages
    infos = await asyncio.to_thread(lambda: table.infos)
    return Response(orjson.dumps([info.model_dump(mode="json") for info in infos]), media_type=JSON)


@router.get("/v1/workers", summary="Workers", responses={200: {"model": list[WorkerInfo]}, **refusals()})
async def workers(state: Context) -> Response:
    """Who judges, and what their boxes do."""
    found = await state.ready.queue.workers()
    return Response(orjson.dumps([worker.model_dump(mode="json") for worker in found]), media_type=JSON)


@router.get("/v1/stats", summary="What it does now", responses={200: {"model": Stats}, **refusals()})
async def stats(state: Context) -> Response:
    """Queue, workers, verdicts and false alarms, as the web page shows them."""
    queue, sessions, metrics = state.ready.queue, state.ready.sessions, state.metrics
    load, judging = await queue.load(), metrics.judging
    found = Stats(
        at=time.time(),
        queued_interactive=load.queued_interactive,
        queued_batch=load.queued_batch,
        running=load.running,
        draining=load.draining,
        verdicts=metrics.verdicts,
        judge_errors=metrics.failures,
        confirmed=judging.confirmed - judging.overturned if judging else None,
        overturned=judging.overturned if judging else None,
        starved=judging.starved if judging else None,
        retries=judging.retries if judging else None,
        sessions_open=(await sessions.stats()).open if sessions is not None else None,
        workers=await queue.workers(),
    )
    return Response(found.model_dump_json(), media_type=JSON)


@router.get("/healthz", summary="Alive?")
async def healthz() -> dict[str, str]:
    """The server answers. Needs no key."""
    return {"status": "ok"}


@router.get("/readyz", summary="Ready?", responses=refusals())
async def readyz(state: Context) -> dict[str, str]:
    """The boxes are warm and submissions are let in. 503 before, and while the server shuts down. Needs no key."""
    if (await state.ready.queue.load()).draining:
        raise HTTPException(503, "The judge is shutting down.", headers={"Retry-After": "10"})
    return {"status": "ready"}


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **refusals()},
)
async def metrics(state: Context) -> Response:
    """Needs a key where the judge has any: put it into the scrape configuration."""
    queue, sessions = state.ready.queue, state.ready.sessions
    stats = await sessions.stats() if sessions is not None else None
    return Response(state.metrics.render(await queue.load(), await queue.workers(), stats), media_type=CONTENT_TYPE_LATEST)
