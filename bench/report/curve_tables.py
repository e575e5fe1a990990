"""Curves as tables of text: what a series saves, which bitrate it needs, who is on the front."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.curves import DOMINATED, ON_FRONT, UNDECIDED, Analysis
from bench.curves.savings import ENOUGH, NOT_COMPUTABLE
from bench.report.cells import NOTHING, bounds, digits_of, direction, number, signed
from bench.report.record import category_name

BEST_MEAN = "undecided, best mean"
SHOWN = 3  # quantities that are named where they share a row

METHODS = (
    "Curves: the mean of each condition over its measured bitrate (total payload bits over total seconds of the same "
    "clips), with its 95 % interval. Of a listening test: the mean of all ratings over the mean bitrate of the rated "
    "clips; listeners are drawn.",
    "BD-rate: by how many per cent more (+) or fewer (-) bits a series needs than the anchor for the same quality, on "
    "average over the qualities that both curves have. BD-quality: the mean difference at the same bitrate, series "
    "less anchor, in the unit of the quantity, over the bitrates that both have. Beside each stands its range and how "
    "much that is of what either curve covers.",
    "Interpolation: PCHIP (piecewise cubic, monotone between the points) over the logarithm of the bitrate, by the "
    "package bjontegaard; at least 4 points a curve, at different bitrates, and for a BD-rate with a quality that "
    "rises from each to the next. Nothing is extrapolated.",
    f"Intervals: whole sources (or listeners) are drawn with replacement, the same for both curves, and everything is "
    f"computed anew each time. With fewer than some 10 of them an interval is too narrow. "
    f"It is withheld where less than {ENOUGH:.0%} of the draws are computable.",
    "Front: a condition is dominated where one with no higher bitrate is better by a paired permutation test "
    "(Holm-corrected over all pairs, 5 %), and on the front where it is better by the test than all of these. The "
    "others are undecided; some of them have the best mean of all with no higher bitrate.",
    "A difference on a scale with ends, such as MOS, is worth more near the ends; dB is a logarithmic scale already.",
)


@dataclass(frozen=True)
class Grid:
    """A table of text with a title."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]


@dataclass(frozen=True)
class Part:
    """The tables of one category of a run or listening test."""

    source: str
    category: str
    complete: bool
    grids: tuple[Grid, ...]

    @property
    def title(self) -> str:
        return f"{self.source}: {category_name(self.category).lower()}" + ("" if self.complete else " (partial run)")


def parts(analysis: Analysis) -> list[Part]:
    """The tables, in the order of the sources and categories."""
    made = []
    keys = analysis.points[["source", "category"]].drop_duplicates().itertuples(index=False)
    for source, category in keys:
        points, saved, needed = (
            table[(table["source"] == source) & (table["category"] == category)]
            for table in (analysis.points, analysis.savings, analysis.needed)
        )
        limits = {
            family.quantity: family.about
            for family in analysis.families
            if (family.source, family.category) == (source, category)
        }
        grids = [front_grid(points), *savings_grids(saved, limits), *_needed(needed, limits)]
        made.append(Part(str(source), str(category), bool(points["complete"].all()), tuple(grids)))
    return made


def points_grid(points: pd.DataFrame, about: Mapping[str, Any]) -> Grid:
    """Every point of one family with its numbers."""
    digits = digits_of(about)
    rows = [
        [
            str(row["condition"]), _kbps(row["actual_bps"]),
            f"{number(row['mean'], digits)} {bounds(row['ci_low'], row['ci_high'], digits)}".rstrip(), str(row["n"]),
            _standing(row), str(row["against"]),
        ]
        for row in points.to_dict("records")
    ]  # fmt: skip
    return Grid("Points", ("condition", "kbit/s", "mean", "n", "front", "against"), rows)


def rings(points: pd.DataFrame) -> dict[str, bool]:
    """Conditions to draw a ring around: True on the front, False (dotted) the best mean that is undecided."""
    return {
        str(row["condition"]): row["front"] == ON_FRONT
        for row in points.to_dict("records")
        if row["front"] == ON_FRONT or (row["best_mean"] and row["front"] != DOMINATED)
    }


def _standing(row: Mapping[Any, Any]) -> str:
    return BEST_MEAN if row["front"] == UNDECIDED and row["best_mean"] else str(row["front"])


def front_grid(points: pd.DataFrame) -> Grid:
    """Where each codec condition stands, a row for each quantity."""
    headings = (ON_FRONT, BEST_MEAN, UNDECIDED, DOMINATED)
    rows = []
    for _, found in points[points["role"] == "codec"].groupby("quantity", sort=False):
        ordered = found.sort_values(["actual_bps", "condition"]).to_dict("records")
        names = [", ".join(str(row["condition"]) for row in ordered if _standing(row) == state) for state in headings]
        rows.append([_with_arrow(ordered[0]), *(text or NOTHING for text in names)])
    return Grid("Front", ("quantity", "on the front", *headings[1:]), rows)


def _with_arrow(row: Mapping[Any, Any]) -> str:
    return f"{row['quantity']} {direction(row)}".strip()


def savings_grids(saved: pd.DataFrame, limits: Mapping[str, Any]) -> Iterator[Grid]:
    """What each series saves against each anchor, or why that is not known; ``limits``: about each quantity."""
    for anchor, found in saved.groupby("anchor", sort=False):
        rows = []
        for (quantity, series), pair in found.groupby(["quantity", "series"], sort=False):
            by_measure = {row["measure"]: row for row in pair.to_dict("records")}
            rate, quality = by_measure["bd_rate"], by_measure["bd_quality"]
            digits = digits_of(limits[str(quantity)])
            rows.append(
                [
                    _with_arrow(rate), str(series), _delta(rate, 1, " %"),
                    _range(rate, digits, 1, f" {rate['overlap_unit']}"),
                    _delta(quality, digits + 1, f" {quality['value_unit']}"), _range(quality, 2, 1000, " kbit/s"),
                    str(rate["n"]), rate["left_out"],
                ]
            )  # fmt: skip
        columns = ("quantity", "series", "BD-rate", "over", "BD-quality", "over", "n", "points left out")
        yield Grid(f"Against {anchor}", columns, _gathered(rows, found["quantity"].nunique()))


def _gathered(rows: list[list[str]], quantities: int) -> list[list[str]]:
    """Quantities for which nothing is known of a series, for the same reasons, share one row at the end."""
    known, unknown = [], defaultdict(list)
    for row in rows:
        if row[2].startswith(NOT_COMPUTABLE) and row[4].startswith(NOT_COMPUTABLE):
            unknown[tuple(row[1:])].append(row[0])
        else:
            known.append(row)
    return known + [[_named(names, quantities), *rest] for rest, names in unknown.items()]


def _named(names: Sequence[str], of: int) -> str:
    if len(names) == of > 1:
        return "all quantities"
    return ", ".join(names) if len(names) <= SHOWN else f"{names[0]} and {len(names) - 1} more"


def _needed(needed: pd.DataFrame, limits: Mapping[str, Any]) -> Iterator[Grid]:
    if needed.empty:
        return
    rows = []
    for row in needed.to_dict("records"):
        digits = digits_of(limits[str(row["quantity"])])
        wanted = f"{number(row['target'], digits)} {row['unit']}".strip()
        as_good_as = f"{row['anchor']} at {_kbps(row['anchor_bps'])} kbit/s" if row["anchor"] else ""
        found = row["reason"]
        if not found:
            bounds = "" if math.isnan(row["ci_low"]) else f" [{_kbps(row['ci_low'])}, {_kbps(row['ci_high'])}]"
            found = f"{_kbps(row['needed_bps'])}{bounds}" + (f" ({row['ci_reason']})" if row["ci_reason"] else "")
        rows.append([_with_arrow(row), as_good_as, wanted, str(row["series"]), found, str(row["n"])])
    columns = ("quantity", "as good as", "quality", "series", "needs kbit/s", "n")
    yield Grid("Bitrate for equal quality", columns, rows)


def _delta(row: Mapping[Any, Any], digits: int, unit: str) -> str:
    if row["reason"]:
        return str(row["reason"])
    text = signed(row["value"], digits) + unit.rstrip()
    if not math.isnan(row["ci_low"]):
        text += f" [{signed(row['ci_low'], digits)}, {signed(row['ci_high'], digits)}]"
    return text + (f" ({row['ci_reason']})" if row["ci_reason"] else "")


def _range(row: Mapping[Any, Any], digits: int, scale: float, unit: str) -> str:
    if math.isnan(row["overlap_low"]):
        return ""
    low, high = (number(row[key] / scale, digits) for key in ("overlap_low", "overlap_high"))
    return f"{low} to {high}{unit.rstrip()} ({row['overlap_share']:.0%})"


def _kbps(bps: float) -> str:
    return number(bps / 1000)
