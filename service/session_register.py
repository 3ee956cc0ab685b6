"""Which sessions are open, and for a while why others are not. Used by one thread, the event loop's."""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.box import Box
from service.errors import FieldError, Gone, Invalid, NotFound, Overloaded, TierlineError
from service.session_ids import SessionIds
from service.session_schemas import SessionInfo, SessionRequest
from service.settings import Settings

_TOLD_AT_MOST = 10_000
_COME_BACK_S = 2
_MEMORY_MB, _DISK_MB = 256, 64
BEFORE = "the judge that had it was started anew, or ended it long ago"


@dataclass(eq=False, slots=True)
class OpenSession:
    """One session."""

    id: str
    caller: str
    env: dict[str, str]
    memory_limit_mb: int
    disk_limit_mb: int
    idle_timeout_s: float
    total_lifetime_s: float
    opened: float
    """By the register's clock, as all times here."""
    created: float = field(default_factory=time.time)
    box: Box | None = None
    """None until it is made."""
    used: float = 0.0
    """When the last call ended."""
    calls: int = 0
    """That run or wait for their turn."""
    commands: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: str = ""
    """Why it is over."""

    @property
    def ends(self) -> float:
        """When its lifetime is over."""
        return self.opened + self.total_lifetime_s

    @property
    def idles_out(self) -> float:
        """When it ends if nothing is asked until then."""
        return min(self.ends, self.used + self.idle_timeout_s)


class SessionRegister:
    """Open sessions by id; those that ended, with the reason, for `session_gone_s`."""

    def __init__(self, settings: Settings, ids: SessionIds, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._ids = ids
        self._clock = clock
        self._open: dict[str, OpenSession] = {}
        self._gone: OrderedDict[str, tuple[str, str, float]] = OrderedDict()
        self.ended: Counter[str] = Counter()

    @property
    def all(self) -> list[OpenSession]:
        """Those that are open."""
        return list(self._open.values())

    # -- opening ---------------------------------------------------------------------------------------------------

    def enter(self, request: SessionRequest, caller: str) -> OpenSession:
        """Take a place for a new session, which has no box yet. Raises Overloaded, Invalid."""
        settings = self._settings
        self._check_bounds(request)
        disk_mb = request.disk_limit_mb or min(_DISK_MB, settings.session_disk_mb)
        self._check_room(disk_mb, caller)
        now = self._clock()
        session = OpenSession(
            self._ids.make(caller),
            caller,
            request.env,
            memory_limit_mb=request.memory_limit_mb or min(_MEMORY_MB, settings.session_memory_mb),
            disk_limit_mb=disk_mb,
            idle_timeout_s=request.idle_timeout_s or settings.session_idle_s,
            total_lifetime_s=request.total_lifetime_s or settings.session_lifetime_s,
            opened=now,
            used=now,
        )
        self._open[session.id] = session
        return session

    def _check_bounds(self, request: SessionRequest) -> None:
        for name, setting in (
            ("memory_limit_mb", "session_memory_mb"),
            ("disk_limit_mb", "session_disk_mb"),
            ("idle_timeout_s", "session_idle_s"),
            ("total_lifetime_s", "session_lifetime_s"),
        ):
            check_bound(self._settings, setting, name, getattr(request, name))

    def _check_room(self, disk_mb: int, caller: str) -> None:
        settings = self._settings
        if len(self._open) >= settings.sessions_max:
            raise _full(f"{settings.sessions_max} sessions are open, as many as this judge has", "TIERLINE_SESSIONS_MAX")
        if sum(session.caller == caller for session in self._open.values()) >= settings.sessions_per_key:
            raise _full(
                f"this key has {settings.sessions_per_key} sessions open, as many as a key may", "TIERLINE_SESSIONS_PER_KEY"
            )
        reserved = sum(session.disk_limit_mb for session in self._open.values())
        if reserved + disk_mb > settings.sessions_disk_mb:
            raise _full(
                f"the disks of open sessions reserve {reserved} of {settings.sessions_disk_mb} MiB", "TIERLINE_SESSIONS_DISK_MB"
            )

    def forget(self, session: OpenSession) -> None:
        """It never came to be."""
        self._open.pop(session.id, None)

    # -- finding ---------------------------------------------------------------------------------------------------

    def find(self, session_id: str, caller: str) -> OpenSession:
        """An open session of this caller's. Raises Gone, or NotFound for what never was or was another's."""
        session = self._open.get(session_id)
        if session is not None and session.caller == caller:
            return session
        self._forget_old()
        if (gone := self._gone.get(session_id)) is not None and gone[0] == caller:
            raise gone_because(gone[1])
        made = self._ids.made_at(session_id, caller)
        if made is not None and session is None and time.time() - made < self._told_s:
            raise gone_because(BEFORE)
        fix = "open one with POST /v1/sessions, and use the id it answers"
        raise NotFound("There is no such session.", errors=[FieldError("id", fix)])

    @property
    def _told_s(self) -> float:
        return self._settings.session_lifetime_s + self._settings.session_gone_s

    def of(self, caller: str) -> list[OpenSession]:
        """The caller's own, oldest first."""
        return [session for session in self._open.values() if session.caller == caller and session.box is not None]

    def info(self, session: OpenSession, *, worker: str, wall: str) -> SessionInfo:
        """As it is told."""
        return SessionInfo(
            id=session.id,
            memory_limit_mb=session.memory_limit_mb,
            disk_limit_mb=session.disk_limit_mb,
            idle_timeout_s=session.idle_timeout_s,
            total_lifetime_s=session.total_lifetime_s,
            created=round(session.created, 3),
            expires=round(session.created + session.total_lifetime_s, 3),
            expires_if_idle=round(session.created + session.idles_out - session.opened, 3),
            busy=session.calls > 0,
            commands=session.commands,
            worker=worker,
            wall=wall,
        )

    # -- ending ----------------------------------------------------------------------------------------------------

    def due(self, session: OpenSession) -> tuple[str, str] | None:
        """(kind, reason) if it is to end now."""
        now = self._clock()
        if session.box is None:
            return None
        if now >= session.ends:
            return "lifetime", f"its lifetime of {session.total_lifetime_s:g} s was over"
        if not session.calls and now >= session.idles_out:
            return "idle", f"nothing was asked of it for {session.idle_timeout_s:g} s"
        if not session.calls and session.box.hung_up():
            return "died", "its box died while it was idle"
        return None

    def touch(self, session: OpenSession) -> None:
        """It was used."""
        session.used = self._clock()

    def end(self, session: OpenSession, kind: str, reason: str) -> None:
        """Note that it is over, and why."""
        if self._open.pop(session.id, None) is None:
            return
        session.ended = reason
        self.ended[kind] += 1
        self._gone[session.id] = session.caller, reason, self._clock() + self._settings.session_gone_s
        if len(self._gone) > _TOLD_AT_MOST:
            self._gone.popitem(last=False)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._gone and next(iter(self._gone.values()))[2] <= now:
            self._gone.popitem(last=False)


def check_bound(settings: Settings, setting: str, name: str, value: float | None) -> None:
    """Raises Invalid when a caller asks for more than a setting allows."""
    most = getattr(settings, setting)
    if value is not None and value > most:
        fix = f"ask for at most {most:g}, or raise TIERLINE_{setting.upper()}"
        raise Invalid(f"{name} is larger than this judge allows.", errors=[FieldError(name, fix)])


def gone_because(reason: str) -> Gone:
    """The error for a session that has ended."""
    fix = "open another one with POST /v1/sessions; the files of this one are lost"
    return Gone(f"The session is gone: {reason}. Fix: {fix}.", errors=[FieldError("id", fix)])


def _full(what: str, setting: str) -> TierlineError:
    return Overloaded(
        f"No session can be opened now: {what}. Fix: close one, come back, or raise {setting}.", retry_after_s=_COME_BACK_S
    )
