"""The HTTP application: routes over a backend, with one form of error for everything.

The backend is opened beside the running server, so that /healthz answers at once and /readyz says when the boxes are warm.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from service import (
    routes_machine,
    routes_page,
    routes_problems,
    routes_reports,
    routes_run_code,
    routes_sessions,
    routes_submissions,
)
from service.backend import Backend, OpenBackend
from service.context import State
from service.errors import TierlineError
from service.front import Front
from service.keys import Keys
from service.logs import SubmissionLog
from service.metrics import Metrics
from service.problem_documents import on_hang_up, on_http_exception, on_request_invalid, on_tierline_error
from service.queue import Job
from service.result_cache import Packed
from service.sandbox_fusion import RunCodeRequest
from service.schemas import Batch, Problem, RunRequest, RunResult, Submission
from service.session_schemas import ExecRequest, SessionRequest
from service.settings import Settings

log = structlog.get_logger("tierline.server")
_SENT = (Submission, Batch, Problem, RunRequest, RunCodeRequest, SessionRequest, ExecRequest)
_REF = "#/components/schemas/{model}"


class _Watchers:
    """An observer that tells several."""

    def __init__(self, *observers: Metrics | SubmissionLog) -> None:
        self._observers = observers

    def submission_done(
        self, job: Job, packed: Packed, *, submission_id: str, cached: bool, waited_s: float, judged_s: float
    ) -> None:
        for observer in self._observers:
            observer.submission_done(
                job, packed, submission_id=submission_id, cached=cached, waited_s=waited_s, judged_s=judged_s
            )

    def run_done(self, request: RunRequest, result: RunResult, *, waited_s: float, judged_s: float) -> None:
        for observer in self._observers:
            observer.run_done(request, result, waited_s=waited_s, judged_s=judged_s)


def create_app(settings: Settings, open_backend: OpenBackend) -> FastAPI:
    """The application. It opens its backend when it is started, and closes it at the end."""
    metrics = Metrics()
    state = State(settings, metrics)
    opened = open_backend(_Watchers(metrics, SubmissionLog()))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        starting = asyncio.create_task(_start(state, opened))
        try:
            yield
        finally:
            with suppress(Exception):  # the server has been told of it already
                await starting
            await _stop(state, opened)

    app = FastAPI(
        title="tierline",
        version=version("tierline"),
        description="Judges programs in a sandbox, tier by tier. Errors are RFC 9457 problem documents.",
        lifespan=lifespan,
        docs_url=None,  # they load scripts from elsewhere, which could read the key that the web page keeps
        redoc_url=None,
        exception_handlers={
            TierlineError: on_tierline_error,
            HTTPException: on_http_exception,
            RequestValidationError: on_request_invalid,
            ClientDisconnect: on_hang_up,
        },
    )
    app.state.tierline = state
    app.include_router(routes_submissions.router)
    app.include_router(routes_run_code.router)
    app.include_router(routes_sessions.router)
    app.include_router(routes_problems.router)
    app.include_router(routes_machine.router)
    app.include_router(routes_reports.router)
    app.include_router(routes_page.router)
    app.routes.append(routes_page.files_of_page())
    app.openapi = _openapi(app, with_keys=bool(settings.api_keys))  # type: ignore[method-assign]
    app.add_middleware(Front, keys=Keys(settings.api_keys), metrics=metrics)
    return app


async def _start(state: State, opened: AbstractContextManager[Backend]) -> None:
    try:
        backend = await asyncio.to_thread(opened.__enter__)
        state.metrics.watch(backend.stats)
        await backend.queue.start()
        if backend.sessions is not None:
            await backend.sessions.start()
    except BaseException as error:
        state.fail(error)
        raise
    state.backend = backend


async def _stop(state: State, opened: AbstractContextManager[Backend]) -> None:
    if state.backend is not None:
        if state.backend.sessions is not None:
            await state.backend.sessions.shut_down()
        await state.backend.queue.close()
        await asyncio.to_thread(opened.__exit__, None, None, None)


def _openapi(app: FastAPI, *, with_keys: bool) -> Callable[[], dict[str, Any]]:
    """Bodies are parsed by us, not by the framework, so their schemas are added here."""
    made: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        document = made()
        if fresh:
            _, schemas = models_json_schema([(model, "validation") for model in _SENT], ref_template=_REF)
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).update(schemas["$defs"])
            if with_keys:
                components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
                document["security"] = [{"key": []}]
        return document

    return openapi
