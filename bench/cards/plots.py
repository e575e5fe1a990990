"""Histograms of a data card."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench.cards.facts import Card, Distribution
from bench.datasets.bandwidth import CLASSES
from bench.domain import CATEGORIES
from bench.report.record import category_name
from bench.report.svg import INK, figure_style, inline_svg, series_colour, standalone_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 24
TOP_KHZ = 24.0


def pictures_of(card: Card, path: str) -> tuple[dict[str, str], dict[str, str]]:
    """File names of the histograms by the key of their distribution, and contents; ``{}`` in ``path`` is the key."""
    names = {one.key: path.format(one.key) for one in card.distributions}
    return names, {names[one.key]: standalone_svg(histogram(one)) for one in card.distributions}


def histogram(one: Distribution) -> str:
    """Clips over the values of ``one``, categories on top of each other, as an ``<svg>`` element."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    label = f"Histogram of clips: {one.title.lower()}"
    with figure_style():
        figure = Figure(figsize=(4.6, 2.3))
        axes = figure.add_axes((0.1, 0.19, 0.87, 0.72))
        edges = _edges(one)
        below = np.zeros(len(edges) - 1)
        for index, category in enumerate(CATEGORIES):  # a category has one colour on the whole card
            if category not in one.values:
                continue
            counts = np.histogram(np.clip(one.values[category], edges[0], edges[-1]), edges)[0]
            colour = series_colour(index)
            axes.bar(
                edges[:-1], counts, np.diff(edges), below, align="edge", color=colour, edgecolor="none",
                label=category_name(category), linewidth=0,
            )  # fmt: skip
            below += counts
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0, 1.18 * max(1.0, float(below.max())))
        axes.grid(visible=False, axis="x")
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.set_xlabel(f"{one.title} ({one.unit})")
        axes.set_ylabel("clips")
        if one.key == "bandwidth_hz":
            _classes(axes, edges[-1])
        if len(one.values) > 1:
            axes.legend(frameon=False, fontsize=7, loc="upper left", ncols=3, borderaxespad=0, bbox_to_anchor=(0, 1.12))
        return inline_svg(figure, label, label)


def _edges(one: Distribution) -> NDArray[np.float64]:
    """Bins of 1 kHz for bandwidths; else of a round width that gives about two dozen."""
    values = one.all
    if one.key == "bandwidth_hz":
        return np.arange(0.0, max(TOP_KHZ, math.ceil(values[-1])) + 1)
    low, high = values[0], values[-1]
    span = max(high - low, 1e-3 * abs(high), 1e-3)
    power = 10 ** math.floor(math.log10(span / BINS))
    width = next(step * power for step in (1, 2, 5, 10) if step * power * BINS >= span)
    first = math.floor(low / width)
    count = max(4, math.floor(high / width) - first + 1)
    return np.arange(first, first + count + 1) * float(width)


def _classes(axes: Axes, top: float) -> None:
    """Where the classes of the ITU end, and their names."""
    left = 0.0
    for name, limit in CLASSES:
        right = min(limit / 1000, top)
        axes.text((left + right) / 2, 0.9, name, transform=axes.get_xaxis_transform(), ha="center", fontsize=7)
        if right < top:
            axes.axvline(right, color=INK, linestyle=(0, (1, 2)), linewidth=0.9)
        left = right
