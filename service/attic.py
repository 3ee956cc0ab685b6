"""Finished submissions that memory has no room for: in a file of this process's own, gone with it whatever way it ends.

A client may send twenty thousand submissions and ask for their results an hour later. Keeping them all in memory would make the
server grow with what it has judged.
"""

import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from service.result_cache import Packed
from service.schemas import Status, Verdict

_TABLE = """
CREATE TABLE results (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE, expires REAL, status TEXT, verdict TEXT, body BLOB, cached INTEGER,
    caller TEXT, key TEXT, digest BLOB, UNIQUE (caller, key)
)
"""
_COLUMNS = "id, status, verdict, body, cached, caller, key, digest"


@dataclass(frozen=True, slots=True)
class Stored:
    """A finished submission as the attic keeps it."""

    id: str
    packed: Packed
    cached: bool
    idempotency: tuple[str, str] | None
    """Caller and key."""
    body_digest: bytes


class Attic:
    """Oldest out first. Callers keep threads apart. Raises OSError or sqlite3.Error when the disk is full."""

    def __init__(self, folder: Path, ttl_s: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._ttl_s = ttl_s
        self._count = 0
        self._looked = 0.0
        with tempfile.NamedTemporaryFile(dir=folder, prefix="results-") as file:  # its name is gone at once, the file with us
            self._store = sqlite3.connect(file.name, isolation_level=None, check_same_thread=False)
            for setting in ("journal_mode=MEMORY", "synchronous=OFF", "cache_size=-512"):
                self._store.execute(f"PRAGMA {setting}")
            self._store.execute(_TABLE)

    def __len__(self) -> int:
        return self._count

    def put(self, *many: Stored) -> None:
        """Keep more, the oldest first: all or none. Each of many takes a third of the time that one by itself does."""
        expires = time.monotonic() + self._ttl_s
        replaced = 0
        with self._store as store:
            store.execute("BEGIN")
            for stored in many:
                caller, key = stored.idempotency or (None, None)
                packed = stored.packed
                values = (stored.id, packed.status, packed.verdict, packed.body, stored.cached, caller, key, stored.body_digest)
                if key is not None:
                    replaced += store.execute("DELETE FROM results WHERE caller = ? AND key = ?", (caller, key)).rowcount
                store.execute(f"INSERT INTO results (expires, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (expires, *values))  # noqa: S608
        self._count += len(many) - replaced

    def find(self, submission_id: str) -> Stored | None:
        """By its id."""
        return self._one("id = ?", submission_id)

    def known(self, caller: str, key: str) -> Stored | None:
        """By its idempotency key."""
        return self._one("caller = ? AND key = ?", caller, key)

    def _one(self, where: str, *values: str) -> Stored | None:
        if not self._count:
            return None
        row = self._store.execute(f"SELECT {_COLUMNS} FROM results WHERE {where}", values).fetchone()  # noqa: S608 - ours
        if row is None:
            return None
        name, status, verdict, body, cached, caller, key, digest = row
        packed = Packed(Status(status), Verdict(verdict) if verdict else None, body)
        return Stored(name, packed, bool(cached), (caller, key) if key is not None else None, digest)

    def drop_oldest(self) -> None:
        """Make room for one."""
        self._count -= self._store.execute("DELETE FROM results WHERE number = (SELECT min(number) FROM results)").rowcount

    def drop_old(self) -> None:
        """Drop what is past its time; looked at every few seconds."""
        now = time.monotonic()
        if self._count and now - self._looked > min(10.0, self._ttl_s / 4):
            self._looked = now
            self._count -= self._store.execute("DELETE FROM results WHERE expires <= ?", (now,)).rowcount

    def close(self) -> None:
        """Forget everything."""
        self._store.close()
