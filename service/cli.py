"""The `tierline` command. Packages installed beside the judge add commands through the entry-point group `tierline.commands`.

Such an entry point names a `typer.Typer`; its name becomes the command's. Every command, ours too, is loaded only when it or the
list of commands is asked for: `tierline judge` never waits for torch, nor `tierline merge` for the judge.
"""

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Annotated, Any

import typer

PLUGINS = "tierline.commands"
_OWN = {
    "serve": "service.cli_serve:serve",
    "worker": "service.cli_worker:worker",
    "workers": "service.cli_worker:workers",
    "judge": "service.cli_judge:judge",
    "problems": "service.cli_problems:app",
    "languages": "service.cli_languages:languages",
    "doctor": "service.cli_doctor:doctor",
}
"""A function or a `typer.Typer` each."""


def _commands() -> dict[str, EntryPoint]:
    plugins = {point.name: point for point in sorted(entry_points(group=PLUGINS), key=lambda point: point.name)}
    return {name: EntryPoint(name, value, PLUGINS) for name, value in _OWN.items()} | {
        name: point for name, point in plugins.items() if name not in _OWN
    }


def _missing(error: ModuleNotFoundError) -> Callable[[typer.Context], None]:
    """In place of a command whose packages are not installed."""

    def missing(ctx: typer.Context) -> None:
        r"""Not installed here: pip install 'tierline\[train]'."""
        raise error

    missing.context_settings = {"ignore_unknown_options": True, "allow_extra_args": True}  # type: ignore[attr-defined]
    return missing


class _Commands(typer.core.TyperGroup):
    """Our commands, and those of other packages."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(_commands())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        point = _commands().get(cmd_name)
        if point is None:
            return None
        try:
            found = point.load()
        except ModuleNotFoundError as error:
            found = _missing(error)
        if not isinstance(found, typer.Typer):
            function, found = found, typer.Typer(add_completion=False)
            found.command(cmd_name, context_settings=getattr(function, "context_settings", None))(function)
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Judge programs in a sandbox, tier by tier.",
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"tierline {version('tierline')}")
        raise typer.Exit


@app.callback()
def _main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the console command."""
    try:
        app(prog_name=Path(sys.argv[0]).name)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left; say nothing
        sys.exit(1)
    except Exception as error:
        from service.cli_errors import die_of  # what it needs takes longer to load than some commands

        die_of(error)
