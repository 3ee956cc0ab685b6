"""How jobs get into Redis: all of a call, or none. For threads.

First their problems are sent, then places are reserved (where room and idempotency keys are checked for all at once), then
entries, works and slices are written, some hundred jobs a transaction. Who dies in between leaves places, which the sweeper
clears away.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, cast

import redis
from redis.client import Pipeline

from service.cluster import names
from service.cluster.payload import Head, pack_job, pack_run
from service.cluster.problem_post import ProblemPost
from service.cluster.roster import Roster
from service.cluster.scripts import Scripts
from service.cluster.slices import Slices
from service.errors import FieldError, Overloaded, TooLarge
from service.idempotency import check_keys_within, key_conflict
from service.queue import Job
from service.schemas import RunRequest
from service.settings import Settings

How = Literal["new", "joined", "promoted", "cached", "known"]
"""A work of its own; one under way, maybe moved to the line of who waits; one that is done; or it was let in before."""
_AT_ONCE = 200
_RUN_KEPT_MS = 60_000


@dataclass(frozen=True, slots=True)
class RedisTicket:
    """A submission's id, and the work that it waits for."""

    id: str
    work: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A job that was let in."""

    ticket: RedisTicket
    how: How


class Entrance:
    """Raises the errors of `SubmissionQueue.submit`, and what the Redis client raises."""

    def __init__(
        self, client: redis.Redis, settings: Settings, post: ProblemPost, roster: Roster, seconds_for: Callable[[int], float]
    ) -> None:
        self._settings = settings
        self._post = post
        self._roster = roster
        self._seconds_for = seconds_for
        self._scripts = Scripts(client)
        self._slices = Slices(client)

    def let_in(self, jobs: Sequence[Job], ids: Sequence[str] = ()) -> list[Admitted]:
        """All of them. `ids` are those that they had before Redis forgot them."""
        check_keys_within(jobs)
        self._post.send(jobs)
        ids = self.reserve(jobs, ids or _ids(jobs))
        boxes = self._roster.boxes()
        admitted: list[Admitted] = []
        for start in range(0, len(jobs), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            share = max(1, boxes * len(jobs[part]) // len(jobs))
            told = self._admit(jobs[part], ids[part], share)
            admitted += [Admitted(RedisTicket(id, work), how) for id, (how, work) in zip(ids[part], told, strict=True)]
        return admitted

    def let_in_run(self, request: RunRequest, id: str) -> None:
        """A single run."""
        answer = self._scripts("reserve", [self._settings.queue_size, 1, id, "", "", "", "interactive"])
        if answer[0] != b"ok":
            raise self._overloaded(int(answer[1]) if len(answer) > 1 else 1)
        head = Head("", request.language).to_json()
        args = [_RUN_KEPT_MS, 1, id, "", "", "interactive", head, pack_run(request), ""]

        def ask(pipeline: Pipeline) -> None:
            self._scripts.add(pipeline, "admit", args)
            self._slices.add(pipeline, "interactive", [[id]])

        self._scripts.together(ask)

    def reserve(self, jobs: Sequence[Job], ids: Sequence[str]) -> list[str]:
        """Take places. Returns the ids: known ones for known idempotency keys."""
        args: list[Any] = [self._settings.queue_size, len(jobs)]
        for job, id in zip(jobs, ids, strict=True):
            args += [id, _result_key(job), _idempotency(job), job.body_digest().hex(), job.priority]
        answer = self._scripts("reserve", args)
        told = answer[0].decode()
        if told == "ok":
            return [id.decode() for id in answer[1:]]
        if told == "conflict":
            raise key_conflict(jobs[answer[1] - 1])
        if told == "large":
            raise TooLarge(
                f"{len(jobs)} submissions are more than the queue can hold.",
                errors=[FieldError("submissions", f"send at most {self._settings.queue_size} at once, or raise queue_size")],
            )
        raise self._overloaded(answer[1])

    def _overloaded(self, over: int) -> Overloaded:
        retry_after_s = self._seconds_for(over)
        size = self._settings.queue_size
        return Overloaded(
            f"The queue is full ({size}). Fix: send this again in {retry_after_s:.0f} s.", retry_after_s=retry_after_s
        )

    def _admit(self, jobs: Sequence[Job], ids: Sequence[str], boxes: int) -> list[tuple[How, str]]:
        """Entries, works and slices of some jobs, in one transaction. Returns (how, work) of each."""
        ttl_ms = max(1, int(self._settings.result_ttl_s * 1000))
        args: list[Any] = [ttl_ms, len(jobs)]
        lines: dict[str, list[str]] = {line: [] for line in names.LINES}
        known: set[str] = set()
        for job, id in zip(jobs, ids, strict=True):
            deadline = job.submission.deadline_s
            head = Head(job.problem, job.language).to_json()
            args += [id, _result_key(job), _idempotency(job), job.priority, head, pack_job(job)]
            args.append("" if deadline is None else int(deadline * 1000))
            key = _result_key(job)
            if id not in known and (not key or key not in known):  # equal ones of one call share their work
                lines[job.priority].append(id)
            known |= {id, key} if key else {id}

        def ask(pipeline: Pipeline) -> None:
            self._scripts.add(pipeline, "admit", args)
            for line, works in lines.items():
                self._slices.add(pipeline, line, self._slices.cut(line, works, boxes))

        told = [_told(one) for one in self._scripts.together(ask)[0]]
        promoted = [work for how, work in told if how == "promoted"]
        if promoted:
            self._slices.add_now("interactive", [[work] for work in promoted])
        return told


def _ids(jobs: Sequence[Job]) -> list[str]:
    """New ids; jobs with the same idempotency key share one."""
    by_key: dict[str, str] = {}
    ids = []
    for job in jobs:
        fresh, key = secrets.token_hex(12), job.submission.idempotency_key
        ids.append(fresh if key is None else by_key.setdefault(key, fresh))
    return ids


def _result_key(job: Job) -> str:
    return job.cache_key().hex() if job.submission.cache else ""


def _idempotency(job: Job) -> str:
    key = job.submission.idempotency_key
    return "" if key is None else blake2b(repr((job.caller, key)).encode(), digest_size=16).hexdigest()


def _told(answer: bytes) -> tuple[How, str]:
    how, work = answer.decode().split(" ")
    return cast(How, how), work
