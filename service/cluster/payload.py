"""Jobs and runs as bytes, for the way from a replica to a worker. The problem stays behind: only its digest travels."""

from dataclasses import dataclass

import orjson

from service.compression import compress, decompress
from service.queue import Job
from service.result_cache import Packed
from service.schemas import RunRequest, Status, Submission, Verdict


@dataclass(frozen=True, slots=True)
class Head:
    """What a replica has to say of a submission before it is done."""

    problem: str
    language: str

    def to_json(self) -> bytes:
        """As it is kept in an entry."""
        return orjson.dumps([self.problem, self.language])

    @classmethod
    def from_json(cls, data: bytes | str) -> "Head":
        """Read back."""
        return cls(*orjson.loads(data))


def pack_job(job: Job) -> bytes:
    """A job without its problem and without its caller."""
    sent = job.submission
    named = sent if isinstance(sent.problem, str) else sent.model_copy(update={"problem": job.digest})
    submission = named.model_copy(update={"idempotency_key": None}).model_dump(mode="json", exclude_defaults=True)
    return compress(orjson.dumps(["judge", submission, job.digest, job.problem, job.language, job.priority]))


def pack_run(request: RunRequest) -> bytes:
    """A single run."""
    return compress(orjson.dumps(["run", request.model_dump(mode="json", exclude_defaults=True)]))


def unpack_task(data: bytes) -> Job | RunRequest:
    """What `pack_job` or `pack_run` packed. Raises ValueError for what another version wrote."""
    kind, body, *rest = orjson.loads(decompress(data))
    if kind == "run":
        return RunRequest.model_validate(body)
    if kind != "judge":
        raise ValueError(f"a task of an unknown kind: {kind!r}")
    digest, problem, language, priority = rest
    return Job(Submission.model_validate(body), digest, problem, language, priority)


def pack_own(packed: Packed) -> bytes:
    """The result of one entry, where it is not that of its work."""
    return f"{packed.status.value} {packed.verdict.value if packed.verdict else ''} ".encode() + packed.body


def unpack_own(data: bytes) -> Packed:
    """Read back."""
    status, verdict, body = data.split(b" ", 2)
    return as_packed(body, status, verdict)


def as_packed(body: bytes, status: bytes, verdict: bytes) -> Packed:
    """A result from what Redis keeps of it."""
    return Packed(Status(status.decode()), Verdict(verdict.decode()) if verdict else None, body)
