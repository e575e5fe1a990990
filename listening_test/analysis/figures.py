"""Box plots, means and violins as SVG that takes its colours from the page around it."""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from listening_test.analysis.descriptive import outlying, quartiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

INK, FAINT, SYSTEM, OTHER = "#010203", "#010204", "#0072b2", "#6b7280"
THEMED = {INK: "currentColor", FAINT: "var(--faint, #999999)", SYSTEM: "var(--system, #0072b2)",
          OTHER: "var(--other, #6b7280)"}  # fmt: skip
"""Sentinels of a figure, and what the page makes of them."""

SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif", "font.size": 9, "text.color": INK, "axes.edgecolor": FAINT, "axes.labelcolor": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "grid.color": FAINT,
    "grid.linewidth": 0.6, "xtick.color": FAINT, "ytick.color": FAINT, "xtick.labelcolor": INK,
    "ytick.labelcolor": INK, "xtick.labelsize": 8, "ytick.labelsize": 8, "figure.facecolor": "none",
    "axes.facecolor": "none", "savefig.facecolor": "none", "svg.fonttype": "none", "text.parse_math": False,
}  # fmt: skip

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
    with _style():
        figure, axes = _axes(series, limits)
        for place, one in enumerate(series):
            _box(axes, place, one)
            axes.plot([one.mean], [place], linestyle="none", marker="D", markersize=4.5, color=INK, zorder=4)
            axes.hlines([place], [one.low], [one.high], color=INK, linewidth=1.6, zorder=4)
        return _svg(figure, label)


def violins(series: Sequence[Series], limits: tuple[float, float], label: str) -> str:
    """A row for each condition: density of the scores, every score as a tick, quartiles as lines."""
    with _style():
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
    names = [_shortened(one.name) for one in series]
    figure = Figure(figsize=(6.2, height))
    left = min(0.42, 0.03 + 0.0105 * max(map(len, names), default=0))
    axes = figure.add_axes((left, bottom / height, 0.975 - left, 1 - (top + bottom) / height))
    axes.set_ylim(max(len(series), 1) - 0.45, -0.55)
    axes.set_yticks(range(len(series)), names)
    axes.tick_params(axis="y", length=0)
    margin = 0.015 * (limits[1] - limits[0])
    axes.set_xlim(limits[0] - margin, limits[1] + margin)
    axes.grid(visible=True, axis="x")
    if limits == (0.0, 100.0):
        axes.set_xticks(range(0, 101, 20))
        for place, band in enumerate(BANDS):
            axes.text(10 + 20 * place, 1.0, band, transform=axes.get_xaxis_transform(), fontsize=8,
                      horizontalalignment="center", verticalalignment="bottom")  # fmt: skip
    axes.set_xlabel("score")
    return figure, axes


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 9]}…{text[-8:]}"


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        for name, value in SETTINGS.items():
            mpl.rcParams[cast("Any", name)] = value
        warnings.filterwarnings("ignore", message=r"(?s).*[Gg]lyph.*missing")  # the browser has the glyphs
        yield


def _svg(figure: Figure, label: str) -> str:
    """The figure as an element that refers to nothing outside of it; ``label`` is for those who do not see it."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->\n?", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", lambda tag: _inlined(tag[0]), text)
    # Clipping does nothing here, and markers are drawn where they are used: no ids, which would clash on a page.
    text = re.sub(r"(?s)<clipPath.*?</clipPath>", "", text)
    text = _with_markers(text)
    view = re.search(r'viewBox="0 0 ([\d.]+)[^"]*"', text)
    opening = (
        f'<svg role="img" aria-label="{html.escape(label)}" style="max-width:{float(view[1]) if view else 400:.0f}pt"'
    )
    text = re.sub(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>", lambda found: f"{opening} {found[1]}>", text, count=1)
    for sentinel, colour in THEMED.items():
        text = text.replace(sentinel, colour)
    return text.strip()


def _inlined(tag: str) -> str:
    tag = re.sub(r' clip-path="url\([^)]*\)"', "", tag)
    tag = re.sub(r"(\d+\.\d{2})\d+", r"\1", tag)
    return re.sub(r"(font: (?:[\w.]+ )*[\d.]+px) [^;\"]*", r"\1 system-ui, sans-serif", tag)


def _with_markers(text: str) -> str:
    """``<use>`` of a path replaced by a group with the path."""
    shapes = dict(re.findall(r'<path id="([^"]+)" (d="[^"]*")', text))

    def drawn(use: re.Match[str]) -> str:
        found = dict(re.findall(r'([\w:-]+)="([^"]*)"', use[0]))
        name = found["xlink:href"].removeprefix("#")
        place = f"translate({found.get('x', 0)} {found.get('y', 0)})"
        return f'<path {shapes.get(name, "")} transform="{place}" style="{found.get("style", "")}"/>'

    text = re.sub(r"<use [^>]*/>", drawn, text)
    text = re.sub(r"(?s)<defs>.*?</defs>", "", text)
    return re.sub(r' id="[^"]*"', "", text)
