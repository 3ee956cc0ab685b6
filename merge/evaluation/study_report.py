"""The report of a study: one HTML file that needs nothing else, and its pictures as PNG."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from merge.evaluation.plots import DARK, LIGHT, PLOTS, figure_of, svg_of, write_pngs
from trainer.files import write_whole

REPORT, PICTURES = "report.html", "pictures"
CAPTIONS = {
    "frontier": "The frontier. Down and left is better; bars are 95 % intervals over problems.",
    "by_alpha": "Shares of samples by alpha; bands are 95 % intervals over problems.",
    "outcomes": "What became of all samples. Wrong answers and damaged programs are correctness failures; answers without a "
    "program are neither kind.",
    "pass_at_k": "pass@k by alpha.",
    "ensembles": "Ensembles against single checkpoints at the same number of samples.",
}


def write_report(analysis: Mapping[str, Any], times: Mapping[str, float], out: Path) -> Path:
    """`out/report.html` and `out/pictures/*.png`; the page's path."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["interval"] = _interval
    pictures = [
        {
            "name": name,
            "caption": CAPTIONS[name],
            "light": Markup(svg_of(figure_of(draw, analysis["pooled"], LIGHT))),  # noqa: S704 - our own picture
            "dark": Markup(svg_of(figure_of(draw, analysis["pooled"], DARK))),  # noqa: S704
        }
        for name, draw in PLOTS.items()
    ]
    page = environment.get_template("study.html").render(
        analysis=analysis,
        config=analysis["config"],
        pooled=analysis["pooled"],
        claims=analysis["claims"],
        pictures=pictures,
        times=times,
        settings=yaml.safe_dump(analysis["config"], sort_keys=False, allow_unicode=True),
    )
    write_whole(out / REPORT, lambda path: path.write_text(page, encoding="utf-8"))
    write_pngs(analysis["pooled"], out / PICTURES)
    return out / REPORT


def _interval(value: Mapping[str, float], signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{value['value']:{sign}.3f} [{value['low']:{sign}.3f}, {value['high']:{sign}.3f}]"
