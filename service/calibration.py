"""How fast the processor is that programs get: fixed work, timed in a box like any program.

In a box, because that is where programs run: the same interpreter, core, filter and control groups. Measured side by side with
the same work in the judge's own process and in a fresh interpreter, a box is at least as steady.
"""

import math
from pathlib import Path

from pydantic import BaseModel, Field

from sandbox.box import Box
from sandbox.errors import SandboxError
from sandbox.limits import Limits
from sandbox.memfile import MemFile
from sandbox.outcome import End
from sandbox.program import Program
from service import calibration_work

_UNIT_S = {"integer": 0.0125, "memory": 0.0135, "allocation": 0.0125, "interpreter": 0.0100}
"""CPU seconds of each part at speed 1, which is about that of a core of a Xeon server of 2025 with CPython 3.11. Fixed for ever,
so that figures compare between machines and versions."""
_ROUNDS = 3
_LIMITS = Limits(cpu_s=30, memory_mb=256, wall_s=120, idle_s=30)


class CalibrationFailed(SandboxError):
    """The fixed work did not end as it should."""


class Speed(BaseModel, frozen=True):
    """Work for each CPU second, in units of a machine of speed 1. `figure` is the geometric mean of the parts."""

    figure: float
    integer: float = Field(description="arithmetic in compiled code")
    memory: float = Field(description="reads all over a table, each of which needs the one before")
    allocation: float = Field(description="small objects and fresh pages")
    interpreter: float = Field(description="what Python programs mostly do")

    @classmethod
    def of(cls, cpu_s: dict[str, float]) -> "Speed":
        """From the CPU seconds of each part."""
        parts = {name: unit_s / cpu_s[name] for name, unit_s in _UNIT_S.items()}
        figure = math.prod(parts.values()) ** (1 / len(parts))
        return cls(figure=round(figure, 4), **{name: round(part, 4) for name, part in parts.items()})


def measure(box: Box) -> Speed:
    """The box's speed now, in about a quarter of a second. What was loaded in the box is gone after. Raises SandboxError."""
    source = Path(calibration_work.__file__).read_bytes()
    if (log := box.load(Program({"calibration.py": source}, warm=True))) is not None:
        raise CalibrationFailed(f"the calibration does not compile here: {log}")
    with MemFile.sealed(b"%d\n" % _ROUNDS) as rounds:
        outcome = box.run(rounds, _LIMITS)
    try:
        if outcome.end is not End.EXIT or outcome.exit_code != 0:
            said = outcome.stderr.read(500).decode(errors="replace")
            raise CalibrationFailed(f"the calibration ended by {outcome.end} with status {outcome.exit_code}: {said}")
        words = outcome.stdout.read(500).split()
        return Speed.of(dict(zip(calibration_work.PARTS, map(float, words), strict=True)))
    finally:
        outcome.close()
