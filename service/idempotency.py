"""Idempotency keys: the same key and the same body is the same submission, the same key and another body a conflict."""

from collections.abc import Sequence

from service.errors import Conflict, FieldError
from service.queue import Job


def check_keys_within(jobs: Sequence[Job]) -> None:
    """Raises Conflict when two of them share an idempotency key and differ."""
    first: dict[str, Job] = {}
    for job in jobs:
        if (key := job.submission.idempotency_key) is None:
            continue
        if (other := first.setdefault(key, job)) is not job and other.body_digest() != job.body_digest():
            raise key_conflict(job)


def key_conflict(job: Job) -> Conflict:
    """The job's idempotency key stands for another submission."""
    return Conflict(
        "The idempotency key was used for another submission.",
        errors=[FieldError(f"{job.path}idempotency_key", "use a new key, or send exactly what was sent with this one")],
    )
