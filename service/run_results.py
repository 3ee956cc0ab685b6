"""What `POST /v1/run` answers, from how the run ended. Everything in it is bounded, and what is cut or left out is said so."""

from collections.abc import Sequence

from sandbox.memfile import MemFile
from sandbox.outcome import Outcome
from service.run_limits import TestLimits
from service.schemas import CollectedFile, CompileResult, Encoding, RunRequest, RunResult, Verdict, told
from service.verdicts import verdict_of_run


def run_result(
    outcome: Outcome, limits: TestLimits, compiled: CompileResult, request: RunRequest, answer_bytes: int
) -> RunResult:
    """The result of one run; its files have `answer_bytes` together at most."""
    verdict, _ = verdict_of_run(outcome, limits)
    most = request.output_limit_bytes
    return RunResult(
        verdict=verdict or Verdict.AC,
        stdout=told(outcome.stdout.read(most), request.encoding),
        stderr=told(outcome.stderr.read(most), request.encoding),
        stdout_truncated=outcome.stdout.size > most,
        stderr_truncated=outcome.stderr.size > most,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        cpu_s=round(outcome.cpu_s, 6),
        wall_s=round(outcome.wall_s, 6),
        memory_mb=round(outcome.memory_bytes / (1 << 20), 2),
        encoding=request.encoding,
        files=collected(outcome.files, request.collect, request.encoding, request.collect_limit_bytes, answer_bytes),
        compile=compiled,
    )


def collected(
    found: dict[str, MemFile], names: Sequence[str], encoding: Encoding, most: int, answer_bytes: int
) -> dict[str, CollectedFile]:
    """Each name with its file, or with what is the matter with it."""
    files: dict[str, CollectedFile] = {}
    for name in names:
        if name in files:
            continue
        if name not in found:
            files[name] = CollectedFile(found=False)
            continue
        size = found[name].size
        if size > min(most, answer_bytes):
            files[name] = CollectedFile(too_large=True, bytes=size)
            continue
        answer_bytes -= size
        files[name] = _file(found[name].read(), encoding)
    return files


def _file(data: bytes, encoding: Encoding) -> CollectedFile:
    if encoding == "text":
        try:
            return CollectedFile(bytes=len(data), text=data.decode())
        except UnicodeDecodeError:
            pass
    return CollectedFile(bytes=len(data), base64=told(data, "base64"))
