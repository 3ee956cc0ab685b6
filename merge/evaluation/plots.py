"""The pictures of a study, by matplotlib: as SVG for the page, in a light and a dark version, and as PNG."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Draw = Callable[[Axes, Mapping[str, Any], Mapping[str, str]], None]
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "solved": ("AC",),
    "too slow or too large (TLE, MLE)": ("TLE", "MLE"),
    "wrong answer (WA)": ("WA",),
    "damaged (CE, RTE, ...)": (),
    "no program": ("truncated", "malformed", "out_of_budget"),
}
"""What became of a sample, by verdict or, where there is none, by how the answer ended; what nobody names is damaged."""
LIGHT = {
    "ink": "#1c1c1c",
    "faint": "#c8c8c8",
    "paper": "#ffffff",
    "one": "#1f6feb",
    "two": "#c2410c",
    "three": "#15803d",
    "four": "#7c3aed",
}
DARK = {
    "ink": "#e6e6e6",
    "faint": "#4a4a4a",
    "paper": "#16181c",
    "one": "#79b8ff",
    "two": "#fb923c",
    "three": "#4ade80",
    "four": "#c4b5fd",
}
_SIZE = (7.2, 4.4)
_MARKERS = "osd^vP"


def draw_frontier(axes: Axes, pooled: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    """Optimization failures against correctness failures, a point for each alpha; trained ends marked, extrapolated parts
    dashed."""
    points = pooled["alphas"]
    x, y = ([point[kind]["value"] for point in points] for kind in ("optimization", "correctness"))
    alphas = [point["alpha"] for point in points]
    inside = [place for place, alpha in enumerate(alphas) if 0 <= alpha <= 1]
    axes.plot(x, y, color=colours["faint"], linestyle="--", linewidth=1.2, zorder=1)
    axes.plot([x[place] for place in inside], [y[place] for place in inside], color=colours["one"], linewidth=1.6, zorder=2)
    for place, alpha in enumerate(alphas):
        end, outside = alpha in (0.0, 1.0), not 0 <= alpha <= 1
        axes.errorbar(
            x[place],
            y[place],
            xerr=_bars(points[place]["optimization"]),
            yerr=_bars(points[place]["correctness"]),
            fmt="s" if end else "o",
            markersize=8 if end else 6,
            markerfacecolor=colours["paper"] if outside else colours["one"],
            color=colours["two"] if outside else colours["one"],
            elinewidth=0.8,
            zorder=3,
        )
        axes.annotate(f"{alpha:g}", (x[place], y[place]), textcoords="offset points", xytext=(7, 5), fontsize=9)
    axes.set_xlabel("share of optimization failures (time, memory)")
    axes.set_ylabel("share of correctness failures")
    axes.set_title("squares: trained ends · filled: interpolated · hollow: extrapolated", fontsize=9)


def draw_by_alpha(axes: Axes, pooled: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    """Solve rate and both kinds of failure against alpha, with intervals."""
    alphas = [point["alpha"] for point in pooled["alphas"]]
    for kind, colour, marker in (("solved", "three", "o"), ("optimization", "one", "s"), ("correctness", "two", "^")):
        values = [point[kind] for point in pooled["alphas"]]
        axes.plot(alphas, [value["value"] for value in values], color=colours[colour], marker=marker, markersize=5, label=kind)
        lows, highs = [value["low"] for value in values], [value["high"] for value in values]
        axes.fill_between(alphas, lows, highs, color=colours[colour], alpha=0.18, linewidth=0)
    for end in (0.0, 1.0):
        axes.axvline(end, color=colours["faint"], linewidth=1, zorder=0)
    axes.set_xlabel("alpha (0 and 1: the trained ends)")
    axes.set_ylabel("share of samples")
    axes.legend(frameon=False, labelcolor=colours["ink"])


def draw_outcomes(axes: Axes, pooled: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    """What becomes of all samples at each alpha, stacked: wrong programs apart from damaged ones."""
    points = pooled["alphas"]
    named = {verdict: outcome for outcome, verdicts in OUTCOMES.items() for verdict in verdicts}
    shares = {outcome: [0.0] * len(points) for outcome in OUTCOMES}
    for place, point in enumerate(points):
        total = sum(point["verdicts"].values())
        for verdict, count in point["verdicts"].items():
            shares[named.get(verdict, "damaged (CE, RTE, ...)")][place] += count / total
    used = {outcome: values for outcome, values in shares.items() if any(values)}
    shades = dict(zip(OUTCOMES, ("three", "one", "two", "four", "faint"), strict=True))
    alphas = [point["alpha"] for point in points]
    axes.stackplot(
        alphas, list(used.values()), labels=list(used), colors=[colours[shades[outcome]] for outcome in used], linewidth=0
    )
    for end in (0.0, 1.0):
        axes.axvline(end, color=colours["paper"], linewidth=1, linestyle=":")
    axes.set_xlim(alphas[0], alphas[-1])
    axes.set_ylim(0, 1)
    axes.set_xlabel("alpha (dotted: the trained ends)")
    axes.set_ylabel("share of samples")
    axes.legend(frameon=False, fontsize=8, labelcolor=colours["ink"], loc="lower left", bbox_to_anchor=(0, 1), ncols=3)


def draw_pass(axes: Axes, pooled: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    """pass@k against alpha, a line for each k."""
    alphas = [point["alpha"] for point in pooled["alphas"]]
    budgets = list(pooled["alphas"][0]["pass_at"])
    for place, k in enumerate(budgets):
        values = [point["pass_at"][k]["value"] for point in pooled["alphas"]]
        shade = 0.35 + 0.65 * (place + 1) / len(budgets)
        axes.plot(
            alphas,
            values,
            color=colours["one"],
            alpha=shade,
            marker=_MARKERS[place % len(_MARKERS)],
            markersize=5,
            label=f"k = {k}",
        )
    axes.set_xlabel("alpha")
    axes.set_ylabel("pass@k, mean over problems")
    axes.legend(frameon=False, fontsize=9, labelcolor=colours["ink"], loc="lower left", bbox_to_anchor=(0, 1), ncols=len(budgets))


def draw_ensembles(axes: Axes, pooled: Mapping[str, Any], colours: Mapping[str, str]) -> None:
    """What a mixture gains over the best single alpha, by budget: chosen on other problems, and {0, 1} against the best here."""
    rows = [each for each in pooled["ensembles"] if each["held_out"]]
    places = range(len(rows))
    series = [("mixture, both chosen on other problems", "one", [each["held_out"]["gain"] for each in rows], -0.08)]
    fixed = [next((mix["against_best"] for mix in each["mixtures"] if mix["alphas"] == [0.0, 1.0]), None) for each in rows]
    for name, colour, values, shift in (*series, ("{0, 1}, against the best single alpha of these problems", "two", fixed, 0.08)):
        known = [(place, value) for place, value in zip(places, values, strict=True) if value]
        axes.errorbar(
            [place + shift for place, _ in known],
            [value["value"] for _, value in known],
            yerr=[[value["value"] - value["low"] for _, value in known], [value["high"] - value["value"] for _, value in known]],
            fmt="o",
            color=colours[colour],
            label=name,
        )
    axes.axhline(0, color=colours["faint"], linewidth=1, zorder=0)
    axes.set_xticks(list(places), [str(each["budget"]) for each in rows])
    axes.set_xlabel("budget: samples of a problem")
    axes.set_ylabel("difference in pass@budget")
    axes.legend(frameon=False, fontsize=9, labelcolor=colours["ink"], loc="lower left", bbox_to_anchor=(0, 1))


PLOTS: Mapping[str, Draw] = {
    "frontier": draw_frontier,
    "by_alpha": draw_by_alpha,
    "outcomes": draw_outcomes,
    "pass_at_k": draw_pass,
    "ensembles": draw_ensembles,
}


def figure_of(draw: Draw, pooled: Mapping[str, Any], colours: Mapping[str, str]) -> Figure:
    """One picture in one set of colours."""
    with mpl.rc_context({"font.size": 10, "svg.fonttype": "none", "svg.hashsalt": "tierline"}):
        figure = Figure(figsize=_SIZE, layout="constrained", facecolor=colours["paper"])
        axes = figure.add_subplot()
        axes.set_facecolor(colours["paper"])
        for side in axes.spines.values():
            side.set_color(colours["faint"])
        for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
            text.set_color(colours["ink"])
        axes.tick_params(colors=colours["ink"])
        axes.grid(color=colours["faint"], linewidth=0.4, alpha=0.5)
        draw(axes, pooled, colours)
        for text in axes.texts:
            text.set_color(colours["ink"])
        axes.title.set_color(colours["ink"])
    return figure


def svg_of(figure: Figure) -> str:
    """As an element of a page."""
    text = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tierline"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    whole = text.getvalue()
    return whole[whole.index("<svg") :]


def write_pngs(pooled: Mapping[str, Any], folder: Path) -> list[Path]:
    """The light versions, 160 dots an inch."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in PLOTS.items():
        paths.append(folder / f"{name}.png")
        figure_of(draw, pooled, LIGHT).savefig(paths[-1], dpi=160)
    return paths


def _bars(interval: Mapping[str, float]) -> list[list[float]]:
    return [[interval["value"] - interval["low"]], [interval["high"] - interval["value"]]]
