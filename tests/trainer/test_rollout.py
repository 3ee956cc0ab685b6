"""Rollouts: when they come, what is known of them, and what is closed after them."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence

import httpx
import pytest

from service.client import Patience, TierlineClient
from service.errors import Invalid, JudgeFailed
from tests.trainer.scripted import ScriptedSampler
from trainer.rollout import roll_out
from trainer.sampling import Completion, FinishReason, Prompt
from trainer.settings import AgentOptions, AnswerKind, ReasoningOptions, ToolsOptions, make_setting
from trainer.settings.agent import Agent
from trainer.tasks import Task

ANSWER = "```python\nprint(1)\n```"
CALL = "<python>print(1)</python>"


def tasks(*names: str) -> list[Task]:
    return [Task("two-sum", f"({name})") for name in names]


def test_those_that_end_early_come_before_the_others_go_on(client: TierlineClient) -> None:
    sampler = ScriptedSampler({"(long)": [CALL, CALL, ANSWER], "(short)": [ANSWER]})
    came = roll_out(sampler, make_setting(ToolsOptions(), client), tasks("long", "short"), [1, 2])
    assert next(came)[0] == 1
    assert len(sampler.asked) == 2, "no second round was asked for"
    index, last = next(came)
    assert (index, last.turns, last.seed) == (0, 3, 1)
    assert list(came) == []


def test_a_lost_judge_is_nothing_known_and_no_answer() -> None:
    with TierlineClient("http://127.0.0.1:9", patience=Patience(attempts=2, pause_s=0.001, longest_pause_s=0.001)) as lost:
        sampler = ScriptedSampler({"(calls)": [CALL], "(knows)": [ANSWER]})
        done = dict(roll_out(sampler, make_setting(ToolsOptions(), lost), tasks("calls", "knows"), [1, 2]))
    assert done[0].answer is None
    assert "ConnectError" in done[0].error
    assert Counter(rollout.ending for rollout in done.values()) == {"unknown": 1, "program": 1}
    assert len(done[0].token_ids) == len(done[0].written_by_model) == len(done[0].logprobs) == len(CALL)
    assert done[1].answer is not None
    assert done[1].answer.kind is AnswerKind.PROGRAM
    assert done[1].error == ""


class SessionEnder(ScriptedSampler):
    """Ends every session before the second round, as a judge does whose time for one is over."""

    url = ""

    def sample(self, prompts: Sequence[Prompt]) -> Iterator[tuple[int, Completion]]:
        if self.asked:
            with TierlineClient(self.url) as other, httpx.Client(base_url=self.url) as http:
                for session in other.sessions():
                    http.delete(f"/v1/sessions/{session.id}").raise_for_status()
        return super().sample(prompts)


@pytest.mark.parametrize("second", ["<shell>true</shell>", "<submit>x.py</submit>"])
def test_a_session_that_ended_by_itself_is_nothing_known(client: TierlineClient, second: str) -> None:
    sampler = SessionEnder({"(a)": ["<shell>touch x.py</shell>", second]})
    sampler.url = client.url
    ((_, rollout),) = roll_out(sampler, make_setting(AgentOptions(), client), tasks("a"), [1])
    assert rollout.answer is None
    assert "Gone" in rollout.error
    assert rollout.finish_reasons == (FinishReason.STOP,) * 2


@pytest.mark.parametrize("second", ["<shell>true</shell>", "<submit>x.py</submit>"])
def test_a_judge_that_knows_the_session_no_more_has_failed(client: TierlineClient, second: str) -> None:
    sampler = ScriptedSampler({"(a)": ["<shell>touch x.py</shell>", second]})
    episode = Agent(AgentOptions(), client).open(tasks("a")[0], sampler.tokenizer, 0)
    ((_, first),) = sampler.sample([episode.prompt()])
    assert episode.observe(first) is None
    session = episode._opened
    assert session is not None
    known, session.id = session.id, known_to_nobody(session.id)  # as after a restart
    ((_, then),) = sampler.sample([episode.prompt()])
    with pytest.raises(JudgeFailed, match="the session was lost"):
        episode.observe(then)
    session.id = known
    episode.close()
    assert client.sessions() == []


def known_to_nobody(id: str) -> str:
    """An id of the same form."""
    return id[:-1] + ("0" if id[-1] != "0" else "1")


def test_what_the_judge_refuses_is_a_mistake_of_the_settings(client: TierlineClient) -> None:
    sampler = ScriptedSampler({"(a)": ["<shell>true</shell>"]})
    with pytest.raises(Invalid, match="disk_limit_mb"):
        list(roll_out(sampler, make_setting(AgentOptions(disk_limit_mb=65536), client), tasks("a"), [0]))


def test_what_is_not_read_to_its_end_is_closed(client: TierlineClient) -> None:
    sampler = ScriptedSampler({"(a)": ["<shell>true</shell>"], "(b)": ["bye"]})
    came = roll_out(sampler, make_setting(AgentOptions(), client), tasks("a", "b"), [1, 2])
    next(came)
    came.close()  # type: ignore[attr-defined]
    assert client.sessions() == []


def test_no_more_are_open_than_allowed_and_all_are_done(client: TierlineClient) -> None:
    names = [f"n{number}" for number in range(5)]
    sampler = ScriptedSampler({f"({name})": ["<shell>true</shell>", "bye"] for name in names})
    most = 0
    done = []
    for index, _ in roll_out(sampler, make_setting(AgentOptions(), client), tasks(*names), range(5), max_open=2):
        most = max(most, len(client.sessions()))
        done.append(index)
    assert sorted(done) == [0, 1, 2, 3, 4]
    assert most <= 2


def test_a_sampler_that_tells_no_logprobs_leaves_them_empty(client: TierlineClient) -> None:
    sampler = ScriptedSampler({"(a)": [CALL, ANSWER]}, logprobs=False)
    ((_, rollout),) = roll_out(sampler, make_setting(ToolsOptions(), client), tasks("a"), [7])
    assert rollout.logprobs == ()
    assert rollout.written_by_model.count(False) == len("\n<result>\n1\n</result>\n[7 calls left]\n")


def test_each_task_needs_a_seed(client: TierlineClient) -> None:
    with pytest.raises(ValueError, match="2 tasks and 1 seeds"):
        roll_out(ScriptedSampler({}), make_setting(ReasoningOptions(), client), tasks("a", "b"), [0])


def test_a_setting_that_asks_nobody_needs_no_threads(client: TierlineClient) -> None:
    before = set(threading.enumerate())
    for options, threads in ((ReasoningOptions(), False), (ToolsOptions(), True)):
        came = roll_out(ScriptedSampler({"(a)": [ANSWER]}), make_setting(options, client), tasks("a"), [1])
        _, rollout = next(came)
        assert rollout.ending == AnswerKind.PROGRAM
        assert any(thread.name.startswith("rollout") for thread in set(threading.enumerate()) - before) is threads
        came.close()
