"""Python modules of others, from wheels that are not installed: `make setup-dev` fetches them into .venv/clients."""

import importlib.util
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest


def unpacked(distribution: str, folder: Path) -> Path:
    """Where the wheel's files lie now. Skips the test where there is no wheel."""
    wheels = sorted((Path(sys.prefix) / "clients").glob(f"{distribution}-*.whl"))
    if not wheels:
        pytest.skip(f"no wheel of {distribution} in .venv/clients; `make setup-dev` fetches it where the network allows")
    with zipfile.ZipFile(wheels[-1]) as wheel:
        wheel.extractall(folder)
    return folder


def package(name: str, folder: Path) -> ModuleType:
    """The package in `folder`, imported under `name` without the packages above it."""
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def module(name: str, path: Path) -> ModuleType:
    """One file as a module of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def bare_package(name: str, folder: Path) -> None:
    """Lets modules of the package in `folder` be imported without what its `__init__` imports."""
    made = sys.modules[name] = ModuleType(name)
    made.__path__ = [str(folder)]
