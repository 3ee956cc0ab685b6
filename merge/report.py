"""What a merge did to the difference between the checkpoints, in numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from rich.table import Table
from rich.text import Text

from merge.arithmetic import PART
from merge.blocks import SAMPLED
from merge.combination import Combination
from merge.measures import LayerMeasures

SWALLOWED = 1.0
"""A rounding error as large as the step itself."""
FEW_DIFFER = 0.01
"""Below this share of differing weights a checkpoint has lost most of what training did to it."""


@dataclass(frozen=True, slots=True)
class Report:
    """Of one output. Deltas are those of each further checkpoint against the first.

    `differing`: share of weights that differ, per delta. `relative_delta`: norm of the delta ÷ norm of the first checkpoint.
    `rounding`: norm of the rounding error ÷ norm of the step from the first checkpoint to the output, over sampled blocks; None
    where the output is one of the inputs. `cosines`: between each two deltas.
    """

    combination: Combination
    inputs: list[dict[str, str]]
    dtypes: list[str]
    arithmetic: str
    elements: int
    differing: list[float]
    relative_delta: list[float]
    rounding: float | None
    cosines: list[list[float]]
    layers: dict[str, dict[str, Any]]
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        combination: Combination,
        index: int,
        inputs: list[dict[str, str]],
        dtypes: list[str],
        arithmetic: str,
        layers: Mapping[str, LayerMeasures],
    ) -> "Report":
        """The report of output `index`, from what was measured on the way."""
        deltas = len(inputs) - 1
        total = LayerMeasures.empty(deltas, max((len(m.error2) for m in layers.values()), default=index + 1))
        for measures in layers.values():
            total.add(measures)
        figures = _figures(total, index)
        return cls(
            combination, inputs, dtypes, arithmetic, total.elements, figures["differing"], figures["relative_delta"],
            figures["rounding"], _cosines(total.gram), {name: _figures(m, index) for name, m in layers.items() if m.elements},
            _warnings(figures, dtypes),
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The content of merge.json. The same request on the same inputs gives the same bytes."""
        return {
            "label": self.combination.label,
            "weights": self.combination.weights,
            "overrides": [{"pattern": pattern, "weights": weights} for pattern, weights in self.combination.overrides],
            "inputs": self.inputs,
            "dtypes": self.dtypes,
            "arithmetic": self.arithmetic,
            "versions": {name: version(name) for name in ("tierline", "torch")},
            "elements": self.elements,
            "differing": self.differing,
            "relative_delta": self.relative_delta,
            "rounding_error_to_step": self.rounding,
            "rounding_measured_on": f"one part of {PART} weights in {SAMPLED}, the first of each tensor among them",
            "cosines": self.cosines,
            "warnings": self.warnings,
            "layers": self.layers,
        }


def _figures(measures: LayerMeasures, index: int) -> dict[str, Any]:
    error, step = measures.error2[index], measures.step2[index]
    return {
        "differing": [_ratio(count, measures.elements) for count in measures.differing],
        "relative_delta": [
            _ratio(math.sqrt(measures.gram[i][i]), math.sqrt(measures.norm2)) for i in range(len(measures.differing))
        ],
        "rounding": math.sqrt(error / step) if step else None,
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _cosines(gram: Sequence[Sequence[float]]) -> list[list[float]]:
    norms = [math.sqrt(gram[i][i]) for i in range(len(gram))]
    return [[_ratio(value, norms[i] * norms[j]) for j, value in enumerate(row)] for i, row in enumerate(gram)]


def _warnings(figures: dict[str, Any], dtypes: list[str]) -> list[str]:
    found = []
    rounding = figures["rounding"]
    if rounding is not None and rounding >= SWALLOWED:
        found.append(f"{', '.join(dtypes)} swallows the step: rounding errs {rounding:.1f} times as much. Fix: --dtype float32")
    for place, share in enumerate(figures["differing"], 1):
        if share == 0:
            found.append(f"checkpoint {place} has the same weights as the first")
        elif share < FEW_DIFFER:
            found.append(
                f"only {share:.2%} of the weights of checkpoint {place} differ from the first: most of what training "
                "did was lost when it was saved. Fix: save checkpoints in float32"
            )
    return found


def table_of(reports: Sequence[Report]) -> Table:
    """For the terminal: one row an output."""
    table = Table(box=None, pad_edge=False)
    for name in ("output", "weights differ", "delta / weights", "rounding / step*", "dtype"):
        table.add_column(name, justify="left" if name in ("output", "dtype") else "right")
    for report in reports:
        rounding = Text("exact", style="dim") if report.rounding is None else Text(f"{report.rounding:.3g}")
        table.add_row(
            report.combination.label,
            ", ".join(f"{share:.2%}" for share in report.differing),
            ", ".join(f"{share:.2e}" for share in report.relative_delta),
            rounding,
            ", ".join(report.dtypes),
        )
    if any(report.rounding is not None for report in reports):
        table.caption = f"* measured on a part of {PART:,} weights in {SAMPLED}"
        table.caption_justify = "left"
    return table
