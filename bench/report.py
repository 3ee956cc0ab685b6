"""Rows with a bound, printed as a table and written as JSON."""

import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

OUT = Path(__file__).parent / "out"
_LOAD_AT_START = os.getloadavg()[0]
"""Before the benchmark adds its own."""
console = Console(highlight=False)


@dataclass(frozen=True)
class Row:
    """One measured value. `must` is the largest that passes; None: for information."""

    name: str
    value: float
    must: float | None = None
    aim: float | None = None
    unit: str = ""
    note: str = ""
    at_least: bool = False
    """The bounds are the smallest values that pass."""
    samples: dict[str, list[float]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether `must` holds."""
        return self.must is None or (self.value >= self.must if self.at_least else self.value <= self.must)

    @property
    def aimed(self) -> bool:
        """Whether `aim` holds as well."""
        return self.ok and (self.aim is None or (self.value >= self.aim if self.at_least else self.value <= self.aim))


def finish(name: str, title: str, rows: Sequence[Row], *, out: Path = OUT, **details: Any) -> NoReturn:
    """Print the table, write the JSON into `out`, and exit 0, or 1 when a `must` is missed."""
    console.print(_table(title, rows))
    out.mkdir(exist_ok=True)
    path = out / f"{name}.json"
    document = {
        "title": title,
        "command": _command(),
        "machine": machine(),
        "rows": [{**asdict(row), "ok": row.ok} for row in rows],
        **details,
    }
    path.write_text(json.dumps(document, indent=1) + "\n")
    console.print(f"written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}", style="dim")
    sys.exit(0 if all(row.ok for row in rows) else 1)


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for column in ("measured", "must", "aim"):
        table.add_column(column, justify="right")
    table.add_column("how", style="dim", overflow="fold")
    for row in rows:
        style = "green" if row.aimed else "yellow" if row.ok else "bold red"
        sign = "≥ " if row.at_least else ""
        bounds = [f"{sign}{number(bound)}" if bound is not None else "" for bound in (row.must, row.aim)]
        table.add_row(
            row.name, Text(number(row.value) + row.unit, style=style if row.must is not None else ""), *bounds, row.note
        )
    return table


def number(value: float) -> str:
    """Three figures, or a whole number as it is."""
    return f"{value:.0f}" if (value == int(value) and abs(value) >= 1) or value == 0 or abs(value) >= 100 else f"{value:.3g}"


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    model = next((line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), "unknown")
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_at_start": _LOAD_AT_START,
    }


def _command() -> str:
    """How this program was called, such as `python -m bench.stability --runs 4`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    called = spec.name.removesuffix(".__main__") if spec else Path(sys.argv[0]).name
    return shlex.join(["python", "-m", called, *sys.argv[1:]])


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
