"""Uncertainty of a statistic that is not a mean, such as a correlation or a BD-rate. Pure numpy and scipy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.stats.clustered import widening

Rows = NDArray[np.intp]

ENOUGH = 0.5  # share of draws that must give a finite number; an interval of fewer would speak of another question


def cluster_bootstrap(
    clusters: ArrayLike, statistic: Callable[[Rows], float], seed: int, level: float = 0.95, draws: int = 1000
) -> tuple[float, float, int]:
    """Bootstrap interval of any statistic of rows, where rows of one cluster are not independent.

    As many clusters as there are are drawn with replacement, ``draws`` times. The interval is Hesterberg's expanded
    percentile interval: the quantiles of the draws at a level widened for few clusters (see
    :func:`bench.stats.mean_ci`), so that it stays in the range of the statistic. With few clusters these are the
    extremes of the draws, and the interval is still too narrow: look at the number of clusters.

    Args:
        clusters: the cluster of each row, of any sortable type.
        statistic: takes the indices of rows, those of a cluster as often as the cluster was drawn, clusters side by
            side; NaN or infinite where it cannot be computed.
        seed: of the resampling. Equal clusters and seeds give equal draws.
        level: nominal coverage.
    Returns:
        Lower and upper bound, and the number of draws with a finite statistic, of which the bounds are quantiles.
        The bounds are NaN for fewer than two clusters, and where fewer than half of the draws are finite.
    Source:
        Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015,
        arXiv:1411.5279, section 3.4.

    >>> values = np.array([1.0, 2.0, 3.0, 4.0])
    >>> cluster_bootstrap(["a", "a", "b", "b"], lambda rows: float(np.median(values[rows])), seed=0)
    (1.5, 3.5, 1000)
    """
    names, codes = np.unique(np.asarray(clusters).ravel(), return_inverse=True)
    k = len(names)
    if k < 2:
        return math.nan, math.nan, 0
    rows, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    random = np.random.default_rng(seed)
    found = np.array([statistic(rows[_places(random.integers(k, size=k), starts, sizes)]) for _ in range(draws)])
    finite = found[np.isfinite(found)]
    if len(finite) < ENOUGH * draws:
        return math.nan, math.nan, len(finite)
    tail = _expanded_tail(k, level)
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high), len(finite)


def _places(drawn: Rows, starts: Rows, sizes: Rows) -> Rows:
    """Where the rows of the clusters ``drawn`` stand, when rows are sorted by cluster."""
    lengths = sizes[drawn]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    places: Rows = np.repeat(starts[drawn], lengths) + within
    return places


def _expanded_tail(k: int, level: float) -> float:
    from scipy.special import ndtr, ndtri

    return float(ndtr(-widening(k, level) * ndtri((1 + level) / 2)))
