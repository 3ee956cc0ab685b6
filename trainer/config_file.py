"""Configurations in YAML: shipped ones by name, a user's own by path."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def read_config(kind: type[M], name: str, package: str, presets: Sequence[str]) -> M:
    """A preset of `package/presets` by its name, or a file. Raises ValueError that names each bad field."""
    path = Path(str(resources.files(package))) / "presets" / f"{name}.yaml" if name in presets else Path(name)
    try:
        given: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return kind.model_validate({} if given is None else given)
    except OSError as error:
        raise ValueError(f"{name!r} cannot be read ({error}); presets are {', '.join(presets)}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{name}: is no YAML: {error}") from None
    except ValidationError as error:
        raise ValueError(f"{name}: {faults_of(error)}") from None


def faults_of(error: ValidationError, prefix: str = "") -> str:
    """Each field that is wrong, and how."""
    return "; ".join(f"{prefix}{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors())
