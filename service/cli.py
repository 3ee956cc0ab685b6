"""The `tierline` command. Packages installed beside the judge add commands through the entry-point group `tierline.commands`.

Such an entry point names a `typer.Typer`; its name becomes the command's. It is loaded only when its command or the list of
commands is asked for, so that `tierline judge` never waits for torch.
"""

import sys
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.text import Text

from sandbox.errors import SandboxError
from service import cli_doctor, cli_judge, cli_languages, cli_problems, cli_serve, cli_worker
from service.cli_output import Exit, err
from service.errors import JudgeFailed, TierlineError

PLUGINS = "tierline.commands"


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=PLUGINS)}


class _Commands(typer.core.TyperGroup):
    """Our commands, and those of other packages."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(_plugins())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        point = _plugins().get(cmd_name)
        if point is None:
            return None
        command = typer.main.get_command(point.load())
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
app.command("serve")(cli_serve.serve)
app.command("worker")(cli_worker.worker)
app.command("workers")(cli_worker.workers)
app.command("judge")(cli_judge.judge)
app.add_typer(cli_problems.app, name="problems")
app.command("languages")(cli_languages.languages)
app.command("doctor")(cli_doctor.doctor)


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
    except JudgeFailed as error:
        _die(f"the judge failed: {error}", Exit.JUDGE_FAILED)
    except TierlineError as error:
        _die("\n       ".join([str(error), *(f"{field.path}: {field.message}" for field in error.errors)]), Exit.USAGE)
    except SandboxError as error:
        _die(str(error), Exit.JUDGE_FAILED)
    except httpx.ConnectError as error:
        _die(
            f"no server answers ({error}). Fix: start one with `tierline serve`, or leave --server out to judge here",
            Exit.JUDGE_FAILED,
        )
    except httpx.HTTPError as error:
        _die(f"the server was lost: {type(error).__name__}: {error}", Exit.JUDGE_FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has left; say nothing
        sys.exit(int(Exit.NO))
    except OSError as error:
        fix = "set TIERLINE_DATA_DIR to a folder that can be written, and see `tierline doctor`"
        _die(f"{error.strerror or error}: {error.filename or 'no file'}. Fix: {fix}", Exit.JUDGE_FAILED)


def _die(message: str, status: Exit) -> None:
    err.print(Text("error: ", style="bold red") + Text(message))
    sys.exit(int(status))
