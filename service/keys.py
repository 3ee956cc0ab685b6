"""Who may call: bearer keys, and where there are none, programs of this machine only.

With keys, every path needs `Authorization: Bearer KEY` but /healthz, /readyz (probes have no keys), /openapi.json and the
files of the web page, which shows nothing without one; /metrics needs one too. /run_code and /reports also take the key as the
password of Basic authorization: clients of the one can set no header, but send so what stands before the @ of a URL; the other
is for browsers, which ask for a password then.

Without keys the server binds loopback only, and then the web pages that a user of this machine visits
are the ones to fear: a page may send requests to 127.0.0.1, and by DNS rebinding even read the answers. So a Host that is not
loopback, and an Origin other than our own, are refused.

Not covered: other users of the same machine, who reach loopback as well. Set keys where they are not trusted.
"""

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from service.errors import Unauthorized

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/openapi.json", "/"})
OPEN_FOLDER = "/web/"
RUN_CODE_PATH = "/run_code"


def is_for_browsers(path: str) -> bool:
    """Whether a browser asks for it by itself, which has no way to send a bearer key."""
    return path == "/reports" or path.startswith("/reports/")


def is_loopback(host: str) -> bool:
    """Does this host name or address mean this machine, whatever a name server says?"""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_open_address(host: str, keys: tuple[str, ...]) -> str | None:
    """Why a server must not be bound to this address, or None."""
    if keys or is_loopback(host):
        return None
    return (
        f"will not listen on {host or 'every address'} without keys: everybody who reaches it could run programs here. "
        "Fix: set TIERLINE_API_KEYS to one or more keys, or bind 127.0.0.1"
    )


class Keys:
    """The keys that are good here."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._digests = [hashlib.sha256(key.encode()).digest() for key in keys]

    def caller(self, path: str, headers: Mapping[str, str]) -> str:
        """A name for who calls, which is not the key. Raises Unauthorized, or HTTPException 403 for a foreign web page."""
        if not self._digests:
            _refuse_foreign_pages(headers)
            return ""
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if (path == RUN_CODE_PATH or is_for_browsers(path)) and scheme.lower() == "basic":
            scheme, key = "bearer", _password(key)
        digest = hashlib.sha256(key.strip().encode("utf-8", "surrogateescape")).digest()
        good = False
        for known in self._digests:  # all of them, always: the time taken tells nothing
            good |= hmac.compare_digest(known, digest)
        if good and scheme.lower() == "bearer":
            return digest.hex()[:16]
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return ""
        raise Unauthorized(
            "This judge needs a key. Fix: send `Authorization: Bearer KEY` with one of its TIERLINE_API_KEYS."
            if not key
            else "The key is not known here. Fix: send one of the judge's TIERLINE_API_KEYS."
        )


def _password(credentials: str) -> str:
    """Of Basic authorization; empty when it is none."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _refuse_foreign_pages(headers: Mapping[str, str]) -> None:
    host = headers.get("host", "")
    if not is_loopback(_host_of("//" + host)):
        raise HTTPException(403, f"Without keys the judge answers to loopback names only, not to {host[:100]!r}.")
    origin = headers.get("origin")
    if origin is not None and urlsplit_netloc(origin) != host.lower():
        raise HTTPException(403, "Without keys the judge answers no web page of another origin.")
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise HTTPException(403, "Without keys the judge answers no web page of another origin.")


def urlsplit_netloc(url: str) -> str:
    """host:port of an origin, empty when it has none (`null`)."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
