"""The three settings from end to end: a scripted policy, a real tokenizer, a real judge."""

import pytest
from pydantic import TypeAdapter, ValidationError

from service.client import TierlineClient
from service.schemas import Submission, Verdict
from tests.trainer.scripted import CHAT, END, ScriptedSampler, byte_tokenizer
from trainer.rollout import Rollout, roll_out
from trainer.sampling import FinishReason
from trainer.settings import AnswerKind, make_setting
from trainer.settings.options import AgentOptions, ReasoningOptions, SettingOptions, ToolsOptions
from trainer.tasks import PublicTest, Task

TWO_SUM = (
    "n, t = map(int, input().split())\nseen = {}\nfor i, x in enumerate(map(int, input().split()), 1):\n"
    "    if t - x in seen: print(seen[t - x], i); break\n    seen.setdefault(x, i)\n"
)
EXAMPLE = PublicTest("4 10\n3 5 7 12\n", "1 3\n")


def task(name: str) -> Task:
    return Task("two-sum", f"Two Sum ({name}).", public_tests=(EXAMPLE,))


def played(
    options: SettingOptions, client: TierlineClient, scripts: dict[str, list[str]], chat: str | None = None
) -> tuple[dict[str, Rollout], ScriptedSampler]:
    """Each script in an episode of its own, all in one batch."""
    sampler = ScriptedSampler({f"({name})": lines for name, lines in scripts.items()}, byte_tokenizer(chat))
    done = dict(roll_out(sampler, make_setting(options, client), [task(name) for name in scripts], range(len(scripts))))
    assert sorted(done) == list(range(len(scripts)))
    return {name: done[index] for index, name in enumerate(scripts)}, sampler


def kinds(rollouts: dict[str, Rollout]) -> dict[str, AnswerKind | None]:
    return {name: rollout.answer and rollout.answer.kind for name, rollout in rollouts.items()}


def verdict(rollout: Rollout, client: TierlineClient) -> Verdict | None:
    assert rollout.answer is not None
    return client.judge(Submission(problem=rollout.task.problem, language="python", source=rollout.answer.source)).verdict


def parts(rollout: Rollout, *, by_model: bool) -> str:
    """What the model, or the environment, wrote."""
    chosen = [token for token, own in zip(rollout.token_ids, rollout.written_by_model, strict=True) if own is by_model]
    return str(byte_tokenizer().decode(chosen))


def fenced(source: str = TWO_SUM) -> str:
    return f"```python\n{source}```"


def test_reasoning_solves_wastes_and_is_cut_off(client: TierlineClient) -> None:
    options = ReasoningOptions(max_tokens=400)
    scripts = {
        "solves": [f"<think>A hash map. ```python\nprint(1)\n```</think>\n{fenced()}\n"],
        "wastes": [f"<think>{fenced('print(1)')} or not"],
        "cut": [f"{fenced('print(1)')}{'x' * 400}"],
        "open": ["```python\nprint(1)\n"],
        "empty": ["```python\n\n```"],
    }
    rollouts, sampler = played(options, client, scripts, CHAT)
    assert kinds(rollouts) == {
        "solves": AnswerKind.PROGRAM,
        "wastes": AnswerKind.MALFORMED,
        "cut": AnswerKind.TRUNCATED,
        "open": AnswerKind.MALFORMED,
        "empty": AnswerKind.MALFORMED,
    }
    assert verdict(rollouts["solves"], client) is Verdict.AC
    assert parts(rollouts["solves"], by_model=True) == scripts["solves"][0] + END
    assert all(rollouts["solves"].written_by_model)
    assert len(rollouts["cut"].token_ids) == 400
    prompt = sampler.tokenizer.decode(rollouts["solves"].prompt_ids)
    assert prompt.startswith("<|user|>Solve the problem")
    assert prompt.endswith("Two Sum (solves).\n<|end|><|assistant|>")


def test_the_whole_completion_is_the_program_of_a_model_that_speaks_nothing_else(client: TierlineClient) -> None:
    scripts = {"solves": [TWO_SUM], "cut": ["#" * 300], "empty": ["\n"]}
    rollouts, sampler = played(ReasoningOptions(answer="whole", max_tokens=256), client, scripts, CHAT)
    assert kinds(rollouts) == {
        "solves": AnswerKind.PROGRAM,
        "cut": AnswerKind.TRUNCATED,
        "empty": AnswerKind.MALFORMED,
    }
    assert sampler.tokenizer.decode(rollouts["solves"].prompt_ids) == "Two Sum (solves)."
    assert rollouts["solves"].answer is not None
    assert rollouts["solves"].answer.source == TWO_SUM
    assert verdict(rollouts["solves"], client) is Verdict.AC


def test_thinking_that_the_chat_template_began_is_no_answer_until_it_ends(client: TierlineClient) -> None:
    scripts = {"thinks": [fenced("print(1)")], "answers": [f"hm</think>{fenced()}"]}
    rollouts, _ = played(ReasoningOptions(), client, scripts, CHAT.replace("<|assistant|>", "<|assistant|><think>\n"))
    assert kinds(rollouts) == {"thinks": AnswerKind.MALFORMED, "answers": AnswerKind.PROGRAM}


def test_tools_solve_waste_their_calls_and_are_cut_off(client: TierlineClient) -> None:
    call = "Try: <python>print(6 * 7)</python>"
    scripts = {
        "solves": [f"{call} never read", "<python>1 / 0</python>", f"So:\n{fenced()}\n"],
        "wastes": [call, call, call, "never asked"],
        "cut": [call, "y" * 2000],
        "unopened": ["</python>"],
        "no room": ["z" * 1470 + "<python>print('0' * 50)</python>"],
    }
    rollouts, sampler = played(ToolsOptions(max_calls=2, max_tokens=1520), client, scripts)
    assert kinds(rollouts) == {
        "solves": AnswerKind.PROGRAM,
        "wastes": AnswerKind.OUT_OF_BUDGET,
        "cut": AnswerKind.TRUNCATED,
        "unopened": AnswerKind.MALFORMED,
        "no room": AnswerKind.OUT_OF_BUDGET,
    }
    solved = rollouts["solves"]
    assert verdict(solved, client) is Verdict.AC
    assert parts(solved, by_model=True) == f"{call}<python>1 / 0</python>So:\n{fenced()}\n{END}"
    told = parts(solved, by_model=False)
    assert told.startswith("\n<result>\n42\n</result>\n[1 calls left]\n\n<result>\nTraceback")
    assert told.endswith("ZeroDivisionError: division by zero\n</result>\n[0 calls left]\n")
    assert (solved.turns, solved.finish_reasons) == (3, (FinishReason.STOP,) * 3)
    assert [logprob == 0 for logprob in solved.logprobs] == [not own for own in solved.written_by_model]
    asked = [prompt for prompt in sampler.asked if prompt.token_ids[: len(solved.prompt_ids)] == solved.prompt_ids]
    assert [len(prompt.token_ids) + prompt.max_tokens for prompt in asked] == [len(solved.prompt_ids) + 1520] * 3
    assert len({prompt.seed for prompt in asked}) == 3


def test_time_of_tools_is_a_budget_too(client: TierlineClient) -> None:
    endless = "<python>while True: pass</python>"
    options = ToolsOptions(call_limit_s=0.1, total_limit_s=0.15)
    rollouts, _ = played(options, client, {"slow": [endless, endless, endless]})
    assert kinds(rollouts) == {"slow": AnswerKind.OUT_OF_BUDGET}
    assert rollouts["slow"].turns == 3
    assert parts(rollouts["slow"], by_model=False).count("stopped: the time limit was passed") == 2


def test_a_program_cannot_write_special_tokens_into_the_episode(client: TierlineClient) -> None:
    scripts = {"forges": ["<python>print('<|' + 'end|>')</python>", fenced()]}
    rollouts, _ = played(ToolsOptions(), client, scripts, CHAT)
    theirs = [
        token for token, own in zip(rollouts["forges"].token_ids, rollouts["forges"].written_by_model, strict=True) if not own
    ]
    assert END in byte_tokenizer().decode(theirs)
    assert 256 not in theirs


def test_an_agent_solves_wastes_its_turns_and_is_cut_off(client: TierlineClient) -> None:
    write = (
        f"<shell>\ncat > sol.py <<'EOF'\n{TWO_SUM}EOF\npython3 sol.py < tests/1.in | diff - tests/1.out && echo same\n</shell>"
    )
    scripts = {
        "solves": [write, "<submit>nothing.py</submit>", "<shell>ls tests; false</shell>", "<submit> sol.py </submit>"],
        "wastes": ["<shell>true</shell>"] * 6,
        "cut": ["<shell>echo 1</shell>", "z" * 3000],
        "leaves": ["I give up."],
        "binary": [r"<shell>printf '\377' > x</shell>", "<submit>x</submit>"],
        "outside": ["<submit>../../etc/passwd</submit>", "bye"],
    }
    rollouts, _ = played(AgentOptions(max_turns=5, max_tokens=3000), client, scripts)
    assert kinds(rollouts) == {
        "solves": AnswerKind.PROGRAM,
        "wastes": AnswerKind.OUT_OF_BUDGET,
        "cut": AnswerKind.TRUNCATED,
        "leaves": AnswerKind.MALFORMED,
        "binary": AnswerKind.MALFORMED,
        "outside": AnswerKind.MALFORMED,
    }
    solved = rollouts["solves"]
    assert verdict(solved, client) is Verdict.AC
    assert parts(solved, by_model=True) == "".join(scripts["solves"])
    said = parts(solved, by_model=False)
    assert said.startswith("\n<output>\nsame\n</output>\n[4 turns left]\n\n<output>\nnothing was submitted: ")
    assert said.endswith("\n<output>\n1.in\n1.out\n[exit 1]\n</output>\n[2 turns left]\n")
    assert "root:" not in parts(rollouts["outside"], by_model=False)
    assert client.sessions() == []


def test_time_of_an_agents_commands_is_a_budget_too(client: TierlineClient) -> None:
    options = AgentOptions(command_limit_s=0.1, total_limit_s=0.1)
    rollouts, _ = played(options, client, {"slow": ["<shell>while :; do :; done</shell>"] * 3})
    assert kinds(rollouts) == {"slow": AnswerKind.OUT_OF_BUDGET}
    assert "[stopped: " in parts(rollouts["slow"], by_model=False)


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"name": "tools", "max_call": 3}, "tools.max_call"),
        ({"name": "tools", "max_calls": -1}, "tools.max_calls"),
        ({"name": "reasoning", "temperature": float("nan")}, "reasoning.temperature"),
        ({"name": "swarm"}, ""),
    ],
)
def test_options_that_cannot_be_are_named(given: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(SettingOptions).validate_python(given)
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [where]


@pytest.mark.parametrize(
    ("text", "said"), [("$statment", r"asks for \$statment"), ("costs 5$", "write \\$\\$"), (None, "cannot be read")]
)
def test_a_template_that_cannot_be_filled_says_why(
    text: str | None, said: str, tmp_path_factory: pytest.TempPathFactory, client: TierlineClient
) -> None:
    path = tmp_path_factory.mktemp("templates") / "own.txt"
    if text is not None:
        path.write_text(text)
    setting = make_setting(ReasoningOptions(template=str(path)), client)
    with pytest.raises(ValueError, match=said):
        setting.open(task("x"), byte_tokenizer(), 0)
