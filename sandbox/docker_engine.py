"""A Docker engine, through the SDK (extra `docker`): the only module of the sandbox that needs more than the standard library.

Every failure of the engine becomes EngineFailed with what was asked of it. Calls are made one at a time: the SDK's session is
not meant for several threads.
"""

import io
import os
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sandbox.errors import SandboxError, WallUnavailable

_GONE_S = 10
_TIMEOUT_S = 60
_HERE = "unix:///var/run/docker.sock"


class EngineFailed(SandboxError):
    """The engine did not do what it was asked; the message says what."""


@dataclass(frozen=True)
class ContainerPlan:
    """How a hardened container is made: no network, read-only root, next to no capabilities."""

    image: str
    command: list[str]
    labels: dict[str, str]
    memory_bytes: int
    processes: int
    core: int
    masked: list[str]
    """Paths that are hidden."""
    tmpfs: dict[str, str] = field(default_factory=dict)
    """Path -> mount options."""
    binds: dict[str, str] = field(default_factory=dict)
    """Path inside -> path on the engine's machine, shown read-only."""


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class Engine:
    """One engine. Raises WallUnavailable when the SDK is missing or nothing answers."""

    def __init__(self, url: str = "") -> None:
        """`url` as DOCKER_HOST has it; empty means what the environment says, else the local socket."""
        try:
            import docker
            import docker.errors
        except ImportError as error:
            raise WallUnavailable("the docker wall needs the Docker SDK: pip install 'tierline[docker]'") from error
        self._errors = (docker.errors.DockerException, OSError)
        self._lock = threading.Lock()
        url = url or os.environ.get("DOCKER_HOST") or _HERE
        try:
            _try_socket(url)  # the SDK leaks one that it cannot connect
            client = docker.from_env(timeout=_TIMEOUT_S, environment={**os.environ, "DOCKER_HOST": url})
        except self._errors as error:
            fix = "start Docker, name its engine in TIERLINE_DOCKER_HOST, or use --wall namespaces"
            raise WallUnavailable(f"no Docker engine at {url}: {_reason(error)}. Fix: {fix}") from error
        self._api = client.api
        try:
            self.about: dict[str, Any] = self._api.info()
        except self._errors as error:
            self.close()
            raise WallUnavailable(f"the Docker engine at {self.url} does not answer: {error}. Is it running?") from error

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self._api.base_url)

    @property
    def local(self) -> bool:
        """Whether it is reached by a socket of this machine. It may still run its containers elsewhere, in a virtual machine."""
        return self.url.startswith("http+docker://")

    @property
    def version(self) -> str:
        """Of the engine."""
        return str(self.about.get("ServerVersion", "?"))

    @property
    def processors(self) -> int:
        """Of its machine."""
        return int(self.about["NCPU"])

    @property
    def maps_users(self) -> bool:
        """Whether users of containers are others outside, so that only small numbers exist inside."""
        options = " ".join(self.about.get("SecurityOptions") or ())
        return "name=userns" in options or "name=rootless" in options

    def close(self) -> None:
        """Give the connections back."""
        self._api.close()

    @contextmanager
    def _asking(self, what: str) -> Iterator[Any]:
        with self._lock:
            try:
                yield self._api
            except self._errors as error:
                raise EngineFailed(f"{what}: {error}") from error

    # -- images ----------------------------------------------------------------------------------------------------

    def image_id(self, name: str) -> str | None:
        """Of an image that is there; nothing is ever pulled."""
        import docker.errors

        with self._asking(f"looking for image {name}") as api:
            try:
                return str(api.inspect_image(name)["Id"])
            except docker.errors.ImageNotFound:
                return None

    def build_image(self, dockerfile: Path, name: str, arguments: Mapping[str, str], say: Callable[[str], None]) -> None:
        """Build `dockerfile`, which needs no context, and name it. `say` hears each line. Raises EngineFailed with the last."""
        last: list[str] = []
        with self._asking(f"building {name}") as api, dockerfile.open("rb") as file:
            for part in api.build(fileobj=file, tag=name, rm=True, decode=True, buildargs=dict(arguments)):
                line = str(part.get("stream", part.get("error", ""))).rstrip()
                if line:
                    say(line)
                    last = [*last[-20:], line]
                if "error" in part:
                    raise EngineFailed(f"building {name}:\n" + "\n".join(last))

    # -- containers ------------------------------------------------------------------------------------------------

    def create(self, plan: ContainerPlan) -> str:
        """Make a container, not yet started; its id."""
        with self._asking("creating a container") as api:
            host = api.create_host_config(
                network_mode="none",
                read_only=True,
                cap_drop=["ALL"],
                cap_add=["SETUID", "SETGID", "KILL"],
                security_opt=["no-new-privileges"],
                ipc_mode="none",
                pids_limit=plan.processes,
                mem_limit=plan.memory_bytes,
                memswap_limit=plan.memory_bytes,
                cpuset_cpus=str(plan.core),
                auto_remove=True,
                init=False,
                tmpfs=plan.tmpfs,
                binds={source: {"bind": target, "mode": "ro"} for target, source in plan.binds.items()},
                log_config={"type": "none"},
            )
            host["CgroupnsMode"] = "private"
            host["MaskedPaths"] = plan.masked
            host["Ulimits"] = [{"Name": "core", "Soft": 0, "Hard": 0}]
            made = api.create_container(
                plan.image,
                plan.command,
                host_config=host,
                labels=plan.labels,
                hostname="box",
                user="0:0",
                working_dir="/",
                stdin_open=True,
                entrypoint=[],
                environment={},
                healthcheck={"test": ["NONE"]},
            )
            return str(made["Id"])

    def attach(self, container: str) -> socket.socket:
        """A connection to stdin, stdout and stderr of a container that is yet to start. The caller's own."""
        with self._asking("attaching to a container") as api:
            attached = api.attach_socket(container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
            plain = cast("socket.socket", getattr(attached, "_sock", attached))
            sock = socket.socket(fileno=socket.dup(plain.fileno()))
            with suppress(OSError, AttributeError):
                attached._response.close()
            attached.close()
            plain.close()
            return sock

    def start(self, container: str) -> None:
        """Start it."""
        with self._asking("starting a container") as api:
            api.start(container)

    def first_pid(self, container: str) -> int:
        """Its first process, as the engine's machine counts."""
        with self._asking("asking for a container's process") as api:
            return int(api.inspect_container(container)["State"]["Pid"])

    def set_memory(self, container: str, memory_bytes: int) -> None:
        """Change its memory bound."""
        with self._asking(f"setting a container's memory to {memory_bytes} bytes") as api:
            api.update_container(container, mem_limit=memory_bytes, memswap_limit=memory_bytes)

    def remove(self, container: str) -> None:
        """Kill it and take it away; returns when it is gone. Harmless when it was gone before."""
        import docker.errors

        with self._asking("removing a container") as api:
            try:
                api.remove_container(container, v=True, force=True)
            except docker.errors.NotFound:
                pass
            except docker.errors.APIError as error:
                if error.status_code != 409:
                    raise
                with suppress(docker.errors.NotFound):  # it removes itself just now
                    api.wait(container, timeout=_GONE_S, condition="removed")

    def labelled(self, label: str) -> dict[str, dict[str, str]]:
        """Containers that carry the label, running or not: id -> all their labels."""
        with self._asking("listing containers") as api:
            found = api.containers(all=True, filters={"label": label})
            return {str(one["Id"]): dict(one.get("Labels") or {}) for one in found}

    def ask(self, image: str, command: list[str], files: Mapping[str, bytes], labels: dict[str, str]) -> bytes:
        """What a command prints in a throw-away container with `files` at their paths. Raises EngineFailed with its errors."""
        with self._asking(f"running {command[0]} in {image}") as api:
            host = api.create_host_config(
                network_mode="none", cap_drop=["ALL"], security_opt=["no-new-privileges"], pids_limit=512
            )
            host["CgroupnsMode"] = "private"
            container = api.create_container(image, command, host_config=host, labels=labels, user="0:0", entrypoint=[])["Id"]
            try:
                api.put_archive(container, "/", _archive(files))
                api.start(container)
                status = int(api.wait(container)["StatusCode"])
                if status != 0:
                    said = api.logs(container, stdout=False).decode(errors="replace")
                    raise EngineFailed(f"{command[0]} in {image} ended with {status}: {said[-2000:]}")
                return bytes(api.logs(container, stderr=False))
            finally:
                with suppress(*self._errors):
                    api.remove_container(container, v=True, force=True)


def _try_socket(url: str) -> None:
    """Raise OSError if `url` names a socket of this machine where nobody answers."""
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as tried:
            tried.connect(url.removeprefix("unix://"))


def _archive(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
