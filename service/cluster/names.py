"""What things are called in Redis."""

from service.queue import Priority

PREFIX = "tierline:"
LINES: tuple[Priority, ...] = ("interactive", "batch")


def rq_queue(line: str) -> str:
    """Name of the RQ queue that carries the slices of a line."""
    return f"tierline-{line}"


def slices_list(line: str) -> str:
    """Key of the Redis list behind that queue: what an autoscaler looks at."""
    return f"rq:queue:{rq_queue(line)}"


WORKERS = PREFIX + "workers"
"""Hash: worker's name to what it last told of itself."""
LANGUAGES = PREFIX + "languages"
"""What the workers of late could judge; outlives them, so that a judge scaled to nothing still lets submissions in."""
STORE = PREFIX + "store"
"""URL of the depot, written by replicas."""
NEWS = PREFIX + "news"
"""Channel: names of works that are done, and `entry ID` for entries that were cancelled."""
ORDERS = PREFIX + "orders"
"""Channel to workers: `cancel NAME`, `tell NAME`."""
RUNNING = PREFIX + "running"
SLICES = PREFIX + "slices"
DEADLINES = PREFIX + "deadlines"
SESSION_HOSTS = PREFIX + "session-hosts"
"""Hash: token of a worker that has sessions, to what it last told."""
SWEEPER = PREFIX + "sweeper"
"""Lock of whoever looks for what is lost."""


def entry(submission_id: str) -> str:
    """Hash of a submission."""
    return f"{PREFIX}entry:{submission_id}"


def work(name: str) -> str:
    """Hash of a judging."""
    return f"{PREFIX}work:{name}"


def events(name: str) -> str:
    """Stream of a watched judging's events."""
    return f"{PREFIX}events:{name}"


def waiting(line: str) -> str:
    """Entries of a line that wait, by when they were let in (ms)."""
    return f"{PREFIX}waiting:{line}"


def problem(digest: str) -> str:
    """A problem that came inline, compressed."""
    return f"{PREFIX}problem:{digest}"
