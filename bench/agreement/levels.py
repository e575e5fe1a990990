"""Correlations and errors of one metric on each level, with intervals by a bootstrap over sources."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.agreement.coefficients import FEWEST, Floats, kendall, pearson, ranks_within, spearman, within
from bench.agreement.mapping import errors_of_fit
from bench.agreement.model import Estimate
from bench.stats import cluster_bootstrap, mean_ci

Rows = NDArray[np.intp]
Found = TypeVar("Found")

CORRELATIONS: Mapping[str, Callable[[Floats, Floats], float]] = {
    "pearson": pearson,
    "spearman": spearman,
    "kendall": kendall,
}
DRAWS = 1000


@dataclass(frozen=True)
class Points:
    """Files as arrays of one length: the turned metric, the mean rating and half its interval, and of what each is.

    ``clips`` and ``conditions`` are numbers from 0; ``clusters`` are the sources.
    """

    metric: Floats
    ratings: Floats
    halves: Floats
    clips: Rows
    conditions: Rows
    clusters: NDArray[Any]

    def __len__(self) -> int:
        return len(self.metric)


def over_files(points: Points, seed: int, draws: int = DRAWS) -> dict[str, Estimate]:
    """Every file is a point."""
    everything = np.arange(len(points), dtype=np.intp)

    def of(statistic: Callable[[Rows], float]) -> Estimate:
        return _estimate(statistic, everything, points, len(points), seed, draws)

    found = {
        name: of(lambda rows, one=one: one(points.metric[rows], points.ratings[rows]))  # type: ignore[misc]
        for name, one in CORRELATIONS.items()
    }
    fits = kept(lambda rows: errors_of_fit(points.metric[rows], points.ratings[rows], points.halves[rows]))
    found["rmse"] = of(lambda rows: fits(rows).rmse)
    found["rmse_star"] = of(lambda rows: fits(rows).rmse_star)
    found["outlier_ratio"] = of(lambda rows: fits(rows).outlier_ratio)
    return found


def over_conditions(points: Points, seed: int, draws: int = DRAWS) -> dict[str, Estimate]:
    """Every condition is a point: the means of its files. What clips differ in is averaged away."""
    everything = np.arange(len(points), dtype=np.intp)
    n = len(np.unique(points.conditions))

    def means(rows: Rows) -> tuple[Floats, Floats]:
        groups = points.conditions[rows]
        sizes = np.bincount(groups)
        there = sizes > 0
        one, two = (np.bincount(groups, side[rows])[there] / sizes[there] for side in (points.metric, points.ratings))
        return one, two

    return {
        name: _estimate(lambda rows, one=one: one(*means(rows)), everything, points, n, seed, draws)  # type: ignore[misc]
        for name, one in CORRELATIONS.items()
    }


def within_items(points: Points, seed: int) -> dict[str, Estimate]:
    """Mean over clips of the correlation across the conditions of a clip; clips where one side is constant have none.

    What makes one clip harder than another has no part in it: can the metric rank codecs on the same clip?
    """
    found: dict[str, Estimate] = {}
    groups = [np.flatnonzero(points.clips == clip) for clip in np.unique(points.clips)]
    for name, correlation in CORRELATIONS.items():
        single = np.array([correlation(points.metric[rows], points.ratings[rows]) for rows in groups])
        there = ~np.isnan(single)
        if not there.any():
            found[name] = Estimate()
            continue
        clusters = np.array([points.clusters[rows[0]] for rows in groups])[there]
        interval = mean_ci(single[there], clusters, seed)
        low, high = (float(np.clip(bound, -1, 1)) for bound in (interval.low, interval.high))
        found[name] = Estimate(interval.mean, low, high, int(there.sum()))
    return found


def within_conditions(points: Points, seed: int, draws: int = DRAWS) -> dict[str, Estimate]:
    """Mean over conditions of the correlation across clips: does the metric know which clips a codec spoils?"""
    everything = np.arange(len(points), dtype=np.intp)
    n_groups = int(points.conditions.max()) + 1 if len(points) else 0

    def single(rows: Rows, ranked: bool) -> Floats:
        sides, groups = (points.metric[rows], points.ratings[rows]), points.conditions[rows]
        one, two = (ranks_within(side, groups) for side in sides) if ranked else sides
        return within(one, two, groups, n_groups)

    def mean(rows: Rows, ranked: bool) -> float:
        given = single(rows, ranked)
        there = ~np.isnan(given)
        return float(given[there].mean()) if there.any() else math.nan

    found = {}
    for name, ranked in (("pearson", False), ("spearman", True)):
        n = int((~np.isnan(single(everything, ranked))).sum())
        found[name] = _estimate(lambda rows, r=ranked: mean(rows, r), everything, points, n, seed, draws)  # type: ignore[misc]
    return found


def kept(statistic: Callable[[Rows], Found]) -> Callable[[Rows], Found]:
    """``statistic``, computed once for each choice of rows: equal seeds give equal draws."""
    known: dict[bytes, Found] = {}

    def of(rows: Rows) -> Found:
        key = rows.tobytes()
        if key not in known:
            known[key] = statistic(rows)
        return known[key]

    return of


def _estimate(
    statistic: Callable[[Rows], float], everything: Rows, points: Points, n: int, seed: int, draws: int
) -> Estimate:
    if len(everything) < FEWEST:
        return Estimate(n=n)
    value = statistic(everything)
    if math.isnan(value):
        return Estimate(n=n)
    low, high, _ = cluster_bootstrap(points.clusters, statistic, seed, draws=draws)
    return Estimate(value, low, high, n)
