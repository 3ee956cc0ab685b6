"""Every setting of the judge: type, bound, default and one sentence each. Read from `TIERLINE_*` and from the command line."""

import os
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sandbox.config import DEFAULT_IMAGE


def _names(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _nothing(value: object) -> object:
    return None if value == "" else value


def default_data_dir() -> Path:
    """/var/lib/tierline for root, the user's data folder for others."""
    return Path("/var/lib/tierline") if os.geteuid() == 0 else Path(platformdirs.user_data_dir("tierline"))


class Settings(BaseSettings):
    """The judge's settings. An unknown TIERLINE_ variable is an error: see `unknown_variables`."""

    model_config = SettingsConfigDict(env_prefix="TIERLINE_", extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", description="address to bind; anything but loopback needs TIERLINE_API_KEYS")
    port: int = Field(8077, ge=0, le=65535, description="port to bind; 0 takes a free one and prints it")
    api_keys: Annotated[tuple[str, ...], NoDecode] = Field((), description="bearer keys, separated by commas")
    data_dir: Path = Field(default_factory=default_data_dir, description="problems, compiled programs, results")
    reports_dir: Path | None = Field(
        None, description="folder whose NAME/report.html is shown at /reports/NAME; empty: reports in data_dir"
    )

    machine_dir: Path | None = Field(
        None, description="folder in which all judges of a machine agree on cores and turns; empty: below the run directory"
    )
    wall: Literal["namespaces", "docker", "auto"] = Field(
        "auto", description="what boxes are made of: namespaces, docker, or auto: namespaces where they can be had, else docker"
    )
    docker_host: str = Field(
        "", description="the Docker engine, as DOCKER_HOST has it; empty means DOCKER_HOST, else this machine's"
    )
    docker_image: str = Field(
        DEFAULT_IMAGE, min_length=1, description="image that boxes of the docker wall are made of; never pulled"
    )
    docker_transport: Literal["auto", "socket", "stream"] = Field(
        "auto", description="how a container is spoken to: socket (engine of this machine) or stream (any engine)"
    )
    boxes: int = Field(0, ge=0, le=1024, description="boxes, one core each; 0 means one for each core this process may use")
    python: str = Field("", description="the interpreter that judges Python; empty means the one that runs tierline")
    python_packages: Annotated[tuple[str, ...], NoDecode] = Field(
        ("numpy",), description="installed distributions that Python programs may import, besides the standard library"
    )
    language_factors: dict[str, float] = Field(
        default_factory=dict, description='time limits by language, multiplied; JSON such as {"python": 3}'
    )
    confirm_band: float = Field(
        1.25, ge=1, le=4, description="a program may run to limit x band; past the limit a second run decides"
    )
    idle_factor: float = Field(2.0, ge=1, le=100, description="sleeping for limit x factor (at least idle_min_s) is TLE")
    idle_min_s: float = Field(2.0, gt=0, le=600, description="see idle_factor")
    wall_factor: float = Field(30.0, ge=2, le=1000, description="wall time for one test, in time limits (at least wall_min_s)")
    wall_min_s: float = Field(30.0, gt=0, le=3600, description="see wall_factor")
    reference_speed: float | None = Field(
        None,
        gt=0,
        le=100,
        allow_inf_nan=False,
        description="limits are meant for a machine of this speed; empty: for each as it is",
    )
    calibration_every_s: float = Field(600.0, ge=0, le=86400, description="how often the speed is measured; 0: at the start only")
    calibration_tolerance: float = Field(
        0.15, gt=0, le=1, description="how far the speed may wander before a worker steps back from confirming TLE"
    )
    retries: int = Field(2, ge=0, le=10, description="further tries, each on another box, when the judge itself failed")

    compile_time_s: float = Field(30.0, gt=0, le=600, description="CPU time of one compilation")
    compile_memory_mb: int = Field(2048, ge=64, le=65536, description="memory of one compilation")
    compile_log_bytes: int = Field(16 << 10, ge=256, le=1 << 20, description="diagnostics kept, the rest is cut and said so")
    compile_cache_mb: int = Field(1024, ge=0, le=1 << 20, description="disk for compiled programs")

    processes: int = Field(64, ge=1, le=4096, description="processes and threads of one program")
    scratch_mb: int = Field(256, ge=1, le=65536, description="size of /tmp, charged to the program's memory")

    queue_size: int = Field(20_000, ge=1, le=1_000_000, description="submissions that may wait; past it callers get 429")
    redis_url: str = Field("", description="judge on many machines: the Redis that submissions wait in; redis://host:6379/0")
    store_url: str = Field("", description="where problems lie for all machines: a folder or fsspec URL; empty: data_dir")
    store_cache_mb: int = Field(4096, ge=16, le=1 << 20, description="disk of a worker for texts from store_url")
    worker_tries: int = Field(3, ge=1, le=20, description="workers that may die or fail over one submission before it ends as JE")
    metrics_port: int = Field(0, ge=0, le=65535, description="port for a worker's /metrics; 0 means none")
    result_ttl_s: float = Field(3600, gt=0, le=30 * 86400, description="how long a result can be fetched")
    results_kept: int = Field(200_000, ge=1, le=10_000_000, description="results that can be fetched at most")
    results_mb: int = Field(1, ge=1, le=65536, description="memory for results that can be fetched; older ones lie on disk")
    result_cache_mb: int = Field(1, ge=0, le=65536, description="memory for answering repeated submissions; 0 turns it off")
    input_cache_mb: int = Field(512, ge=16, le=1 << 20, description="memory for tests that are kept ready")
    run_code_memory_mb: int = Field(1024, ge=8, le=65536, description="memory of a program sent to /run_code without a limit")
    run_code_waiting: int = Field(
        4096, ge=0, le=100_000, description="callers of /run_code that wait while the queue is full; past it they get 504"
    )
    run_files_mb: int = Field(
        32, ge=1, le=256, description="size of the files sent with one run; they must fit into scratch_mb too"
    )
    sessions_max: int = Field(64, ge=0, le=10_000, description="sessions open at once; 0 turns them off")
    sessions_per_key: int = Field(32, ge=1, le=10_000, description="sessions that one API key may have open")
    sessions_disk_mb: int = Field(
        4096, ge=1, le=1 << 20, description="memory for the files of all sessions; each reserves its disk_limit_mb"
    )
    session_disk_mb: int = Field(1024, ge=1, le=65536, description="largest disk_limit_mb of a session")
    session_memory_mb: int = Field(2048, ge=8, le=65536, description="largest memory_limit_mb of a session's command")
    session_wall_s: float = Field(300, gt=0, le=3600, description="longest wall_limit_s of a session's command")
    session_idle_s: float = Field(300, gt=0, le=86400, description="a session of which nothing is asked for so long is closed")
    session_lifetime_s: float = Field(3600, gt=0, le=30 * 86400, description="a session is closed after so long in any case")
    session_commands: int = Field(
        0, ge=0, le=4096, description="commands of sessions that run at once, the others wait; 0 means four for each core"
    )
    session_gone_s: float = Field(
        3600, ge=0, le=30 * 86400, description="how long a session that ended is told of (410, then 404)"
    )
    max_body_mb: int = Field(64, ge=1, le=4096, description="size of a request's body after decompression")
    max_source_bytes: int = Field(128 << 10, ge=1, le=1 << 20, description="size of a program's source")
    max_test_mb: int = Field(64, ge=1, le=4096, description="size of one test's input or output")
    max_wait_s: float = Field(120, ge=0, le=3600, description="longest ?wait=")
    drain_s: float = Field(60, ge=0, le=3600, description="after SIGTERM, how long running submissions may take to finish")
    log_format: str = Field("console", pattern="^(console|json)$", description="console or json")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")

    _none = field_validator("machine_dir", "reference_speed", mode="before")(_nothing)
    _split = field_validator("api_keys", "python_packages", mode="before")(_names)

    @property
    def reports_folder(self) -> Path:
        """Where reports are looked for."""
        return self.reports_dir or self.data_dir / "reports"


def unknown_variables() -> list[str]:
    """TIERLINE_ variables that no setting reads: each is a mistake somebody should hear of."""
    known = {f"TIERLINE_{name}".upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith("TIERLINE_") and name not in known)
