"""Calls on sessions and their answers as bytes, for the way between a replica and the worker that has the session.

A message is the length of its head (4 bytes, big-endian), the head as JSON, and what follows it: a file's bytes.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

from service.errors import FieldError, JudgeFailed, TierlineError
from service.session_schemas import ExecRequest, SessionRequest

_LENGTH = 4
_REQUESTS: dict[str, type[BaseModel]] = {"open": SessionRequest, "execute": ExecRequest}
METHODS = frozenset(
    {"open", "find", "list", "close", "execute", "put_file", "get_file", "list_files", "delete_file", "stats", "cancel"}
)


@dataclass(frozen=True, slots=True)
class Call:
    """A method of `Sessions` to be called with some arguments. `cancel` names an earlier call."""

    id: str
    reply_to: str
    method: str
    arguments: tuple[Any, ...] = ()

    def to_bytes(self) -> bytes:
        """As it travels."""
        data = next((argument for argument in self.arguments if isinstance(argument, bytes)), b"")
        return _join([self.id, self.reply_to, self.method, [_plain(argument) for argument in self.arguments]], data)

    @classmethod
    def from_bytes(cls, message: bytes) -> "Call":
        """Read back. Raises ValueError for what is none."""
        (id, reply_to, method, plain), data = _split(message)
        if method not in METHODS:
            raise ValueError(f"sessions have no call {method!r}")
        model = _REQUESTS.get(method)
        arguments = (
            data if one is None else model.model_validate(one) if model and isinstance(one, dict) else one for one in plain
        )
        return cls(id, reply_to, method, tuple(arguments))


def _plain(argument: Any) -> Any:
    """None stands for the bytes that follow the head."""
    if isinstance(argument, BaseModel):
        return argument.model_dump(mode="json")
    return None if isinstance(argument, bytes) else argument


def answer(call_id: str, result: Any) -> bytes:
    """What a call returned."""
    if isinstance(result, bytes):
        return _join([call_id, "bytes", None], result)
    if isinstance(result, list):
        return _join([call_id, "json", [one.model_dump(mode="json") for one in result]])
    return _join([call_id, "json", result.model_dump(mode="json") if isinstance(result, BaseModel) else None])


def failure(call_id: str, error: TierlineError) -> bytes:
    """What a call raised."""
    fields = [[field.path, field.message] for field in error.errors]
    return _join([call_id, "error", [type(error).__name__, error.detail, fields, error.retry_after_s]])


def read_answer(message: bytes) -> tuple[str, Any]:
    """(call, JSON or bytes or a TierlineError)."""
    (call_id, kind, told), data = _split(message)
    if kind == "bytes":
        return call_id, data
    return call_id, _error(*told) if kind == "error" else told


def _error(name: str, detail: str, fields: list[list[str]], retry_after_s: float | None) -> TierlineError:
    kinds = {kind.__name__: kind for kind in TierlineError.__subclasses__()}
    errors = [FieldError(path, message) for path, message in fields]
    return kinds.get(name, JudgeFailed)(detail, errors=errors, retry_after_s=retry_after_s)


def _join(head: Any, data: bytes = b"") -> bytes:
    packed = orjson.dumps(head)
    return len(packed).to_bytes(_LENGTH) + packed + data


def _split(message: bytes) -> tuple[Any, bytes]:
    end = _LENGTH + int.from_bytes(message[:_LENGTH])
    return orjson.loads(message[_LENGTH:end]), message[end:]
