"""Ranks that say what is known: an interval for each condition, where a tie is a tie."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.stats.clustered import DRAWS
from bench.stats.groups import Groups
from bench.stats.paired import holm, paired
from bench.stats.signs import sign_flip_ps

Floats = NDArray[np.float64]

LEVEL = 0.05


def rank_intervals(
    values: Mapping[str, ArrayLike], clusters: ArrayLike, higher_is_better: bool, seed: int, draws: int = DRAWS
) -> dict[str, tuple[int, int]]:
    """Best and worst rank of each condition that the data leave open; 1 is the best.

    A condition ranks behind all that are better by a paired permutation test (:func:`bench.stats.sign_flip_p` on the
    clusters' sums of differences), corrected after Holm over all pairs, and before all that are worse. So with a
    probability of 95 % all intervals hold the true ranks at once, and equal conditions come out as ties. A pair with
    fewer than two clusters in common is not tested and leaves both ranks open.

    A condition that is infinitely good on every clip (SI-SDR of a perfect copy) ranks before all finite ones, and one
    that is infinitely bad on every clip behind them, without a test; those of a kind tie. Conditions without any
    value, and those that are infinite on some clips only, so that they have no mean to compare, are left out.

    Args:
        values: one number per clip for each condition, NaN where there is none; clips in the same order.
        clusters: the source of each clip.
    Source:
        Mogstad, Romano, Shaikh and Wilhelm, "Inference for Ranks with Applications to Mobility across Neighbourhoods
        and Academic Achievement across Countries", Review of Economic Studies 91(1), 2024: simultaneous intervals
        for ranks from a family of pairwise tests.

    >>> copy, good, bad = [np.inf] * 9, np.arange(9) + 5.0, np.arange(9.0)
    >>> rank_intervals({"copy": copy, "good": good, "same": good, "bad": bad}, range(9), True, seed=0)
    {'copy': (1, 1), 'good': (2, 3), 'same': (2, 3), 'bad': (4, 4)}
    """
    given = {name: np.asarray(column, dtype=np.float64).ravel() for name, column in values.items()}
    sign = 1.0 if higher_is_better else -1.0
    kinds = {name: _kind(sign * column) for name, column in given.items()}
    best, tested, worst = ([name for name, kind in kinds.items() if kind == one] for one in (np.inf, 0.0, -np.inf))
    among = _among({name: sign * given[name] for name in tested}, Groups(clusters), seed, draws)
    before, total = len(best), len(best) + len(tested) + len(worst)
    found = {
        **dict.fromkeys(best, (1, before)),
        **{name: (before + first, before + last) for name, (first, last) in among.items()},
        **dict.fromkeys(worst, (before + len(tested) + 1, total)),
    }
    return {name: found[name] for name in values if name in found}


def _kind(column: Floats) -> float | None:
    """0 where all values are finite, an infinity where all are that one, None where there is no mean to compare."""
    there = column[~np.isnan(column)]
    if not len(there):
        return None
    if np.isfinite(there).all():
        return 0.0
    return float(there[0]) if (there == there[0]).all() else None


def _among(columns: Mapping[str, Floats], groups: Groups, seed: int, draws: int) -> dict[str, tuple[int, int]]:
    """Rank intervals of conditions with finite values, of which the higher are better."""
    pairs = list(combinations(columns, 2))
    sums = [groups.sums(paired(columns[one], columns[two])).sums for one, two in pairs]
    testable = [(pair, each) for pair, each in zip(pairs, sums, strict=True) if len(each) >= 2]
    corrected = holm(sign_flip_ps([each for _, each in testable], seed, draws))
    better, worse = dict.fromkeys(columns, 0), dict.fromkeys(columns, 0)  # how many of each, for certain
    for (pair, each), p in zip(testable, corrected, strict=True):
        if p <= LEVEL:
            loser, winner = pair if each.sum() > 0 else reversed(pair)
            better[loser] += 1
            worse[winner] += 1
    return {name: (1 + better[name], len(columns) - worse[name]) for name in columns}
