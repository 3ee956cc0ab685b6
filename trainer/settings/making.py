"""From options to a setting."""

from service.client import TierlineClient
from trainer.settings.agent import Agent
from trainer.settings.episode import Setting
from trainer.settings.options import ReasoningOptions, SettingOptions, ToolsOptions
from trainer.settings.reasoning import Reasoning
from trainer.settings.tools import Tools


def make_setting(options: SettingOptions, client: TierlineClient) -> Setting:
    """The setting that the options are for. Tools and sessions are the judge's, reached through `client`."""
    if isinstance(options, ReasoningOptions):
        return Reasoning(options)
    if isinstance(options, ToolsOptions):
        return Tools(options, client)
    return Agent(options, client)
