"""The limits of one test's run, from what the problem, the submission, the language and the settings say."""

from dataclasses import dataclass, replace

from sandbox.languages import Language
from sandbox.limits import Limits
from service.schemas import ProblemSettings, RunRequest, Submission
from service.settings import Settings

_RUN_OUTPUT_BYTES = 64 << 20
_FILE_BYTES = 16 << 20
"""The kernel has one bound for outputs and other files: the larger of both, so files in /tmp may not have many times more."""


@dataclass(frozen=True, slots=True)
class TestLimits:
    """`run` is what the box enforces. A program is too slow past `time_limit_s`, which is less by the band for confirmation, and
    may use `memory_limit_mb` beside what its language's runtime needs for itself."""

    __test__ = False

    time_limit_s: float
    memory_limit_mb: int
    run: Limits
    factor: float = 1.0
    """What the time limit, as sent, was multiplied by for this worker's speed. The language's factor is not in it."""
    compile_time_s: float | None = None
    """Where it is less than the settings have."""


def limits_of_test(
    submission: Submission, problem: ProblemSettings, language: Language, settings: Settings, factor: float = 1.0
) -> TestLimits:
    """Limits for judging; the submission's own limits go before the problem's. `factor` is that of the worker's speed."""
    time_limit_s = (submission.time_limit_s or problem.time_limit_s) * _factor(language, settings) * factor
    memory_mb = submission.memory_limit_mb or problem.memory_limit_mb
    return _limits(time_limit_s, settings.confirm_band, memory_mb, problem.output_limit_mb << 20, language, settings, factor)


def limits_of_run(request: RunRequest, language: Language, settings: Settings, factor: float = 1.0) -> TestLimits:
    """Limits for a single run: no band, for nothing is confirmed, and output is cut when it is read."""
    time_limit_s = request.time_limit_s * _factor(language, settings) * factor
    limits = _limits(time_limit_s, 1.0, request.memory_limit_mb, _RUN_OUTPUT_BYTES, language, settings, factor)
    return replace(limits, compile_time_s=request.compile_time_s)


def _factor(language: Language, settings: Settings) -> float:
    return settings.language_factors.get(language.name, language.time_factor)


def _limits(
    time_limit_s: float,
    band: float,
    memory_mb: int,
    output_bytes: int,
    language: Language,
    settings: Settings,
    factor: float,
) -> TestLimits:
    run = Limits(
        cpu_s=time_limit_s * band,
        memory_mb=memory_mb + language.memory_extra_mb,
        wall_s=max(settings.wall_min_s, time_limit_s * settings.wall_factor),
        idle_s=max(settings.idle_min_s, time_limit_s * settings.idle_factor),
        output_bytes=output_bytes,
        file_bytes=max(output_bytes, _FILE_BYTES),
        scratch_mb=settings.scratch_mb,
        processes=settings.processes + language.entry.processes,
    )
    return TestLimits(time_limit_s, memory_mb, run, factor)
