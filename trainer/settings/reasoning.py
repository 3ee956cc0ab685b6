"""Reasoning: one completion, which thinks and then gives one program."""

from dataclasses import dataclass
from typing import Any

from trainer.sampling import Completion, FinishReason, Prompt
from trainer.settings.episode import Answer, AnswerKind
from trainer.settings.options import ReasoningOptions
from trainer.settings.programs import fenced_answer, opens_thinking, program_answer
from trainer.settings.prompting import fill_template, plain_tokens, prompt_tokens
from trainer.settings.transcript import Transcript
from trainer.tasks import Task


@dataclass
class Reasoning:
    """The setting."""

    options: ReasoningOptions
    name: str = "reasoning"
    asks_judge: bool = False

    def open(self, task: Task, tokenizer: Any, seed: int) -> "ReasoningEpisode":
        """A fresh attempt. Raises ValueError for a template that cannot be filled."""
        if self.options.answer == "whole":
            prompt_ids = plain_tokens(tokenizer, task.statement)
        else:
            text = fill_template(self.options.template, statement=task.statement, language=task.language)
            prompt_ids = prompt_tokens(tokenizer, text)
        return ReasoningEpisode(task, self.options, Transcript(tokenizer, self.options, seed, prompt_ids))


class ReasoningEpisode:
    """One attempt: the first completion is the last."""

    def __init__(self, task: Task, options: ReasoningOptions, transcript: Transcript) -> None:
        self.task = task
        self.prompt_ids = transcript.prompt_ids
        self.token_ids = transcript.token_ids
        self.written_by_model = transcript.written_by_model
        self._options = options
        self._transcript = transcript

    def prompt(self) -> Prompt:
        """See Episode."""
        return self._transcript.prompt()

    def observe(self, completion: Completion) -> Answer:
        """See Episode. A completion that ran out of tokens is no answer, whatever is in it."""
        self._transcript.add_completion(completion)
        if completion.finish_reason is FinishReason.LENGTH:
            return Answer(AnswerKind.TRUNCATED, detail=f"after {len(completion.token_ids)} tokens")
        if self._options.answer == "whole":
            return program_answer(completion.text)
        begun = opens_thinking(self._transcript.tokenizer.decode(self.prompt_ids[-16:]))
        return fenced_answer(completion.text, self._options.think_end, thinking=begun)

    def close(self) -> None:
        """See Episode."""
