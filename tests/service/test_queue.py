"""What every queue does, in this process or in Redis, with a judge that does what each test needs."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
import pytest

from bench.redis_server import RedisServer
from service.errors import Conflict, Draining, NotFound, Overloaded, TooLarge
from service.queue import SubmissionQueue
from service.schemas import RunRequest, Status
from service.work_lines import BATCH_TURN
from tests.service.queue_kit import Judge, a_job, in_loop, in_process, in_redis, judged

_redis_url: str | None = None


@pytest.fixture(autouse=True, params=["in_process", "redis"])
def _which(request: pytest.FixtureRequest) -> Iterator[None]:
    global _redis_url
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        _redis_url = server.url
    yield
    _redis_url = None


def a_queue(threads: int = 1, **settings: Any) -> AbstractAsyncContextManager[tuple[SubmissionQueue, Judge]]:
    return in_process(threads, settings) if _redis_url is None else in_redis(_redis_url, threads, settings)


@in_loop
async def test_result_has_the_verdict_and_the_id_of_its_ticket() -> None:
    async with a_queue() as (queue, _):
        (ticket,) = await queue.submit([a_job("WA")])
        told = orjson.loads(await queue.wait(ticket, 10) or b"")
        assert (told["id"], told["verdict"], told["failure"], told["status"]) == (ticket.id, "WA", "correctness", "done")
        assert orjson.loads(await queue.wait(await queue.find(ticket.id), 0) or b"") == told


@in_loop
async def test_waiting_ends_without_a_result_that_is_not_there() -> None:
    async with a_queue() as (queue, judge):
        (ticket,) = await queue.submit([a_job("hold")])
        await judge.is_holding()
        assert await queue.wait(ticket, 0.01) is None
        assert (await queue.standing(ticket)).status is Status.RUNNING
        (second,) = await queue.submit([a_job("AC")])
        assert (await queue.standing(second)).status is Status.QUEUED


@in_loop
async def test_the_same_submission_again_is_answered_from_the_cache() -> None:
    async with a_queue() as (queue, judge):
        (first,) = await judged(queue, a_job("WA"))
        (second,) = await judged(queue, a_job("WA"))
        assert (first["cached"], second["cached"], second["verdict"]) == (False, True, "WA")
        assert first["id"] != second["id"]
        assert judge.judged == ["WA"]


@pytest.mark.parametrize(
    "other",
    [
        {"coverage": 0.5},
        {"stop": "never"},
        {"time_limit_s": 3.0},
        {"memory_limit_mb": 99},
        {"mode": "exec"},
        {"cache": False},
    ],
    ids=str,
)
def test_what_makes_a_difference_is_judged_again(other: dict[str, Any]) -> None:
    async def test() -> None:
        async with a_queue() as (queue, judge):
            await judged(queue, a_job("AC"))
            (again,) = await judged(queue, a_job("AC", **other))
            assert (len(judge.judged), again["cached"]) == (2, False)

    asyncio.run(test())


@in_loop
async def test_je_is_never_answered_from_the_cache() -> None:
    async with a_queue() as (queue, judge):
        for _ in range(2):
            (told,) = await judged(queue, a_job("JE"))
            assert (told["verdict"], told["cached"]) == ("JE", False)
        assert judge.judged == ["JE", "JE"]


@in_loop
async def test_an_exception_in_the_judge_is_je_and_the_thread_goes_on() -> None:
    async with a_queue() as (queue, _):
        (told,) = await judged(queue, a_job("boom"))
        assert (told["verdict"], told["failure"]) == ("JE", None)
        assert "RuntimeError" in told["error"]
        (told,) = await judged(queue, a_job("AC"))
        assert told["verdict"] == "AC"


@in_loop
async def test_equal_submissions_under_way_share_one_judging() -> None:
    async with a_queue(threads=2) as (queue, judge):
        tickets = await queue.submit([a_job("hold"), a_job("hold")])
        await judge.is_holding()
        tickets += await queue.submit([a_job("hold")])
        judge.go.set()
        told = [orjson.loads(await queue.wait(ticket, 10) or b"") for ticket in tickets]
        assert [one["verdict"] for one in told] == ["AC"] * 3
        assert len({one["id"] for one in told}) == 3
        assert judge.judged == ["hold"]


@in_loop
async def test_cancelling_one_of_two_that_share_a_judging_leaves_the_other() -> None:
    async with a_queue() as (queue, judge):
        one, other = await queue.submit([a_job("hold"), a_job("hold")])
        await judge.is_holding()
        await queue.cancel(one)
        judge.go.set()
        assert orjson.loads(await queue.wait(one, 10) or b"")["status"] == "cancelled"
        assert orjson.loads(await queue.wait(other, 10) or b"")["verdict"] == "AC"


@in_loop
async def test_cancelling_ends_a_running_judging_and_one_that_waits() -> None:
    async with a_queue() as (queue, judge):
        running, waiting = await queue.submit([a_job("hold 1"), a_job("hold 2")])
        await judge.is_holding()
        await queue.cancel(waiting)
        await queue.cancel(running)
        assert orjson.loads(await queue.wait(running, 10) or b"")["status"] == "cancelled"
        (told,) = await judged(queue, a_job("AC"))  # the only thread is free again
        assert told["verdict"] == "AC"
        assert judge.judged == ["hold 1", "AC"]


@in_loop
async def test_a_cancelled_judging_is_not_remembered() -> None:
    async with a_queue() as (queue, judge):
        (ticket,) = await queue.submit([a_job("hold")])
        await judge.is_holding()
        await queue.cancel(ticket)
        judge.go.set()
        (told,) = await judged(queue, a_job("hold"))
        assert (told["status"], told["verdict"], told["cached"]) == ("done", "AC", False)


@in_loop
async def test_same_idempotency_key_and_body_is_the_same_submission() -> None:
    async with a_queue() as (queue, judge):
        first, second = await queue.submit([a_job("AC", key="k", cache=False), a_job("AC", key="k", cache=False)])
        await queue.wait(first, 10)
        (third,) = await queue.submit([a_job("AC", key="k", cache=False)])
        assert first.id == second.id == third.id
        assert judge.judged == ["AC"]


@in_loop
async def test_same_idempotency_key_and_other_body_is_a_conflict_that_names_the_field() -> None:
    async with a_queue() as (queue, _):
        await judged(queue, a_job("AC", key="k"))
        with pytest.raises(Conflict) as caught:
            await queue.submit([a_job("fine"), a_job("WA", key="k", path="submissions.1.")])
        assert caught.value.errors[0].path == "submissions.1.idempotency_key"
        with pytest.raises(Conflict):
            await queue.submit([a_job("AC", key="new"), a_job("WA", key="new")])
        assert (await queue.load()).queued == 0


@in_loop
async def test_idempotency_keys_of_different_callers_never_meet() -> None:
    async with a_queue() as (queue, _):
        (one,) = await judged(queue, a_job("AC", key="k", caller="alice"))
        (other,) = await judged(queue, a_job("WA", key="k", caller="bob"))
        assert (one["verdict"], other["verdict"]) == ("AC", "WA")


@in_loop
async def test_full_queue_refuses_with_retry_after_and_lets_in_all_or_none() -> None:
    async with a_queue(queue_size=3) as (queue, judge):
        await queue.submit([a_job("hold")])
        await judge.is_holding()
        await queue.submit([a_job("hold 1"), a_job("hold 2")])
        with pytest.raises(Overloaded) as caught:
            await queue.submit([a_job("hold 3"), a_job("hold 4")])
        assert 1 <= (caught.value.retry_after_s or 0) <= 120
        assert (await queue.load()).queued == 2
        await queue.submit([a_job("hold 3")])
        with pytest.raises(Overloaded):
            await queue.run(RunRequest(language="python", source="x"))
        with pytest.raises(TooLarge) as never:
            await queue.submit([a_job(f"hold {number}") for number in range(10, 14)])
        assert never.value.errors[0].path == "submissions"


@in_loop
async def test_cached_results_need_no_room() -> None:
    async with a_queue(queue_size=1) as (queue, judge):
        await judged(queue, a_job("AC"))
        await queue.submit([a_job("hold")])
        await judge.is_holding()
        await queue.submit([a_job("hold 2")])
        assert [told["cached"] for told in await judged(queue, *[a_job("AC")] * 5)] == [True] * 5


@in_loop
async def test_interactive_goes_before_batch_and_batch_never_stands_still() -> None:
    async with a_queue() as (queue, judge):
        await queue.submit([a_job("hold")])
        await judge.is_holding()
        batch = await queue.submit([a_job(f"AC b{number}", priority="batch") for number in range(3)])
        people = await queue.submit([a_job(f"AC i{number}") for number in range(3 * BATCH_TURN)])
        judge.go.set()
        for ticket in [*batch, *people]:
            assert await queue.wait(ticket, 10)
        order = [source[3] for source in judge.judged[1:]]
        assert order[0] == "i"
        assert "b" in order[:BATCH_TURN]
        assert order[:8].count("i") == 6


@in_loop
async def test_what_somebody_waits_for_is_taken_out_of_the_batch() -> None:
    async with a_queue() as (queue, judge):
        await queue.submit([a_job("hold")])
        await judge.is_holding()
        await queue.submit([a_job(f"AC b{number}", priority="batch") for number in range(20)])
        (ticket,) = await queue.submit([a_job("AC b19")])
        load = await queue.load()
        assert (load.queued_interactive, load.queued_batch) == (2, 19)
        judge.go.set()
        assert await queue.wait(ticket, 10)
        assert judge.judged.index("AC b19") == 1


@in_loop
async def test_results_of_a_batch_come_as_they_finish() -> None:
    async with a_queue(threads=2) as (queue, judge):
        tickets = await queue.submit([a_job("hold"), a_job("WA"), a_job("TLE")])
        order = []
        async for some in queue.finished(tickets):
            for index, result in some:
                order.append((index, orjson.loads(result)["verdict"]))
            if len(order) == 2:
                judge.go.set()
        assert order == [(1, "WA"), (2, "TLE"), (0, "AC")]


@in_loop
async def test_events_are_told_as_they_happen_and_again_afterwards() -> None:
    async with a_queue() as (queue, judge):
        (ticket,) = await queue.submit([a_job("hold", cache=False)])
        await judge.is_holding()
        told = []
        async for name, event in queue.events(ticket):
            told.append(name)
            if name == "compiled":
                judge.go.set()
            if name == "done":
                assert event.data["verdict"] == "AC"
        assert told == ["queued", "compiling", "compiled", "test-0", "done"]
        assert [name async for name, _ in queue.events(ticket)] == told
        assert [name async for name, _ in queue.events(ticket, "compiled")] == ["test-0", "done"]


@in_loop
async def test_events_end_when_the_submission_is_cancelled() -> None:
    async with a_queue() as (queue, judge):
        (ticket,) = await queue.submit([a_job("hold")])
        await judge.is_holding()
        told = []
        async for name, event in queue.events(ticket):
            told.append((name, event.data.get("status")))
            if name == "compiled":
                await queue.cancel(ticket)
        assert told == [("queued", None), ("compiling", None), ("compiled", None), ("done", "cancelled")]


@in_loop
async def test_results_are_kept_up_to_their_number() -> None:
    async with a_queue(results_kept=2) as (queue, _):
        tickets = await queue.submit([a_job(f"AC {number}", key=str(number)) for number in range(3)])
        for ticket in tickets:
            await queue.wait(ticket, 10)
        with pytest.raises(NotFound):
            await queue.find(tickets[0].id)
        assert (await queue.find(tickets[2].id)).id == tickets[2].id
        (again,) = await queue.submit([a_job("AC 0", key="0")])  # keys of forgotten results are forgotten
        assert again.id != tickets[0].id


@in_loop
async def test_results_are_kept_up_to_their_age() -> None:
    async with a_queue(result_ttl_s=0.01) as (queue, _):
        (ticket,) = await queue.submit([a_job("AC")])
        await queue.wait(ticket, 10)
        await asyncio.sleep(0.02)
        with pytest.raises(NotFound):
            await queue.find(ticket.id)


@in_loop
async def test_a_run_gives_its_output_and_ends_when_nobody_waits() -> None:
    async with a_queue() as (queue, judge):
        assert (await queue.run(RunRequest(language="python", source="x", stdin="hello"))).stdout == "hello"
        running = asyncio.create_task(queue.run(RunRequest(language="python", source="hold")))
        await judge.is_holding()
        waiting = asyncio.create_task(queue.run(RunRequest(language="python", source="never")))
        await asyncio.sleep(0)
        for task in (waiting, running):
            task.cancel()
        await asyncio.gather(waiting, running, return_exceptions=True)
        (told,) = await judged(queue, a_job("AC"))
        assert told["verdict"] == "AC"
        assert "never" not in judge.judged
        assert (await queue.load()).queued == 0


@in_loop
async def test_draining_lets_nothing_in_and_finishes_what_is_there() -> None:
    async with a_queue() as (queue, judge):
        tickets = await queue.submit([a_job("hold"), a_job("WA")])
        await judge.is_holding()
        waiting = [asyncio.create_task(queue.wait(ticket, 10)) for ticket in tickets]
        await asyncio.sleep(0.01)
        draining = asyncio.create_task(queue.drain(10))
        await asyncio.sleep(0.01)
        with pytest.raises(Draining) as caught:
            await queue.submit([a_job("AC")])
        assert caught.value.retry_after_s
        with pytest.raises(Draining):
            await queue.run(RunRequest(language="python", source="x"))
        judge.go.set()
        await draining
        assert [orjson.loads(await one or b"")["verdict"] for one in waiting] == ["AC", "WA"]


@in_loop
async def test_many_at_once_are_all_answered_and_nothing_is_left() -> None:
    async with a_queue(threads=3) as (queue, _):
        jobs = [a_job(f"{verdict} {number % 200}", priority="batch") for number in range(400) for verdict in ("AC", "WA", "TLE")]
        seen: dict[int, str] = {}
        async for some in queue.finished(await queue.submit(jobs)):
            seen.update({index: orjson.loads(result)["verdict"] for index, result in some})
        assert seen == {index: job.submission.source.split()[0] for index, job in enumerate(jobs)}
        load = await queue.load()
        assert (load.queued, load.running) == (0, 0)


@in_loop
async def test_a_deadline_that_passes_ends_what_waits_and_what_runs_as_je() -> None:
    async with a_queue() as (queue, judge):
        running, waiting = await queue.submit([a_job("hold", deadline_s=0.3), a_job("AC", deadline_s=0.05)])
        for ticket in (running, waiting):
            told = orjson.loads(await queue.wait(ticket, 10) or b"")
            assert (told["status"], told["verdict"], told["failure"]) == ("done", "JE", None)
            assert "deadline" in told["error"]
        (told,) = await judged(queue, a_job("WA", deadline_s=60))
        assert told["verdict"] == "WA"
        assert "AC" not in judge.judged


@in_loop
async def test_a_deadline_of_one_leaves_another_that_shares_its_judging() -> None:
    async with a_queue() as (queue, judge):
        hasty, patient = await queue.submit([a_job("hold", deadline_s=0.05), a_job("hold")])
        assert orjson.loads(await queue.wait(hasty, 10) or b"")["verdict"] == "JE"
        judge.go.set()
        assert orjson.loads(await queue.wait(patient, 10) or b"")["verdict"] == "AC"
