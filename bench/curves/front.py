"""Which conditions nobody beats with as few bits: the Pareto front of quality over bitrate, with what is not known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.curves.family import Family, Floats, Point, chosen, families
from bench.curves.joint import usable
from bench.curves.savings import FAMILY_COLUMNS, about
from bench.runs.results import Results
from bench.stats import DRAWS, Interval, holm, mean_ci
from bench.stats.groups import Groups
from bench.stats.signs import sign_flip_ps
from bench.stats.together import intervals
from bench.tables.scores import within

LEVEL = 0.05
ON_FRONT, UNDECIDED, DOMINATED = "front", "undecided", "dominated"

POINT_COLUMNS = (
    *FAMILY_COLUMNS, "condition", "series", "role", "actual_bps", "mean", "ci_low", "ci_high", "n", "n_clusters",
    "front", "best_mean", "against", "p",
)  # fmt: skip


def front(results: Results, seed: int = 0, wanted: Sequence[str] = (), draws: int = DRAWS) -> pd.DataFrame:
    """Every point of every curve of a run, POINT_COLUMNS, and where it stands; see :func:`points_of_family`.

    Args:
        wanted: names of quantities; none: all.
    Raises:
        ConfigError: no such quantity.
    """
    rows = [row for family in chosen(families(results), wanted) for row in points_of_family(family, seed, draws)]
    return pd.DataFrame(rows, columns=list(POINT_COLUMNS))


def points_of_family(family: Family, seed: int = 0, draws: int = DRAWS) -> list[dict[str, Any]]:
    """Bitrate and mean with its interval of each condition of one family, and where it stands.

    Two conditions are compared on the items that both have: bitrates over these, and the paired permutation test of
    :mod:`bench.stats` over clusters, corrected after Holm over all pairs of the family. In the column ``front`` a
    condition is

    - ``dominated`` where one with no higher bitrate is better by the test; ``against`` names the one with the
      smallest p;
    - ``front`` where it is better by the test than every condition with no higher bitrate, or there is none;
    - ``undecided`` else; ``against`` names those that it could not be told from.

    ``best_mean`` says whether its mean alone is above those of all that have no higher bitrate, whatever the test says.

    Both are empty for controls, for points without a finite mean or a bitrate, and where no direction is better.
    """
    kept, _ = usable([point for point in family.points if point.role == "codec"])
    standing = _standing(family, kept, seed, draws) if family.higher_is_better is not None else {}
    rows = []
    for point, mean in zip(family.points, _means(family, seed), strict=True):
        there = ~np.isnan(point.scores)
        low, high = within(mean.low, mean.high, family.about)
        counted = there & np.isfinite(point.bits)
        stands = standing.get(point.condition, _Standing("", None, "", math.nan))
        rows.append(
            about(family)
            | {
                "condition": point.condition, "series": point.series, "role": point.role,
                "actual_bps": _bps(point, counted) if counted.any() else math.nan,
                "mean": mean.mean, "ci_low": low, "ci_high": high, "n": mean.n, "n_clusters": mean.n_clusters,
                "front": stands.state, "best_mean": stands.best_mean, "against": stands.against, "p": stands.p,
            }
        )  # fmt: skip
    return rows


def _means(family: Family, seed: int) -> list[Interval]:
    """:func:`bench.stats.mean_ci` of each point, of all at once but for those with an infinite value."""
    groups = Groups(family.clusters)
    infinite = [bool(np.isinf(point.scores).any()) for point in family.points]
    finite = [groups.sums(point.scores) for point, has in zip(family.points, infinite, strict=True) if not has]
    found = iter(intervals(finite, seed))
    return [
        mean_ci(point.scores[~np.isnan(point.scores)], family.clusters[~np.isnan(point.scores)], seed)
        if has
        else next(found)
        for point, has in zip(family.points, infinite, strict=True)
    ]


class _Standing(NamedTuple):
    state: str
    best_mean: bool | None
    against: str
    p: float


class _Rival(NamedTuple):
    """Another condition with no higher bitrate: how much better it is, on the items that both have."""

    p: float
    gain: float
    condition: str


def _standing(family: Family, points: list[Point], seed: int, draws: int) -> dict[str, _Standing]:
    groups = Groups(family.clusters)
    pairs = list(combinations(points, 2))
    met = [_met(family, groups, one, two) for one, two in pairs]
    corrected = holm(sign_flip_ps([sums for sums, _, _ in met], seed, draws))
    rivals: dict[str, list[_Rival]] = {point.condition: [] for point in points}
    for (one, two), p, (_, gain, more_bits) in zip(pairs, corrected, met, strict=True):
        if more_bits <= 0:
            rivals[one.condition].append(_Rival(p, gain, two.condition))
        if more_bits >= 0:
            rivals[two.condition].append(_Rival(p, -gain, one.condition))
    return {name: _state(found) for name, found in rivals.items()}


def _state(rivals: list[_Rival]) -> _Standing:
    best = all(rival.gain < 0 for rival in rivals)
    better = sorted(rival for rival in rivals if rival.p <= LEVEL and rival.gain > 0)
    if better:
        return _Standing(DOMINATED, best, better[0].condition, better[0].p)
    close = [rival for rival in rivals if rival.p > LEVEL or rival.gain == 0]
    if close:
        return _Standing(UNDECIDED, best, ", ".join(rival.condition for rival in close), min(close).p)
    return _Standing(ON_FRONT, best, "", max((rival.p for rival in rivals), default=math.nan))


def _met(family: Family, groups: Groups, one: Point, two: Point) -> tuple[Floats, float, float]:
    """Sums of the differences in each cluster, how much better ``two`` is, and how many bits a second more it takes."""
    both = np.isfinite(one.scores) & np.isfinite(two.scores) & np.isfinite(one.bits) & np.isfinite(two.bits)
    if not both.any():
        return np.zeros(0), 0.0, _bps(two, np.isfinite(two.bits)) - _bps(one, np.isfinite(one.bits))
    sums = groups.sums(np.where(both, family.sign * (two.scores - one.scores), np.nan))
    return sums.sums, sums.mean, _bps(two, both) - _bps(one, both)


def _bps(point: Point, chosen: NDArray[np.bool_]) -> float:
    return float(point.bits[chosen].sum() / point.seconds[chosen].sum())
