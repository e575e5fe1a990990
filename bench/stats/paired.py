"""Two conditions on the same clips: how far apart, how sure, how large. Pure numpy and scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.stats.clustered import DRAWS, mean_ci

Floats = NDArray[np.float64]


class Difference(NamedTuple):
    """Mean paired difference, second less first, with its interval; what the tests say; how large it is.

    ``p`` is of the paired permutation test over clusters, ``p_wilcoxon`` of Wilcoxon's signed-rank test on the means of
    the clusters. ``effect_dz`` is mean over standard deviation of the clusters' mean differences, ``rank_biserial``
    between -1 and 1. NaN where fewer than two clusters, or an infinite value, give nothing.
    """

    mean: float
    low: float
    high: float
    n: int
    n_clusters: int
    p: float
    p_wilcoxon: float
    effect_dz: float
    rank_biserial: float


def difference(first: ArrayLike, second: ArrayLike, clusters: ArrayLike, seed: int, draws: int = DRAWS) -> Difference:
    """Compare two conditions on the clips that have a value of both; NaN in one of them leaves the clip out.

    Args:
        first, second: one number per clip, in the same order.
        clusters: the source of each clip.
    """
    one, two = (np.asarray(values, dtype=np.float64).ravel() for values in (first, second))
    there = ~(np.isnan(one) | np.isnan(two))
    with np.errstate(invalid="ignore"):
        between = (two - one)[there]
    names = np.asarray(clusters).ravel()[there]
    if not np.isfinite(between).all():
        return Difference(math.nan, math.nan, math.nan, len(between), len(set(names.tolist())), *[math.nan] * 4)
    interval = mean_ci(between, names, seed, draws=draws)
    means = cluster_means(between, names)
    if len(means) < 2:
        return Difference(*interval, *[math.nan] * 4)
    sd = float(means.std(ddof=1)) if np.ptp(means) else 0.0
    mean = float(means.mean())
    effect = mean / sd if sd else math.copysign(math.inf, mean) if mean else 0.0
    return Difference(*interval, sign_flip_p(means, seed, draws), wilcoxon_p(means), effect, rank_biserial(means))


def cluster_means(values: ArrayLike, clusters: ArrayLike) -> Floats:
    """Mean of each cluster, clusters in sorted order; the order of the rows has no influence, to the last bit."""
    given = np.asarray(values, dtype=np.float64).ravel()
    names, codes = np.unique(np.asarray(clusters).ravel(), return_inverse=True)
    order = np.lexsort((given, codes))
    sums = np.bincount(codes[order], given[order], minlength=len(names))
    return np.asarray(sums / np.bincount(codes, minlength=len(names)), dtype=np.float64)


def sign_flip_p(differences: ArrayLike, seed: int, draws: int = DRAWS) -> float:
    """Two-sided p of the paired permutation test: the signs of the differences of units are drawn at random.

    The statistic is the mean. With few listeners every combination of signs is gone through; else ``draws`` of them,
    with the observed one counted in, so that p is never 0.

    >>> sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0], seed=0)  # 2 of the 32 combinations
    0.0625
    """
    from scipy import stats

    given = np.sort(np.asarray(differences, dtype=np.float64).ravel())
    if len(given) < 2 or not given.any():
        return 1.0
    found = stats.permutation_test(
        (given,), _mean, permutation_type="samples", n_resamples=draws, vectorized=True, rng=np.random.default_rng(seed)
    )
    return float(found.pvalue)


def _mean(values: Floats, axis: int) -> Floats:
    return np.asarray(values.mean(axis=axis))


def wilcoxon_p(differences: ArrayLike) -> float:
    """Two-sided p of Wilcoxon's signed-rank test; zeros are ranked as Pratt says. 1 where nothing differs."""
    from scipy import stats

    given = np.asarray(differences, dtype=np.float64).ravel()
    if not given.any():
        return 1.0
    return float(stats.wilcoxon(given, zero_method="pratt").pvalue)


def rank_biserial(differences: ArrayLike) -> float:
    """Matched-pairs rank-biserial correlation: share of the signed ranks that speak for, minus against. -1 to 1.

    Source: Kerby, "The simple difference formula", Comprehensive Psychology 3, 2014.

    >>> rank_biserial([1.0, 2.0, 3.0, -4.0])  # (1 + 2 + 3 - 4) / 10
    0.2
    """
    from scipy import stats

    given = np.asarray(differences, dtype=np.float64).ravel()
    given = given[given != 0]
    if not len(given):
        return 0.0
    ranks = stats.rankdata(np.abs(given))
    return float((ranks * np.sign(given)).sum() / ranks.sum())


def cliffs_delta(high: ArrayLike, low: ArrayLike) -> float:
    """How often a value of ``high`` is the larger of a pair, minus how often that of ``low`` is. -1 to 1.

    Source: Cliff, "Dominance statistics", Psychological Bulletin 114(3), 1993.

    >>> cliffs_delta([3, 4], [1, 3])
    0.75
    """
    one, two = np.asarray(high, dtype=np.float64).ravel(), np.sort(np.asarray(low, dtype=np.float64).ravel())
    if not len(one) or not len(two):
        return math.nan
    wins = np.searchsorted(two, one, side="left").sum()
    losses = (len(two) - np.searchsorted(two, one, side="right")).sum()
    return float((wins - losses) / (len(one) * len(two)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction for several tests, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected
