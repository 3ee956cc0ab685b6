"""Actions in a model's text: `<name>body</name>`, at whose end sampling stops."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """What the model asks for. `opened` is false when only the closing tag was there, and then there is no body."""

    name: str
    body: str
    opened: bool = True


def stops_of(names: Sequence[str]) -> tuple[str, ...]:
    """The strings that end a completion."""
    return tuple(f"</{name}>" for name in names)


def find_action(text: str, names: Sequence[str]) -> Action | None:
    """The first action that is closed; its opening tag is the nearest one before. None when nothing is closed."""
    closed = [(place, name) for name in names if (place := text.find(f"</{name}>")) >= 0]
    if not closed:
        return None
    end, name = min(closed)
    start = text.rfind(f"<{name}>", 0, end)
    if start < 0:
        return Action(name, "", opened=False)
    return Action(name, text[start + len(name) + 2 : end])
