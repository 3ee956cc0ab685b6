"""Errors as they travel: RFC 9457 problem documents that name each bad field and the fix.

The status of our own errors is in `service.errors`; what the web framework itself refuses (no such path, wrong method) keeps the
status it has, in the same form.
"""

import difflib
import math
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.errors import BadRequest, FieldError, Invalid, TierlineError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 50
_FIXES = {
    400: "look the call up in /openapi.json",
    403: "call the judge from a program, or set TIERLINE_API_KEYS and send a key",
    404: "look the path up in /openapi.json",
    405: "look the method up in /openapi.json",
    415: "send application/json, plain or with Content-Encoding: zstd",
}


class ProblemField(BaseModel):
    """One bad field."""

    path: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457, with the fields that are wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = []


def respond(error: TierlineError) -> Response:
    """Our own error as a response."""
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        headers["Connection"] = "close"  # else the server would go on reading what the caller goes on sending
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return document(error.status, error.title, error.detail, error.errors, headers)


def document(
    status: int, title: str, detail: str, errors: Sequence[FieldError] = (), headers: dict[str, str] | None = None
) -> Response:
    """A problem document."""
    shown = [{"path": error.path, "message": error.message} for error in errors[:MAX_ERRORS]]
    if len(errors) > MAX_ERRORS:
        shown.append({"path": "", "message": f"and {len(errors) - MAX_ERRORS} more"})
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": shown}
    return Response(orjson.dumps(body), status, media_type=MEDIA_TYPE, headers=headers)


async def on_tierline_error(_: Request, error: Exception) -> Response:
    """Exception handler for our own errors."""
    assert isinstance(error, TierlineError)
    return respond(error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Exception handler for what the framework refuses."""
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    fix = _FIXES.get(error.status_code)
    detail = error.detail if error.detail != title else f"{title}: {request.method} {request.url.path[:200]}."
    return document(error.status_code, title, f"{detail} Fix: {fix}." if fix else detail, headers=dict(error.headers or {}))


async def on_request_invalid(_: Request, error: Exception) -> Response:
    """Exception handler for bad parameters in paths and queries."""
    assert isinstance(error, RequestValidationError)
    fields = [
        FieldError(".".join(str(part) for part in item["loc"][1:]) or "request", _sentence(item["msg"]))
        for item in error.errors()
    ]
    return respond(Invalid("A parameter of the call has a value that cannot be.", errors=fields))


async def on_hang_up(_: Request, __: Exception) -> Response:
    """Exception handler for callers who leave before they have said all. Nobody reads this answer."""
    return Response(status_code=499)


async def on_bug(request: Request, _: Exception) -> Response:
    """For every other exception: what a caller hears of a bug of ours. The log has the rest."""
    request_id = getattr(request.state, "request_id", "")
    return document(500, "The judge failed", f"An error of the judge itself; its log has it under request {request_id}.")


# -- bodies ----------------------------------------------------------------------------------------------------------------


def body_errors(error: ValidationError, body: bytes, model: type[BaseModel]) -> TierlineError:
    """What pydantic says of a body, as our error: BadRequest when it is no JSON, else Invalid naming the fields."""
    found = error.errors(include_url=False, include_context=True)
    for item in found:
        if item["type"] in ("json_invalid", "string_unicode"):
            return BadRequest(
                "The body is not JSON in UTF-8.",
                errors=[FieldError("body", f"{item['msg']}. Fix: send valid JSON, encoded as UTF-8")],
            )
    try:
        root: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        root = None
    fields: dict[str, str] = {}
    for item in found:
        path, holder = _place(item["loc"], root)
        if not _other_branch(item, holder, path):
            fields.setdefault(path or "body", _message(item, model))
    if not fields:
        fields = {_place(item["loc"], root)[0] or "body": _message(item, model) for item in found}
    return Invalid(_detail(fields), errors=[FieldError(path, message) for path, message in fields.items()])


def _detail(fields: dict[str, str]) -> str:
    path, message = next(iter(fields.items()))
    more = f" ({len(fields) - 1} more in errors)" if len(fields) > 1 else ""
    return f"{path}: {message}{more}"


def _place(loc: Sequence[str | int], root: Any) -> tuple[str, Any]:
    """(path without the names of union branches, the value there).

    The body itself tells names of fields from names of branches.
    """
    path: list[str] = []
    here = root
    for number, part in enumerate(loc):
        known = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int) and part < len(here)
        if known:
            here = here[part]
        elif number < len(loc) - 1 or not isinstance(here, dict) or _is_branch(part):
            continue
        else:
            here = None  # a field that is missing
        path.append(str(part))
    return ".".join(path), here


_BRANCHES = ("Problem", "constrained-", "function-", "tokens", "exact", "float", "lcb", "program", "int", "tuple[", "str")


def _is_branch(part: str | int) -> bool:
    return isinstance(part, str) and part.startswith(_BRANCHES) and part not in ("program", "problem")


def _other_branch(item: Any, value: Any, path: str) -> bool:
    """Is this about the branch of a union that the caller did not mean: an id where a whole problem came, and so on?"""
    kind = item["type"]
    if path.endswith("problem"):
        meant_whole, meant_id = isinstance(value, dict), isinstance(value, str)
        return (kind == "string_type" and meant_whole) or (kind in ("model_type", "model_attributes_type") and meant_id)
    if path.endswith("tiers"):
        return (kind == "int_type" and isinstance(value, list)) or (kind == "tuple_type" and isinstance(value, int | float))
    return False


def _message(item: Any, model: type[BaseModel]) -> str:
    kind, context = item["type"], item.get("ctx") or {}
    name = str(item["loc"][-1]) if item["loc"] else "body"
    if kind == "missing":
        return f"is missing; add {name}"
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, _field_names(model), 1)
        return "is no field here; " + (f"did you mean {near[0]}?" if near else "remove it, or look its name up in /openapi.json")
    if kind == "too_short":
        return f"needs at least {context.get('min_length')} item"
    if kind == "too_long":
        return f"may have at most {context.get('max_length')} items"
    if kind == "union_tag_invalid":
        return f"type must be one of {context.get('expected_tags')}, not {context.get('tag')!r}"
    if kind == "union_tag_not_found":
        return 'needs a type, such as {"type": "tokens"}'
    if kind == "string_pattern_mismatch":
        return f"must match {context.get('pattern')}"
    if kind in ("string_type", "model_type", "model_attributes_type") and name in ("problem", "constrained-str", "Problem"):
        return "give the id of a stored problem, or a whole problem as an object"
    return _sentence(item["msg"])


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return text[:1].lower() + text[1:300]


def _field_names(model: type[BaseModel], depth: int = 3) -> set[str]:
    names = set(model.model_fields)
    if depth:
        for field in model.model_fields.values():
            for inner in _models_in(field.annotation):
                names |= _field_names(inner, depth - 1)
    return names


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
