"""Names of sessions that cannot be guessed, and that their maker knows again when it has forgotten the session itself.

An id is a prefix (which may name a worker), the time it was made, 128 random bits, and a keyed digest of these and of who asked
for it. So what was never an id of this caller's is told from a session that is no more, without a list of all that ever were.
"""

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_FORM = re.compile(r"([0-9a-f]{8})([0-9a-f]{32})([0-9a-f]{16})")


class SessionIds(Protocol):
    """Makes ids."""

    def make(self, caller: str) -> str:
        """A new one. It is safe in a URL."""
        ...

    def made_at(self, session_id: str, caller: str) -> float | None:
        """When it was made for this caller (seconds since 1970), by this process or one before; None if it never was."""
        ...


class SignedIds:
    """Ids that carry their own proof. See `SessionIds`."""

    def __init__(self, secret: bytes, prefix: str = "") -> None:
        self._secret = secret
        self._prefix = prefix

    def make(self, caller: str) -> str:
        """See `SessionIds`."""
        body = f"{int(time.time()):08x}{secrets.token_hex(16)}"
        return f"{self._prefix}{body}{self._proof(body, caller)}"

    def made_at(self, session_id: str, caller: str) -> float | None:
        """See `SessionIds`."""
        match = _FORM.fullmatch(session_id.removeprefix(self._prefix)) if session_id.startswith(self._prefix) else None
        if match is None or not secrets.compare_digest(match[3], self._proof(match[1] + match[2], caller)):
            return None
        return float(int(match[1], 16))

    def _proof(self, body: str, caller: str) -> str:
        text = f"{self._prefix}\n{body}\n{caller}".encode()
        return hashlib.blake2b(text, key=self._secret, digest_size=8).hexdigest()


def kept_secret(folder: Path) -> bytes:
    """The secret of the judges that keep their data in `folder`, made when first asked for. Raises OSError."""
    path = folder / "session-secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        new = folder / f".session-secret-{secrets.token_hex(8)}"
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(fd, secrets.token_bytes(32))
            with suppress(FileExistsError):  # another judge was first
                path.hardlink_to(new)
        finally:
            os.close(fd)
            new.unlink()
    secret = path.read_bytes()
    if len(secret) < 32:
        raise OSError(f"{path} is damaged: it has {len(secret)} bytes. Fix: remove it; open sessions then are forgotten")
    return secret
