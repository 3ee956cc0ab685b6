"""SandboxFusion's words: its request as a run of ours, our result as its response.

Its clients read `status` first, and take everything but Success for the program's failure (but SandboxError, which some
raise). So Success and Failed are said of programs only. The names are those of its server's models (bytedance/SandboxFusion).
"""

import signal
from base64 import b64encode
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from service.schemas import Base64, CollectedFile, RelativePath, RunRequest, RunResult, Verdict

OUTPUT_BYTES = 64 << 20
"""Of stdout, of stderr and of each file: as much as a run can have, so that a response is whole."""

_OURS_TO_THEIRS = {
    "source": "code",
    "time_limit_s": "run_timeout",
    "compile_time_s": "compile_timeout",
    "memory_limit_mb": "memory_limit_MB",
    "collect": "fetch_files",
}


def _no_arguments(value: list[str]) -> list[str]:
    if value:
        raise ValueError("arguments belong to the language pytest, which is not here; send an empty list")
    return value


def _is_base64(value: str | None) -> str | None:
    if value is not None:
        Base64(base64=value)
    return value


class RunCodeRequest(BaseModel):
    """SandboxFusion's request. Fields it does not know are allowed, as there, and the response's `message` names them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    compile_timeout: float = Field(10, gt=0, le=600, allow_inf_nan=False, description="CPU seconds of the compiler")
    run_timeout: float = Field(10, gt=0, le=600, allow_inf_nan=False, description="CPU seconds of the program")
    memory_limit_MB: int = Field(-1, le=65536, description="MiB; without one, or up to 0: TIERLINE_RUN_CODE_MEMORY_MB")
    code: str = Field(max_length=1 << 20, description="the program")
    stdin: str | None = None
    language: str = Field(min_length=1, max_length=50, description="SandboxFusion's name or one of ours, of /v1/languages")
    files: dict[RelativePath, Annotated[str | None, AfterValidator(_is_base64)]] = Field(
        default_factory=dict, max_length=100, description="path in the working folder -> content in base64"
    )
    fetch_files: list[RelativePath] = Field(default_factory=list, max_length=100, description="files to bring back")
    args: Annotated[list[str], AfterValidator(_no_arguments)] = Field(default_factory=list, description="none")


class RunStatus(StrEnum):
    """Of a whole response."""

    SUCCESS = "Success"
    FAILED = "Failed"
    SANDBOX_ERROR = "SandboxError"


class CommandRunStatus(StrEnum):
    """Of one command; `Error`, which SandboxFusion has as well, would be a failure of ours."""

    FINISHED = "Finished"
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"


class CommandRunResult(BaseModel):
    """The compiler or the program. `execution_time` is the compiler's CPU time, the program's wall time."""

    status: CommandRunStatus
    execution_time: float | None = None
    return_code: int | None = Field(None, description="exit code, or the signal's number below 0; none past the time limit")
    stdout: str | None = None
    stderr: str | None = None


class RunCodeResponse(BaseModel):
    """SandboxFusion's response."""

    status: RunStatus
    message: str = ""
    compile_result: CommandRunResult | None = None
    run_result: CommandRunResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = Field(default_factory=dict)


def run_request(sent: RunCodeRequest, memory_limit_mb: int) -> RunRequest:
    """What is to be run; `memory_limit_mb` where nothing was asked for. Raises ValidationError, in our words."""
    return RunRequest(
        language=sent.language,
        source=sent.code,
        stdin=sent.stdin or "",
        files={path: Base64(base64=content) for path, content in sent.files.items() if content is not None},
        collect=tuple(sent.fetch_files),
        time_limit_s=sent.run_timeout,
        compile_time_s=sent.compile_timeout,
        memory_limit_mb=sent.memory_limit_MB if sent.memory_limit_MB > 0 else memory_limit_mb,
        output_limit_bytes=OUTPUT_BYTES,
        collect_limit_bytes=OUTPUT_BYTES,
    )


def run_code_response(result: RunResult, sent: RunCodeRequest, *, compiled: bool) -> RunCodeResponse:
    """The response to a run that has a verdict. `compiled`: the language has a compile step that SandboxFusion would show."""
    notes = [f"not known here and ignored: {', '.join(sent.model_extra)}"] if sent.model_extra else []
    compiling = _compile_result(result) if compiled else None
    if result.verdict is Verdict.CE:
        notes += [f"compiling took more than {sent.compile_timeout:g} s"] if result.compile.timed_out else []
        running = None if compiled else _never_ran(result)
        return RunCodeResponse(status=RunStatus.FAILED, message="; ".join(notes), compile_result=compiling, run_result=running)
    status = RunStatus.SUCCESS if result.verdict is Verdict.AC and not result.stdout_truncated else RunStatus.FAILED
    notes += _what_ended(result)
    lost = [path for path, file in result.files.items() if file.too_large]
    if lost:
        status = RunStatus.SANDBOX_ERROR
        notes.append(f"too large to be fetched: {', '.join(lost)}")
    return RunCodeResponse(
        status=status,
        message="; ".join(notes),
        compile_result=compiling,
        run_result=_run_result(result),
        files={path: _base64(file) for path, file in result.files.items() if file.found and not file.too_large},
    )


def _compile_result(result: RunResult) -> CommandRunResult:
    made, slow = result.compile, result.compile.timed_out
    return CommandRunResult(
        status=CommandRunStatus.TIME_LIMIT_EXCEEDED if slow else CommandRunStatus.FINISHED,
        execution_time=made.cpu_s,
        return_code=None if slow else int(not made.ok),
        stdout="",
        stderr=made.log,
    )


def _never_ran(result: RunResult) -> CommandRunResult:
    """A script that does not even parse: where nothing is compiled, that shows when it is run."""
    return CommandRunResult(
        status=CommandRunStatus.FINISHED, execution_time=0.0, return_code=1, stdout="", stderr=result.compile.log
    )


def _run_result(result: RunResult) -> CommandRunResult:
    slow = result.verdict is Verdict.TLE
    return CommandRunResult(
        status=CommandRunStatus.TIME_LIMIT_EXCEEDED if slow else CommandRunStatus.FINISHED,
        execution_time=result.wall_s,
        return_code=None if slow else _return_code(result),
        stdout=result.stdout,
        stderr=result.stderr,
    )


def _return_code(result: RunResult) -> int:
    """As a parent has it. A program past a limit did not succeed, whatever its exit code says: it may outlive its children."""
    if result.signal is not None:
        return -result.signal
    if result.verdict is Verdict.MLE:
        return result.exit_code or -signal.SIGKILL
    if result.verdict is Verdict.OLE or result.stdout_truncated:
        return result.exit_code or -signal.SIGXFSZ
    return result.exit_code or 0


def _what_ended(result: RunResult) -> list[str]:
    """What the fields cannot say."""
    notes = []
    if result.verdict is Verdict.MLE:
        notes.append("the program took more memory than its limit")
    if result.verdict is Verdict.OLE or result.stdout_truncated:
        notes.append(f"stdout was cut at {OUTPUT_BYTES >> 20} MiB")
    if result.stderr_truncated:
        notes.append(f"stderr was cut at {OUTPUT_BYTES >> 20} MiB")
    return notes


def _base64(file: CollectedFile) -> str:
    return file.base64 if file.base64 is not None else b64encode((file.text or "").encode()).decode()


def field_errors(error: ValidationError) -> list[dict[str, Any]]:
    """`detail` of FastAPI's 422, which is SandboxFusion's."""
    return [
        field_error(item["loc"], item["msg"], item["type"])
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def field_error(path: Sequence[str | int], message: str, kind: str = "value_error") -> dict[str, Any]:
    """One item of it, in their names."""
    names = [_OURS_TO_THEIRS.get(part, part) if isinstance(part, str) else part for part in path]
    return {"type": kind, "loc": ["body", *names], "msg": message}
