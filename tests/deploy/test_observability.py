"""Alert rules and the dashboard: they parse, and every metric and label in them is one that the judge has."""

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from deploy import make_dashboard
from service.judging_stats import JudgingStats
from service.metrics import Metrics
from service.queue import Load
from service.session_schemas import SessionStats

ROOT = Path(__file__).parents[2] / "deploy"
ALERTS = yaml.safe_load((ROOT / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads(make_dashboard.FILE.read_text())
_FROM_PROMETHEUS = {"up"}
_LABELS_FROM_PROMETHEUS = {"job", "instance", "le"}

EXPRESSIONS = [pytest.param(rule["expr"], id=rule["alert"]) for rule in ALERTS] + [
    pytest.param(target["expr"].replace("$__rate_interval", "1m"), id=f"{panel['title']} {target['refId']}")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]


def told() -> set[str]:
    """Names of all series that /metrics can have, from what it says of their types."""
    metrics = Metrics()
    metrics.watch(JudgingStats())
    text = metrics.render(load(), [], SessionStats()).decode()
    names = set()
    for family in text_string_to_metric_families(text):
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        names |= {family.name + ending for ending in endings}
    return names


def load() -> Load:
    """A queue with nothing in it."""
    return Load(**{field.name: 0 for field in dataclasses.fields(Load)})


def labels() -> set[str]:
    """Names of all labels in service/metrics.py."""
    source = (ROOT.parent / "service/metrics.py").read_text()
    return {name for found in re.findall(r"(?:labels=)?\[((?:\"\w+\"(?:, )?)+)\]", source) for name in re.findall(r"\w+", found)}


def selectors(node: Any) -> list[Any]:
    """The vector selectors of a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        return [node]
    parts = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector", "vs")]
    return [found for part in [*parts, *(getattr(node, "args", None) or [])] if part is not None for found in selectors(part)]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_asks_for_metrics_that_exist(expression: str) -> None:
    found = selectors(promql_parser.parse(expression))
    assert found, "no metric found in it"
    assert {selector.name for selector in found} <= told() | _FROM_PROMETHEUS
    assert {selector.name for selector in found} == set(re.findall(r"\btierline_\w+|\bup\b", expression))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_groups_and_selects_by_labels_that_exist(expression: str) -> None:
    grouped = {name.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for name in group.split(",")}
    selected = {name for group in re.findall(r"\{([^}]*)\}", expression) for name in re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", group)}
    assert grouped | selected <= labels() | _LABELS_FROM_PROMETHEUS


def test_labels_are_found_in_the_source() -> None:
    assert labels() >= {"verdict", "language", "priority", "worker", "kind", "outcome", "status"}


def test_each_alert_says_what_is_wrong_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS) > 5
    for rule in ALERTS:
        assert rule["annotations"].keys() == {"summary", "fix"}
        assert rule["labels"]["severity"] in ("page", "warn")


def test_the_dashboard_is_what_make_docs_writes() -> None:
    assert make_dashboard.FILE.read_text() == make_dashboard.text(), "run `make docs`"


def test_panels_lie_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_the_dashboard_reads_the_datasource_that_is_provisioned() -> None:
    (source,) = yaml.safe_load((ROOT / "grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"]
    used = {target["datasource"]["uid"] for panel in DASHBOARD["panels"] for target in panel["targets"]}
    assert used == {source["uid"]}
    (provider,) = yaml.safe_load((ROOT / "grafana/provisioning/dashboards/tierline.yml").read_text())["providers"]
    compose = yaml.safe_load((ROOT.parent / "docker-compose.yml").read_text())["services"]["grafana"]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in compose["volumes"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_agrees() -> None:
    done = subprocess.run(["promtool", "check", "rules", ROOT / "prometheus/alerts.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
