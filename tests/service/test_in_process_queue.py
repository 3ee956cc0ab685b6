"""What only the queue of one machine does."""

import asyncio

import orjson

from service.schemas import RunRequest
from tests.service.queue_kit import a_job, in_loop, in_process


@in_loop
async def test_what_cannot_finish_in_time_is_handed_back_as_je() -> None:
    async with in_process(1, {}) as (queue, judge):
        tickets = await queue.submit([a_job("hold"), a_job("AC")])
        run = asyncio.create_task(queue.run(RunRequest(language="python", source="never")))
        await judge.is_holding()
        await queue.drain(0.01)
        for ticket in tickets:
            told = orjson.loads(await queue.wait(ticket, 0) or b"")
            assert (told["status"], told["verdict"]) == ("done", "JE")
            assert "send it again" in told["error"]
        assert "send it again" in ((await run).error or "")
        assert judge.judged == ["hold"]


@in_loop
async def test_nothing_is_left_of_what_is_done() -> None:
    async with in_process(3, {"results_kept": 2}) as (queue, _):
        tickets = await queue.submit([a_job(f"AC {number}", key=str(number)) for number in range(30)])
        for ticket in tickets:
            await queue.wait(ticket, 10)
        assert len(queue._register._keys) == 2
        assert (queue._register._live, queue._works._under_way) == ({}, {})
