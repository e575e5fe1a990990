"""What each series saves against an anchor: BD-rate and BD-quality with intervals, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.curves.delta import Delta, bd_quality, bd_rate, curve
from bench.curves.family import Family, Point, chosen, families
from bench.curves.joint import Joint, usable
from bench.errors import ConfigError
from bench.registry import nearest
from bench.runs.results import Results
from bench.stats import cluster_bootstrap

DRAWS = 1000
NOT_COMPUTABLE = "not computable"  # how the reason of a saving without a value begins
ENOUGH = 0.9
"""Share of the draws that must be computable: an interval of fewer would be of those that happen to be."""

FAMILY_COLUMNS = ("source", "kind", "complete", "category", "quantity", "unit", "higher_is_better")
SAVINGS_COLUMNS = (
    *FAMILY_COLUMNS, "anchor", "series", "measure", "value", "value_unit", "ci_low", "ci_high", "computable_draws",
    "draws", "overlap_low", "overlap_high", "overlap_unit", "overlap_share", "n", "n_clusters", "points_anchor",
    "points", "reason", "ci_reason", "left_out",
)  # fmt: skip


def savings(
    results: Results, anchor: str, seed: int = 0, wanted: Sequence[str] = (), draws: int = DRAWS
) -> pd.DataFrame:
    """BD-rate and BD-quality of every series of a run against ``anchor``, per category and quantity.

    Two rows, SAVINGS_COLUMNS, for each other series; see :func:`savings_of_family`.

    Args:
        anchor: a series, such as ``opus``.
        wanted: names of quantities; none: all.
    Raises:
        ConfigError: no such series or quantity.
    """
    found = chosen(families(results), wanted)
    known_anchor(found, anchor)
    rows = [row for family in found for row in savings_of_family(family, anchor, seed, draws)]
    return pd.DataFrame(rows, columns=list(SAVINGS_COLUMNS))


def known_anchor(found: Iterable[Family], anchor: str) -> None:
    """Raise ConfigError where no family has a series called ``anchor``."""
    known = list(dict.fromkeys(name for family in found for name in family.series))
    if anchor not in known:
        raise ConfigError(
            f"--anchor: no series is named {anchor!r}.{nearest(anchor, known)} Series (codecs without their bitrates): "
            f"{', '.join(known) or 'none'}."
        )


def savings_of_family(family: Family, anchor: str, seed: int = 0, draws: int = DRAWS) -> list[dict[str, Any]]:
    """The rows of one family.

    Both curves are over the items that all their points have, so that they are compared on the same clips (of a
    listening test: the same ratings). Points without a finite mean or a bitrate are left out, and ``left_out`` says
    why. The interval draws whole clusters jointly for both curves, and computes means, bitrates and the delta anew each
    time. It is withheld, and ``ci_reason`` says so, where fewer than 90 % of the draws are computable.

    ``bd_rate`` is in per cent: -50 needs half the bits. ``bd_quality`` is in the unit of the quantity, series less
    anchor: where lower values are better, a negative difference is. The overlap of ``bd_rate`` is in the quantity's
    unit, that of ``bd_quality`` in bit/s.
    """
    reference, left_out_of_anchor = usable(family.series.get(anchor, []))
    rows = []
    for name, points in family.series.items():
        if name == anchor:
            continue
        kept, left_out = usable(points)
        same = {
            **about(family), "anchor": anchor, "series": name, "draws": draws, "points_anchor": len(reference),
            "points": len(kept), "left_out": "; ".join([*left_out_of_anchor, *left_out]),
        }  # fmt: skip
        rows += [same | row for row in _compared(family, reference, kept, seed, draws)]
    return rows


def about(family: Family) -> dict[str, Any]:
    """What every row says of its family: FAMILY_COLUMNS."""
    return {
        "source": family.source, "kind": family.kind, "complete": family.complete, "category": family.category,
        "quantity": family.quantity, "unit": str(family.about.get("unit") or ""),
        "higher_is_better": family.higher_is_better,
    }  # fmt: skip


class Bootstrapped(NamedTuple):
    """An interval, how many draws gave a number, and why there is no interval."""

    low: float
    high: float
    computable: int
    reason: str = ""


def interval(
    clusters: NDArray[np.intp], statistic: Callable[[NDArray[np.intp]], float], seed: int, draws: int
) -> Bootstrapped:
    """The bootstrap interval of a statistic of clusters, withheld where too few draws are computable; none of 0."""
    if not draws:
        return Bootstrapped(math.nan, math.nan, 0)
    if len(clusters) < 2:
        return Bootstrapped(math.nan, math.nan, 0, "one source has no interval")
    low, high, computable = cluster_bootstrap(clusters, statistic, seed, draws=draws)
    if computable < ENOUGH * draws:
        reason = f"withheld: only {computable} of {draws} draws are computable"
        return Bootstrapped(math.nan, math.nan, computable, reason)
    return Bootstrapped(low, high, computable)


def _compared(
    family: Family, reference: list[Point], points: list[Point], seed: int, draws: int
) -> list[dict[str, Any]]:
    problem = "" if reference else "the anchor has no points here"
    problem = problem or ("" if points else "no points with a value and a bitrate")
    problem = problem or ("" if family.higher_is_better is not None else "the quantity has no better direction")
    joint = Joint(family, [*reference, *points]) if not problem else None
    if joint is not None and not joint.n:
        problem = "no clip has a value at every point of both curves"
    if problem or joint is None:
        return [_row(name, Delta(math.nan, reason=problem)) for name in ("bd_rate", "bd_quality")]

    def delta(measure: Callable[..., Delta], drawn: NDArray[np.intp] | None = None) -> Delta:
        bps, quality = joint.at(drawn)
        place = len(reference)
        return measure(curve(bps[:place], quality[:place]), curve(bps[place:], quality[place:]))

    rows = []
    for name, measure in (("bd_rate", bd_rate), ("bd_quality", bd_quality)):
        found = delta(measure)
        drawn = Bootstrapped(math.nan, math.nan, 0)
        if not found.reason:

            def statistic(clusters: NDArray[np.intp], measure: Callable[..., Delta] = measure) -> float:
                return delta(measure, clusters).value

            drawn = interval(joint.clusters, statistic, seed, draws)
        rows.append(_row(name, found, drawn, family) | {"n": joint.n, "n_clusters": joint.n_clusters})
    return rows


def _row(name: str, found: Delta, drawn: Bootstrapped | None = None, family: Family | None = None) -> dict[str, Any]:
    """A row in the units of the quantity; ``family`` knows whether quality was turned around."""
    drawn = drawn or Bootstrapped(math.nan, math.nan, 0)
    of_rate = name == "bd_rate"
    unit = str(family.about.get("unit") or "") if family else ""
    turned = family is not None and family.sign < 0
    value, low, high = found.value, drawn.low, drawn.high
    overlap_low, overlap_high = found.overlap_low, found.overlap_high
    if turned and of_rate:
        overlap_low, overlap_high = -overlap_high, -overlap_low
    elif turned:
        value, low, high = -value, -high, -low
    return {
        "measure": name, "value": value, "value_unit": "%" if of_rate else unit, "ci_low": low, "ci_high": high,
        "computable_draws": drawn.computable, "overlap_low": overlap_low, "overlap_high": overlap_high,
        "overlap_unit": unit if of_rate else "bit/s", "overlap_share": found.overlap_share, "n": 0, "n_clusters": 0,
        "reason": found.reason and f"{NOT_COMPUTABLE}: {found.reason}", "ci_reason": drawn.reason,
    }  # fmt: skip
