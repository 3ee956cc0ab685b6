"""`tierline serve`: the judge on this machine."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from service.cli_backend import Wall, read_settings
from service.cli_output import err
from service.settings import Settings

if TYPE_CHECKING:
    from service.backend import Backend
    from service.machine import Machine
    from service.queue import Observer


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to bind; any but loopback needs TIERLINE_API_KEYS. Default: 127.0.0.1.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", "-P", help="Port to bind; 0 takes a free one. Default: 8077.")] = None,
    boxes: Annotated[
        int | None, typer.Option("--boxes", "-b", help="Boxes, one core each; 0, the default: one for each core.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", "-d", help="Where problems and compiled programs are kept.")
    ] = None,
    wall: Wall = None,
    python: Annotated[str | None, typer.Option(help="The interpreter that judges Python.")] = None,
    redis: Annotated[
        str | None,
        typer.Option("--redis", metavar="URL", help="Have `tierline worker` judge, through this Redis; no boxes here."),
    ] = None,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="With --redis: the folder or fsspec URL that all share.")
    ] = None,
    queue_size: Annotated[int | None, typer.Option(help="Submissions that may wait; past it callers get 429.")] = None,
    log_format: Annotated[str | None, typer.Option(help="console or json.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Serve the judge: API, web page and boxes in one process group.

    Every other setting is an environment variable: see docs/reference/settings.md. Keys are read from TIERLINE_API_KEYS only.
    """
    settings = read_settings(
        host=host,
        port=port,
        boxes=boxes,
        wall=wall,
        data_dir=data_dir,
        python=python,
        redis_url=redis,
        store_url=store,
        queue_size=queue_size,
        log_format=log_format,
        log_level=log_level,
    )
    from service.server import serve as run

    banner = _Banner(settings)
    raise typer.Exit(run(settings, open_backend=banner.open_backend, on_listening=banner.listening))


class _Banner:
    """Says what was started, once the boxes are warm. Silent where logs are JSON, for a machine reads them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url = ""

    def listening(self, url: str) -> None:
        """The socket is bound."""
        self._url = url

    def open_backend(self, observer: "Observer") -> "AbstractContextManager[Backend]":
        """Boxes and queue in this process, or a queue in Redis."""
        if self._settings.redis_url:
            return self._opened_in_cluster(observer)
        from service.local_backend import in_process

        return in_process(self._settings, on_ready=self._tell)(observer)

    def _tell(self, machine: "Machine") -> None:
        if self._settings.log_format == "console":
            err.print(_table(machine, self._url))

    @contextmanager
    def _opened_in_cluster(self, observer: "Observer") -> "Iterator[Backend]":
        from service.cluster.backend import in_cluster
        from service.cluster.connection import hide_password

        settings = self._settings
        with in_cluster(settings)(observer) as backend:
            if settings.log_format == "console":
                rows = [
                    ("tierline", f"{version('tierline')} on {self._url} (open it in a browser)"),
                    ("queue", f"{hide_password(settings.redis_url)}; start workers with `tierline worker --redis …`"),
                    ("keys", _keys(settings)),
                    ("store", hide_password(settings.store_url) or str(settings.data_dir)),
                ]
                err.print(_rows(rows))
            yield backend


def _table(machine: "Machine", url: str) -> Table:
    from service.local_backend import has_sessions

    settings, languages = machine.settings, machine.languages.infos()
    missing = [row.name for row in languages if not row.available]
    wall = machine.pool.wall
    rows = [
        ("tierline", f"{version('tierline')} on {url} (open it in a browser)"),
        ("wall", wall.about),
        ("boxes", f"{machine.pool.size}, a core each"),
        ("languages", ", ".join(row.name for row in languages if row.available)),
        ("missing", ", ".join(missing) + "; `tierline languages` says what to install" if missing else ""),
        ("keys", _keys(settings)),
        ("data", str(settings.data_dir)),
        *(("note", lack) for lack in wall.lacks),
        ("sessions", "" if has_sessions(machine) else "none: they need the namespaces wall"),
    ]
    return _rows(rows)


def _keys(settings: Settings) -> str:
    return f"{len(settings.api_keys)}" if settings.api_keys else "none, so only this machine may ask"


def _rows(rows: list[tuple[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, Text(value))
    return table
