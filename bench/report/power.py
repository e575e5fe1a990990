"""What a run says about the next one: how many recordings a difference between two conditions needs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from bench.errors import ConfigError
from bench.registry import nearest
from bench.runs.results import Results
from bench.stats.power import cautious_sd, sources_needed, spread, visible_difference
from bench.tables import categories, codec_conditions, conditions, in_order, judged, quantities, source_codes

LEVEL, AIM = 0.95, 0.8


@dataclass(frozen=True, slots=True)
class Outlook:
    """Two conditions in one category: how their paired differences vary, and what follows from it.

    ``clips`` are those with a value of both conditions that counts, ``without`` the others. ``needed`` sources show
    ``difference`` with the stated power, ``needed_cautious`` even if the pilot happens to vary less than the
    population; ``visible`` is the smallest difference that the sources of the pilot show. None or NaN where ``note``
    says why.
    """

    category: str
    quantity: str
    unit: str
    first: str
    second: str
    clips: int
    without: int
    sources: int
    mean: float = math.nan
    sd: float = math.nan
    source_sd: float = math.nan
    design_effect: float = math.nan
    visible: float = math.nan
    needed: int | None = None
    needed_clips: int | None = None
    needed_cautious: int | None = None
    note: str = ""


def outlooks(
    results: Results,
    quantity: str,
    difference: float | None = None,
    pair: Sequence[str] = (),
    aim: float = AIM,
    level: float = LEVEL,
) -> list[Outlook]:
    """One row for each category and pair of conditions.

    Args:
        difference: in the unit of ``quantity``; without it, only what the pilot itself shows is computed.
        pair: two conditions; without it, all pairs of codecs.
    Raises:
        ConfigError: names that are not in the run, or numbers out of range.
    """
    _check(results, quantity, difference, pair, aim, level)
    scores = judged(results)  # the values that the means of the report are made of
    scores = scores[scores["quantity"] == quantity]
    found: list[Outlook] = []
    for category in categories(results):
        rows = scores[scores["category"] == category]
        if rows.empty or (rows["status"] == "not_applicable").all():
            continue
        chosen = list(pair) or codec_conditions(results)
        values = _values(rows)
        found += [
            _outlook(results, category, quantity, first, second, values, difference, aim, level)
            for first, second in combinations(chosen, 2)
        ]
    return found


def inapplicable(results: Results, quantity: str) -> list[str]:
    """Categories for which there is nothing to plan, because the quantity does not speak of them."""
    scores = results.scores[results.scores["quantity"] == quantity]
    speaks = set(scores.loc[scores["status"] != "not_applicable", "category"])
    return [category for category in categories(results) if category not in speaks]


def _check(
    results: Results, quantity: str, difference: float | None, pair: Sequence[str], aim: float, level: float
) -> None:
    problems = []
    known = quantities(results)
    if quantity not in known:
        problems.append(
            f"--quantity: the run has no {quantity!r}.{nearest(quantity, known)} It has: {', '.join(known) or 'none'}."
        )
    names = conditions(results)
    problems += [
        f"--conditions: the run has no {name!r}.{nearest(name, names)} It has: {', '.join(names) or 'none'}."
        for name in pair
        if name not in names
    ]
    if pair and (len(pair) != 2 or pair[0] == pair[1]):
        problems.append(f"--conditions: expected two different conditions, got {' and '.join(pair)}.")
    if difference is not None and not (math.isfinite(difference) and difference):
        problems.append(f"--difference: expected a number other than 0, got {difference:g}.")
    for option, value in (("--power", aim), ("--level", level)):
        if not 0 < value < 1:
            problems.append(f"{option}: expected a number between 0 and 1, such as 0.8, got {value:g}.")
    if problems:
        raise ConfigError(problems)


def _values(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each clip, a column for each condition; the source of the clip is the outer index."""
    measured = rows["value"].where(rows["status"] == "ok")
    frame = pd.DataFrame(
        {
            "source": source_codes(rows),
            "clip": rows["dataset"].astype(str) + "\n" + rows["clip"].astype(str),
            "condition": rows["condition"].astype(str),
            "value": measured.astype("float64"),
        }
    )
    # A pivot table would drop clips without any value, which are counted.
    return frame.set_index(["source", "clip", "condition"])["value"].unstack("condition")  # noqa: PD010


def _outlook(
    results: Results,
    category: str,
    quantity: str,
    first: str,
    second: str,
    values: pd.DataFrame,
    difference: float | None,
    aim: float,
    level: float,
) -> Outlook:
    unit = str(results.quantities.get(quantity, {}).get("unit") or "")
    both = values.reindex(columns=[first, second]).dropna()
    with np.errstate(invalid="ignore"):  # the difference of two infinities is none
        differences = (both[second] - both[first]).to_numpy(dtype=float)
    infinite = int(np.count_nonzero(~np.isfinite(differences)))
    sources = both.index.get_level_values("source").to_numpy()
    k = len(set(sources.tolist()))
    start = (category, quantity, unit, first, second, len(both), len(values) - len(both), k)
    if infinite:
        note = f"{infinite} of {len(both)} differences are infinite: their mean has no spread. Choose another quantity."
        return Outlook(*start, note=note)
    if k < 2:
        return Outlook(*start, note=f"a spread needs two sources, the pilot has {k}; run it on more recordings.")
    pilot = spread(differences, sources)
    told = (pilot.mean, pilot.sd, pilot.source_sd, pilot.design_effect)
    if pilot.source_sd <= 1e-12 * max(1.0, abs(pilot.mean)):
        return Outlook(*start, *told, note="the differences of all sources are equal: there is no spread to plan with.")
    visible = visible_difference(pilot.source_sd, k, aim, level)
    if difference is None:
        return Outlook(*start, *told, visible)
    needed = sources_needed(difference, pilot.source_sd, aim, level)
    cautious = sources_needed(difference, cautious_sd(pilot.source_sd, k), aim, level)
    clips = None if needed is None else math.ceil(needed * len(both) / k)
    note = "" if needed else "more than ten million sources: nobody has them."
    return Outlook(*start, *told, visible, needed, clips, cautious, note)


def ladder(difference: float) -> list[float]:
    """Differences around ``difference``, from a quarter to four times of it."""
    return [difference * factor for factor in (0.25, 0.5, 1.0, 2.0, 4.0)]


def curve(rows: Sequence[Outlook], differences: Sequence[float], aim: float, level: float) -> Iterator[dict[str, Any]]:
    """Sources needed for each category and difference: for the pair of middle spread and for the widest one."""
    for category in in_order([row.category for row in rows], list(dict.fromkeys(row.category for row in rows))):
        found = spreads(rows, category)
        if not found:
            continue
        for difference in differences:
            needed = [sources_needed(difference, sd, aim, level) for sd in (found[len(found) // 2], found[-1])]
            yield {"category": category, "difference": difference, "middle": needed[0], "widest": needed[1]}


def spreads(rows: Sequence[Outlook], category: str) -> list[float]:
    """``source_sd`` of the pairs of ``category`` that have one, from the smallest."""
    return sorted(row.source_sd for row in rows if row.category == category and not math.isnan(row.visible))


def curve_svg(rows: Sequence[Outlook], difference: float, aim: float, level: float) -> str:
    """Sources needed against the difference, a line for each category: the pair of middle spread, and all around it."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    from bench.report.plots import LINES
    from bench.report.record import category_name
    from bench.report.svg import INK, figure_style, inline_svg, series_colour

    label = f"Sources needed to see a difference of {rows[0].quantity}" if rows else "Sources needed"
    with figure_style():
        figure = Figure(figsize=(5.6, 3.6))
        axes = figure.add_axes((0.12, 0.14, 0.84, 0.8))
        differences = np.geomspace(difference / 8, difference * 8, 41).tolist()
        for index, category in enumerate(dict.fromkeys(row.category for row in rows)):
            if not (found := spreads(rows, category)):
                continue
            low, middle, high = (
                [float(sources_needed(d, sd, aim, level) or math.nan) for d in differences]
                for sd in (found[0], found[len(found) // 2], found[-1])
            )
            colour, line = series_colour(index), LINES[index % len(LINES)]
            axes.plot(differences, middle, color=colour, linestyle=line, linewidth=1.6, label=category_name(category))
            axes.fill_between(differences, low, high, color=colour, alpha=0.13, linewidth=0)
            there = max(row.sources for row in rows if row.category == category)
            axes.plot([difference / 8], [there], marker=">", markersize=5, color=colour, clip_on=False)
        axes.axvline(difference, color=INK, linestyle=(0, (1, 2)), linewidth=0.9)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(differences[0], differences[-1])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_locator(NullLocator())
        axes.set_xlabel(f"difference of {rows[0].quantity} ({rows[0].unit})" if rows else "difference")
        axes.set_ylabel("sources needed")
        if axes.get_legend_handles_labels()[1]:
            axes.legend(frameon=False, fontsize=8)
        return inline_svg(figure, label, label)
