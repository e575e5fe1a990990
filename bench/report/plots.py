"""Rate-quality curves and distributions over clips, drawn with matplotlib figures only (no pyplot, no global state)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.curves import series_of
from bench.report.cells import number, shortened
from bench.report.svg import FAINT, INK, figure_style, inline_svg, series_colour
from bench.runs.results import Results
from bench.tables import codec_conditions, conditions, measured

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bench.report.standing import Place

MARKERS = "osD^vPX<>p"
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (7, 2)))
CONTROL_LINE = (0, (1, 2))
STRIP_LIMIT = 30  # clips up to which each is drawn as a point
MOST_BANDS = 6  # curves up to which intervals are bands; more of them would hide each other
DOTS = 200  # outliers of a box that can be told from one another


@dataclass(frozen=True)
class Look:
    """How a series is drawn: any two differ in marker or line, not by colour alone."""

    index: int

    @property
    def colour(self) -> str:
        return series_colour(self.index)

    @property
    def line(self) -> dict[str, Any]:
        return {
            "color": self.colour,
            "marker": MARKERS[self.index % len(MARKERS)],
            "linestyle": LINES[self.index % len(LINES)],
            "linewidth": 1.6,
            "markersize": 5,
        }


def looks(results: Results) -> dict[str, Look]:
    """One look per codec for the whole report, in the order of the configuration."""
    names = dict.fromkeys(map(series_of, codec_conditions(results)))
    return {name: Look(index) for index, name in enumerate(names)}


def legend_entry(look: Look, key: str) -> str:
    """The line and marker of a series, for a legend outside of the figures; ``key`` tells it from other legends."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    with figure_style():
        figure = Figure(figsize=(0.5, 0.18))
        figure.add_artist(Line2D([0.06, 0.5, 0.94], [0.5] * 3, markevery=[1], **look.line))
        return inline_svg(figure, f"legend {look.index} {key}", "")


def rate_quality(
    rows: pd.DataFrame,
    styles: Mapping[str, Look],
    axis: str,
    label: str,
    limits: tuple[float, float],
    ringed: Mapping[str, bool] | None = None,
    legend: bool = False,
) -> str:
    """The curve of one quantity in one category.

    ``rows``: the summary of that category and quantity, with ``role`` of each condition and ``actual_bps`` of the
    clips in its mean beside it.
    ``limits``: what the quantity can be; neither bands nor the axis leave it.
    ``ringed``: conditions with a ring around their point, dotted where False.
    ``legend``: put the names of the series below the axes, for a figure that stands by itself.
    """
    from matplotlib.figure import Figure

    with figure_style():
        below = 0.17 * -(-len(styles) // 3) if legend else 0.0
        height = 3.0 + below
        figure = Figure(figsize=(4.6, height))
        axes = figure.add_axes((0.125, (0.45 + below) / height, 0.655, 2.37 / height))
        codecs = rows[(rows["role"] == "codec") & np.isfinite(rows["mean"]) & (rows["actual_bps"] > 0)]
        curves = list(codecs.groupby(codecs["condition"].map(series_of), sort=False))
        for name, points in curves:
            _curve(axes, points.sort_values("actual_bps"), styles[str(name)], len(curves) <= MOST_BANDS)
        _rate_axis(axes, codecs["actual_bps"].to_numpy(dtype=float) / 1000)
        _controls(axes, rows[(rows["role"] != "codec") & rows["mean"].notna()], codecs, limits)
        _rings(axes, codecs, ringed or {})
        axes.set_ylabel(axis)
        if legend:
            figure.legend(loc="lower center", ncols=3, frameon=False, fontsize=7)
        return inline_svg(figure, label, label)


def distributions(
    values: Mapping[str, np.ndarray[Any, Any]],
    roles: Mapping[str, str],
    styles: Mapping[str, Look],
    axis: str,
    label: str,
) -> str:
    """Values of the single clips, a row per condition: points where they are few, a box where they are many."""
    from matplotlib.figure import Figure

    names = list(values)
    with figure_style():
        margin_top, margin_bottom, row = 0.1, 0.45, 0.22
        height = margin_top + margin_bottom + row * max(len(names), 2)
        figure = Figure(figsize=(4.6, height))
        left = min(0.5, 0.03 + 0.0125 * max(map(len, names), default=0))
        axes = figure.add_axes((left, margin_bottom / height, 0.93 - left, 1 - (margin_top + margin_bottom) / height))
        for place, name in enumerate(names):
            look = styles.get(series_of(name))
            _row(axes, place, values[name], look if roles.get(name) == "codec" else None)
        _named_rows(axes, names)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(axis)
        return inline_svg(figure, label, label)


def _curve(axes: Axes, points: pd.DataFrame, look: Look, with_band: bool) -> None:
    kbps, mean = points["actual_bps"].to_numpy(float) / 1000, points["mean"].to_numpy(float)
    low, high = points["ci_low"].to_numpy(float), points["ci_high"].to_numpy(float)
    axes.plot(kbps, mean, label=shortened(series_of(str(points["condition"].iloc[0]))), **look.line)
    if len(points) > 1 and with_band:
        axes.fill_between(kbps, low, high, color=look.colour, alpha=0.13, linewidth=0)
    else:
        axes.vlines(kbps, low, high, color=look.colour, linewidth=1.2)


def _rings(axes: Axes, codecs: pd.DataFrame, ringed: Mapping[str, bool]) -> None:
    for row in codecs[codecs["condition"].isin(list(ringed))].to_dict("records"):
        line = "-" if ringed[str(row["condition"])] else ":"
        place = row["actual_bps"] / 1000, row["mean"]
        axes.scatter(
            *place, s=110, facecolors="none", edgecolors=INK, linewidths=1.1, linestyles=line, zorder=4, clip_on=False
        )


def _rate_axis(axes: Axes, kbps: np.ndarray[Any, Any]) -> None:
    """A logarithmic axis with ticks at plain numbers."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    low, high = (float(kbps.min()), float(kbps.max())) if len(kbps) else (1.0, 100.0)
    # A codec at one rate, or at two close ones, is not spread over the whole width.
    margin = max(1.15, math.sqrt(4 * low / high))
    low, high = low / margin, high * margin
    axes.set_xlim(low, high)
    for steps in ((1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 6, 8)):
        ticks = [step * 10.0**power for power in range(-3, 7) for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) >= 4:
            break
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("measured kbit/s")


def _controls(axes: Axes, controls: pd.DataFrame, codecs: pd.DataFrame, limits: tuple[float, float]) -> None:
    """Controls as lines with their names in the right margin; those far away are only named at the edge."""
    inside = codecs[["mean", "ci_low", "ci_high"]].to_numpy(dtype=float)
    inside = inside[np.isfinite(inside)]
    finite = controls["mean"][np.isfinite(controls["mean"])].to_numpy(dtype=float)
    if len(inside) == 0:
        inside = finite if len(finite) else np.array([0.0, 1.0])
    low, high = max(float(inside.min()), limits[0]), min(float(inside.max()), limits[1])
    span = max(high - low, 1e-3 * abs(high), 1e-9)
    near = finite[(finite >= low - 0.8 * span) & (finite <= high + 0.8 * span)]
    bottom, top = min([low, *near]), max([high, *near])
    pad = 0.06 * max(top - bottom, span)
    axes.set_ylim(bottom - pad, top + pad)
    places, texts = [], []
    for row in controls.sort_values(["mean", "condition"]).to_dict("records"):
        mean, name = float(row["mean"]), shortened(str(row["condition"]), 16)
        place = (mean - bottom + pad) / (top - bottom + 2 * pad) if math.isfinite(mean) else math.copysign(2, mean)
        if 0 <= place <= 1:
            axes.axhline(mean, color=INK, linestyle=CONTROL_LINE, linewidth=0.9, alpha=0.7)
            texts.append(name)
        else:
            texts.append(f"{name} {'↑' if place > 1 else '↓'}{number(mean, 1)}")
        places.append(min(max(place, 0.0), 1.0))
    for place, label_place, text in zip(places, spread(places, 0.052), texts, strict=True):
        axes.annotate(
            text, (1.0, place), (1.035, label_place), xycoords="axes fraction", textcoords="axes fraction",
            fontsize=7, verticalalignment="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip


def spread(places: Sequence[float], distance: float) -> list[float]:
    """Sorted places moved apart to at least ``distance``, by little, and within 0 and 1 where they fit."""
    moved = list(places)
    for _ in range(200):
        changed = False
        for i in range(1, len(moved)):
            missing = distance - (moved[i] - moved[i - 1])
            if missing > 1e-6:
                moved[i - 1], moved[i] = moved[i - 1] - missing / 2, moved[i] + missing / 2
                changed = True
        if moved and len(moved) * distance < 1:
            moved[0], moved[-1] = max(moved[0], 0.0), min(moved[-1], 1.0)
        if not changed:
            break
    return moved


def _named_rows(axes: Axes, names: Sequence[str]) -> None:
    """A row for each name, the first on top."""
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.tick_params(axis="y", length=0)


def _row(axes: Axes, place: int, values: np.ndarray[Any, Any], look: Look | None) -> None:
    colour = look.colour if look else INK
    finite = np.sort(values[np.isfinite(values)])
    if len(finite) > STRIP_LIMIT:
        _box(axes, place, finite, colour)
    elif len(finite):
        # Neighbours in value are put on different heights, the same for every drawing of the same values.
        heights = place + 0.5 * ((np.arange(len(finite)) * 0.618) % 1 - 0.5)
        marker = look.line["marker"] if look else "o"
        axes.plot(finite, heights, linestyle="none", marker=marker, markersize=3, color=colour, alpha=0.65)
        axes.vlines(finite.mean(), place - 0.38, place + 0.38, color=colour, linewidth=1.6)
    infinite = int(np.isinf(values).sum())
    if infinite:
        side = 1.01 if (values[np.isinf(values)] > 0).any() else -0.01
        axes.text(
            side, place, f"∞×{infinite}", transform=axes.get_yaxis_transform(), fontsize=7, verticalalignment="center"
        )


def _box(axes: Axes, place: int, values: np.ndarray[Any, Any], colour: str) -> None:
    from matplotlib.cbook import boxplot_stats

    box = boxplot_stats(values)[0]
    left, right, half = box["q1"], box["q3"], 0.28
    outline = ([left, right, right, left, left], place + half * np.array([-1, -1, 1, 1, -1]))
    axes.plot(*outline, color=colour, linewidth=1.0)
    axes.hlines([place] * 2, [box["whislo"], right], [left, box["whishi"]], color=colour, linewidth=1.0)
    axes.vlines(box["med"], place - half, place + half, color=colour, linewidth=2.0)
    fliers = _apart(box["fliers"], np.ptp(values) / DOTS)
    axes.plot(fliers, [place] * len(fliers), linestyle="none", marker=".", markersize=3, color=colour)


def _apart(values: np.ndarray[Any, Any], step: float) -> np.ndarray[Any, Any]:
    """One of the values of each step: dots that lie on each other look like one."""
    if not len(values):
        return values
    _, first = np.unique(np.floor(values / step), return_index=True)
    return np.asarray(values[first])


def per_clip(results: Results, category: str, quantity: str) -> dict[str, np.ndarray[Any, Any]]:
    """Values per condition, in the order of the configuration."""
    found = measured(results).of(category, quantity)
    return {name: found[name].value for name in conditions(results) if name in found}


def forest(places: Sequence[Place], styles: Mapping[str, Look], axis: str, label: str) -> str:
    """Means with their intervals, best on top, ranks at the right; controls are grey and have no rank."""
    from matplotlib.figure import Figure

    finite = [place for place in places if math.isfinite(place.mean)]
    with figure_style():
        row, top, bottom = 0.21, 0.3, 0.45
        height = top + bottom + row * max(len(places), 2)
        figure = Figure(figsize=(7.4, height))
        left = min(0.36, 0.03 + 0.0085 * max((len(shortened(place.condition)) for place in places), default=0))
        axes = figure.add_axes((left, bottom / height, 0.9 - left, 1 - (top + bottom) / height))
        for index, place in enumerate(places):
            look = styles.get(series_of(place.condition)) if place.role == "codec" else None
            colour, marker = (look.colour, look.line["marker"]) if look else (INK, "|")
            if math.isfinite(place.mean):
                axes.hlines(index, place.low, place.high, color=colour, linewidth=1.6)
                axes.plot([place.mean], [index], marker=marker, markersize=6, color=colour, linestyle="none")
            else:
                axes.text(0.995, index, "∞", transform=axes.get_yaxis_transform(), horizontalalignment="right",
                          verticalalignment="center", fontsize=9)  # fmt: skip
            axes.text(1.02, index, place.rank_text, transform=axes.get_yaxis_transform(), verticalalignment="center",
                      fontsize=8)  # fmt: skip
        axes.text(1.02, -1.0, "rank", transform=axes.get_yaxis_transform(), verticalalignment="center", fontsize=8)
        _named_rows(axes, [place.condition for place in places])
        if not finite:
            axes.set_xticks([])
        axes.set_xlabel(axis)
        return inline_svg(figure, label, label)
