"""From templates to tokens: how a prompt is made, and how what the environment says is added to it."""

from functools import lru_cache
from pathlib import Path
from string import Template
from typing import Any

_SHIPPED = Path(__file__).parent / "templates"


def fill_template(name: str, **values: object) -> str:
    """The text of a template, with `$name` replaced by each value; `$$` is a dollar.

    `name` is a shipped one (`reasoning.txt`) or a path to a file. Raises ValueError for a file that is not there and for a name
    within it that the setting does not give.
    """
    shipped = _SHIPPED / name
    path = shipped if "/" not in name and shipped.is_file() else Path(name)
    try:
        return Template(path.read_text(encoding="utf-8")).substitute({key: str(value) for key, value in values.items()})
    except OSError as error:
        known = ", ".join(sorted(file.name for file in _SHIPPED.iterdir()))
        raise ValueError(f"template: {name!r} cannot be read ({error}); give a path, or one of {known}") from None
    except KeyError as error:
        raise ValueError(f"template: {path} asks for ${error.args[0]}; this setting has {', '.join(sorted(values))}") from None
    except ValueError as error:
        raise ValueError(f"template: {path}: {error}; write $$ for a dollar") from None


@lru_cache(maxsize=1024)  # a problem is asked for many samples
def prompt_tokens(tokenizer: Any, text: str) -> tuple[int, ...]:
    """A user's message as the model's chat template has it, ready for the answer; where there is none, the text by itself."""
    if getattr(tokenizer, "chat_template", None):
        message = [{"role": "user", "content": text}]
        text = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
    return plain_tokens(tokenizer, text)


@lru_cache(maxsize=1024)
def plain_tokens(tokenizer: Any, text: str) -> tuple[int, ...]:
    """The text alone, with what the tokenizer itself puts around a text (nothing, or a token of beginning)."""
    return tuple(tokenizer(text)["input_ids"])


def environment_tokens(tokenizer: Any, text: str) -> list[int]:
    """What the environment says. Special tokens spelt out in a program's output stay text: a program cannot end a turn."""
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def clipped(text: str, max_chars: int) -> str:
    """The text, or its beginning and end with a line between them that says how much is missing."""
    if len(text) <= max_chars:
        return text
    half = max_chars // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[len(text) - half :]}"
