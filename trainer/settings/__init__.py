"""The three settings: how a model works at inference, in training and evaluation alike.

    reasoning   think, then one program
    tools       may run Python through the judge's /v1/run on the way, within a budget
    agent       a shell and files in one of the judge's sessions; submits at the end

Each is an object that opens an `Episode` per task; `make_setting` makes it from options. `rollout.roll_out` drives many episodes
against one sampler, a round of completions at a time.
"""

from trainer.settings.episode import Answer, AnswerKind, Episode, Setting
from trainer.settings.making import make_setting
from trainer.settings.options import AgentOptions, ReasoningOptions, SettingOptions, ToolsOptions

__all__ = [
    "AgentOptions",
    "Answer",
    "AnswerKind",
    "Episode",
    "ReasoningOptions",
    "Setting",
    "SettingOptions",
    "ToolsOptions",
    "make_setting",
]
