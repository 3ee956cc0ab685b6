"""Where the in-process queue finds its submissions again: by id and by idempotency key."""

import secrets
import threading
import time
from collections import deque

from service.attic import Attic, Stored
from service.entries import Entry
from service.errors import FieldError, NotFound
from service.idempotency import key_conflict
from service.mailbox import Callback
from service.queue import Job, Observer
from service.result_cache import Packed
from service.result_shelf import ResultShelf
from service.settings import Settings


class Register:
    """Entries that are not done; those that are, for as long as shelf (memory) and attic (disk) keep them.

    Callers hold the lock.
    """

    def __init__(self, settings: Settings, lock: threading.Lock, observer: Observer | None) -> None:
        self._lock = lock
        self._observer = observer
        self._kept = settings.results_kept
        self._shelf: ResultShelf[Entry] = ResultShelf(settings.results_mb << 20, settings.result_ttl_s)
        self._attic = Attic(settings.data_dir, settings.result_ttl_s)
        self._live: dict[str, Entry] = {}
        self._keys: dict[tuple[str, str], Entry] = {}
        self._untold: deque[tuple[Job, Entry, float, float]] = deque()

    def find(self, submission_id: str) -> Entry:
        """Waiting, running, or still kept. Raises NotFound."""
        self.drop_old()
        entry = self._live.get(submission_id) or self._shelf.get(submission_id)
        if entry is None and (stored := self._attic.find(submission_id)) is not None:
            entry = self._bring_down(stored)
        if entry is None:
            fix = "send the submission again; results are kept for result_ttl_s, as far as results_kept allows"
            raise NotFound("There is no such submission, or its result is no longer kept.", errors=[FieldError("id", fix)])
        return entry

    def known(self, job: Job) -> Entry | None:
        """The entry that the job's idempotency key stands for. Raises Conflict when that was another submission."""
        if job.submission.idempotency_key is None:
            return None
        entry = self._keys.get((job.caller, job.submission.idempotency_key))
        if entry is None and (stored := self._attic.known(job.caller, job.submission.idempotency_key)) is not None:
            entry = self._bring_down(stored)
        if entry is not None and entry.body_digest != job.body_digest():
            raise key_conflict(job)
        return entry

    def enter(self, job: Job) -> Entry:
        """A new entry."""
        entry = Entry(secrets.token_hex(12), job, time.monotonic(), self._lock)
        if (idempotency_key := job.submission.idempotency_key) is not None:
            entry.idempotency = (job.caller, idempotency_key)
            entry.body_digest = job.body_digest()
            self._keys[entry.idempotency] = entry
        self._live[entry.id] = entry
        return entry

    def settle(self, entry: Entry, packed: Packed, *, cached: bool, judged_s: float) -> list[Callback]:
        """An entry has its result. Returns whom to wake; `tell` is to be called afterwards."""
        job, entry.job, entry.work = entry.job, None, None
        entry.packed, entry.cached = packed, cached
        self._live.pop(entry.id, None)
        self._shelf.put(entry.id, entry, packed.bytes_kept, self._put_away)
        while len(self._shelf) + len(self._attic) > self._kept:
            if len(self._attic):
                self._attic.drop_oldest()
            else:
                self._shelf.drop_oldest(self._forget)
        if job is not None:
            self._untold.append((job, entry, judged_s, time.monotonic() - entry.created - judged_s))
        watchers, entry.watchers = entry.watchers, []
        return watchers

    def tell(self) -> None:
        """Tell the observer of what was settled. Without the lock, because the observer writes logs."""
        while self._untold:
            try:
                job, entry, judged_s, waited_s = self._untold.popleft()
            except IndexError:  # another thread told it
                return
            if self._observer is not None and entry.packed is not None:
                self._observer.submission_done(
                    job, entry.packed, submission_id=entry.id, cached=entry.cached, waited_s=max(0.0, waited_s), judged_s=judged_s
                )

    def drop_old(self) -> None:
        """Forget results past their time."""
        self._shelf.drop_old(self._forget)
        self._attic.drop_old()

    def close(self) -> None:
        """Forget everything."""
        self._attic.close()

    def _put_away(self, entries: list[Entry]) -> None:
        """Memory has no room for them any more."""
        self._attic.put(*(_stored(entry) for entry in entries))
        for entry in entries:
            self._forget(entry)

    def _bring_down(self, stored: Stored) -> Entry:
        """A finished entry as it was, for one answer; it stays in the attic."""
        entry = Entry(stored.id, None, time.monotonic(), self._lock)
        entry.packed, entry.cached = stored.packed, stored.cached
        entry.idempotency, entry.body_digest = stored.idempotency, stored.body_digest
        return entry

    def _forget(self, entry: Entry) -> None:
        if entry.idempotency is not None and self._keys.get(entry.idempotency) is entry:
            del self._keys[entry.idempotency]


def _stored(entry: Entry) -> Stored:
    assert entry.packed is not None
    return Stored(entry.id, entry.packed, entry.cached, entry.idempotency, entry.body_digest)
