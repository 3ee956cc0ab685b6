"""The numbers page and what it is made of."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.numbers import PAGE, RESULTS, SECTIONS, keep, page
from bench.report import Row, finish


def run(folder: Path, value: float, name: str = "queue", **row: Any) -> Path:
    """As a benchmark writes it."""
    with pytest.raises(SystemExit):
        finish(name, "the queue alone", [Row("enqueued, single", value, 1500, unit="/s", at_least=True, **row)], out=folder)
    return folder / f"{name}.json"


def test_page_is_what_make_docs_writes() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


def test_what_is_kept_is_small_and_says_what_it_was_measured_on() -> None:
    for path in RESULTS.glob("*.json"):
        assert path.stat().st_size < 12_000, path
        kept = json.loads(path.read_text())
        assert kept["command"].startswith("python -m bench")
        assert path.stem in {section.result for section in SECTIONS}
        for one in kept["runs"]:
            assert {"time", "cpu", "cores", "kernel", "python", "load_at_start"} <= one["machine"].keys()
            assert all({"name", "value", "unit", "must", "at_least", "note"} == row.keys() for row in one["rows"])


def test_page_shows_the_median_of_the_runs_and_their_range(tmp_path: Path) -> None:
    for value in (2000.0, 2500.0, 1600.0):
        keep(run(tmp_path, value, note=f"of {value:.0f}"), tmp_path / "results")
    assert "| enqueued, single | 2000/s (1600 to 2500) | ≥ 1500 | of 2000 |" in page(tmp_path / "results")
    assert "3 runs on" in page(tmp_path / "results")


def test_a_bound_that_was_missed_once_is_said_to(tmp_path: Path) -> None:
    for value in (2000.0, 2500.0, 1400.0):
        keep(run(tmp_path, value), tmp_path / "results")
    assert "| 2000/s (1400 to 2500) | ≥ 1500, **missed** in 1 of 3 |" in page(tmp_path / "results")


def test_a_row_newer_than_other_runs_says_of_how_many_it_is_and_one_measured_no_more_is_left_out(tmp_path: Path) -> None:
    kept = keep(run(tmp_path, 2000.0), tmp_path / "results")
    told = json.loads(kept.read_text())
    newer = told["runs"][0] | {"rows": [told["runs"][0]["rows"][0] | {"name": "taken", "value": 7.0}]}
    kept.write_text(json.dumps(told | {"runs": [*told["runs"], newer]}))
    shown = page(tmp_path / "results")
    assert "| taken | 7/s in 1 of 2 runs |" in shown
    assert "enqueued, single" not in shown


def test_the_same_run_is_kept_once(tmp_path: Path) -> None:
    path = run(tmp_path, 2000.0)
    keep(path, tmp_path / "results")
    kept = json.loads(keep(path, tmp_path / "results").read_text())
    assert [row["value"] for row in kept["runs"][0]["rows"]] == [2000.0]
    assert len(kept["runs"]) == 1


def test_runs_of_another_command_are_not_mixed_in(tmp_path: Path) -> None:
    path = run(tmp_path, 2000.0)
    keep(path, tmp_path / "results")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"command": "python -m bench.queue_alone --jobs 1"}))
    with pytest.raises(ValueError, match="remove the file"):
        keep(path, tmp_path / "results")


def test_what_has_no_result_is_not_measured_yet(tmp_path: Path) -> None:
    told = page(tmp_path)
    assert told.count("Not measured yet: `make bench") == len(SECTIONS)
