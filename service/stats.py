"""What the judge does now, for those who watch: the web page. Prometheus has /metrics, which says more."""

from pydantic import BaseModel, Field

from service.queue import WorkerInfo


class Stats(BaseModel):
    """A look at the judge. Counts are since this server was started, and of this server where there are several."""

    at: float = Field(description="now, in seconds since 1970")
    queued_interactive: int
    queued_batch: int
    running: int
    draining: bool
    verdicts: dict[str, int] = Field(description="submissions that ended, by verdict or, where there is none, by status")
    judge_errors: int = Field(description="submissions and runs that ended as JE")
    confirmed: int | None = Field(description="TLEs near the limit that a second run alone confirmed; null: workers count them")
    overturned: int | None = Field(description="those that it found fast enough")
    starved: int | None = Field(description="runs repeated because no processor took them in time")
    retries: int | None = Field(description="submissions that went on in another box")
    sessions_open: int | None = Field(description="null: this judge has no sessions")
    workers: list[WorkerInfo]
