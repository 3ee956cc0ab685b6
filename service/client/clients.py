"""The two clients, one that blocks and one to be awaited.

Both keep their connections, try again when the judge is full (as long as it asks for) or the connection is lost, and never have a
submission judged twice for that: each carries an idempotency key. A verdict JE is raised as JudgeFailed, so that a judge that
broke is never taken for a program that is wrong. The errors are those of `service.errors`, and httpx.TransportError when the
judge cannot be reached.

A client may be used by many threads (or tasks) at once.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar

import httpx
import orjson

from service import client_protocol as protocol
from service.client_protocol import BatchProgress, Call, Flow, Lines, Lost, Patience, Pause, Retries, ServerEvents
from service.client_sessions import AsyncSession, Session
from service.errors import TierlineError
from service.schemas import (
    Event,
    LanguageInfo,
    Problem,
    ProblemSummary,
    Result,
    RunRequest,
    RunResult,
    Submission,
    Verdict,
)
from service.session_schemas import SessionInfo, SessionRequest

__all__ = ["AsyncSession", "AsyncTierlineClient", "Patience", "Session", "TierlineClient"]

DEFAULT_URL = "http://127.0.0.1:8077"
T = TypeVar("T")
_CONNECT_S = 10.0
_POLL_S = 30.0
_LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=64, keepalive_expiry=4.0)
"""Idle connections go before the server (5 s) drops them, so that few requests meet one that is being closed."""


class _Common:
    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        raise_on_judge_error: bool = True,
        patience: Patience | None = None,
    ) -> None:
        """`url` of the judge, and one of its keys where it has any. `patience`: how long to try again."""
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._raise = raise_on_judge_error
        self._patience = patience or Patience()

    def _checked(self, result: Result) -> Result:
        return protocol.checked(result) if self._raise else result

    def _keep(self, batch: BatchProgress, line: bytes) -> tuple[int, Result] | None:
        """What to hand to the caller now. Results without a verdict are kept for the end, where they are raised together."""
        came = batch.came(line)
        if came is not None and self._raise and came[1].verdict is Verdict.JE:
            batch.failed.append(came)
            return None
        return came


class TierlineClient(_Common):
    """Blocking client. Close it, or use it in a `with`."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        raise_on_judge_error: bool = True,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(url, key=key, raise_on_judge_error=raise_on_judge_error, patience=patience)
        self._http = httpx.Client(base_url=self.url, headers=self._headers, limits=_LIMITS, timeout=_CONNECT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _drive(self, flow: Flow[T]) -> T:
        answer: httpx.Response | None = None
        failure: Lost | None = None
        try:
            while True:
                need = flow.throw(failure) if failure else flow.send(answer)
                answer = failure = None
                if isinstance(need, Pause):
                    time.sleep(need.seconds)
                    continue
                try:
                    answer = self._http.send(self._request(need))
                except httpx.TransportError as error:
                    failure = _lost(error)
        except StopIteration as end:
            value: T = end.value
            return value

    def _request(self, call: Call) -> httpx.Request:
        return self._http.build_request(
            call.method, call.path, content=call.content, params=call.params, headers=call.headers, timeout=_timeout(call)
        )

    def judge(self, submission: Submission) -> Result:
        """Judge a program and wait for the result. Raises JudgeFailed for JE. A cancelled one has status `cancelled`."""
        return self._checked(self._drive(protocol.judge(submission, _POLL_S, self._patience)))

    def submit(self, submission: Submission, *, wait_s: float = 0) -> Result:
        """Send a program; the result as it stands after `wait_s`, with the `id` to ask again by."""
        return self._checked(self._drive(protocol.submit(submission, wait_s, self._patience)))

    def result(self, submission_id: str, *, wait_s: float = 0) -> Result:
        """The result as it stands after `wait_s`. Raises NotFound when it is not kept any more."""
        return self._checked(self._drive(protocol.result(submission_id, wait_s, self._patience)))

    def cancel(self, submission_id: str) -> Result:
        """Judge it no further; what it has become."""
        return self._drive(protocol.cancel(submission_id, self._patience))

    def run(self, request: RunRequest) -> RunResult:
        """Run a program once on a given stdin. JE comes as a verdict: there is no program judged."""
        return self._drive(protocol.run(request, self._patience))

    def batch(self, submissions: Iterable[Submission]) -> Generator[tuple[int, Result], None, None]:
        """(index, result) of each as it finishes, in any order.

        After a lost connection only what has not come back is sent again. Results without a verdict (JE) are left out and raised
        as one JudgeFailed after all others came; with raise_on_judge_error=False they come like any.
        """
        batch, retries = BatchProgress(submissions), Retries(self._patience)
        while not batch.complete:
            try:
                with self._stream(batch.next_call()) as response:
                    lines = Lines()
                    for piece in response.iter_bytes():
                        for line in lines.feed(piece):
                            retries.progress()
                            if (came := self._keep(batch, line)) is not None:
                                yield came
                if not batch.part_is_complete:
                    raise Lost("the answer ended early")
            except (httpx.TransportError, httpx.StreamError, Lost) as error:
                time.sleep(retries.after_loss(error).seconds)
            except TierlineError as error:
                if not protocol.is_passing(error):
                    raise
                time.sleep(retries.after_refusal(error).seconds)
        if batch.failed:
            raise batch.judge_failed()

    def events(self, submission_id: str) -> Generator[Event, None, None]:
        """What happens to a submission, from the first event on; ends after `done`."""
        last, retries = "", Retries(self._patience)
        while last != "done":
            try:
                with self._stream(_events_call(submission_id, last)) as response:
                    parser = ServerEvents()
                    for line in response.iter_lines():
                        if (told := parser.feed(line)) is not None:
                            retries.progress()
                            last = told.id
                            yield Event.model_validate({"kind": told.kind, "data": orjson.loads(told.data)})
                if last != "done":
                    raise Lost("the events ended early")
            except (httpx.TransportError, httpx.StreamError, Lost) as error:
                time.sleep(retries.after_loss(error).seconds)

    def _stream(self, call: Call) -> "_Stream":
        return _Stream(self._http, self._request(call))

    def session(self, request: SessionRequest | None = None) -> "Session":
        """Open a session: a box that keeps its files between commands. Close it, or use it in a `with`.

        Raises Overloaded when the judge, or this key, has no room for one for as long as `patience` lasts.
        """
        return Session(
            self._drive, self._drive(protocol.open_session(request or SessionRequest(), self._patience)), self._patience
        )

    def sessions(self) -> list[SessionInfo]:
        """Sessions of this key that are open."""
        return self._drive(protocol.sessions(self._patience))

    def put_problem(self, problem_id: str, problem: Problem) -> ProblemSummary:
        """Store a problem, or replace it."""
        return self._drive(protocol.put_problem(problem_id, problem, self._patience))

    def put_package(self, problem_id: str, package: bytes) -> ProblemSummary:
        """Store a problem package, given as the bytes of its zip."""
        return self._drive(protocol.put_package(problem_id, package, self._patience))

    def get_problem(self, problem_id: str) -> Problem:
        """A stored problem with its tests."""
        return self._drive(protocol.get_problem(problem_id, self._patience))

    def delete_problem(self, problem_id: str) -> None:
        """Forget a problem."""
        self._drive(protocol.delete_problem(problem_id, self._patience))

    def list_problems(self, prefix: str = "") -> list[ProblemSummary]:
        """Summaries of all stored problems whose ids begin so."""
        return self._drive(protocol.list_problems(prefix, self._patience))

    def languages(self) -> list[LanguageInfo]:
        """Languages the judge knows, those that are missing there too."""
        return self._drive(protocol.languages(self._patience))

    def ready(self) -> bool:
        """Does the judge answer, and take submissions?"""
        return self._drive(protocol.ready())


class _Stream:
    """A response that is read as it comes. Raises what a refusal stands for."""

    def __init__(self, http: httpx.Client, request: httpx.Request) -> None:
        self._http, self._request = http, request

    def __enter__(self) -> httpx.Response:
        self._response = self._http.send(self._request, stream=True)
        if self._response.status_code >= 400:
            try:
                self._response.read()
            finally:
                self._response.close()
            raise protocol.error_of(self._response)
        return self._response

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._response.close()


class AsyncTierlineClient(_Common):
    """The same calls, to be awaited. Close it, or use it in an `async with`."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        raise_on_judge_error: bool = True,
        patience: Patience | None = None,
    ) -> None:
        super().__init__(url, key=key, raise_on_judge_error=raise_on_judge_error, patience=patience)
        self._http = httpx.AsyncClient(base_url=self.url, headers=self._headers, limits=_LIMITS, timeout=_CONNECT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _drive(self, flow: Flow[T]) -> T:
        answer: httpx.Response | None = None
        failure: Lost | None = None
        try:
            while True:
                need = flow.throw(failure) if failure else flow.send(answer)
                answer = failure = None
                if isinstance(need, Pause):
                    await asyncio.sleep(need.seconds)
                    continue
                try:
                    answer = await self._http.send(self._request(need))
                except httpx.TransportError as error:
                    failure = _lost(error)
        except StopIteration as end:
            value: T = end.value
            return value

    def _request(self, call: Call) -> httpx.Request:
        return self._http.build_request(
            call.method, call.path, content=call.content, params=call.params, headers=call.headers, timeout=_timeout(call)
        )

    async def judge(self, submission: Submission) -> Result:
        """See TierlineClient.judge."""
        return self._checked(await self._drive(protocol.judge(submission, _POLL_S, self._patience)))

    async def submit(self, submission: Submission, *, wait_s: float = 0) -> Result:
        """See TierlineClient.submit."""
        return self._checked(await self._drive(protocol.submit(submission, wait_s, self._patience)))

    async def result(self, submission_id: str, *, wait_s: float = 0) -> Result:
        """See TierlineClient.result."""
        return self._checked(await self._drive(protocol.result(submission_id, wait_s, self._patience)))

    async def cancel(self, submission_id: str) -> Result:
        """See TierlineClient.cancel."""
        return await self._drive(protocol.cancel(submission_id, self._patience))

    async def run(self, request: RunRequest) -> RunResult:
        """See TierlineClient.run."""
        return await self._drive(protocol.run(request, self._patience))

    async def batch(self, submissions: Iterable[Submission]) -> AsyncGenerator[tuple[int, Result], None]:
        """See TierlineClient.batch."""
        batch, retries = BatchProgress(submissions), Retries(self._patience)
        while not batch.complete:
            try:
                async with _AsyncStream(self._http, self._request(batch.next_call())) as response:
                    lines = Lines()
                    async for piece in response.aiter_bytes():
                        for line in lines.feed(piece):
                            retries.progress()
                            if (came := self._keep(batch, line)) is not None:
                                yield came
                if not batch.part_is_complete:
                    raise Lost("the answer ended early")
            except (httpx.TransportError, httpx.StreamError, Lost) as error:
                await asyncio.sleep(retries.after_loss(error).seconds)
            except TierlineError as error:
                if not protocol.is_passing(error):
                    raise
                await asyncio.sleep(retries.after_refusal(error).seconds)
        if batch.failed:
            raise batch.judge_failed()

    async def events(self, submission_id: str) -> AsyncGenerator[Event, None]:
        """See TierlineClient.events."""
        last, retries = "", Retries(self._patience)
        while last != "done":
            try:
                async with _AsyncStream(self._http, self._request(_events_call(submission_id, last))) as response:
                    parser = ServerEvents()
                    async for line in response.aiter_lines():
                        if (told := parser.feed(line)) is not None:
                            retries.progress()
                            last = told.id
                            yield Event.model_validate({"kind": told.kind, "data": orjson.loads(told.data)})
                if last != "done":
                    raise Lost("the events ended early")
            except (httpx.TransportError, httpx.StreamError, Lost) as error:
                await asyncio.sleep(retries.after_loss(error).seconds)

    @asynccontextmanager
    async def session(self, request: SessionRequest | None = None) -> AsyncGenerator["AsyncSession", None]:
        """See TierlineClient.session. For an `async with`."""
        info = await self._drive(protocol.open_session(request or SessionRequest(), self._patience))
        async with AsyncSession(self._drive, info, self._patience) as session:
            yield session

    async def sessions(self) -> list[SessionInfo]:
        """See TierlineClient.sessions."""
        return await self._drive(protocol.sessions(self._patience))

    async def put_problem(self, problem_id: str, problem: Problem) -> ProblemSummary:
        """See TierlineClient.put_problem."""
        return await self._drive(protocol.put_problem(problem_id, problem, self._patience))

    async def put_package(self, problem_id: str, package: bytes) -> ProblemSummary:
        """See TierlineClient.put_package."""
        return await self._drive(protocol.put_package(problem_id, package, self._patience))

    async def get_problem(self, problem_id: str) -> Problem:
        """See TierlineClient.get_problem."""
        return await self._drive(protocol.get_problem(problem_id, self._patience))

    async def delete_problem(self, problem_id: str) -> None:
        """See TierlineClient.delete_problem."""
        await self._drive(protocol.delete_problem(problem_id, self._patience))

    async def list_problems(self, prefix: str = "") -> list[ProblemSummary]:
        """See TierlineClient.list_problems."""
        return await self._drive(protocol.list_problems(prefix, self._patience))

    async def languages(self) -> list[LanguageInfo]:
        """See TierlineClient.languages."""
        return await self._drive(protocol.languages(self._patience))

    async def ready(self) -> bool:
        """See TierlineClient.ready."""
        return await self._drive(protocol.ready())


class _AsyncStream:
    """A response that is read as it comes. Raises what a refusal stands for."""

    def __init__(self, http: httpx.AsyncClient, request: httpx.Request) -> None:
        self._http, self._request = http, request

    async def __aenter__(self) -> httpx.Response:
        self._response = await self._http.send(self._request, stream=True)
        if self._response.status_code >= 400:
            try:
                await self._response.aread()
            finally:
                await self._response.aclose()
            raise protocol.error_of(self._response)
        return self._response

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._response.aclose()


def _timeout(call: Call) -> httpx.Timeout:
    return httpx.Timeout(_CONNECT_S, read=call.read_s, write=60.0, pool=600.0)


def _lost(error: httpx.TransportError) -> Lost:
    lost = Lost(str(error))
    lost.__cause__ = error
    return lost


def _events_call(submission_id: str, last: str) -> Call:
    headers = {"Last-Event-ID": last} if last else {}
    return Call("GET", f"/v1/submissions/{submission_id}/events", headers=headers, read_s=60)
