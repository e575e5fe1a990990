"""Correlation of a metric with ratings, and tests of whether two metrics correlate differently."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 3  # points: two always lie on a line
MANY = 400  # points beyond which a table of all their pairs is slower than sorting


def pearson(values: Floats, ratings: Floats) -> float:
    """Pearson's correlation; NaN for fewer than three points, or where one side is constant.

    >>> round(pearson(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])), 3)
    0.8
    """
    if len(values) < FEWEST or not np.ptp(values) or not np.ptp(ratings):
        return math.nan
    one, two = values - values.mean(), ratings - ratings.mean()
    scale = math.sqrt(float(np.square(one).sum()) * float(np.square(two).sum()))
    return min(1.0, max(-1.0, float((one * two).sum()) / scale)) if scale else math.nan


def spearman(values: Floats, ratings: Floats) -> float:
    """Spearman's correlation: Pearson's of the ranks, equal values sharing their mean rank. NaN as there."""
    return pearson(ranks(values), ranks(ratings))


def kendall(values: Floats, ratings: Floats) -> float:
    """Kendall's tau-b: pairs in the same order less pairs in the opposite order, corrected for ties. NaN as above."""
    if len(values) < FEWEST or not np.ptp(values) or not np.ptp(ratings):
        return math.nan
    if len(values) > MANY:
        from scipy.stats import kendalltau

        return float(kendalltau(values, ratings, method="asymptotic").statistic)  # the method is that of the p-value
    one, two = (np.sign(side[:, None] - side[None, :]) for side in (values, ratings))
    untied = math.sqrt(float(np.count_nonzero(one)) * float(np.count_nonzero(two)))
    return float(np.vdot(one, two)) / untied


def ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share their mean rank."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[codes], dtype=np.float64)


def within(values: Floats, ratings: Floats, groups: NDArray[np.intp], n_groups: int) -> Floats:
    """Pearson's correlation within each group; NaN for fewer than three points, or where one side is constant."""
    sizes = np.bincount(groups, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        one, two = (
            side - (np.bincount(groups, side, minlength=n_groups) / sizes)[groups] for side in (values, ratings)
        )
        shared, power_one, power_two = (
            np.bincount(groups, product, minlength=n_groups) for product in (one * two, one * one, two * two)
        )
        found = shared / np.sqrt(power_one * power_two)
    flat = np.array([_flat(side, groups, n_groups) for side in (values, ratings)]).any(axis=0)
    return np.where((sizes < FEWEST) | flat, math.nan, np.clip(found, -1, 1))


def ranks_within(values: Floats, groups: NDArray[np.intp]) -> Floats:
    """Numbers that differ from the ranks within each group by a constant of that group."""
    codes = np.unique(values, return_inverse=True)[1]
    return ranks((groups * (len(values) + 1) + codes).astype(np.float64))


def _flat(side: Floats, groups: NDArray[np.intp], n_groups: int) -> NDArray[np.bool_]:
    """Which groups hold one value only."""
    low, high = np.full(n_groups, math.inf), np.full(n_groups, -math.inf)
    np.minimum.at(low, groups, side)
    np.maximum.at(high, groups, side)
    return np.asarray(low >= high)


def fisher_p(first: float, second: float, n: int) -> float:
    """Two-sided p that two correlations over ``n`` files are equal, as if of different files.

    The two metrics of a comparison saw the same files, so this is conservative where they agree with each other.

    Source:
        ITU-T P.1401 (01/2020), 7.6.1: Fisher's z, with a standard error of ``sqrt(1 / (n - 3))`` each.
    """
    from scipy.special import ndtr

    if n <= 3 or not max(abs(first), abs(second)) < 1:
        return math.nan
    return float(2 * ndtr(-abs(math.atanh(first) - math.atanh(second)) / math.sqrt(2 / (n - 3))))


def williams_p(first: float, second: float, between: float, n: int) -> float:
    """Two-sided p that two metrics correlate equally with the same ratings of the same ``n`` files.

    Args:
        first, second: correlation of each metric with the ratings.
        between: correlation of the two metrics with each other.
    Source:
        Williams' T2 as recommended in Steiger, "Tests for Comparing Elements of a Correlation Matrix", Psychological
        Bulletin 87(2), 1980, equation 7; Student's distribution with ``n - 3`` degrees of freedom.
    """
    from scipy.special import stdtr

    if n <= 3 or math.isnan(first + second + between) or abs(between) >= 1:
        return math.nan
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    below = 2 * determinant * (n - 1) / (n - 3) + mean**2 * (1 - between) ** 3
    if below <= 0:
        return math.nan
    statistic = (first - second) * math.sqrt((n - 1) * (1 + between) / below)
    return float(2 * stdtr(n - 3, -abs(statistic)))


def errors_p(first: float, second: float, freedom: int) -> float:
    """Two-sided p that two root mean square errors of ``freedom`` degrees each are equal, as if of different files.

    Source:
        ITU-T P.1401 (01/2020), 7.6.4: the ratio of their squares follows F's distribution.
    """
    from scipy.special import fdtrc

    small, large = sorted((first, second))
    if freedom < 1 or math.isnan(first + second) or small <= 0:
        return math.nan
    return min(1.0, 2 * float(fdtrc(freedom, freedom, (large / small) ** 2)))
