"""Box plots, means and violins as SVG that takes its colours from the page around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.report.cells import shortened
from bench.report.svg import INK, figure_style, inline_svg, series_colour
from listening_test.analysis.descriptive import outlying, quartiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

SYSTEM, OTHER = series_colour(0), "#6b7280"

BANDS = ("Bad", "Poor", "Fair", "Good", "Excellent")
LONGEST = 30  # characters of a name


@dataclass(frozen=True)
class Series:
    """The scores of one condition, with its mean and the interval around it."""

    name: str
    values: Floats
    mean: float
    low: float
    high: float
    system: bool

    @property
    def colour(self) -> str:
        return SYSTEM if self.system else OTHER


def boxes(series: Sequence[Series], limits: tuple[float, float], label: str) -> str:
    """A row for each condition: quartiles and median, whiskers to 1.5 times the box, outliers, mean with interval."""
    with figure_style():
        figure, axes = _axes(series, limits)
        for place, one in enumerate(series):
            _box(axes, place, one)
            axes.plot([one.mean], [place], linestyle="none", marker="D", markersize=4.5, color=INK, zorder=4)
            axes.hlines([place], [one.low], [one.high], color=INK, linewidth=1.6, zorder=4)
        return _svg(figure, label)


def violins(series: Sequence[Series], limits: tuple[float, float], label: str) -> str:
    """A row for each condition: density of the scores, every score as a tick, quartiles as lines."""
    with figure_style():
        figure, axes = _axes(series, limits)
        grid = np.linspace(*limits, 201)
        for place, one in enumerate(series):
            half = _density(one.values, grid)
            if half is not None:
                axes.fill_between(grid, place - half, place + half, color=one.colour, alpha=0.28, linewidth=0)
            if len(one.values):
                ticks = [place - 0.1] * len(one.values)
                axes.vlines(one.values, ticks, [place + 0.1] * len(ticks), color=one.colour, linewidth=0.6, alpha=0.5)
                box = quartiles(one.values)
                axes.vlines(box.median, place - 0.34, place + 0.34, color=INK, linewidth=1.8)
                axes.vlines([box.first, box.third], place - 0.22, place + 0.22, color=INK, linewidth=0.9)
        return _svg(figure, label)


def _box(axes: Axes, place: int, one: Series) -> None:
    if not len(one.values):
        return
    box, out, half = quartiles(one.values), outlying(one.values), 0.28
    inside = one.values[~out]
    outline = [box.first, box.third, box.third, box.first, box.first]
    heights = place + half * np.array([-1, -1, 1, 1, -1])
    axes.fill(outline, heights, color=one.colour, alpha=0.16, linewidth=0)
    axes.plot(outline, heights, color=one.colour, linewidth=1.1)
    axes.hlines([place] * 2, [inside.min(), box.third], [box.first, inside.max()], color=one.colour, linewidth=1.1)
    axes.vlines([inside.min(), inside.max()], place - 0.12, place + 0.12, color=one.colour, linewidth=1.1)
    axes.vlines(box.median, place - half, place + half, color=one.colour, linewidth=2.2)
    rows = place + 0.3 * ((np.arange(out.sum()) * 0.618) % 1 - 0.5)
    axes.plot(np.sort(one.values[out]), rows, linestyle="none", marker="o", markersize=2.6, color=one.colour,
              markerfacecolor="none", markeredgewidth=0.8)  # fmt: skip


def _density(values: Floats, grid: Floats) -> Floats | None:
    """Half the height of a violin over ``grid``; None where there is no spread."""
    from scipy.stats import gaussian_kde

    if len(values) < 3 or np.ptp(values) == 0:
        return None
    density = np.asarray(gaussian_kde(values)(grid), dtype=np.float64)
    return np.asarray(0.4 * density / density.max())


def _axes(series: Sequence[Series], limits: tuple[float, float]) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    top, bottom, row = 0.26, 0.42, 0.34
    height = top + bottom + row * max(len(series), 2)
    names = [shortened(" ".join(one.name.split()), LONGEST) for one in series]
    figure = Figure(figsize=(6.2, height))
    left = min(0.42, 0.03 + 0.0105 * max(map(len, names), default=0))
    axes = figure.add_axes((left, bottom / height, 0.975 - left, 1 - (top + bottom) / height))
    axes.set_ylim(max(len(series), 1) - 0.45, -0.55)
    axes.set_yticks(range(len(series)), names)
    axes.tick_params(axis="y", length=0)
    margin = 0.015 * (limits[1] - limits[0])
    axes.set_xlim(limits[0] - margin, limits[1] + margin)
    axes.grid(visible=False, axis="y")
    if limits == (0.0, 100.0):
        axes.set_xticks(range(0, 101, 20))
        for place, band in enumerate(BANDS):
            axes.text(10 + 20 * place, 1.0, band, transform=axes.get_xaxis_transform(), fontsize=8,
                      horizontalalignment="center", verticalalignment="bottom")  # fmt: skip
    axes.set_xlabel("score")
    return figure, axes


def _svg(figure: Figure, label: str) -> str:
    return inline_svg(figure, label, label).replace(OTHER, f"var(--other, {OTHER})")
