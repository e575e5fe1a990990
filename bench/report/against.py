"""In a report: what the series of a category save against an anchor, by its main quantity, and who is on the front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bench.curves import Family, families_of_category, known_anchor, points_of_family, savings_of_family
from bench.curves.delta import LEAST_POINTS
from bench.curves.front import POINT_COLUMNS
from bench.curves.joint import usable
from bench.curves.savings import NOT_COMPUTABLE, SAVINGS_COLUMNS
from bench.report.curve_tables import Grid, front_grid, rings, savings_grids
from bench.report.worst import main_quantity
from bench.runs.results import Results
from bench.tables import categories, codec_conditions

DRAWS = 200
MOST_SOURCES = 2000
"""A report draws intervals up to so many sources; `codecbench curves` always does."""


FEW_SOURCES = 10


@dataclass(frozen=True)
class Against:
    """The curves of one category, compared.

    ``anchor`` is empty where no delta could be computed; ``notes`` then say why. ``ringed`` as of
    :func:`bench.report.curve_tables.rings`.
    """

    category: str
    quantity: str
    anchor: str
    grids: tuple[Grid, ...]
    notes: tuple[str, ...]
    ringed: Mapping[str, bool]


def against(results: Results, anchor: str = "", seed: int = 0) -> dict[str, Against]:
    """By category, where a codec has values.

    Args:
        anchor: a series; without it the first of each category that has the points of a curve.
    Raises:
        ConfigError: no such series.
    """
    codecs = codec_conditions(results)
    found = []
    for category in categories(results):
        if (quantity := main_quantity(results, category, codecs)) is not None:
            found += families_of_category(results, category, [quantity])
    if anchor:
        known_anchor(found, anchor)
    return {family.category: _compared(family, anchor or _first(family), seed) for family in found}


def _first(family: Family) -> str:
    return next((name for name, points in family.series.items() if len(usable(points)[0]) >= LEAST_POINTS), "")


def _compared(family: Family, anchor: str, seed: int) -> Against:
    points = pd.DataFrame(points_of_family(family, seed), columns=list(POINT_COLUMNS))
    sources = len(set(family.clusters.tolist()))
    rows = savings_of_family(family, anchor, seed, DRAWS if sources <= MOST_SOURCES else 0) if anchor else []
    grids = [front_grid(points)] if points["front"].ne("").any() else []
    if computed := any(not row["reason"] for row in rows):
        saved = pd.DataFrame(rows, columns=list(SAVINGS_COLUMNS))
        grids += savings_grids(saved, {family.quantity: family.about})
        notes = [_explained(anchor, sources)]
    elif not anchor:
        notes = [f"No BD-rate: no codec has {LEAST_POINTS} conditions with a value and a bitrate, as a curve needs."]
    elif not rows:
        notes = [f"No BD-rate: there is no other codec than {anchor}."]
    else:
        reasons = dict.fromkeys(f"{row['series']}: {row['reason'].removeprefix(f'{NOT_COMPUTABLE}: ')}" for row in rows)
        notes = [f"No BD-rate or BD-quality against {anchor} can be computed. {'. '.join(reasons)}."]
    return Against(
        family.category, family.quantity, anchor if computed else "", tuple(grids), tuple(notes), rings(points)
    )


def _explained(anchor: str, sources: int) -> str:
    if sources > MOST_SOURCES:
        drawn = f"Without intervals: more than {MOST_SOURCES} sources; `codecbench curves` draws them."
    else:
        drawn = f"In brackets the 95 % interval of {DRAWS} draws of sources"
        drawn += f": too narrow, for {sources} sources are few." if sources < FEW_SOURCES else "."
    return (
        f"BD-rate: per cent more (+) or fewer (-) bits than {anchor} for the same quality; BD-quality: how much better "
        "or worse at the same bitrate. Both on the clips that all points of the two curves have, over the range beside "
        f"them, which both curves cover (in parentheses its share), by PCHIP over the logarithm of the bitrate. {drawn}"
    )
