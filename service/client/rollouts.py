"""From what a model wrote and what a data set says to what a judge is asked. Shared by the adapters for trainers."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from service.schemas import Problem

MAX_SOURCE_BYTES = 128 << 10
"""What a judge takes unless its TIERLINE_MAX_SOURCE_BYTES says otherwise."""

_OPENING = re.compile(r"(`{3,}|~{3,})([^`]*)$")


def text_of(completion: str | Sequence[Mapping[str, Any]]) -> str:
    """What the model said: the text itself, or the last message of a conversation (its parts of text, when it has parts)."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"] if completion else ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content or () if part.get("type") == "text")


def extract_code(text: str) -> str | None:
    """The last fenced block that is closed. None when there is none: an answer that was cut off is no program.

    A fence with a language begins a block even within another: models leave blocks open.
    """
    lines = text.split("\n")
    code, fence, start = None, "", 0
    for number, line in enumerate(lines):
        mark = line.strip()
        if fence and len(mark) >= len(fence) and set(mark) == set(fence):
            code, fence = "".join(f"{inner}\n" for inner in lines[start:number]), ""
        elif (opening := _OPENING.match(mark)) and (not fence or opening[2]):
            fence, start = opening[1], number + 1
    return code


def program_of(completion: str | Sequence[Mapping[str, Any]], max_source_bytes: int = MAX_SOURCE_BYTES) -> str | None:
    """The program in a completion; None when there is none, or none that a judge would take."""
    code = extract_code(text_of(completion))
    if code is None or not code.strip() or len(code.encode("utf-8", "surrogatepass")) > max_source_bytes:
        return None
    return code


def problem_of(value: str | Mapping[str, Any] | Problem) -> str | Problem:
    """A stored problem's id as it is; else an inline problem, as an object or as JSON.

    An object with `inputs` and `outputs` (and `fn_name`), as APPS and verl's data sets have them, is one too. Raises ValueError
    for what is neither.
    """
    if isinstance(value, Problem):
        return value
    if isinstance(value, str) and not value.lstrip().startswith("{"):
        return value
    fields: Mapping[str, Any] = json.loads(value) if isinstance(value, str) else value
    return Problem.model_validate(_from_lists(fields) if "inputs" in fields else fields)


def _from_lists(value: Mapping[str, Any]) -> dict[str, Any]:
    known = {"inputs", "outputs", "fn_name"}
    if value.keys() - known:
        raise ValueError(f"a problem of inputs and outputs has no {', '.join(sorted(value.keys() - known))}; remove it")
    pairs = list(zip(value["inputs"], value["outputs"], strict=True))
    if not all(isinstance(part, str) for pair in pairs for part in pair):
        raise ValueError("each of inputs and outputs must be a string; arguments of a function are JSON, one a line")
    tests = [{"input": given, "output": wanted} for given, wanted in pairs]
    name = value.get("fn_name")
    return {"tests": tests, **({"kind": "function", "function_name": name} if name else {})}
