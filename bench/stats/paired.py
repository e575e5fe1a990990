"""Two conditions on the same clips: how far apart, how sure, how large. Pure numpy and scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.stats.clustered import DRAWS
from bench.stats.groups import Groups, Sums
from bench.stats.signs import sign_flip_ps
from bench.stats.together import intervals

Floats = NDArray[np.float64]


class Difference(NamedTuple):
    """Mean paired difference, second less first, with its interval; what the tests say; how large it is.

    ``mean`` is over clips, so a cluster counts by its size; ``low``, ``high`` and ``p`` (paired permutation test: the
    signs of whole clusters are changed) speak of that very mean. ``p_wilcoxon`` (signed-rank test) and
    ``rank_biserial`` (-1 to 1) take the mean of each cluster as one value. ``effect_dz`` is ``mean`` over the standard
    deviation of the clusters' means. NaN where fewer than two clusters, or an infinite difference, give nothing.
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

    Equal infinities (a perfect copy in both) do not differ. The interval is that of :func:`bench.stats.mean_ci` on the
    differences, ``p`` is of :func:`sign_flip_p` on the clusters' sums of differences.

    Args:
        first, second: one number per clip, in the same order.
        clusters: the source of each clip.

    >>> found = difference([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 6.0], ["a", "b", "c", "d"], seed=0)
    >>> found.mean, found.p  # 2 of 16 combinations of signs are as extreme
    (1.25, 0.125)
    """
    return differences([(first, second)], clusters, seed, draws)[0]


def differences(
    pairs: Sequence[tuple[ArrayLike, ArrayLike]], clusters: ArrayLike, seed: int, draws: int = DRAWS
) -> list[Difference]:
    """:func:`difference` of each pair over the same clips, at the cost of few; each is what it is alone, to the bit."""
    groups = Groups(clusters)
    between = [paired(first, second) for first, second in pairs]
    infinite = [bool(np.isinf(one).any()) for one in between]
    sums = [groups.sums(np.where(np.isinf(one), np.nan, one)) for one in between]
    found = intervals(sums, seed, draws=draws)
    ps = sign_flip_ps([one.sums for one in sums], seed, draws)
    return [
        _of_infinite(one, groups)
        if beyond
        else Difference(*interval, *([math.nan] * 4 if interval.n_clusters < 2 else [p, *_effects(each)]))
        for one, beyond, each, interval, p in zip(between, infinite, sums, found, ps, strict=True)
    ]


def paired(first: ArrayLike, second: ArrayLike) -> Floats:
    """Second less first; NaN where either is missing, 0 where both are the same infinity."""
    one, two = (np.asarray(values, dtype=np.float64).ravel() for values in (first, second))
    with np.errstate(invalid="ignore"):
        return np.where(one == two, 0.0, two - one)


def _of_infinite(between: Floats, groups: Groups) -> Difference:
    counted = groups.sums(np.where(np.isinf(between), 0.0, between))
    signs = np.unique(between[np.isinf(between)])
    mean = float(signs[0]) if len(signs) == 1 else math.nan
    return Difference(mean, math.nan, math.nan, counted.n, len(counted.sums), *[math.nan] * 4)


def _effects(sums: Sums) -> tuple[float, float, float]:
    means = sums.means
    sd = float(means.std(ddof=1)) if np.ptp(means) else 0.0
    effect = sums.mean / sd if sd else math.copysign(math.inf, sums.mean) if sums.mean else 0.0
    return wilcoxon_p(means), effect, rank_biserial(means)


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
