"""What can be chosen about the engine that samples. Unknown names are errors."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.sampling import BATCH

CHUNK = 1024
"""Answers between two writes of what was judged: no batch is larger."""


class Transformers(BaseModel):
    """In this process."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["transformers"] = "transformers"
    batch: int = Field(BATCH, ge=1, le=CHUNK, description="answers that are sampled at once; a GPU has room for many")


class Vllm(BaseModel):
    """A vLLM server: one that runs, or one that is started for each pair and stopped after it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: Literal["vllm"] = "vllm"
    url: str | None = Field(
        None,
        description="of one here, with merge.in_place.vllm_extension and VLLM_SERVER_DEV_MODE=1; default: one is started",
    )
    python: str | None = Field(
        None, description="to start one: the interpreter of an environment with vLLM and tierline; default: this one"
    )
    batch: int = Field(BATCH, ge=1, le=CHUNK, description="requests that are open at once")
    arguments: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="of the server that is started, without dashes: dtype, max-model-len, ..."
    )


Engine = Annotated[Transformers | Vllm, Field(discriminator="engine")]


def vllm_of(text: str, batch: int = BATCH) -> Vllm:
    """From the command line: the URL of a server, or the Python to start one with."""
    return Vllm(url=text, batch=batch) if text.startswith(("http://", "https://")) else Vllm(python=text, batch=batch)
