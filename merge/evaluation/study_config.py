"""What a study is asked for. Unknown names are errors."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from merge.evaluation.engine_options import Engine, Transformers
from trainer.config_file import read_config
from trainer.run_config import SweepConfig, TaskSource

STUDY_PRESETS = ("laptop", "complementary", "gpu")


class StudyConfig(BaseModel):
    """Sweeps with several training seeds, each pair of ends evaluated over alphas on held-out problems."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field("The frontier between correctness and efficiency", max_length=200)
    about: str = Field(
        "", max_length=4000, description="what the problems are, and which claims they can carry; stands in the report"
    )
    sweep: SweepConfig
    seeds: tuple[int, ...] = Field((101, 102, 103), min_length=1)
    alphas: tuple[float, ...] = Field((-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5), min_length=3)
    engine: Engine = Field(default_factory=Transformers, description="what samples the ends and what lies between and beyond")
    tasks: TaskSource = Field(description="held-out problems")
    problems: int = Field(32, ge=2, le=100_000, description="for each seed")
    samples: int = Field(128, ge=2, le=100_000, description="of each problem at each alpha")
    budgets: tuple[int, ...] = Field((1, 8, 32, 128), min_length=1, description="of pass@k and of ensembles")
    merged: tuple[float, ...] = Field((-0.5, 1.5), description="alphas whose models are written too")

    @model_validator(mode="after")
    def _has_ends(self) -> "StudyConfig":
        if not {0.0, 1.0} <= set(self.alphas):
            raise ValueError("alphas: 0 and 1, the trained ends, must be among them")
        if list(self.alphas) != sorted(set(self.alphas)) or len(set(self.seeds)) != len(self.seeds):
            raise ValueError("alphas must rise, and neither alphas nor seeds repeat")
        if max(self.budgets) > self.samples:
            raise ValueError(f"budgets: {max(self.budgets)} is more than samples, {self.samples}")
        if len(self.sweep.coverages) < 2:
            raise ValueError("sweep.coverages: a frontier needs at least two")
        return self


def read_study_config(name: str) -> StudyConfig:
    """A shipped preset by name, or a YAML file by path. Raises ValueError that names each bad field."""
    return read_config(StudyConfig, name, "merge", STUDY_PRESETS)
