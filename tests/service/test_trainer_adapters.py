"""The reward functions for TRL and verl against a real server, called as those trainers call them."""

import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox import Pool
from service.backend import Backend, OpenBackend
from service.client import Patience, TierlineClient, verl_score
from service.client.rollouts import extract_code, problem_of, text_of
from service.client.trl_reward import coverage_reward
from service.client.verl_score import compute_score
from service.errors import JudgeFailed, NotFound
from service.in_process_queue import InProcessQueue
from service.languages_view import LanguageTable
from service.queue import Job, Observer
from service.schemas import LanguageInfo, Problem, Result, Verdict
from service.settings import Settings
from service.store import ProblemStore
from tests.service.serving import A_PLUS_B, RIGHT, WRONG, Serving, boxes_of, serving, settings_for

PROBLEM = Problem.model_validate(A_PLUS_B)
FIRST_HALF = "n, m = map(int, input().split())\nprint(n + m if n < 2 else 0)"
"""Right in the smaller two of the four tests."""


def fenced(source: str) -> str:
    return f"I would add them.\n\n```python\n{source}\n```\nThat is all."


@pytest.fixture(scope="module")
def server(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = settings_for(tmp_path_factory.mktemp("data"))
    with serving(boxes_of(pool, settings), settings) as running:
        with TierlineClient(running.url) as judge:
            judge.put_problem("a-plus-b", PROBLEM)
        yield running


@pytest.fixture(autouse=True)
def closed_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`verl_score` keeps its clients as long as its process lives."""
    with ExitStack() as stack:
        made = verl_score._judge.__wrapped__
        clients = cache(lambda url, key: stack.enter_context(made(url, key)))
        monkeypatch.setattr(verl_score, "_judge", clients)
        yield


def failing(settings: Settings) -> OpenBackend:
    """A judge that cannot tell about sources with `?`."""

    def judge(job: Job, *_: Any) -> Result:
        broken = "?" in job.submission.source
        return Result(verdict=Verdict.JE if broken else Verdict.AC, error="the box died" if broken else None)

    def no_run(*_: Any) -> Any:
        raise AssertionError("nothing is run here")

    def opened(observer: Observer) -> Any:
        languages = LanguageTable([LanguageInfo(name="python", title="Python", available=True)])
        queue = InProcessQueue(judge, no_run, settings, threads=1, observer=observer)
        return nullcontext(Backend(queue, ProblemStore(settings.data_dir), languages))

    return opened


# -- TRL -------------------------------------------------------------------------------------------------------------------


def as_trl_does(reward: Callable[..., Any], completions: list[Any], **columns: list[Any]) -> Any:
    """By keyword, with the data set's columns, the tokens and the trainer's state beside them."""
    prompts = ["Add two numbers."] * len(completions)
    extra = {"completion_ids": [[1]] * len(completions), "trainer_state": object(), "log_metric": print, "log_extra": print}
    return reward(prompts=prompts, completions=completions, **extra, **columns)


def test_trl_reward_is_one_for_right_programs_and_zero_for_others(server: Serving) -> None:
    completions = [fenced(RIGHT), fenced(WRONG), "no code", fenced("1/0"), fenced("x = ("), fenced(RIGHT)[:-20], fenced("")]
    rewards = as_trl_does(coverage_reward(server.url), completions, problem=["a-plus-b"] * 7, difficulty=[1] * 7)
    assert rewards == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


def test_trl_reward_asks_for_its_coverage_only_and_is_named_after_it(server: Serving) -> None:
    low, high = coverage_reward(server.url, 0.5), coverage_reward(server.url, coverage=0.75)
    completions, problems = [fenced(FIRST_HALF), fenced(WRONG)], ["a-plus-b"] * 2
    assert as_trl_does(low, completions, problem=problems) == [1.0, 0.0]
    assert as_trl_does(high, completions, problem=problems) == [0.0, 0.0]
    assert (low.__name__, high.__name__) == ("coverage_0.5", "coverage_0.75")  # type: ignore[attr-defined]


def test_trl_reward_takes_conversations_and_whole_problems(server: Serving) -> None:
    said = [[{"role": "assistant", "content": fenced(RIGHT)}], [{"role": "assistant", "content": [{"type": "text", "text": ""}]}]]
    whole = [json.dumps(A_PLUS_B), A_PLUS_B]
    assert as_trl_does(coverage_reward(server.url, column="tests"), said, tests=whole) == [1.0, 0.0]


def test_trl_reward_of_a_program_too_long_for_any_judge_is_zero_and_stops_nobody(server: Serving) -> None:
    completions = [fenced("#" * 200_000 + "\n" + RIGHT), fenced(RIGHT)]
    assert as_trl_does(coverage_reward(server.url), completions, problem=["a-plus-b"] * 2) == [0.0, 1.0]


def test_trl_reward_is_none_where_the_judge_failed(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with serving(failing(settings), settings) as running:
        with TierlineClient(running.url) as judge:
            judge.put_problem("a-plus-b", PROBLEM)
        completions = [fenced("1"), fenced("?"), "nothing"]
        assert as_trl_does(coverage_reward(running.url), completions, problem=["a-plus-b"] * 3) == [1.0, None, 0.0]


def test_trl_reward_limits_go_before_the_problems(server: Serving) -> None:
    busy = "import time\nbegin = time.process_time()\nwhile time.process_time() < begin + 0.5: pass\n" + RIGHT
    assert as_trl_does(coverage_reward(server.url, time_limit_s=0.1), [fenced(busy)], problem=["a-plus-b"]) == [0.0]
    assert as_trl_does(coverage_reward(server.url, time_limit_s=20), [fenced(busy)], problem=["a-plus-b"]) == [1.0]
    with pytest.raises(ValidationError, match="time_limit"):
        as_trl_does(coverage_reward(server.url, time_limit=1), [fenced(RIGHT)], problem=["a-plus-b"])


def test_trl_reward_stops_the_training_for_what_is_nobodys_program(server: Serving) -> None:
    with pytest.raises(NotFound):
        as_trl_does(coverage_reward(server.url), [fenced(RIGHT)], problem=["nobody"])
    with pytest.raises(KeyError, match="problem"):
        as_trl_does(coverage_reward(server.url), [fenced(RIGHT)])
    gone = coverage_reward("http://127.0.0.1:9", patience=Patience(attempts=2, pause_s=0.01))
    with pytest.raises(Exception, match="refused"):
        as_trl_does(gone, [fenced(RIGHT)], problem=["a-plus-b"])


# -- verl ------------------------------------------------------------------------------------------------------------------


def as_verl_does(server: Serving, solution: str, ground_truth: Any, **kwargs: Any) -> dict[str, float]:
    """By keyword, with the configuration's reward_kwargs, and with a reward model where there is one."""
    return compute_score(
        data_source="codecontests",
        solution_str=solution,
        ground_truth=ground_truth,
        extra_info={"split": "train", "index": 1},
        reward_router_address=None,
        reward_model_tokenizer=None,
        **{"url": server.url, **kwargs},
    )


CASES = {"inputs": ["1 2\n", "2 2\n"], "outputs": ["3\n", "4\n"]}


@pytest.mark.parametrize("ground_truth", ["a-plus-b", json.dumps(A_PLUS_B), json.dumps(CASES), CASES], ids=str)
def test_verl_score_takes_ids_problems_and_lists_of_cases(server: Serving, ground_truth: Any) -> None:
    assert as_verl_does(server, fenced(RIGHT), ground_truth)["score"] == 1.0
    assert as_verl_does(server, fenced("print(0)"), ground_truth)["score"] == 0.0


def test_verl_score_of_functions(server: Serving) -> None:
    cases = {"fn_name": "plus", "inputs": ["1\n2", "3\n4"], "outputs": ["3", "7"]}
    assert as_verl_does(server, fenced("def plus(a, b): return a + b"), cases)["acc"] == 1.0
    assert as_verl_does(server, fenced("def plus(a, b): return 3"), cases)["acc"] == 0.0


def test_verl_score_tells_how_far_a_program_got_and_why_it_failed(server: Serving) -> None:
    half = as_verl_does(server, fenced(FIRST_HALF), "a-plus-b")
    assert half == {
        "score": 0.0,
        "acc": 0.0,
        "coverage_passed": 0.5,
        "correctness_failure": 1.0,
        "optimization_failure": 0.0,
    }
    assert as_verl_does(server, fenced(FIRST_HALF), "a-plus-b", coverage=0.5)["score"] == 1.0
    slow = as_verl_does(server, fenced("while True: pass"), "a-plus-b", time_limit_s=0.1)
    assert (slow["score"], slow["optimization_failure"]) == (0.0, 1.0)
    assert as_verl_does(server, "no code", "a-plus-b").keys() == half.keys()


def test_verl_score_raises_where_the_judge_failed(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with serving(failing(settings), settings) as running:
        with pytest.raises(JudgeFailed, match="the box died"):
            as_verl_does(running, fenced("?"), json.dumps(CASES))


def test_verl_finds_a_plain_function_that_wants_what_verl_gives() -> None:
    assert not inspect.iscoroutinefunction(verl_score.compute_score)
    assert list(inspect.signature(verl_score.compute_score).parameters)[:4] == [
        "data_source",
        "solution_str",
        "ground_truth",
        "extra_info",
    ]


# -- completions and problems ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\na\n```", "a\n"),
        ("```\na\n```\nor\n```py\nb\n\nc\n```\n", "b\n\nc\n"),
        ("~~~~\n```\na\n```\n~~~~", "```\na\n```\n"),
        ("  ```python\n  a\n  ```", "  a\n"),
        ("```python\nnever closed", None),
        ("```python\nbegun\nNo, better:\n```python\nb\n```", "b\n"),
        ("```python\na\n```\n```python\ncut o", "a\n"),
        ("```python\n```", ""),
        ("print(1)", None),
        ("use `print` or ```inline``` code", None),
        ("", None),
    ],
)
def test_code_is_the_last_closed_block(text: str, code: str | None) -> None:
    assert extract_code(text) == code


def test_text_of_a_conversation_is_its_last_message() -> None:
    assert text_of([{"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two"}]) == "two"
    assert text_of([{"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}]) == "ab"
    assert text_of([]) == text_of([{"content": None, "tool_calls": []}]) == ""


@pytest.mark.parametrize(
    "value",
    [
        "{",
        {"inputs": ["1"], "outputs": []},
        {"inputs": [1], "outputs": ["1"]},
        {"inputs": ["1"], "outputs": ["1"], "assert_case": ["assert f()"]},
        {"test": []},
    ],
    ids=str,
)
def test_what_is_no_problem_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        problem_of(value)


@pytest.mark.parametrize("module", ["trl_reward", "verl_score"])
def test_adapters_are_short_and_bring_neither_trainer_nor_server(module: str) -> None:
    code = f"import sys, service.client.{module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"trl", "verl", "torch", "ray", "fastapi", "starlette", "sandbox", "redis"} & set(loaded) == set()
    assert len((Path(verl_score.__file__).parent / f"{module}.py").read_text().splitlines()) < 60
