"""What a run of a real model is planned from: the model, the GPUs, the batch, what judging costs. Unknown names are errors."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.client import DEFAULT_URL
from trainer.config_file import read_config
from trainer.settings import ReasoningOptions, SettingOptions
from trainer.task_sources import TaskFilter

PRESETS = ("7b", "32b")


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ModelSource(_Given):
    """The model: a local directory in Hugging Face's format, or the values of its config.json, which suffice for a plan."""

    directory: Path | None = Field(None, description="with config.json; for training also weights and tokenizer")
    config: dict[str, Any] | None = Field(None, description="values of config.json, model_type among them")

    @model_validator(mode="after")
    def _one_of_two(self) -> "ModelSource":
        if (self.directory is None) == (self.config is None):
            raise ValueError("give either directory or config")
        if self.config is not None and "model_type" not in self.config:
            raise ValueError("config: model_type is missing, such as qwen2")
        return self


class Cluster(_Given):
    """The GPUs: some train (FSDP2, all parameters sharded over all of them), the others sample (vLLM servers)."""

    gpu_memory_gib: float = Field(80, gt=0, le=2048, description="of each GPU")
    train_gpus: int = Field(ge=1, le=65536, description="over which weights, gradients and optimizer are sharded")
    sampler_gpus: int = Field(ge=1, le=65536, description="of all vLLM servers together")
    tensor_parallel: int = Field(1, ge=1, le=64, description="GPUs of one vLLM server")
    sampler_memory_share: float = Field(0.9, gt=0, le=1, description="vLLM's gpu_memory_utilization")

    @model_validator(mode="after")
    def _whole_servers(self) -> "Cluster":
        if self.sampler_gpus % self.tensor_parallel:
            raise ValueError(f"sampler_gpus: {self.sampler_gpus} is no multiple of tensor_parallel, {self.tensor_parallel}")
        return self


class Batch(_Given):
    """One step."""

    tasks: int = Field(ge=1, le=1 << 20, description="prompts of a step")
    group_size: int = Field(ge=2, le=4096, description="rollouts of each prompt")
    sequences_at_once: int = Field(1, ge=1, le=4096, description="that a GPU trains on in one pass; the rest is accumulated")
    max_prompt_tokens: int = Field(2048, ge=1, le=1 << 20, description="of the statement in its template")


class JudgingCost(_Given):
    """What docs/how-to/sizing.md calls T', t, o, s, S and u."""

    tests: float = Field(30, gt=0, description="really judged of a program, on average; stops at the first failure")
    test_cpu_s: float = Field(0.05, ge=0, description="CPU time of a program on one test, on average")
    test_overhead_s: float = Field(0.0026, ge=0, description="what a test costs on top")
    program_overhead_s: float = Field(0.01, ge=0, description="what a submission costs on top; C++ about 0.5")
    wait_s: float = Field(300, gt=0, description="for a step's verdicts: its sampling time, as judging streams")
    core_share: float = Field(0.85, gt=0, le=1, description="of a core's time in which boxes run")


class PlanConfig(_Given):
    """A run of a real model."""

    model: ModelSource
    cluster: Cluster
    batch: Batch
    setting: SettingOptions = Field(default_factory=ReasoningOptions)
    tasks: TaskFilter = Field(default_factory=TaskFilter)
    coverages: tuple[float, ...] = Field((0.25, 1.0), min_length=1, description="one run each, over 0 and at most 1")
    judge_url: str = Field(DEFAULT_URL, min_length=1, description="of the judge")
    judging: JudgingCost = Field(default_factory=JudgingCost)
    training: dict[str, Any] = Field(
        default_factory=dict,
        description="of a run (`RunConfig`), what is not said here already: learning_rate, generations, kl ...",
    )

    @model_validator(mode="after")
    def _coverages_are_shares(self) -> "PlanConfig":
        if not all(0 < coverage <= 1 for coverage in self.coverages):
            raise ValueError(f"coverages: {list(self.coverages)}; each is over 0 and at most 1")
        return self


def read_plan_config(name: str) -> PlanConfig:
    """A shipped preset by name, or a YAML file by path. Raises ValueError that names each bad field."""
    return read_config(PlanConfig, name, "trainer", PRESETS)
