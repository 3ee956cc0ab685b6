"""Structured logs: one line for each submission, a lean one for each slow or failed request. Never a source, a key or a test."""

import logging
import sys

import structlog

from service.queue import Job
from service.result_cache import Packed
from service.schemas import RunRequest, RunResult

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(log_format: str, log_level: str) -> None:
    """Send all logs of the process, those of libraries too, to stderr in one form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else _console(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            *shared,
            *([structlog.processors.format_exc_info] if log_format == "json" else []),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)  # of libraries, only what is wrong
    logging.getLogger("service").setLevel(_LEVELS[log_level])
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def _console(*, colors: bool) -> structlog.dev.ConsoleRenderer:
    # plain tracebacks: those with local variables show sources and keys, and take seconds
    columns = None if colors else _PLAIN_COLUMNS
    return structlog.dev.ConsoleRenderer(columns=columns, exception_formatter=structlog.dev.plain_traceback)


def _plain_pair(key: str, value: object) -> str:
    bare = isinstance(value, str) and _TO_QUOTE.isdisjoint(value)
    return f"{key}={value if bare else repr(value)}"


_TO_QUOTE = frozenset(" \t=\r\n\"'")
_PLAIN_COLUMNS = [
    structlog.dev.Column("", _plain_pair),
    structlog.dev.Column("timestamp", lambda _, value: str(value)),
    structlog.dev.Column("level", lambda _, value: f"[{value:<9}]"),
    structlog.dev.Column("event", lambda _, value: f"{value!s:<30}"),
    structlog.dev.Column("logger", lambda _, value: f"[{value}]"),
    structlog.dev.Column("logger_name", lambda _, value: f"[{value}]"),
]
"""What structlog's console shows without colours, in half the time: a busy judge writes hundreds of lines a second."""


class SubmissionLog:
    """An `Observer` that writes a line for all that ends."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("tierline.submissions")

    def submission_done(
        self, job: Job, packed: Packed, *, submission_id: str, cached: bool, waited_s: float, judged_s: float
    ) -> None:
        """One line."""
        self._log.info(
            "submission",
            id=submission_id,
            problem=job.problem,
            language=job.language,
            verdict=packed.verdict.value if packed.verdict else packed.status.value,
            coverage=job.submission.coverage,
            cached=cached,
            waited_s=round(waited_s, 4),
            judged_s=round(judged_s, 4),
        )

    def run_done(self, request: RunRequest, result: RunResult, *, waited_s: float, judged_s: float) -> None:
        """One line."""
        self._log.info(
            "run",
            language=request.language,
            verdict=result.verdict.value,
            waited_s=round(waited_s, 4),
            judged_s=round(judged_s, 4),
        )


def log_request(log: structlog.typing.FilteringBoundLogger, method: str, route: str, status: int, took_s: float) -> None:
    """Failures of ours as errors, refusals as info, what went well only when debugging: submissions have lines of their own."""
    tell = log.error if status >= 500 and status != 503 else log.info if status >= 400 else log.debug
    tell("request", method=method, route=route, status=status, took_s=round(took_s, 4))
