"""`tierline doctor`: what this machine can do, with the fix for each lack."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from sandbox.errors import SandboxError
from service.cli_backend import Wall, languages_here, read_settings
from service.cli_languages import language_table
from service.cli_output import Exit, err, fail, out, print_json
from service.doctor import Check, State, examine
from service.settings import Settings

_MARKS = {
    State.OK: Text("ok", style="green"),
    State.WARN: Text("warn", style="yellow"),
    State.FAIL: Text("fail", style="bold red"),
}


def doctor(
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where problems would be kept.")] = None,
    boxes: Annotated[int | None, typer.Option("--boxes", help="How many boxes would be used.")] = None,
    wall: Wall = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    build_box_image: Annotated[
        bool, typer.Option("--build-box-image", help="First build the image that boxes of the docker wall are made of.")
    ] = False,
    box_packages: Annotated[str, typer.Option(help="Debian packages of the languages in that image.")] = "g++",
) -> None:
    """Say what this machine can do: wall, control groups, languages, timing quality. Exit status 1 if it cannot judge."""
    settings = read_settings(data_dir=data_dir, boxes=boxes, wall=wall)
    if build_box_image:
        _build(settings, box_packages)
    with err.status("examining this machine") as status:
        report = list(examine(settings, lambda name, number, total: status.update(f"{name} ({number + 1} of {total})")))
        status.update("languages")
        try:
            languages = languages_here(settings)
        except (OSError, SandboxError):
            languages = []  # nothing can be written, or there is no wall; the checks say so
    able = all(check.state is not State.FAIL for check in report)
    if as_json:
        rows = [check.to_dict() for check in report]
        print_json({"able": able, "checks": rows, "languages": [language.model_dump(mode="json") for language in languages]})
    else:
        out.print(_table(report))
        out.print()
        out.print(language_table(languages))
        out.print()
        out.print(
            Text("this machine can judge", style="green")
            if able
            else Text("this machine cannot judge: see above", style="bold red")
        )
    raise typer.Exit(int(Exit.OK if able else Exit.NO))


def _build(settings: Settings, packages: str) -> None:
    from service.box_image import build

    try:
        made = build(settings, packages, lambda line: err.print(line, style="dim", markup=False, highlight=False))
    except (OSError, SandboxError) as error:
        fail(f"the image was not built: {error}")
    err.print(f"built {settings.docker_image}: {made}", highlight=False)


def _table(report: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("check", style="bold", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("found", overflow="fold")
    for check in report:
        words = Text(check.found)
        if check.lost:
            words.append(f"\n{check.lost}", style="dim")
        if check.fix:
            words.append(f"\nfix: {check.fix}", style="cyan")
        table.add_row(check.name, _MARKS[check.state], words)
    return table
