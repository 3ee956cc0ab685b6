"""docs/reference/settings.md, from the settings themselves."""

import re
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.settings import Settings

_HEAD = """# Settings

Generated from `service/settings.py` by `make docs`; do not edit.

Each setting is an environment variable. `tierline serve` has options for the usual ones, and an option wins over the
variable. A `TIERLINE_` variable that is not in this table is an error, so that a misspelt one is never ignored.

| variable | default | bounds | what it does |
|---|---|---|---|
"""

_DEFAULTS = {"data_dir": "`/var/lib/tierline` for root, else the user's data folder"}
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`TIERLINE_{name.upper()}`", _default(name, field), _bounds(field), (field.description or "").replace("|", "\\|"))
    return "| " + " | ".join(cells) + " |\n"


def _default(name: str, field: FieldInfo) -> str:
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    value: Any = field.get_default(call_default_factory=False)
    if field.default_factory is not None or value is PydanticUndefined or value in ((), {}, ""):
        return "empty"
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"


def _bounds(field: FieldInfo) -> str:
    words = []
    for item in field.metadata:
        words += [f"{sign} {getattr(item, name)}" for name, sign in _SIGNS.items() if getattr(item, name, None) is not None]
        pattern = getattr(item, "pattern", None)
        if pattern:
            words.append(", ".join(re.findall(r"[a-z]+", pattern)))
    return ", ".join(words)
