"""Who stands where in a category, by one quantity, with ranks that the clips leave open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.report.worst import main_quantity
from bench.runs.results import Results
from bench.stats import rank_intervals
from bench.tables import Cell, codec_conditions, measured, roles, summarise
from bench.tables.codes import coded

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A condition: its mean with interval, and its best and worst rank among the codecs; none for controls."""

    condition: str
    role: str
    mean: float
    low: float
    high: float
    rank: tuple[int, int] | None

    @property
    def rank_text(self) -> str:
        """Such as ``2`` or ``1–3``."""
        if self.rank is None:
            return ""
        best, worst = self.rank
        return str(best) if best == worst else f"{best}–{worst}"


@dataclass(frozen=True)
class Standing:
    """The conditions of a category, best first; the ranks are over the ``clips`` on which every codec has a value."""

    category: str
    quantity: str
    places: list[Place]
    clips: int
    sources: int

    def sentence(self) -> str:
        """What can be said of the first place."""
        ranked = [place for place in self.places if place.rank]
        first = [place.condition for place in ranked if place.rank and place.rank[0] == 1]
        if len(ranked) < 2:
            return "There is no order of codecs to tell: fewer than two have values on the same clips."
        if len(first) == 1:
            return f"By {self.quantity}, {first[0]} is ahead of the other {len(ranked) - 1} codec conditions."
        least = sources_to_rank(len(ranked))
        if self.sources < least:
            return (
                f"{self.sources} recordings are too few to rank {len(ranked)} codec conditions by {self.quantity}: a "
                f"permutation test that is corrected for all pairs needs at least {least}."
            )
        if len(first) == len(ranked):
            return (
                f"By {self.quantity}, {self.sources} recordings do not tell the {len(ranked)} codec conditions apart."
            )
        return f"By {self.quantity}, {len(first)} of {len(ranked)} codec conditions share the lead: {', '.join(first)}."


def sources_to_rank(conditions: int, level: float = 0.05) -> int:
    """Fewest sources with which the paired permutation test of one among all pairs can be significant after Holm.

    Its smallest p is ``2 / 2**k`` for ``k`` sources.
    """
    pairs = conditions * (conditions - 1) // 2
    return math.ceil(1 + math.log2(pairs / level))


def standing(results: Results, category: str, seed: int) -> Standing | None:
    """The order of a category by its main quantity; None where nothing has a value."""
    known, codecs = roles(results), codec_conditions(results)
    quantity = main_quantity(results, category, codecs)
    if quantity is None:
        return None
    better = results.quantities.get(quantity, {}).get("higher_is_better", True)
    cells = measured(results).of(category, quantity)
    values, sources = _on_common_clips(results, [cells[name] for name in codecs if name in cells])
    ranks = rank_intervals(values, sources, better, seed) if len(sources) else {}
    summary = summarise(results, seed)
    means = summary[(summary["category"] == category) & (summary["quantity"] == quantity) & summary["mean"].notna()]
    places = [
        Place(name, known.get(name, "codec"), row["mean"], row["ci_low"], row["ci_high"], ranks.get(name))
        for row in means.to_dict("records")
        for name in [str(row["condition"])]
    ]
    sign = -1 if better else 1
    places.sort(key=lambda place: (sign * place.mean, place.condition))
    return Standing(category, quantity, places, len(sources), len(np.unique(sources)))


def _on_common_clips(results: Results, cells: Sequence[Cell]) -> tuple[dict[str, Floats], NDArray[Any]]:
    """The values of each condition on the clips that all of them have, in one order, and the sources of these clips."""
    clips = coded(results.scores["clip"]).codes
    names = [clips[cell.rows] for cell in cells]
    common = reduce(np.intersect1d, names) if names else np.zeros(0, dtype=np.intp)
    places = [_places(of_cell, common) for of_cell in names]
    values = {cell.condition: cell.value[place] for cell, place in zip(cells, places, strict=True)}
    sources = cells[0].sources[places[0]] if cells else np.zeros(0, dtype=np.intp)
    return values, sources


def _places(clips: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.intp]:
    """Where each of ``wanted`` stands in ``clips``."""
    order = np.argsort(clips, kind="stable")
    return np.asarray(order[np.searchsorted(clips[order], wanted)])
