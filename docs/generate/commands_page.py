"""docs/reference/commands.md, from the commands themselves: every subcommand with its arguments and options."""

import re
from typing import Any

import typer

from service.cli import app

_HEAD = """# Commands

Generated from the commands' own help by `make docs`; do not edit. Exit statuses and examples: [command line](cli.md).
"""


def page() -> str:
    """The whole page."""
    top = typer.main.get_command(app)
    return _HEAD + "".join(_section("tierline", top, None))


def _section(path: str, command: Any, parent: Any) -> list[str]:
    """The section of a command, and those of those below it. `Any`: click's types, of which typer may have its own copy."""
    ctx = command.make_context(path, [], parent=parent, resilient_parsing=True)
    parts = [] if parent is None else [f"\n## {path}\n\n{_help(command.help or '')}\n"]
    if hasattr(command, "list_commands"):
        below = [(f"{path} {name}", command.get_command(ctx, name)) for name in command.list_commands(ctx)]
        return parts + [text for name, one in below for text in _section(name, one, ctx)]
    parameters = [one for one in command.params if "--help" not in one.opts]
    rows = [_row(*record) for one in parameters if (record := one.get_help_record(ctx))]
    options = ["[OPTIONS]"] if any(one.param_type_name == "option" for one in parameters) else []
    usage = " ".join([path, *options, *(piece for one in parameters for piece in one.get_usage_pieces(ctx))])
    table = ["\n| argument or option | what it is | default, bounds |\n|---|---|---|\n", *rows] if rows else []
    return [*parts, f"\n`{usage}`\n", *table]


def _help(text: str) -> str:
    return "\n\n".join(" ".join(_plain(part).split()) for part in text.split("\n\n"))


def _row(name: str, about: str) -> str:
    about, _, extra = about.partition("  [")
    extra = extra.removesuffix("]").replace("required", "needed").replace("default: ", "")
    cells = (f"`{name}`", _plain(about), f"`{extra}`" if extra and extra != "needed" else extra)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _plain(text: str) -> str:
    return re.sub(r"\\([\[\]])", r"\1", text)
