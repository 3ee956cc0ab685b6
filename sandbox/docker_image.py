"""The image that containers are made of: which it is, and what it holds."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.config import DEFAULT_IMAGE, PoolConfig
from sandbox.docker_engine import Engine, EngineFailed
from sandbox.errors import WallUnavailable
from sandbox.mounts import Interpreter
from sandbox.toolchains import Toolchain

_PACKAGE = Path(__file__).parent
_WHERE = "/opt/tierline-report"
LABEL = "tierline.judge"


@dataclass(frozen=True)
class BoxImage:
    """An image and what was found in it."""

    name: str
    id: str
    python: Interpreter
    packages: Mapping[str, str]
    """Name in site-packages -> path in the image, of those that programs may import."""
    own_group: bool
    """Whether a container sees the figures of its own control group."""
    toolchains: Mapping[str, Toolchain]
    missing: Mapping[str, str]
    """Language -> why it cannot be used."""

    @property
    def short_id(self) -> str:
        """For names of folders and for people."""
        return self.id.removeprefix("sha256:")[:12]


def look_at(engine: Engine, config: PoolConfig) -> BoxImage:
    """Find the configured image and what it holds, which is remembered by its id. Raises WallUnavailable when it is not there
    or is not fit to be a box."""
    name = config.docker_image
    found = engine.image_id(name)
    if found is None:
        build = "build it with `tierline doctor --build-box-image`" if name == DEFAULT_IMAGE else f"run `docker pull {name}`"
        raise WallUnavailable(f"image {name} is not on the Docker engine at {engine.url}: {build}")
    files = _own_files()
    mark = hashlib.sha256(repr((found, sorted(files.items()), config.python_packages)).encode()).hexdigest()
    memory = config.cache_dir / "images" / f"{mark[:24]}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return _read(name, found, json.loads(memory.read_text()))
    command = ["python3", "-B", "-c", _CODE, *config.python_packages]
    try:
        answer = json.loads(engine.ask(found, command, files, {LABEL: "look"}))
    except (EngineFailed, ValueError) as error:
        raise WallUnavailable(
            f"image {name} cannot be a box: it needs Python 3.11 or later as python3, like deploy/Dockerfile.box: {error}"
        ) from error
    image = _read(name, found, answer)
    _remember(memory, answer)
    return image


_CODE = f"import sys, runpy; sys.path.insert(0, {_WHERE!r}); runpy.run_module('sandbox.image_report', run_name='__main__')"


def _own_files() -> dict[str, bytes]:
    """This package, as it is put into a container."""
    paths = [path for path in sorted(_PACKAGE.rglob("*")) if path.suffix in (".py", ".toml", ".c")]
    return {f"{_WHERE}/sandbox/{path.relative_to(_PACKAGE)}": path.read_bytes() for path in paths}


def _read(name: str, found: str, answer: dict[str, Any]) -> BoxImage:
    if answer["machine"] != os.uname().machine:  # the seccomp program and the start helper are for this machine's
        raise WallUnavailable(f"image {name} is for {answer['machine']}, this machine is {os.uname().machine}")
    return BoxImage(
        name=name,
        id=found,
        python=Interpreter(**answer["python"]),
        packages=answer["packages"],
        own_group=answer["own_group"],
        toolchains={language: _toolchain(found, **fields) for language, fields in answer["languages"].items()},
        missing=answer["missing"],
    )


def _toolchain(image: str, tools: dict[str, str], mounts: list[dict[str, str]], **fields: Any) -> Toolchain:
    """With the paths that tools have in the image, where nothing needs to be mounted for them."""
    for name, path in tools.items():
        for mount in mounts:
            if path.startswith(mount["target"] + "/") and mount["target"] != mount["source"]:
                tools[name] = mount["source"] + path.removeprefix(mount["target"])
    return replace(Toolchain(tools=tools, **fields), origin=image)


def _remember(path: Path, answer: dict[str, Any]) -> None:
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            json.dump(answer, file)
        Path(file.name).rename(path)
