"""`tierline worker`: boxes of this machine for a judge whose queue is in Redis. `tierline workers`: who judges there."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from service.cli_backend import Wall, read_settings
from service.cli_output import err, fail, out, print_json

if TYPE_CHECKING:
    from service.machine import Machine

Redis = Annotated[str | None, typer.Option("--redis", metavar="URL", help="Where submissions wait: redis://host:6379/0.")]


def worker(
    redis: Redis = None,
    boxes: Annotated[
        int | None, typer.Option("--boxes", "-b", help="Boxes, one core each; 0, the default: one for each core.")
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="Where problems lie. Default: what the servers say.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", "-d", help="Where copies and compiled programs are kept.")
    ] = None,
    wall: Wall = None,
    python: Annotated[str | None, typer.Option(help="The interpreter that judges Python.")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Port for /metrics; 0: none.")] = None,
    log_format: Annotated[str | None, typer.Option(help="console or json.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Judge what waits in Redis, until SIGTERM or Ctrl+C."""
    settings = read_settings(
        redis_url=redis,
        boxes=boxes,
        store_url=store,
        data_dir=data_dir,
        wall=wall,
        python=python,
        metrics_port=metrics_port,
        log_format=log_format,
        log_level=log_level,
    )
    if not settings.redis_url:
        fail(
            "a worker needs the Redis that submissions wait in. Fix: give --redis redis://host:6379/0, or set TIERLINE_REDIS_URL"
        )
    from service.cluster.worker import work

    def ready(machine: "Machine", name: str) -> None:
        if settings.log_format == "console":
            err.print(f"worker {name}: {machine.pool.size} boxes; {machine.pool.wall.about}")
            for lack in machine.pool.wall.lacks:
                err.print(f"note: {lack}")

    raise typer.Exit(work(settings, on_ready=ready))


def workers(redis: Redis = None, as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the workers, their boxes, their speed, and when each was last heard of."""
    settings = read_settings(redis_url=redis)
    if not settings.redis_url:
        fail("no Redis was named. Fix: give --redis redis://host:6379/0, or ask a server: GET /v1/workers")
    from service.cluster.connection import connect, reached
    from service.cluster.roster import Roster

    with connect(settings.redis_url) as client, reached(settings.redis_url):
        found = Roster(client).workers()
    if as_json:
        print_json([worker.model_dump(mode="json") for worker in found])
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("worker", "wall", "boxes", "busy", "runs", "replaced", "speed", "heard of"):
        table.add_column(column)
    for row in found:
        cores = {box.core for box in row.boxes}
        busy = {box.core for box in row.boxes if box.busy}
        runs, replaced = sum(box.runs for box in row.boxes), sum(box.restarts for box in row.boxes)
        speed = Text(f"{row.speed.figure:.2f}" if row.speed else "not measured")
        if not row.steady:
            speed.append(", unsteady", style="yellow")
        age = Text(f"{row.heartbeat_age_s:.1f} s ago", style="green" if row.heartbeat_age_s < 5 else "yellow")
        table.add_row(row.name, row.wall, str(len(cores)), str(len(busy)), str(runs), str(replaced), speed, age)
    out.print(table if found else "no worker was heard of in the last minute")
