"""What both clients say to a judge, without saying how bytes move: calls, their repetition, and errors that come back.

A *flow* is a generator that yields what it needs (a `Call` to be made, a `Pause` to be slept through) and is sent the response;
a lost connection is thrown into it. The two clients drive the same flows, one by blocking, one by awaiting.
"""

import random
import uuid
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import orjson
from pydantic import BaseModel, TypeAdapter

from service import errors
from service.errors import FieldError, JudgeFailed, TierlineError
from service.schemas import (
    LanguageInfo,
    Problem,
    ProblemSummary,
    Result,
    RunRequest,
    RunResult,
    Status,
    Submission,
    TokensChecker,
    Verdict,
    path_fault,
)
from service.session_schemas import ExecRequest, ExecResult, FileInfo, FolderListing, SessionInfo, SessionRequest

T = TypeVar("T")

_BY_STATUS: dict[int, type[TierlineError]] = {
    kind.status: kind for kind in TierlineError.__subclasses__() if kind is not JudgeFailed
}
_LATER = (429, 503)
_GATEWAY = (502, 504)
_SUMMARIES = TypeAdapter(list[ProblemSummary])
_LANGUAGES = TypeAdapter(list[LanguageInfo])
_SESSIONS = TypeAdapter(list[SessionInfo])
_PAGE = 1000
_TURNS = 4
"""Commands before one's own on the same session that a client waits for."""
BATCH_COUNT, BATCH_BYTES = 5_000, 24 << 20
"""A batch is sent in parts no larger than this."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try again."""

    attempts: int = 8
    """Tries after a lost connection, counted anew whenever something came back."""
    full_s: float = 600.0
    """How long a judge may go on saying that it is full."""
    pause_s: float = 0.2
    """Before the second try; doubles, up to `longest_pause_s`."""
    longest_pause_s: float = 20.0

    def pause(self, attempt: int) -> float:
        """Seconds before try `attempt` (from 1), spread so that many clients do not come back at once."""
        return random.uniform(0.5, 1) * min(self.longest_pause_s, self.pause_s * 2.0 ** (attempt - 1))


@dataclass(frozen=True, slots=True)
class Call:
    """A request."""

    method: str
    path: str
    content: bytes | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    read_s: float = 60.0
    """How long to wait for the answer."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to let pass."""

    seconds: float


class Lost(Exception):
    """The connection was lost, or the answer did not come."""


Flow = Generator[Call | Pause, httpx.Response | None, T]
_JSON = {"Content-Type": "application/json"}


class BatchLine(BaseModel):
    """A line of a batch's answer."""

    index: int
    result: Result


# -- repetition ------------------------------------------------------------------------------------------------------------


class Retries:
    """Counts what went wrong in a row, and says how long to pause or that it is enough."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._lost = 0
        self._full_s = 0.0

    def progress(self) -> None:
        """Something came back."""
        self._lost = 0
        self._full_s = 0.0

    def after_loss(self, error: Exception) -> Pause:
        """Raises the error, as an httpx.TransportError, when it was the last try."""
        self._lost += 1
        if self._lost >= self._patience.attempts:
            raise error if isinstance(error, httpx.TransportError) else httpx.RemoteProtocolError(str(error))
        return Pause(self._patience.pause(self._lost))

    def after_refusal(self, error: TierlineError) -> Pause:
        """The judge is full or shutting down. Raises the error after `full_s`."""
        seconds = max(0.05, 1.0 if error.retry_after_s is None else error.retry_after_s) * random.uniform(1.0, 1.25)
        if self._full_s + seconds > self._patience.full_s:
            raise error
        self._full_s += seconds
        return Pause(seconds)


def request(call: Call, patience: Patience, *, repeat: bool = True) -> Flow[httpx.Response]:
    """Make a call until it is answered. Nearly all our calls may be repeated: submissions carry idempotency keys.

    `repeat` False: not when it may have been heard before the connection was lost.
    """
    retries = Retries(patience)
    while True:
        try:
            response = yield call
            assert response is not None
            if response.status_code < 400:
                return response
            raise error_of(response)
        except Lost as error:
            cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
            if not repeat and not isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
                raise cause from None
            yield retries.after_loss(cause)
        except TierlineError as error:
            if not is_passing(error):
                raise
            yield retries.after_refusal(error)


def is_passing(error: TierlineError) -> bool:
    """Worth another try later?"""
    return error.status in _LATER


def error_of(response: httpx.Response) -> TierlineError:
    """The error that a response stands for. The response must have been read."""
    status = response.status_code
    try:
        told = orjson.loads(response.content)
        detail = str(told["detail"])
        fields = [FieldError(str(item["path"]), str(item["message"])) for item in told.get("errors", [])]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        said = " ".join(response.text[:200].split())
        fix = "" if status in (*_LATER, *_GATEWAY) else ". Fix: see that this is the address of a judge"
        detail, fields = f"HTTP status {status} from {response.url.netloc.decode()}, not as a judge answers: {said}{fix}", []
    kind = _BY_STATUS.get(503 if status in _GATEWAY else status, TierlineError)
    error = kind(detail, errors=fields, retry_after_s=_retry_after(response))
    if kind is TierlineError:
        error.status = status
    return error


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None


def checked(result: Result) -> Result:
    """The result, unless the judge failed. Raises JudgeFailed."""
    if result.verdict is Verdict.JE:
        raise JudgeFailed(f"submission {result.id}: {result.error or 'the judge could not tell'}")
    return result


# -- flows -----------------------------------------------------------------------------------------------------------------


def with_key(submission: Submission) -> Submission:
    """A submission that may be sent twice."""
    if submission.idempotency_key is not None:
        return submission
    return submission.model_copy(update={"idempotency_key": uuid.uuid4().hex})


def json_of(sent: Submission | Problem, indent: int | None = None) -> bytes:
    """As it is sent: without what is at its default, unless that would take the type from a checker."""
    problem = sent.problem if isinstance(sent, Submission) else sent
    checker = problem.checker if isinstance(problem, Problem) else TokensChecker()
    plain = not isinstance(checker, TokensChecker) or checker == TokensChecker()
    return sent.model_dump_json(indent=indent, exclude_defaults=plain).encode()


def submit(submission: Submission, wait_s: float, patience: Patience) -> Flow[Result]:
    """Send it; the result as it stands after `wait_s`."""
    body = json_of(with_key(submission))
    call = Call("POST", "/v1/submissions", body, {"wait": wait_s}, _JSON, read_s=wait_s + 60)
    return Result.model_validate_json((yield from request(call, patience)).content)


def result(submission_id: str, wait_s: float, patience: Patience) -> Flow[Result]:
    """The result as it stands after `wait_s`."""
    call = Call("GET", f"/v1/submissions/{quote(submission_id, safe='')}", params={"wait": wait_s}, read_s=wait_s + 60)
    return Result.model_validate_json((yield from request(call, patience)).content)


def judge(submission: Submission, wait_s: float, patience: Patience) -> Flow[Result]:
    """Send it and wait until it is done. A judge that has forgotten it meanwhile (a restart) is sent it again."""
    sent = with_key(submission)
    found = yield from submit(sent, wait_s, patience)
    while found.status in (Status.QUEUED, Status.RUNNING):
        try:
            found = yield from result(found.id, wait_s, patience)
        except errors.NotFound:
            found = yield from submit(sent, wait_s, patience)
    return found


def cancel(submission_id: str, patience: Patience) -> Flow[Result]:
    """Judge it no further."""
    call = Call("DELETE", f"/v1/submissions/{quote(submission_id, safe='')}")
    return Result.model_validate_json((yield from request(call, patience)).content)


def run(sent: RunRequest, patience: Patience) -> Flow[RunResult]:
    """Run a program once."""
    body = sent.model_dump_json(exclude_defaults=True).encode()
    call = Call("POST", "/v1/run", body, headers=_JSON, read_s=40 * sent.time_limit_s + 300)
    return RunResult.model_validate_json((yield from request(call, patience)).content)


def open_session(sent: SessionRequest, patience: Patience) -> Flow[SessionInfo]:
    """Open one. A connection that is lost may leave one behind, which ends as idle."""
    call = Call("POST", "/v1/sessions", _body(sent), headers=_JSON, read_s=120)
    return SessionInfo.model_validate_json((yield from request(call, patience)).content)


def sessions(patience: Patience) -> Flow[list[SessionInfo]]:
    """The caller's own."""
    return _SESSIONS.validate_json((yield from request(Call("GET", "/v1/sessions"), patience)).content)


def session(session_id: str, patience: Patience) -> Flow[SessionInfo]:
    """How one stands."""
    return SessionInfo.model_validate_json((yield from request(Call("GET", _session(session_id)), patience)).content)


def close_session(session_id: str, patience: Patience) -> Flow[None]:
    """End one. It is no error that it has ended."""
    try:
        yield from request(Call("DELETE", _session(session_id)), patience)
    except (errors.Gone, errors.NotFound):
        return


def execute(session_id: str, sent: ExecRequest, patience: Patience) -> Flow[ExecResult]:
    """Run a command once: it is never sent again when it may have run."""
    read_s = (sent.wall_limit_s or 60) * (1 + _TURNS) + 60
    call = Call("POST", _session(session_id) + "/exec", _body(sent), headers=_JSON, read_s=read_s)
    return ExecResult.model_validate_json((yield from request(call, patience, repeat=False)).content)


def put_file(session_id: str, path: str, data: bytes, patience: Patience) -> Flow[FileInfo]:
    """Store a file."""
    call = Call("PUT", _file(session_id, path), data, headers={"Content-Type": "application/octet-stream"}, read_s=600)
    return FileInfo.model_validate_json((yield from request(call, patience)).content)


def get_file(session_id: str, path: str, patience: Patience) -> Flow[bytes]:
    """Fetch a file."""
    return (yield from request(Call("GET", _file(session_id, path), read_s=600), patience)).content


def list_files(session_id: str, path: str, limit: int, patience: Patience) -> Flow[FolderListing]:
    """List a folder."""
    call = Call("GET", _session(session_id) + "/files", params={"path": path, "limit": limit}, read_s=600)
    return FolderListing.model_validate_json((yield from request(call, patience)).content)


def delete_file(session_id: str, path: str, patience: Patience) -> Flow[None]:
    """Remove a file. It is sent once: a second time it would not be there."""
    yield from request(Call("DELETE", _file(session_id, path), read_s=600), patience, repeat=False)


def _body(sent: BaseModel) -> bytes:
    return sent.model_dump_json(exclude_defaults=True).encode()


def _session(session_id: str) -> str:
    return f"/v1/sessions/{quote(session_id, safe='')}"


def _file(session_id: str, path: str) -> str:
    """Raises Invalid: a path with `..` would be tidied up on its way, and be another call."""
    if fault := path_fault(path):
        raise errors.Invalid("That is no path in the session's folder.", errors=[FieldError("path", fault)])
    return f"{_session(session_id)}/files/{quote(path, safe='/')}"


def put_problem(problem_id: str, problem: Problem, patience: Patience) -> Flow[ProblemSummary]:
    """Store a problem."""
    call = Call("PUT", _problem(problem_id), json_of(problem), headers=_JSON, read_s=300)
    return ProblemSummary.model_validate_json((yield from request(call, patience)).content)


def put_package(problem_id: str, package: bytes, patience: Patience) -> Flow[ProblemSummary]:
    """Store a problem package (zip)."""
    call = Call("PUT", _problem(problem_id), package, headers={"Content-Type": "application/zip"}, read_s=600)
    return ProblemSummary.model_validate_json((yield from request(call, patience)).content)


def get_problem(problem_id: str, patience: Patience) -> Flow[Problem]:
    """Fetch a problem."""
    return Problem.model_validate_json((yield from request(Call("GET", _problem(problem_id)), patience)).content)


def delete_problem(problem_id: str, patience: Patience) -> Flow[None]:
    """Forget a problem."""
    yield from request(Call("DELETE", _problem(problem_id)), patience)


def list_problems(prefix: str, patience: Patience) -> Flow[list[ProblemSummary]]:
    """All of them, page by page."""
    found: list[ProblemSummary] = []
    while True:
        call = Call("GET", "/v1/problems", params={"prefix": prefix, "offset": len(found), "limit": _PAGE})
        page = _SUMMARIES.validate_json((yield from request(call, patience)).content)
        found += page
        if len(page) < _PAGE:
            return found


def languages(patience: Patience) -> Flow[list[LanguageInfo]]:
    """What can be judged there."""
    return _LANGUAGES.validate_json((yield from request(Call("GET", "/v1/languages"), patience)).content)


def ready() -> Flow[bool]:
    """Does it answer, and take submissions? Asks once."""
    try:
        response = yield Call("GET", "/readyz", read_s=10)
    except Lost:
        return False
    assert response is not None
    return response.status_code == 200


def _problem(problem_id: str) -> str:
    return f"/v1/problems/{quote(problem_id, safe='/')}"


# -- batches ---------------------------------------------------------------------------------------------------------------


class BatchProgress:
    """What of a batch has been sent, and what has come back."""

    def __init__(self, submissions: Iterable[Submission]) -> None:
        self._bodies = {index: json_of(with_key(submission)) for index, submission in enumerate(submissions)}
        self._sent: list[int] = []
        self.failed: list[tuple[int, Result]] = []
        """Those that the judge failed at."""

    @property
    def complete(self) -> bool:
        """Has all come back?"""
        return not self._bodies

    def next_call(self) -> Call:
        """Sends what has not come back, as much as goes at once."""
        self._sent, size = [], 0
        for index, body in self._bodies.items():
            size += len(body) + 1
            if self._sent and (size > BATCH_BYTES or len(self._sent) >= BATCH_COUNT):
                break
            self._sent.append(index)
        content = b'{"submissions":[' + b",".join(self._bodies[index] for index in self._sent) + b"]}"
        return Call("POST", "/v1/submissions/batch", content, headers=_JSON, read_s=90)

    @property
    def part_is_complete(self) -> bool:
        """Has all come back that was sent last?"""
        return not any(index in self._bodies for index in self._sent)

    def came(self, line: bytes) -> tuple[int, Result] | None:
        """(place in the caller's list, result) of a line that is new. Raises Lost for a line that was cut off."""
        try:
            told = BatchLine.model_validate_json(line)
            index = self._sent[told.index]
        except (ValueError, IndexError) as error:
            raise Lost("the answer was cut off") from error
        if self._bodies.pop(index, None) is None:
            return None
        return index, told.result

    def judge_failed(self) -> JudgeFailed:
        """For a batch in which the judge failed at something."""
        shown = ", ".join(f"{index} ({found.error})" for index, found in self.failed[:5])
        more = f" and {len(self.failed) - 5} more" if len(self.failed) > 5 else ""
        return JudgeFailed(f"{len(self.failed)} submissions of the batch have no verdict: {shown}{more}")


class Lines:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that are whole now."""
        *lines, self._rest = (self._rest + piece).split(b"\n") if b"\n" in piece else (self._rest + piece,)
        return [line for line in lines if line.strip()]


@dataclass(slots=True)
class ServerEvent:
    """One server-sent event."""

    kind: str = ""
    data: str = ""
    id: str = ""


class ServerEvents:
    """Reads server-sent events from lines."""

    def __init__(self) -> None:
        self._event = ServerEvent()

    def feed(self, line: str) -> ServerEvent | None:
        """The event that this line ends."""
        if not line:
            event, self._event = self._event, ServerEvent()
            return event if event.kind else None
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event.kind = value
        elif name == "data":
            self._event.data += value
        elif name == "id":
            self._event.id = value
        return None
