"""A reaction as lines of characters, and as a picture in the look of the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import ConfigError
from bench.explain.reaction import Curve, bounds
from bench.store import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR = 36
FORMATS = (".svg", ".png")
COLUMNS = 2


def lines(curves: Sequence[Curve]) -> Iterator[str]:
    """A line with a bar for every point; bars run from the smallest value of all sweeps to the largest."""
    low, high = bounds(curves)
    for curve in curves:
        yield ""
        yield f"{curve.name}, {curve.unit}{': no reaction' if curve.is_flat else ''}"
        for point in curve.points:
            value = "" if math.isnan(point.value) else f"{point.value:.3f}".replace("inf", "∞")
            tail = "█" * _bar(point.value, low, high) if value else f"{point.status}: {point.reason}"
            yield f"{point.label:>8} {value:>10}  {tail}".rstrip()


def save(path: Path, curves: Sequence[Curve], title: str, axis: str) -> None:
    """Draw the curves into ``path``, an SVG for light and dark pages or a PNG.

    Raises:
        ConfigError: another kind of file.
        StoreError: it cannot be written.
    """
    from bench.report.svg import figure_style, inline_svg, on_paper, standalone_svg

    check_format(path)
    if path.suffix.lower() == ".png":
        data = on_paper(lambda: _figure(curves, title, axis))
    else:
        with figure_style():
            data = standalone_svg(inline_svg(_figure(curves, title, axis), title, title)).encode()
    write_bytes(path, data)


def check_format(path: Path) -> None:
    """Raise ConfigError where ``path`` is no picture that can be drawn."""
    if path.suffix.lower() not in FORMATS:
        raise ConfigError(f"--plot: expected a file that ends with {' or '.join(FORMATS)}, got {str(path)!r}.")


def _bar(value: float, low: float, high: float) -> int:
    if math.isinf(value):
        return BAR if value > 0 else 0
    return round(BAR * (value - low) / (high - low)) if high > low else 0


def _figure(curves: Sequence[Curve], title: str, axis: str) -> Figure:
    """A panel for each sweep, all with one scale; × marks what has no value, ∞ what is infinite."""
    from matplotlib.figure import Figure

    rows = math.ceil(len(curves) / COLUMNS)
    figure = Figure(figsize=(8.2, 0.5 + 2.15 * rows), layout="constrained")
    figure.suptitle(title, fontsize=11)
    low, high = bounds(curves)
    high = high if high > low else low + 1.0
    margin = 0.08 * (high - low)
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, curve in zip(grid, curves, strict=False):
        panel.set_ylim(low - margin, high + margin)
        _panel(panel, curve, axis)
    for panel in grid[len(curves) :]:
        panel.axis("off")
    if any(math.isnan(point.value) for curve in curves for point in curve.points):
        figure.supxlabel("×: no value", fontsize=8, x=0.98, ha="right")
    return figure


def _panel(panel: Axes, curve: Curve, axis: str) -> None:
    from bench.report.svg import series_colour

    bottom, top = panel.get_ylim()
    values = [point.value if math.isfinite(point.value) else math.nan for point in curve.points]
    panel.plot(range(len(values)), values, color=series_colour(0), marker="o", markersize=4.5, linewidth=1.6)
    for place, point in enumerate(curve.points):
        if math.isnan(point.value):
            panel.plot([place], [bottom], marker="x", color=series_colour(1), markersize=7, clip_on=False, zorder=5)
        elif math.isinf(point.value):
            level, side = (top, "top") if point.value > 0 else (bottom, "bottom")
            panel.text(place, level, "∞", ha="center", va=side, fontsize=12, color=series_colour(0))
    panel.set_xticks(range(len(values)), [point.label.replace(" ", "\n") for point in curve.points])
    panel.set_xlim(-0.4, len(values) - 0.6)
    panel.set_xlabel(f"{curve.name}, {curve.unit}")
    panel.set_ylabel(axis)
