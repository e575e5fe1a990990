"""Ranks that say what is known: an interval for each condition, where a tie is a tie."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from bench.stats.clustered import DRAWS
from bench.stats.paired import difference, holm

LEVEL = 0.05


def rank_intervals(
    values: Mapping[str, ArrayLike], clusters: ArrayLike, higher_is_better: bool, seed: int, draws: int = DRAWS
) -> dict[str, tuple[int, int]]:
    """Best and worst rank of each condition that the data leave open; 1 is the best.

    A condition ranks behind all that are better by a paired permutation test, corrected after Holm over all pairs, and
    before all that are worse. Conditions without a finite mean have no rank and are left out.

    Args:
        values: one number per clip for each condition, NaN where there is none; clips in the same order.
        clusters: the source of each clip.
    Source:
        Mogstad, Romano, Shaikh and Wilhelm, "Inference for Ranks with Applications to Mobility across Neighbourhoods
        and Academic Achievement across Countries", Review of Economic Studies 91(1), 2024: simultaneous intervals
        for ranks from a family of pairwise tests.
    """
    ranked = [name for name, given in values.items() if _has_mean(given)]
    pairs = list(combinations(ranked, 2))
    found = [difference(values[one], values[two], clusters, seed, draws) for one, two in pairs]
    tested = [place for place, row in enumerate(found) if not np.isnan(row.p)]
    corrected = dict(zip(tested, holm([found[place].p for place in tested]), strict=True))
    behind = {name: [0, 0] for name in ranked}  # how many are better, and how many worse, for certain
    for place, p in corrected.items():
        if p > LEVEL:
            continue
        second_wins = (found[place].mean > 0) == higher_is_better
        loser, winner = pairs[place] if second_wins else reversed(pairs[place])
        behind[loser][0] += 1
        behind[winner][1] += 1
    return {name: (1 + better, len(ranked) - worse) for name, (better, worse) in behind.items()}


def _has_mean(given: ArrayLike) -> bool:
    values = np.asarray(given, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    return bool(len(values) and np.isfinite(values).all())
