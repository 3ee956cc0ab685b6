"""What every request passes first: its id, its key, its measure, and the net under our own bugs.

Plain ASGI, so that bodies stream through.
"""

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import TierlineError
from service.keys import Keys, is_for_browsers
from service.logs import log_request
from service.metrics import Metrics
from service.problem_documents import on_bug, on_http_exception, respond

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH"})


class Front:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, keys: Keys, metrics: Metrics) -> None:
        self._app = app
        self._keys = keys
        self._metrics = metrics
        self._log = structlog.get_logger("tierline.http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                marked = MutableHeaders(scope=message)
                marked["X-Request-ID"] = request_id
                marked["X-Content-Type-Options"] = "nosniff"
                self._measure(scope, status, time.perf_counter() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                refused = await self._refuse(scope, headers)
                if refused is not None:
                    await refused(scope, receive, send_marked)
                else:
                    await self._app(scope, receive, send_marked)
            except Exception as error:
                self._log.exception("request failed", error=repr(error))
                if not status:
                    told = await on_bug(Request(scope), error)
                    await told(scope, receive, send_marked)
            log_request(self._log, scope["method"], _route(scope), status, time.perf_counter() - started)

    async def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to a caller who may not call; the name of one who may goes to `request.state.caller`."""
        try:
            scope["state"]["caller"] = self._keys.caller(scope["path"], headers)
        except TierlineError as error:
            refusal = respond(error)
            if is_for_browsers(scope["path"]):
                refusal.headers["WWW-Authenticate"] = 'Basic realm="tierline: any name, and one of the keys as password"'
            return refusal
        except HTTPException as error:
            return await on_http_exception(Request(scope), error)
        return None

    def _measure(self, scope: Scope, status: int, took_s: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, _route(scope), str(status)).observe(took_s)


def _route(scope: Scope) -> str:
    """The path's pattern: never the path itself, of which there are too many."""
    route = scope.get("route")
    return getattr(route, "path", "unknown")
