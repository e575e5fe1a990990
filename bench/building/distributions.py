"""Distributions of SNR and reverberation time over the clips of a set, as plots."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.domain import Clip
from bench.report.svg import FAINT, INK, figure_style, inline_svg, series_colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRINTED = {INK: "#24292f", FAINT: "#8c959f"}  # on white: a file has no page to take its colours from
KINDS = {
    "snr": ("snr_db", "SNR in dB, over the whole clip"),
    "rt60": ("rt60_s", "RT60 in s"),
}
"""What can be drawn: the clips' attribute and the axis. Values that are None are left out and counted in the title."""


def values_of(clips: Sequence[Clip], kind: str) -> list[float]:
    """The values of the clips that have one."""
    found = [clip.attributes.get(KINDS[kind][0]) for clip in clips]
    return [float(value) for value in found if value is not None]


def svg(clips: Sequence[Clip], kind: str) -> str:
    """The histogram of ``kind`` as an ``<svg>`` element for a page."""
    with figure_style():
        return inline_svg(_figure(clips, kind), f"{kind} of {len(clips)} clips", f"Distribution of {KINDS[kind][1]}")


def png(clips: Sequence[Clip], kind: str) -> bytes:
    """The histogram of ``kind`` as a picture on white."""
    import matplotlib as mpl

    with figure_style():
        for name, value in list(mpl.rcParams.items()):
            if isinstance(value, str) and value in PRINTED:
                mpl.rcParams[name] = PRINTED[value]
        buffer = io.BytesIO()
        figure = _figure(clips, kind)
        figure.savefig(buffer, format="png", dpi=150, facecolor="white", metadata={"Software": None})
        return buffer.getvalue()


def _figure(clips: Sequence[Clip], kind: str) -> Figure:
    from matplotlib.figure import Figure

    values = values_of(clips, kind)
    figure = Figure(figsize=(4.6, 2.4))
    axes: Any = figure.add_axes((0.11, 0.2, 0.86, 0.68))
    axes.hist(
        values, bins=_bins(values), color=series_colour(0 if kind == "snr" else 2), edgecolor="white", linewidth=0.5
    )
    axes.set_xlabel(KINDS[kind][1])
    axes.set_ylabel("clips")
    axes.grid(visible=False, axis="x")
    axes.yaxis.get_major_locator().set_params(integer=True)
    without = len(clips) - len(values)
    axes.set_title(f"{len(values)} clips" + (f"; {without} have none" if without else ""), loc="left", fontsize=9)
    return figure


def _bins(values: Sequence[float]) -> Any:
    if not values or max(values) - min(values) < 1e-9:
        return 10
    return np.linspace(min(values), max(values), min(30, max(8, len(values) // 4)) + 1)
