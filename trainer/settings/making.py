"""From options to a setting."""

from service.client import TierlineClient
from trainer.settings.episode import Setting
from trainer.settings.options import ReasoningOptions, SettingOptions
from trainer.settings.reasoning import Reasoning


def make_setting(options: SettingOptions, client: TierlineClient) -> Setting:
    """The setting that the options are for. Tools and sessions are the judge's, reached through `client`."""
    if isinstance(options, ReasoningOptions):
        return Reasoning(options)
    raise ValueError(f"setting: {options.name} is not known")
