"""Sessions in this process: what is left of them, and what happens when much happens at once. Time passes by a clock of ours."""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from sandbox import Pool
from sandbox.cgroup_files import hierarchies
from sandbox.sweep import judge_name
from service.errors import Conflict, Gone, JudgeFailed, NotFound
from service.local_sessions import LocalSessions
from service.session_ids import SignedIds, kept_secret
from service.session_schemas import ExecRequest, SessionRequest
from service.settings import Settings

SMALL = SessionRequest(disk_limit_mb=2)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def with_sessions(pool: Pool, folder: Path, what: Callable[[LocalSessions, Clock], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        clock = Clock()
        sessions = LocalSessions(pool, Settings(data_dir=folder, **settings), clock=clock)
        await sessions.start()
        try:
            await what(sessions, clock)
        finally:
            await sessions.shut_down()

    asyncio.run(main())


def shell(command: str, **more: Any) -> ExecRequest:
    return ExecRequest(command=command, **more)


async def until(what: Callable[[], bool], within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.01)


def own_groups() -> Iterator[str]:
    """Control groups of boxes of one's own that this process made."""
    for mount in {hierarchy.mount for hierarchy in hierarchies()}:
        for top, names, _ in os.walk(mount):
            yield from (f"{top}/{name}" for name in names if name.startswith("own-") and judge_name() in top)


class Traces:
    """What sessions might leave behind."""

    def __init__(self, pool: Pool):
        self.processes = {child.pid for child in psutil.Process().children(recursive=True)}
        self.descriptors = len(list(Path("/proc/self/fd").iterdir()))
        self.mounts = Path("/proc/self/mountinfo").read_text().count(str(pool.config.run_dir))
        self.folders = {str(path) for path in pool.config.run_dir.rglob("*")}
        self.threads = {thread.name for thread in threading.enumerate()}
        self.groups = set(own_groups())

    def left_since(self, before: "Traces") -> dict[str, Any]:
        """What there is more of."""
        grown: dict[str, Any] = {name: getattr(self, name) - getattr(before, name) for name in vars(self)}
        return {name: more for name, more in grown.items() if (more > 0 if isinstance(more, int) else more)}


def left_since(before: Traces, pool: Pool) -> dict[str, Any]:
    """What is there in the end; the last threads and what they hold may take a moment to go."""
    end = time.monotonic() + 10
    while (left := Traces(pool).left_since(before)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


@pytest.mark.timeout(900)
def test_two_hundred_sessions_that_were_used_and_abandoned_leave_nothing(pool: Pool, tmp_path: Path) -> None:
    before = Traces(pool)

    async def use_and_abandon(sessions: LocalSessions, clock: Clock) -> None:
        async def use(number: int) -> str:
            info = await sessions.open(SMALL, "key")
            await sessions.put_file(info.id, "d/number", str(number).encode(), "key")
            litter = "mkdir -p a/b/c; mkfifo f; ln -s / l; (setsid sleep 1000 &); head -c 300000 /dev/zero > big; cat d/number"
            told = await sessions.execute(info.id, shell(litter), "key")
            assert (told.stdout, told.end) == (str(number), "exit"), told
            return info.id

        ids = await asyncio.gather(*map(use, range(200)))
        assert len({session.box.pid for session in sessions._register.all if session.box}) == 200
        clock.now += 299
        assert (await sessions.find(ids[7], "key")).commands == 1
        assert (await sessions.execute(ids[7], shell("cat d/number"), "key")).stdout == "7"
        clock.now += 2
        await until(lambda: len(sessions._register.all) == 1)
        for gone in (ids[0], ids[199]):
            with pytest.raises(Gone, match="nothing was asked of it for 300 s"):
                await sessions.execute(gone, shell("true"), "key")
        clock.now += 299
        with pytest.raises(Gone, match="nothing was asked of it for 300 s"):
            await sessions.find(ids[7], "key")
        assert (await sessions.stats()).ended == {"idle": 200}

    with_sessions(
        pool, tmp_path, use_and_abandon, sessions_max=200, sessions_per_key=200, session_idle_s=300, session_lifetime_s=3600
    )
    assert left_since(before, pool) == {}


def test_shutting_down_ends_what_runs_and_leaves_nothing(pool: Pool, tmp_path: Path) -> None:
    before = Traces(pool)

    async def leave_running(sessions: LocalSessions, clock: Clock) -> None:
        info = await sessions.open(SMALL, "")
        running = asyncio.create_task(sessions.execute(info.id, shell("sleep 50"), ""))
        opening = asyncio.create_task(sessions.open(SMALL, ""))
        await asyncio.sleep(0.05)
        await sessions.shut_down()
        with pytest.raises(Gone, match="the judge shut down"):
            await running
        with pytest.raises((Gone, JudgeFailed)):
            await opening

    with_sessions(pool, tmp_path, leave_running)
    assert left_since(before, pool) == {}


def test_lifetime_is_over_even_for_one_that_is_used(pool: Pool, tmp_path: Path) -> None:
    async def use_for_long(sessions: LocalSessions, clock: Clock) -> None:
        info = await sessions.open(SMALL.model_copy(update={"total_lifetime_s": 700.0}), "")
        for _ in range(6):
            clock.now += 100
            await sessions.execute(info.id, shell("true"), "")
        running = asyncio.create_task(sessions.execute(info.id, shell("sleep 50"), ""))
        await asyncio.sleep(0.05)
        clock.now += 100
        with pytest.raises(Gone, match="its lifetime of 700 s was over"):
            await running

    with_sessions(pool, tmp_path, use_for_long, session_idle_s=300)


def test_reason_is_told_for_a_while_and_only_to_its_key(pool: Pool, tmp_path: Path) -> None:
    async def close_and_wait(sessions: LocalSessions, clock: Clock) -> None:
        info = await sessions.open(SMALL, "one")
        await sessions.close(info.id, "one")
        with pytest.raises(Gone, match="its caller closed it"):
            await sessions.find(info.id, "one")
        with pytest.raises(NotFound):
            await sessions.find(info.id, "two")
        clock.now += 51
        with pytest.raises(Gone, match="ended it long ago"):  # within the time that ids are known for
            await sessions.find(info.id, "one")

    with_sessions(pool, tmp_path, close_and_wait, session_gone_s=50)


def test_cancelled_command_ends_before_the_next_begins(pool: Pool, tmp_path: Path) -> None:
    async def cancel(sessions: LocalSessions, clock: Clock) -> None:
        info = await sessions.open(SMALL, "")
        for pause_s in (0.0, 0.001, 0.01, 0.1):
            running = asyncio.create_task(sessions.execute(info.id, shell("echo x > begun; sleep 50; echo x > ended"), ""))
            waiting = asyncio.create_task(sessions.execute(info.id, shell("echo y > other"), ""))
            await asyncio.sleep(pause_s)
            running.cancel()
            await asyncio.sleep(0)
            running.cancel()  # twice
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await running
            with suppress(asyncio.CancelledError):
                await waiting
            assert (await sessions.execute(info.id, shell("ls ended 2>&1; ls /proc | grep -c '^[0-9]'"), "")).stdout.endswith(
                "\n3\n"
            )
        assert (await sessions.find(info.id, "")).busy is False

    with_sessions(pool, tmp_path, cancel)


def test_too_many_calls_on_one_session_are_refused(pool: Pool, tmp_path: Path) -> None:
    async def crowd(sessions: LocalSessions, clock: Clock) -> None:
        info = await sessions.open(SMALL, "")
        calls = [asyncio.create_task(sessions.execute(info.id, shell("sleep 0.05"), "")) for _ in range(30)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        refused = [error for error in done if isinstance(error, Conflict)]
        assert (len(refused), len(done)) == (13, 30)  # one runs, sixteen wait

    with_sessions(pool, tmp_path, crowd)


def test_many_sessions_do_their_work_at_once(pool: Pool, tmp_path: Path) -> None:
    async def work(sessions: LocalSessions, clock: Clock) -> None:
        infos = await asyncio.gather(*(sessions.open(SMALL, "") for _ in range(6)))

        async def many(number: int, session_id: str) -> None:
            for turn in range(10):
                await sessions.put_file(session_id, "x", f"{number} {turn}".encode(), "")
                assert (await sessions.execute(session_id, shell("cat x; cp x y"), "")).stdout == f"{number} {turn}"
                assert await sessions.get_file(session_id, "y", "") == f"{number} {turn}".encode()

        await asyncio.gather(*(many(number, info.id) for number, info in enumerate(infos)))
        assert (await sessions.stats()).commands == {"exit": 60}

    with_sessions(pool, tmp_path, work)


def test_ids_belong_to_a_key_and_to_a_secret(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path)
    assert kept_secret(tmp_path) == secret
    assert (tmp_path / "session-secret").stat().st_mode & 0o777 == 0o600
    ids = SignedIds(secret, "w7-")
    made = ids.make("key")
    assert made.startswith("w7-")
    assert abs((ids.made_at(made, "key") or 0) - time.time()) < 5
    assert ids.made_at(made, "other key") is None
    assert SignedIds(secret).made_at(made, "key") is None
    assert SignedIds(b"another secret", "w7-").made_at(made, "key") is None
    for place in range(3, len(made)):
        changed = made[:place] + ("1" if made[place] == "0" else "0") + made[place + 1 :]
        assert ids.made_at(changed, "key") is None
    assert len({ids.make("key") for _ in range(1000)}) == 1000
