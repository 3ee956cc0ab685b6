"""docs/reference/http-api.md, from the OpenAPI document of the judge's own application."""

from contextlib import nullcontext
from typing import Any

from service.app import create_app
from service.settings import Settings

Schema = dict[str, Any]
_PROBLEM = "application/problem+json"
_UNSAID = "Successful Response."
"""What FastAPI writes where a route says nothing."""

_HEAD = """# HTTP API

Generated from the judge's OpenAPI document by `make docs`; do not edit. A running judge serves the document at `/openapi.json`.
How calls are put together, with examples: [plain HTTP](../how-to/http.md).

Every call but `/`, `/healthz`, `/readyz` and the documentation needs a key where the judge has keys. Errors are RFC 9457 problem
documents ([ProblemDocument](#problemdocument)); [when each status is the answer](../how-to/http.md#errors).
"""

_BOUNDS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "maxProperties": "at most {} entries",
    "pattern": "matches `{}`",
}


def page() -> str:
    """The whole page."""
    document = create_app(Settings(), lambda _: nullcontext()).openapi()  # type: ignore[arg-type,return-value]
    calls: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            calls.setdefault(call.get("tags", ["other"])[0], []).append(_call(path, method.upper(), call))
    parts = [_HEAD]
    for tag, texts in calls.items():
        parts += [f"\n## {tag[0].upper()}{tag[1:]}\n", *texts]
    parts.append("\n## Schemas\n")
    parts += [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return "".join(parts)


def _call(path: str, method: str, call: Schema) -> str:
    summary, about = _sentence(call.get("summary", "")), _one_line(call.get("description", ""))
    text = (
        f"\n### {method} {path}\n\n" + (about if about.startswith(summary.rstrip(".")) else f"{summary} {about}".strip()) + "\n"
    )
    if call.get("parameters"):
        text += "\n| parameter | in | type | default | what it is |\n|---|---|---|---|---|\n"
        text += "".join(_parameter(parameter) for parameter in call["parameters"])
    body = call.get("requestBody", {}).get("content", {})
    if body:
        forms = [f"`{media}`: {_type(form.get('schema', {}))}" for media, form in body.items()]
        text += f"\nBody: {'; or '.join(forms)}.\n"
    answers = sorted(call["responses"].items())
    refusals = [status for status, answer in answers if _PROBLEM in answer.get("content", {})]
    text += "\n| status | answer |\n|---|---|\n" + "".join(_answer(*item) for item in answers if item[0] not in refusals)
    return text + (_row(", ".join(refusals), f"[ProblemDocument](#problemdocument) as `{_PROBLEM}`") if refusals else "")


def _parameter(parameter: Schema) -> str:
    schema = parameter.get("schema", {})
    default = "needed" if parameter.get("required") else _default(schema)
    about = _about(schema | {"description": parameter.get("description", schema.get("description", ""))})
    return _row(f"`{parameter['name']}`", parameter["in"], _type(schema), default, about)


def _answer(status: str, answer: Schema) -> str:
    forms = [f"`{media}`: {_type(form['schema'])}" for media, form in answer.get("content", {}).items() if form.get("schema")]
    about = _sentence(_one_line(answer.get("description", "")))
    return _row(status, " ".join(["" if about == _UNSAID else about, *forms]).strip())


def _schema(name: str, schema: Schema) -> str:
    text = f"\n### {name}\n\n{_one_line(schema.get('description', ''))}\n"
    if "enum" in schema:
        return text + f"\nOne of {_values(schema['enum'])}.\n"
    fields = schema.get("properties", {})
    if not fields:
        return text
    needed = schema.get("required", [])
    rows = [
        _row(f"`{field}`", _type(about), "needed" if field in needed else _default(about), _about(about))
        for field, about in fields.items()
    ]
    return text + "\n| field | type | default | what it is |\n|---|---|---|---|\n" + "".join(rows)


def _type(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[key]))
    if "const" in schema:
        return _values([schema["const"]])
    if "enum" in schema:
        return " or ".join(_values([value]) for value in schema["enum"])
    kind = schema.get("type", "any value")
    if kind == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    if kind == "string" and schema.get("format") == "binary":
        return "bytes"
    return str(kind)


def _default(schema: Schema) -> str:
    if "default" not in schema:
        return "empty" if _type(schema).startswith(("object", "list")) else ""
    value = schema["default"]
    return {None: "none", "": "empty"}.get(value, _values([value])) if not isinstance(value, list | dict) else _values([value])


def _about(schema: Schema) -> str:
    bounds = [text.format(one[key]) for one in _alternatives(schema) for key, text in _BOUNDS.items() if key in one]
    return "; ".join(part for part in (_one_line(schema.get("description", "")), ", ".join(dict.fromkeys(bounds))) if part)


def _alternatives(schema: Schema) -> list[Schema]:
    return [schema, *schema.get("anyOf", []), *schema.get("oneOf", [])]


def _values(values: list[Any]) -> str:
    return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?", ":")) else f"{text}."


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
