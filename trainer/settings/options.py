"""What can be chosen about each setting. Unknown names are errors."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TOOL_S = 600.0


class SamplingOptions(BaseModel):
    """What all settings share: how the model is sampled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens: int = Field(2048, ge=1, le=1 << 20, description="of one episode after its prompt, the environment's included")
    temperature: float = Field(1.0, ge=0, le=10, allow_inf_nan=False, description="0: the likeliest token each time")
    top_p: float = Field(1.0, gt=0, le=1, allow_inf_nan=False, description="share of the probability that is sampled from")


class ReasoningOptions(SamplingOptions):
    """Think, then one program."""

    name: Literal["reasoning"] = "reasoning"
    answer: Literal["fenced", "whole"] = Field(
        "fenced",
        description="fenced: the last closed code block after the thinking. whole: the prompt is the bare statement and the "
        "completion is the program, for small models that speak nothing but programs",
    )
    template: str = Field("reasoning.txt", min_length=1, description="a shipped template or a file; not used with `whole`")
    think_end: str = Field("</think>", min_length=1, description="what ends the thinking where there is any")


class ToolsOptions(SamplingOptions):
    """Python through /v1/run on the way."""

    name: Literal["tools"] = "tools"
    max_tokens: int = Field(8192, ge=1, le=1 << 20, description="of one episode after its prompt, results of calls included")
    template: str = Field("tools.txt", min_length=1, description="a shipped template or a file")
    think_end: str = Field("</think>", min_length=1, description="what ends the thinking where there is any")
    max_calls: int = Field(8, ge=0, le=1000, description="calls in one episode; one more ends it")
    call_limit_s: float = Field(5.0, gt=0, le=MAX_TOOL_S, allow_inf_nan=False, description="CPU time of one call")
    total_limit_s: float = Field(20.0, gt=0, le=10 * MAX_TOOL_S, allow_inf_nan=False, description="CPU time of all calls")
    memory_limit_mb: int = Field(256, ge=8, le=65536, description="of one call")
    max_output_chars: int = Field(2000, ge=100, le=1 << 20, description="of stdout and of stderr that the model is shown")


class AgentOptions(SamplingOptions):
    """A shell and files in a session."""

    name: Literal["agent"] = "agent"
    max_tokens: int = Field(16384, ge=1, le=1 << 20, description="of one episode after its prompt, outputs included")
    template: str = Field("agent.txt", min_length=1, description="a shipped template or a file")
    max_turns: int = Field(24, ge=1, le=1000, description="commands and submits in one episode; one more ends it")
    command_limit_s: float = Field(20.0, gt=0, le=MAX_TOOL_S, allow_inf_nan=False, description="wall time of one command")
    total_limit_s: float = Field(120.0, gt=0, le=10 * MAX_TOOL_S, allow_inf_nan=False, description="wall time of all commands")
    memory_limit_mb: int = Field(256, ge=8, le=65536, description="of one command")
    disk_limit_mb: int = Field(64, ge=1, le=65536, description="of the session's files")
    max_output_chars: int = Field(4000, ge=100, le=1 << 20, description="of stdout and of stderr that the model is shown")


SettingOptions = Annotated[ReasoningOptions | ToolsOptions | AgentOptions, Field(discriminator="name")]
