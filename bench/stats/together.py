"""Confidence intervals of many means over the same clusters, with one set of draws. Pure numpy and scipy."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.stats.clustered import DRAWS, NORMAL_FROM, Interval, limits, resampling_counts
from bench.stats.groups import Sums, on_grid

Floats = NDArray[np.float64]

COLUMNS_AT_ONCE = 256  # resampled means held in memory: 20 MB


def intervals(columns: Sequence[Sums], seed: int, level: float = 0.95, draws: int = DRAWS) -> list[Interval]:
    """:func:`bench.stats.mean_ci` of many columns, each with the numbers that it gets alone.

    With more than NORMAL_FROM clusters nothing is drawn: the resampled mean is normal but for its skewness, and the
    quantiles of that limit (Cornish and Fisher's expansion to the first term) are nearer to the bootstrap's than those
    of 10 000 draws are.
    """
    found = [Interval(one.mean, math.nan, math.nan, one.n, len(one.sums)) for one in columns]
    by_size: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(columns):
        k = len(one.sums)
        if k > NORMAL_FROM:
            found[place] = found[place].between(limits(one.residues, one.n, level), level)
        elif k >= 2:
            by_size[k].append(place)
    for places in by_size.values():
        for start in range(0, len(places), COLUMNS_AT_ONCE):
            some = places[start : start + COLUMNS_AT_ONCE]
            for place, bounds in zip(some, _drawn([columns[p] for p in some], seed, level, draws), strict=True):
                found[place] = found[place].between(bounds, level)
    return found


def _drawn(columns: Sequence[Sums], seed: int, level: float, draws: int) -> Floats:
    """Quantiles of the resampled distances from the mean, shape ``(columns, 2)``."""
    k = len(columns[0].sums)
    residues = np.stack([on_grid(one.residues)[0] for one in columns], axis=1)
    sizes = np.stack([one.sizes for one in columns], axis=1)
    equal = bool((sizes == sizes[0]).all())
    parts = [
        (counts @ residues) / (k * sizes[0] if equal else counts @ sizes)
        for counts in resampling_counts(k, seed, draws)
    ]
    tail = (1 - level) / 2
    bounds: Floats = np.quantile(np.concatenate(parts), [tail, 1 - tail], axis=0).T
    return bounds
