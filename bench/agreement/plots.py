"""One metric against mean ratings: a point per file, codecs told apart by marker and colour, and the mapping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bench.agreement.model import ALL, Agreement, Findings
from bench.agreement.tables import Scope
from bench.agreement.verdicts import shown
from bench.curves import series_of
from bench.report.cells import direction, shortened
from bench.report.plots import Look
from bench.report.svg import figure_style, inline_svg, on_paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME_LIMIT = 24


def looks(findings: Findings) -> dict[str, Look]:
    """One look per codec, by the alphabet, for all figures."""
    names = sorted({series_of(str(name)) for name in findings.files["condition"]})
    return {name: Look(index) for index, name in enumerate(names)}


def svg(findings: Findings, scope: Scope, one: Agreement, styles: Mapping[str, Look]) -> str:
    """The figure as an ``<svg>`` element for a page."""
    label = f"{one.quantity} against {scope.scale}: {scope.title}"
    with figure_style():
        return inline_svg(_figure(findings, scope, one, styles), label, label)


def png(findings: Findings, scope: Scope, one: Agreement, styles: Mapping[str, Look]) -> bytes:
    """The figure on white paper."""
    return on_paper(lambda: _figure(findings, scope, one, styles))


def _figure(findings: Findings, scope: Scope, one: Agreement, styles: Mapping[str, Look]) -> Figure:
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    files = _files(findings.files, one)
    figure = Figure(figsize=(5.0, 3.3))
    axes = figure.add_axes((0.1, 0.14, 0.59, 0.77))
    for name, points in files.groupby(files["condition"].astype(str).map(series_of), sort=True):
        look = styles[str(name)]
        values, means = points[one.quantity].to_numpy(float), points["mean"].to_numpy(float)
        axes.errorbar(
            values, means, yerr=np.nan_to_num(points["ci_half"].to_numpy(float)), linestyle="none",
            marker=str(look.line["marker"]), markersize=4.5, color=look.colour, alpha=0.8, elinewidth=0.5, capsize=0,
            label=shortened(str(name), NAME_LIMIT),
        )  # fmt: skip
    if one.mapping is not None:
        turned = np.linspace(one.mapping.low, one.mapping.high, 200)
        sign = -1.0 if one.higher_is_better is False else 1.0
        axes.plot(sign * turned, one.mapping(turned), color=rcParams["text.color"], linewidth=1.4, label="mapping")
    arrow = direction({"higher_is_better": one.higher_is_better})
    axes.set_xlabel(" ".join(part for part in (one.quantity, one.unit and f"({one.unit})", arrow) if part))
    axes.set_ylabel(f"mean {scope.scale} and 95 % interval")
    r = one["files.pearson"]
    axes.set_title("no correlation: undefined" if math.isnan(r.value) else f"r = {shown(r)}", fontsize=9, loc="left")
    if len(files):
        axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0)
    return figure


def _files(files: pd.DataFrame, one: Agreement) -> pd.DataFrame:
    here = (files["test"] == one.test) & ((files["category"] == one.category) | (one.category == ALL))
    found: pd.DataFrame = files.loc[here & np.isfinite(files[one.quantity])]
    return found
