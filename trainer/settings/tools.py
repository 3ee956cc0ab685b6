"""Tools: the model may run Python on the way, in a box of the judge, and then gives one program.

A call is `<python>…</python>` anywhere in its text; sampling stops there, the code runs through `/v1/run` with an empty stdin,
and what it printed follows as `<result>…</result>`, in the same turn of the chat and masked from the loss. Calls share no state.
The first completion without a call is the last.
"""

from dataclasses import dataclass
from typing import Any

from service.client import TierlineClient
from service.client.rollouts import MAX_SOURCE_BYTES
from service.errors import JudgeFailed
from service.schemas import RunRequest, RunResult, Verdict
from trainer.sampling import Completion, FinishReason, Prompt
from trainer.settings.episode import Answer, AnswerKind
from trainer.settings.options import ToolsOptions
from trainer.settings.programs import fenced_answer, opens_thinking
from trainer.settings.prompting import clipped, fill_template, prompt_tokens
from trainer.settings.tags import Action, find_action, stops_of
from trainer.settings.transcript import Transcript
from trainer.tasks import Task

_TAGS = ("python",)


@dataclass
class Tools:
    """The setting. Its calls go to the judge through `client`."""

    options: ToolsOptions
    client: TierlineClient
    name: str = "tools"
    asks_judge: bool = True

    def open(self, task: Task, tokenizer: Any, seed: int) -> "ToolsEpisode":
        """A fresh attempt. Raises ValueError for a template that cannot be filled."""
        chosen = self.options
        text = fill_template(
            chosen.template,
            statement=task.statement,
            language=task.language,
            max_calls=chosen.max_calls,
            call_limit_s=f"{chosen.call_limit_s:g}",
            total_limit_s=f"{chosen.total_limit_s:g}",
            memory_limit_mb=chosen.memory_limit_mb,
        )
        transcript = Transcript(tokenizer, chosen, seed, prompt_tokens(tokenizer, text), stops_of(_TAGS))
        return ToolsEpisode(task, chosen, transcript, self.client)


class ToolsEpisode:
    """One attempt."""

    def __init__(self, task: Task, options: ToolsOptions, transcript: Transcript, client: TierlineClient) -> None:
        self.task = task
        self.prompt_ids = transcript.prompt_ids
        self.token_ids = transcript.token_ids
        self.written_by_model = transcript.written_by_model
        self._options = options
        self._transcript = transcript
        self._client = client
        self._said = ""
        self._calls = 0
        self._left_s = options.total_limit_s

    def prompt(self) -> Prompt:
        """See Episode."""
        return self._transcript.prompt()

    def observe(self, completion: Completion) -> Answer | None:
        """See Episode."""
        self._transcript.add_completion(completion)
        if completion.finish_reason is FinishReason.LENGTH:
            return Answer(AnswerKind.TRUNCATED, detail=f"after {len(self.token_ids)} tokens, in turn {self._transcript.turns}")
        if (action := find_action(completion.text, _TAGS)) is None:
            return fenced_answer(completion.text, self._options.think_end, thinking=self._is_thinking())
        self._said += completion.text
        return self._call(action)

    def _call(self, action: Action) -> Answer | None:
        if not action.opened:
            return Answer(AnswerKind.MALFORMED, detail="</python> without <python>")
        if len(action.body.encode("utf-8", "surrogatepass")) > MAX_SOURCE_BYTES:
            return Answer(AnswerKind.MALFORMED, detail=f"a call has over {MAX_SOURCE_BYTES} bytes")
        if self._calls == self._options.max_calls:
            return Answer(AnswerKind.OUT_OF_BUDGET, detail=f"more than {self._calls} calls")
        if self._left_s <= 0:
            return Answer(AnswerKind.OUT_OF_BUDGET, detail=f"calls took {self._options.total_limit_s:g} s of CPU time")
        self._calls += 1
        if not self._transcript.add_environment(self._told(self._run(action.body))):
            return Answer(AnswerKind.OUT_OF_BUDGET, detail=f"no token is left after call {self._calls}")
        return None

    def _run(self, source: str) -> RunResult:
        """Raises JudgeFailed."""
        limit_s = min(self._options.call_limit_s, self._left_s)
        request = RunRequest(
            language="python", source=source, time_limit_s=limit_s, memory_limit_mb=self._options.memory_limit_mb
        )
        result = self._client.run(request)
        if result.verdict is Verdict.JE:
            raise JudgeFailed(result.error or "a call could not be run")
        self._left_s -= limit_s if result.verdict is Verdict.TLE else result.cpu_s
        return result

    def _told(self, result: RunResult) -> str:
        parts = [clipped(text, self._options.max_output_chars) for text in (result.stdout, _complaint(result))]
        said = "\n".join(part.rstrip("\n") for part in parts if part)
        return f"\n<result>\n{said}\n</result>\n[{self._options.max_calls - self._calls} calls left]\n"

    def _is_thinking(self) -> bool:
        """Did thinking begin before this turn, and not end?"""
        if self._options.think_end in self._said:
            return False
        begun = opens_thinking(self._transcript.tokenizer.decode(self.prompt_ids[-16:]))
        return begun or self._said.lstrip().startswith("<think>")

    def close(self) -> None:
        """See Episode."""


_ENDS = {
    Verdict.TLE: "stopped: the time limit was passed",
    Verdict.MLE: "stopped: the memory limit was passed",
    Verdict.OLE: "stopped: too much output",
}


def _complaint(result: RunResult) -> str:
    """What went wrong, as a terminal would show it."""
    said = result.compile.log if result.verdict is Verdict.CE else result.stderr
    return "\n".join(part for part in (said, _ENDS.get(result.verdict, "")) if part)
