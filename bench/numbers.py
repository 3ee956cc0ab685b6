"""The numbers page: `python -m bench.numbers` writes docs/numbers.md from bench/results/; a test fails when it is old.

    make bench && python -m bench.numbers keep bench/out/ratios.json

`keep` adds a run that a benchmark wrote to what is committed, without its samples. Runs of one file have one command: to measure
otherwise, remove the file first. Nothing here is typed in by hand; what has no result is listed as not measured yet.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import number

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "numbers.md"
_KEPT = ("name", "value", "unit", "must", "at_least", "note")
_BUSY = 0.5
"""Load average at the start from which on the page says that other work was there."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the page, and what it shows: rows of one result whose names begin so; all of them without `begins`."""

    title: str
    result: str
    target: str
    about: str
    begins: tuple[str, ...] = ()


_SERVER = ("idle server", "the same server")
SECTIONS = (
    Section("A test beside the bare program", "ratios", "bench",
            "Wall time as the caller sees it, divided by that of the bare program on the same core; below 1 is faster than bare.",
            ("Python", "C++", "10 MB", "compile", "HTTP batch")),
    Section("Verdicts under load", "stability", "bench-stability",
            "Programs that need a known share of their limit, eight at once on two boxes: how many verdicts were wrong."),
    Section("Cold start", "cold_start", "bench-cold-start",
            "From the start of `tierline serve` with an empty data folder to its first verdicts."),
    Section("Memory", "ratios", "bench", "The server and all its boxes.", _SERVER),
    Section("Memory over 20,000 submissions", "soak", "bench-soak", "Whether anything grows or stays behind."),
    Section("Redis in between", "redis", "bench-redis",
            "Two judges on the same cores, one with the queue in Redis, asked in turn.", ("batch", "a single")),
    Section("The queue alone", "queue", "bench-queue", "Jobs that do nothing, so that only the queue is measured."),
    Section("Two workers", "redis", "bench-redis", "Tests a second of two workers, one box each, beside one.", ("two workers",)),
    Section("Merging", "merge", "bench-merge", "`tierline merge` beside `cp -r` and sync, whole processes by turns."),
    Section("Alpha in place", "set_alpha", "bench-set-alpha", "`InPlace.set_alpha` beside one copy of the weights, on one core."),
    *(
        Section(f"Evaluation on {cores} cores", f"evaluation_{cores}_cores", f'bench-evaluation ARGS="--cores {cores}"',
                "250 samples of each of 100 problems by the small model, judged while sampling goes on, beside sampling alone.")
        for cores in (2, 3, 4)
    ),
    Section("Limits on machines of different speed", "clocks", "bench-clocks", "Verdicts of workers that a quota slows down."),
    Section("200 requests at once", "overload", "bench-overload", "Each answer is right or 429; the server answers throughout."),
    Section("Parts that are killed", "faults", "bench-faults", "Submissions while workers, boxes, servers and Redis are killed."),
    Section("HumanEval", "humaneval", "bench-humaneval", "All canonical solutions, and as many empty ones."),
)  # fmt: skip

_HEAD = """# Numbers

Generated from `bench/results/` by `make docs`; do not edit. Each number was written by the benchmark named below its table; none
was entered by hand. Where there are several runs the number is their median, with the smallest and the largest behind it. Ratios
compare things that took turns on one machine, so other work there disturbs them least; seconds, megabytes and rates are that
machine's, with that load. The bounds (*must*) are those of a machine without other work.
"""


def page(results: Path = RESULTS) -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n## {section.title}\n\n{section.about}\n\n{_body(section, results)}" for section in SECTIONS)


def _body(section: Section, results: Path) -> str:
    path = results / f"{section.result}.json"
    if not path.is_file():
        return f"Not measured yet: `make {section.target}`.\n"
    kept = json.loads(path.read_text())
    runs = [{row["name"]: row for row in run["rows"]} for run in kept["runs"]]
    names = [name for name in runs[-1] if name.startswith(section.begins or "")]  # what it measures now
    lines = [_line([run[name] for run in runs if name in run], of=len(runs)) for name in names]
    table = "| | measured | must | |\n|---|---|---|---|\n" + "".join(lines)
    return f"{table}\n{_conditions(kept, section.target)}"


def _line(rows: Sequence[dict[str, Any]], *, of: int) -> str:
    """One row of all runs; of some of them where it is newer than the others. The note is that of the run in the middle."""
    values = sorted(row["value"] for row in rows)
    middle = statistics.median(values)
    typical = min(rows, key=lambda row: abs(row["value"] - middle))
    spread = f" ({number(values[0])} to {number(values[-1])})" if values[0] != values[-1] else ""
    spread += f" in {len(rows)} of {of} runs" if len(rows) < of else ""
    must = "" if typical["must"] is None else f"{'≥' if typical['at_least'] else '≤'} {number(typical['must'])}{_missed(rows)}"
    cells = (typical["name"], f"{number(middle)}{typical['unit']}{spread}", must, typical["note"])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _missed(rows: Sequence[dict[str, Any]]) -> str:
    """A bound that did not hold in every run is said to, whatever the median."""
    missed = sum(row["value"] < row["must"] if row["at_least"] else row["value"] > row["must"] for row in rows)
    return f", **missed** in {missed} of {len(rows)}" if missed else ""


def _conditions(kept: dict[str, Any], target: str) -> str:
    machines = [run["machine"] for run in kept["runs"]]
    days = sorted({machine["time"][:10] for machine in machines})
    loads = [machine["load_at_start"] for machine in machines]
    hardware = sorted({_hardware(machine) for machine in machines})
    busy = "; other work was on the machine" if max(loads) >= _BUSY else ""
    runs = f"{len(machines)} run{'s' if len(machines) > 1 else ''}"
    return (
        f"`{kept['command']}` (`make {target}`), {runs} on {' and '.join(days)}: {'; '.join(hardware)}. "
        f"Load average at the start: {', '.join(f'{load:.1f}' for load in loads)}{busy}.\n"
    )


def _hardware(machine: dict[str, Any]) -> str:
    kernel = machine["kernel"].partition("-")[0]
    return f"{machine['cpu']}, {machine['cores']} cores, Linux {kernel}, Python {machine['python']}"


def keep(path: Path, results: Path = RESULTS) -> Path:
    """Add the run that a benchmark wrote to what is kept of it. Raises ValueError when that was measured by another command."""
    told = json.loads(path.read_text())
    kept_at, command = results / f"{path.name.partition('.')[0]}.json", told["command"]
    kept = json.loads(kept_at.read_text()) if kept_at.is_file() else {"command": command, "title": told["title"], "runs": []}
    if kept["command"] != command:
        fix = "remove the file, or measure by that command"
        raise ValueError(f"{kept_at.name} was measured by `{kept['command']}`, this by `{command}`. Fix: {fix}")
    run = {"machine": told["machine"], "rows": [{name: _short(row[name]) for name in _KEPT} for row in told["rows"]]}
    if run not in kept["runs"]:
        kept["runs"].append(run)
    results.mkdir(exist_ok=True)
    kept_at.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return kept_at


def _short(value: Any) -> Any:
    """Five figures are more than any of this means."""
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    """Write the page, or keep runs and write it then."""
    parser = argparse.ArgumentParser(prog="python -m bench.numbers", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("what", nargs="?", choices=("page", "keep"), default="page")
    parser.add_argument("files", nargs="*", type=Path, help="what benchmarks wrote into bench/out")
    options = parser.parse_args()
    if options.what == "keep":
        for path in options.files:
            print(f"kept in {keep(path)}")
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
