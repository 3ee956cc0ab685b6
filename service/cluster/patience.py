"""Waiting for what is away for a moment: Redis or the depot, while something is being judged."""

import errno
from collections.abc import Iterator

import structlog
from tenacity import AttemptManager, RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential

from service.cluster.connection import LOST

log = structlog.get_logger("tierline.depot")
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


def patient(patience_s: float) -> Iterator[AttemptManager]:
    """`for attempt in patient(30): with attempt: ...` tries again while what fails may pass; then raises what it raised."""
    return iter(
        Retrying(
            retry=retry_if_exception(may_pass),
            stop=stop_after_delay(patience_s),
            wait=wait_exponential(0.2, max=2),
            before_sleep=_tell,
            reraise=True,
        )
    )


def may_pass(error: BaseException) -> bool:
    """Is it likely to be gone in a moment? Not so for missing files, missing rights and full disks."""
    if isinstance(error, LOST):
        return True
    return isinstance(error, OSError) and not isinstance(error, _FINAL) and error.errno != errno.ENOSPC


def _tell(state: RetryCallState) -> None:
    log.warning("waiting for Redis or the store", reason=str(state.outcome and state.outcome.exception()))
