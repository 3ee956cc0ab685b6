"""The words of the HTTP contract as types: what is sent, what comes back. Nothing here needs a server.

Results are plain models without validation cost in mind: `extra="forbid"` on everything a caller sends, so that a misspelt
setting is an error and never ignored.
"""

import json
from base64 import b64decode, b64encode
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

DEFAULT_TIERS: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)

ProblemId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._/-]{0,199}$", description="lower-case letters, digits, . _ - /")]


class Verdict(StrEnum):
    """What became of a test or a submission (CLICS names). JE says nothing about the program."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    RTE = "RTE"
    CE = "CE"
    JE = "JE"


class Failure(StrEnum):
    """The two ways not to be AC."""

    CORRECTNESS = "correctness"
    OPTIMIZATION = "optimization"


class Stop(StrEnum):
    """When to stop judging: at the first failing test by rank, after the tier it is in, or never."""

    FIRST_FAILURE = "first_failure"
    TIER = "tier"
    NEVER = "never"


class Status(StrEnum):
    """Where a submission stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Sent(BaseModel):
    """Base of all that a caller sends: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", use_enum_values=False, frozen=True)


class Test(Sent):
    """One input with its expected output."""

    __test__ = False  # not a pytest class

    input: str = Field("", description="what the program reads; of functions an argument as JSON a line")
    output: str = Field("", description="what is expected; of functions the result as JSON")
    size: int | None = Field(None, ge=0, description="what tests are ordered by; default: bytes of the input")
    name: str | None = Field(None, max_length=200)


class TokensChecker(Sent):
    """Equal tokens, split on white space; `case_sensitive` false folds case (ASCII)."""

    type: Literal["tokens"] = "tokens"
    case_sensitive: bool = True


class ExactChecker(Sent):
    """Equal bytes; `final_newline` false forgives a missing or extra newline at the end."""

    type: Literal["exact"]
    final_newline: bool = False


class FloatChecker(Sent):
    """Tokens; those that are numbers on the expected side may differ by `abs` or, relatively, by `rel`. NaN equals nothing."""

    type: Literal["float"]
    abs: float = Field(1e-6, ge=0, allow_inf_nan=False)
    rel: float = Field(1e-6, ge=0, allow_inf_nan=False)


class LcbChecker(Sent):
    """LiveCodeBench's rule: line by line, equal as stripped text or all tokens equal as Decimal."""

    type: Literal["lcb"]


class ProgramChecker(Sent):
    """A program that decides, boxed: `testlib` (input output answer; exit 0/1/2) or a Kattis `validator` (exit 42/43)."""

    type: Literal["program"]
    language: str = "cpp17"
    source: str = Field(min_length=1)
    style: Literal["testlib", "validator"] = "testlib"
    flags: tuple[str, ...] = ()
    files: dict[str, str] = Field(default_factory=dict, description="further source files, e.g. testlib.h")
    time_limit_s: float = Field(10.0, gt=0, le=600)
    memory_limit_mb: int = Field(1024, ge=16, le=65536)


Checker = Annotated[TokensChecker | ExactChecker | FloatChecker | LcbChecker | ProgramChecker, Field(discriminator="type")]


class ProblemSettings(Sent):
    """All of a problem but its tests."""

    title: str = Field("", max_length=300)
    statement: str = Field("", max_length=1 << 20)
    time_limit_s: float = Field(2.0, gt=0, le=600, allow_inf_nan=False)
    memory_limit_mb: int = Field(256, ge=8, le=65536)
    output_limit_mb: int = Field(64, ge=1, le=1024)
    checker: Checker = Field(default_factory=TokensChecker)
    tiers: int | tuple[float, ...] = Field(DEFAULT_TIERS, description="a number of equal tiers, or the coverage levels")
    kind: Literal["stdin", "function"] = "stdin"
    function_name: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)
    harness: str | None = Field(
        None,
        max_length=1 << 20,
        description="function problems whose data set tests by assertions (HumanEval, MBPP): Python that defines "
        "`check(candidate)`; runs in the program's process, so it is only as strong as the original data set's",
    )
    tags: tuple[str, ...] = ()
    difficulty: str | None = Field(None, max_length=50)
    source: str | None = Field(None, max_length=500, description="where the problem is from")
    license: str | None = Field(None, max_length=200)

    @field_validator("tiers")
    @classmethod
    def _levels_rise_to_one(cls, value: int | tuple[float, ...]) -> int | tuple[float, ...]:
        if isinstance(value, int):
            if not 1 <= value <= 100:
                raise ValueError("a number of tiers is 1 to 100")
            return value
        if not 1 <= len(value) <= 100:
            raise ValueError("give 1 to 100 coverage levels, such as [0.25, 0.5, 1.0]")
        if any(not 0 < level <= 1 for level in value):
            raise ValueError("coverage levels are over 0 and at most 1")
        if list(value) != sorted(set(value)):
            raise ValueError(f"coverage levels must rise without repeating: try {sorted(set(value))}")
        if value[-1] != 1:
            raise ValueError("the last coverage level must be 1.0, so that each test belongs to a tier")
        return value

    @model_validator(mode="after")
    def _function_has_a_name(self) -> "ProblemSettings":
        if self.kind == "function" and not self.function_name:
            raise ValueError("function_name is needed when kind is 'function'")
        if self.kind == "stdin" and (self.function_name or self.harness):
            raise ValueError("function_name and harness belong to kind 'function'; set kind to 'function' or leave them out")
        return self


class Problem(ProblemSettings):
    """A problem as it is sent: settings and tests."""

    tests: tuple[Test, ...] = Field(min_length=1, max_length=100_000)


class ProblemSummary(BaseModel):
    """A line of `GET /v1/problems`."""

    id: str
    title: str
    tests: int
    input_bytes: int
    time_limit_s: float
    memory_limit_mb: int
    checker: str
    kind: str
    tiers: list[float]
    difficulty: str | None = None
    tags: tuple[str, ...] = ()
    digest: str


class Submission(Sent):
    """A program and what to judge it against."""

    problem: ProblemId | Problem = Field(description="the id of a stored problem, or a whole problem")
    language: str = Field(min_length=1, max_length=50, description="a name or alias of `GET /v1/languages`")
    source: str = Field(max_length=1 << 20, description="the program")
    coverage: float = Field(1.0, gt=0, le=1, allow_inf_nan=False, description="judge the smallest part of the tests")
    stop: Stop = Field(Stop.FIRST_FAILURE, description="when to stop judging")
    idempotency_key: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="the same key and body again gives the first one's result; with another body 409",
    )
    time_limit_s: float | None = Field(None, gt=0, le=600, allow_inf_nan=False, description="in place of the problem's")
    memory_limit_mb: int | None = Field(None, ge=8, le=65536, description="in place of the problem's")
    mode: Literal["auto", "exec"] = Field("auto", description="exec: start the interpreter anew for each test")
    cache: bool = Field(True, description="may an earlier result of the same submission answer")
    priority: Literal["interactive", "batch"] | None = Field(
        None, description="who goes first when the judge is busy; default: batch in a batch, else interactive"
    )
    details: bool = Field(True, description="list each test in the result")
    deadline_s: float | None = Field(
        None, gt=0, le=7 * 86400, allow_inf_nan=False, description="what is not judged so long after it was let in ends as JE"
    )


class Batch(Sent):
    """Many submissions, answered as they finish."""

    submissions: tuple[Submission, ...] = Field(min_length=1, max_length=100_000)


class TestResult(BaseModel):
    """One test, or one that was not judged (verdict None). Times in seconds of CPU and wall clock."""

    __test__ = False

    index: int = Field(description="place in the problem as it was sent, from 0")
    rank: int
    tier: int
    input_bytes: int
    verdict: Verdict | None = None
    cpu_s: float | None = None
    wall_s: float | None = None
    memory_mb: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    message: str = ""
    confirmed: bool = Field(False, description="CPU time was near the limit and a second run alone decided")


class TierResult(BaseModel):
    """The tests between two neighbouring coverage levels. cpu_s and memory_mb are the largest of its tests."""

    tier: int
    coverage: float
    verdict: Verdict | None = None
    tests: int = 0
    passed: int = 0
    cpu_s: float | None = None
    memory_mb: float | None = None


class CompileResult(BaseModel):
    """What the compiler said; the log is bounded."""

    ok: bool = True
    cpu_s: float = 0.0
    log: str = ""
    cached: bool = False
    timed_out: bool = Field(False, description="the compiler was stopped because it took too long")


class Result(BaseModel):
    """What became of a submission."""

    id: str = ""
    status: Status = Status.DONE
    verdict: Verdict | None = None
    failure: Failure | None = None
    coverage_passed: float = 0.0
    tiers: list[TierResult] = Field(default_factory=list)
    tests: list[TestResult] = Field(default_factory=list)
    compile: CompileResult = Field(default_factory=CompileResult)
    cached: bool = False
    worker: str = ""
    wall: str = ""
    limit_factor: float = Field(1.0, description="what the time limit was multiplied by for the worker's speed; 1: not scaled")
    error: str | None = None
    problem: str = Field("", description="id, or digest when the problem came inline")
    language: str = ""


class Base64(Sent):
    """Bytes that need not be text."""

    base64: str

    @field_validator("base64")
    @classmethod
    def _decodes(cls, value: str) -> str:
        try:
            b64decode(value, validate=True)
        except ValueError as error:
            raise ValueError(f"is not base64 (RFC 4648, with padding): {error}") from None
        return value

    @classmethod
    def of(cls, data: bytes) -> "Base64":
        """These bytes."""
        return cls(base64=b64encode(data).decode())

    def decoded(self) -> bytes:
        """The bytes."""
        return b64decode(self.base64)


def _form(content: object) -> str:
    return "base64" if isinstance(content, dict | Base64) else "text"


Content = Annotated[
    Annotated[str, Tag("text")] | Annotated[Base64, Tag("base64")],
    Discriminator(_form),
    Field(description='text, or {"base64": "..."} for bytes that are not UTF-8'),
]
Encoding = Literal["text", "base64"]


def content_bytes(content: str | Base64) -> bytes:
    """What is sent as bytes."""
    return content.decoded() if isinstance(content, Base64) else content.encode("utf-8", "surrogatepass")


def told(data: bytes, encoding: Encoding) -> str:
    """Bytes as they are answered; in `text` what is not UTF-8 becomes U+FFFD."""
    return b64encode(data).decode() if encoding == "base64" else data.decode("utf-8", "replace")


def _relative_path(path: str) -> str:
    if fault := path_fault(path):
        raise ValueError(fault)
    return path


def path_fault(path: str) -> str | None:
    """Why this cannot be a file's place in a working folder, or None."""
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "a path must be valid Unicode"
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        return "give a path within the working folder, such as data/a.txt: no / in front, no empty part, no . and no .."
    if "\0" in path or size > 1000 or any(len(part.encode()) > 255 for part in path.split("/")):
        return "a path has at most 1000 bytes, each part of it at most 255, and none is NUL"
    return None


RelativePath = Annotated[str, AfterValidator(_relative_path)]
_NAMES_BYTES = 24 << 10


class RunRequest(Sent):
    """A program to run once."""

    language: str = Field(min_length=1, max_length=50, description="a name or alias of `GET /v1/languages`")
    source: str = Field(max_length=1 << 20, description="the program")
    stdin: Content = ""
    files: dict[RelativePath, Content] = Field(
        default_factory=dict,
        max_length=100,
        description="path in the working folder (/tmp) -> content; all together at most the judge's run_files_mb. They do not "
        "count as the program's memory. Python programs can import them, and are then started anew",
    )
    collect: tuple[RelativePath, ...] = Field(
        (), max_length=100, description="paths of files in the working folder to bring back"
    )
    time_limit_s: float = Field(10.0, gt=0, le=600, allow_inf_nan=False)
    memory_limit_mb: int = Field(256, ge=8, le=65536)
    compile_time_s: float | None = Field(
        None,
        gt=0,
        le=600,
        allow_inf_nan=False,
        description="CPU time of the compiler, where less than the judge's compile_time_s",
    )
    output_limit_bytes: int = Field(1 << 20, ge=1, le=64 << 20, description="of stdout and of stderr that come back")
    collect_limit_bytes: int = Field(
        1 << 20, ge=1, le=64 << 20, description="of each file that comes back; all together at most the judge's max_body_mb"
    )
    encoding: Encoding = Field("text", description="how stdout, stderr and files come back")
    mode: Literal["auto", "exec"] = Field("auto", description="exec: start the interpreter anew")

    @model_validator(mode="after")
    def _names_go_together(self) -> "RunRequest":
        if sum(len(json.dumps(name)) for name in (*self.files, *self.collect)) > _NAMES_BYTES:
            raise ValueError(f"the names in files and collect have more than {_NAMES_BYTES} bytes together; use shorter ones")
        for name in self.files:
            parts = name.split("/")
            for end in range(1, len(parts)):
                if (above := "/".join(parts[:end])) in self.files:
                    raise ValueError(f"files: {above} cannot be a file and the folder of {name}")
        return self


class CollectedFile(BaseModel):
    """A file that a run was asked to bring back. One of `text` and `base64` is there when it came."""

    found: bool = Field(True, description="false: there is no such file, or it is a link or no regular file")
    too_large: bool = Field(False, description="past collect_limit_bytes, or the answer is full; it was left there")
    bytes: int = 0
    text: str | None = None
    base64: str | None = Field(None, description="when this was asked for, or the file is not UTF-8")


class RunResult(BaseModel):
    """What one run did. `verdict` is AC for a clean exit, else TLE, MLE, OLE, RTE, CE or JE."""

    verdict: Verdict
    stdout: str = Field("", description="in the encoding asked for; in text, bytes that are not UTF-8 become U+FFFD")
    stderr: str = ""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    memory_mb: float = 0.0
    encoding: Encoding = "text"
    files: dict[str, CollectedFile] = Field(default_factory=dict, description="each name of collect; none when nothing ran")
    limit_factor: float = Field(1.0, description="see Result")
    compile: CompileResult = Field(default_factory=CompileResult)
    error: str | None = None


class Event(BaseModel):
    """One step of a submission, as `GET /v1/submissions/{id}/events` streams it."""

    kind: Literal["queued", "compiling", "compiled", "test", "done"]
    data: dict[str, Any] = Field(default_factory=dict)


class LanguageInfo(BaseModel):
    """A line of `GET /v1/languages`."""

    name: str
    title: str
    available: bool
    version: str = ""
    source_name: str = ""
    aliases: tuple[str, ...] = ()
    compiled: bool = False
    time_factor: float = 1.0
    package: str = Field("", description="what to install when it is missing")
    reason: str = Field("", description="why it is missing")
