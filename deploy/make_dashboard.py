"""Writes deploy/grafana/dashboards/tierline.json: `make docs`. A test fails when the file is out of date.

What the API and the workers both tell is taken once: submissions, the queue and HTTP from the API, tests from whoever judges.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "grafana/dashboards/tierline.json"
_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_COLUMNS, _HEIGHT = 24, 8


@dataclass(frozen=True)
class Panel:
    """One graph: what it tells, and its lines as (PromQL, legend)."""

    title: str
    tells: str
    unit: str
    lines: tuple[tuple[str, str], ...]
    width: int = 8
    kind: str = "timeseries"
    stacked: bool = False


def _quantiles(metric: str, by: str = "", select: str = "") -> tuple[tuple[str, str], ...]:
    legend = f"{{{{{by}}}}} " if by else ""
    groups = f"le, {by}" if by else "le"
    return tuple(
        (
            f"histogram_quantile({q}, sum by ({groups}) (rate({metric}_bucket{select}[$__rate_interval])))",
            f"{legend}p{q * 100:.0f}",
        )
        for q in (0.5, 0.95)
    )


def _rate(metric: str, by: str, select: str = "") -> tuple[tuple[str, str], ...]:
    return ((f"sum by ({by}) (rate({metric}{select}[$__rate_interval]))", f"{{{{{by}}}}}"),)


_API = '{job="tierline-api"}'
_BOXES = "sum(max by (worker, kind) (tierline_boxes))"
_BUSY = "sum(max by (worker) (tierline_boxes_busy))"

PANELS = (
    Panel("Boxes", "That stand, on all workers", "none", ((_BOXES, "boxes"),), 4, "stat"),
    Panel("Busy", "Share of boxes that run something", "percentunit", ((f"{_BUSY} / {_BOXES}", "busy"),), 4, "gauge"),
    Panel(
        "Waiting",
        "Submissions in the queue",
        "none",
        ((f"sum(max by (priority) (tierline_queue_depth{_API}))", "waiting"),),
        4,
        "stat",
    ),
    Panel(
        "Judge errors",
        "In the last hour; each is the judge's fault and never a verdict",
        "none",
        ((f"sum(increase(tierline_judge_errors_total{_API}[1h]))", "JE"),),
        4,
        "stat",
    ),
    Panel(
        "Tests a second", "Over all workers", "ops", (("sum(rate(tierline_tests_total[$__rate_interval]))", "tests"),), 4, "stat"
    ),
    Panel(
        "Submissions a second",
        "That ended",
        "ops",
        ((f"sum(rate(tierline_submissions_total{_API}[$__rate_interval]))", "ended"),),
        4,
        "stat",
    ),
    Panel("Verdicts", "Submissions that ended", "ops", _rate("tierline_submissions_total", "verdict", _API), stacked=True),
    Panel("Languages", "Submissions that ended", "ops", _rate("tierline_submissions_total", "language", _API), stacked=True),
    Panel("Tests", "By verdict", "ops", _rate("tierline_tests_total", "verdict"), stacked=True),
    Panel(
        "Queue",
        "Submissions that wait",
        "none",
        ((f"max by (priority) (tierline_queue_depth{_API})", "{{priority}}"),),
        stacked=True,
    ),
    Panel(
        "Time in the queue",
        "Half and 95 of 100 waited no longer",
        "s",
        _quantiles("tierline_queue_wait_seconds", "priority", _API),
    ),
    Panel("Time in a box", "Compiling and checking included", "s", _quantiles("tierline_judging_seconds", "", _API)),
    Panel("Busy boxes", "By worker", "none", (("max by (worker) (tierline_boxes_busy)", "{{worker}}"),), stacked=True),
    Panel(
        "Boxes replaced",
        "Died, or did not reset",
        "none",
        (("max by (worker) (increase(tierline_box_restarts_total[10m]))", "{{worker}}"),),
    ),
    Panel(
        "Processor time of programs",
        "Cores' worth",
        "none",
        (("sum(rate(tierline_test_cpu_seconds_total[$__rate_interval]))", "cores"),),
    ),
    Panel(
        "Near the limit",
        "Second runs alone, and what they said; runs that no processor took in time; submissions that went on in another box",
        "ops",
        (
            *_rate("tierline_confirmations_total", "outcome"),
            ("sum(rate(tierline_starved_runs_total[$__rate_interval]))", "starved"),
            ("sum(rate(tierline_judging_retries_total[$__rate_interval]))", "retried"),
        ),
    ),
    Panel(
        "Sessions",
        "Open, and those in which something runs; every API tells of all",
        "none",
        (("max(tierline_sessions_open)", "open"), ("max(tierline_sessions_running)", "running")),
    ),
    Panel(
        "Sessions that ended",
        "By reason",
        "ops",
        (("max by (reason) (rate(tierline_sessions_ended_total[$__rate_interval]))", "{{reason}}"),),
    ),
    Panel("Requests", "By status", "reqps", _rate("tierline_http_request_seconds_count", "status"), stacked=True),
    Panel("Time to the first byte", "Over all routes", "s", _quantiles("tierline_http_request_seconds")),
)


def dashboard() -> dict[str, Any]:
    """The dashboard in Grafana's own form."""
    return {
        "uid": "tierline",
        "title": "tierline",
        "tags": ["tierline"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": list(_placed()),
    }


def _placed() -> list[dict[str, Any]]:
    """Panels from left to right, a row after the other."""
    placed, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(PANELS, 1):
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        tall = _HEIGHT if panel.kind == "timeseries" else _HEIGHT // 2
        placed.append(_panel(number, panel, {"x": x, "y": y, "w": panel.width, "h": tall}))
        x, height = x + panel.width, max(height, tall)
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    stacking = {"custom": {"stacking": {"mode": "normal"}, "fillOpacity": 30}} if panel.stacked else {}
    bounds = {"min": 0, "max": 1} if panel.unit == "percentunit" else {"min": 0}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.tells,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, **bounds, **stacking}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + line), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for line, (expression, legend) in enumerate(panel.lines)
        ],
    }


def text() -> str:
    """The file's content."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
