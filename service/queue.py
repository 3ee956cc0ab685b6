"""Where submissions wait, and how one hears of their results: the interface that the HTTP side is written against.

An implementation is told jobs and answers with tickets; nothing here says where the judging happens. `InProcessQueue` judges
in threads of this process. Results cross as `Packed` bytes, made once where the judging is done.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from service.loaded_problem import LoadedProblem
from service.result_cache import Packed
from service.schemas import Event, Result, RunRequest, RunResult, Status, Submission

Priority = Literal["interactive", "batch"]
DEADLINE_PASSED = "its deadline (deadline_s) passed before it was judged"


@dataclass(frozen=True, slots=True)
class Job:
    """A submission that was found to be judgeable: its problem and its language are there."""

    submission: Submission
    digest: str
    """Of the problem."""
    problem: str
    """What the result calls the problem: its id, or the digest of one that came inline."""
    language: str
    """Canonical name, aliases resolved."""
    priority: Priority = "interactive"
    caller: str = ""
    """Whose idempotency keys these are; callers with different API keys never meet."""
    path: str = ""
    """Where in the request body it came from (`submissions.3.`), for messages."""
    loaded: LoadedProblem | None = None
    """The problem where it is at hand, as it was when the submission was let in. Queues that leave this process drop it."""

    def cache_key(self) -> bytes:
        """The same for two jobs exactly when their results are interchangeable."""
        sent = self.submission
        limits = (sent.time_limit_s, sent.memory_limit_mb, sent.coverage, sent.stop.value, sent.mode, sent.details)
        text = repr((self.digest, self.problem, self.language, limits))
        return blake2b(sent.source.encode("utf-8", "surrogatepass"), digest_size=20, key=blake2b(text.encode()).digest()).digest()

    def body_digest(self) -> bytes:
        """The same for two requests that may share an idempotency key."""
        sent = self.submission
        return blake2b(self.cache_key() + repr((sent.cache, sent.priority, sent.deadline_s)).encode(), digest_size=20).digest()


class Ticket(Protocol):
    """A submission that was let in. Holding one keeps its result from being forgotten."""

    @property
    def id(self) -> str:
        """What callers ask for it by."""
        ...


@dataclass(frozen=True, slots=True)
class Load:
    """How much waits and runs now."""

    queued_interactive: int
    queued_batch: int
    running: int
    draining: bool
    finished_per_s: float
    """Judgings, over the last few hundred; 0 when nothing has finished yet."""

    @property
    def queued(self) -> int:
        """Submissions and runs that wait."""
        return self.queued_interactive + self.queued_batch


class BoxInfo(BaseModel):
    """One box of a worker."""

    name: str
    kind: str = Field(description="standard, or numpy (which has it imported)")
    core: int = Field(description="the processor it is bound to")
    busy: bool
    runs: int = Field(description="programs run since it was made")
    restarts: int = Field(description="boxes at this place that did not reset and were replaced")


class WorkerInfo(BaseModel):
    """One process that judges."""

    name: str
    wall: str
    boxes: list[BoxInfo]
    heartbeat_age_s: float = Field(0.0, description="how long ago it was last heard of; 0 for the process that answers")


class SubmissionQueue(Protocol):
    """Bounded, two priorities, at-least-once. Methods raise the errors of `service.errors`."""

    async def start(self) -> None:
        """Begin to judge what waits."""
        ...

    async def submit(self, jobs: Sequence[Job]) -> list[Ticket]:
        """Let all jobs in, or none.

        A job whose idempotency key is known gets the ticket of the first. Raises Overloaded, Draining, Conflict, or TooLarge for
        more jobs than the queue could ever hold.
        """
        ...

    async def wait(self, ticket: Ticket, wait_s: float) -> bytes | None:
        """The result as JSON, or None when it is not there after `wait_s`."""
        ...

    async def find(self, submission_id: str) -> Ticket:
        """Raises NotFound for an id that never was, or whose result is no longer kept."""
        ...

    async def standing(self, ticket: Ticket) -> Result:
        """What can be said of a submission that is not done: id, status, problem, language."""
        ...

    def finished(self, tickets: Sequence[Ticket]) -> AsyncIterator[list[tuple[int, bytes]]]:
        """(index, result as JSON) of all tickets as they finish, those that are there at the same time in one list."""
        ...

    def events(self, ticket: Ticket, after: str | None = None) -> AsyncIterator[tuple[str, Event]]:
        """(event id, event) from the first one, or from the one after `after`; ends after `done`, whose data is the result."""
        ...

    async def cancel(self, ticket: Ticket) -> None:
        """Judge it no further; without effect on one that is done. Its status becomes `cancelled`."""
        ...

    async def run(self, request: RunRequest) -> RunResult:
        """Run a program once. Cancelling the coroutine ends the program."""
        ...

    async def load(self) -> Load:
        """How much waits and runs."""
        ...

    async def workers(self) -> list[WorkerInfo]:
        """Who judges."""
        ...

    async def drain(self, wait_s: float) -> None:
        """Let nothing in any more; return when all is done.

        What is not done after `wait_s` ends as JE, handed back.
        """
        ...

    async def close(self) -> None:
        """Stop judging. Afterwards nothing of the queue is left."""
        ...


class Observer(Protocol):
    """Hears of every submission and run that ends; called from judging threads."""

    def submission_done(
        self, job: Job, packed: Packed, *, submission_id: str, cached: bool, waited_s: float, judged_s: float
    ) -> None:
        """A submission has its result."""
        ...

    def run_done(self, request: RunRequest, result: RunResult, *, waited_s: float, judged_s: float) -> None:
        """A single run has its result."""
        ...


def ended_without_verdict(job: Job, submission_id: str, status: Status, error: str) -> Result:
    """The result of a submission that was cancelled."""
    return Result(id=submission_id, status=status, error=error, problem=job.problem, language=job.language)
