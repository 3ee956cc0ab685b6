"""What the judge refuses or fails at, and the HTTP status of each: the one table is the `status` of each class.

    TierlineError
    ├── BadRequest          400   a body that cannot be read (not JSON, not UTF-8, bad zstd)
    ├── Unauthorized        401
    ├── NotFound            404   unknown problem, submission, language, session or file
    ├── Conflict            409   an idempotency key used again with another body; a session's folder or file in the way
    ├── Gone                410   a session that has ended; the detail says why
    ├── TooLarge            413   a body, test or source past its bound
    ├── Invalid             422   a field with a value that cannot be; names each field and the fix
    ├── Overloaded          429   the queue is full; `retry_after_s` says when to come back
    ├── Unavailable         503   what the judge stands on (Redis, its workers) cannot be reached; `retry_after_s` as well
    ├── Draining            503   the server is shutting down; `retry_after_s` as well
    └── JudgeFailed         500   the judge itself failed (verdict JE, raised by the client)

Errors travel as RFC 9457 problem documents (application/problem+json).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: its path (`tiers.1`), and a message that names the fix."""

    path: str
    message: str


class TierlineError(Exception):
    """Base of all errors that the service tells its caller about."""

    status = 500
    title = "The judge failed"

    def __init__(self, detail: str, *, errors: list[FieldError] | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.retry_after_s = retry_after_s


class BadRequest(TierlineError):
    """The body cannot be read."""

    status, title = 400, "The request cannot be read"


class Unauthorized(TierlineError):
    """No key, or an unknown one."""

    status, title = 401, "A key is needed"


class NotFound(TierlineError):
    """There is no such problem, submission, language, session or file."""

    status, title = 404, "Not found"


class Conflict(TierlineError):
    """The idempotency key was used with another body, or something is in the way."""

    status, title = 409, "Conflict"


class Gone(TierlineError):
    """There was such a session; the detail says why it ended."""

    status, title = 410, "Gone"


class TooLarge(TierlineError):
    """Something is larger than its bound."""

    status, title = 413, "Too large"


class Invalid(TierlineError):
    """A field has a value that cannot be."""

    status, title = 422, "Invalid request"


class Overloaded(TierlineError):
    """The queue is full."""

    status, title = 429, "The judge is full"


class Unavailable(TierlineError):
    """Something that the judge stands on cannot be reached."""

    status, title = 503, "The judge cannot be reached"


class Draining(TierlineError):
    """The server is shutting down."""

    status, title = 503, "The judge is shutting down"


class JudgeFailed(TierlineError):
    """The judge could not tell a verdict."""

    status, title = 500, "The judge failed"
