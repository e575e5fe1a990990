"""Uncertainty of a mean of ratings: other listeners, other clips, or both. Pure numpy and scipy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike


def clustered_error(values: ArrayLike, clusters: ArrayLike) -> tuple[float, int]:
    """Standard error of the mean of ``values`` whose clusters are independent, and the number of clusters.

    The mean is a ratio of sums over clusters; where all clusters are equally large the error is that of the mean of
    their means. NaN for fewer than two clusters.

    Source:
        Cochran, "Sampling Techniques", 3rd edition, 1977, equation 9A.3.
    """
    given = np.asarray(values, dtype=np.float64).ravel()
    names, codes = np.unique(np.asarray(clusters).ravel(), return_inverse=True)
    k, n = len(names), len(given)
    if k < 2:
        return math.nan, k
    if np.ptp(given) == 0:
        return 0.0, k
    order = np.lexsort((given, codes))  # the order of the rows has no influence, to the last bit
    residues = np.bincount(codes[order], given[order] - np.sort(given).mean())
    return float(np.sqrt(k / (k - 1) * np.square(residues).sum()) / n), k


def t_interval(mean: float, error: float, k: int, level: float = 0.95) -> tuple[float, float]:
    """``mean`` with Student's interval for ``k`` independent units; NaN for fewer than two."""
    if k < 2:
        return math.nan, math.nan
    from scipy.special import stdtrit

    reach = float(stdtrit(k - 1, (1 + level) / 2)) * error
    return mean - reach, mean + reach


def two_way_interval(values: ArrayLike, listeners: ArrayLike, clips: ArrayLike) -> tuple[float, float]:
    """95 % interval of the mean for other listeners *and* other clips, by Student's distribution.

    The variances of the mean for clustered listeners and for clustered clips add up; that of their crossings is in
    both and is taken off once. Degrees of freedom: those of the smaller number. NaN for fewer than two of either.

    Source:
        Cameron, Gelbach and Miller, "Robust Inference With Multiway Clustering", Journal of Business & Economic
        Statistics 29(2), 2011.
    """
    given = np.asarray(values, dtype=np.float64).ravel()
    by_listener, k = clustered_error(given, listeners)
    by_clip, m = clustered_error(given, clips)
    cells = [f"{len(str(one))}:{one}|{two}" for one, two in zip(np.asarray(listeners), np.asarray(clips), strict=True)]
    by_cell, _ = clustered_error(given, np.array(cells))
    variance = max(by_listener**2 + by_clip**2 - by_cell**2, by_listener**2, by_clip**2)
    return t_interval(float(np.sort(given).mean()), math.sqrt(variance), min(k, m))
