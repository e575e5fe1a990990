"""Is one condition better than another? The unit is the listener, who heard both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from listening_test.analysis.descriptive import t_interval
from listening_test.mushra import SCALES

Floats = NDArray[np.float64]

DRAWS = 10_000  # BS.1534-3, Attachment 3


def cells(ratings: pd.DataFrame) -> pd.DataFrame:
    """Scores by listener and clip (rows) and condition (columns); repetitions of a trial are averaged."""
    return ratings.pivot_table(index=["listener", "clip"], columns="condition", values="score", aggfunc="mean")


def both(table: pd.DataFrame, one: str, two: str) -> pd.DataFrame:
    """The two columns of ``cells``, where a listener rated both conditions on the same clip."""
    return table.reindex(columns=[one, two]).dropna()


def sign_flip_p(differences: ArrayLike, seed: int, draws: int = DRAWS) -> float:
    """Two-sided p of the paired permutation test: the signs of the listeners' differences are drawn at random.

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


def pooled_p(high: ArrayLike, low: ArrayLike, seed: int, draws: int = DRAWS) -> float:
    """One-sided p of the permutation test of BS.1534-3, Attachment 3: is the median of ``high`` larger by chance only?

    The two samples are pooled and split at random; that the same people gave both is not used, so a paired test sees
    more. It stands here because the standard asks for it.
    """
    from scipy import stats

    one, two = (np.sort(np.asarray(values, dtype=np.float64).ravel()) for values in (high, low))
    if not len(one) or not len(two) or np.ptp(np.concatenate([one, two])) == 0:
        return 1.0
    found = stats.permutation_test(
        (one, two),
        _median_difference,
        permutation_type="independent",
        alternative="greater",
        n_resamples=draws,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _mean(values: Floats, axis: int) -> Floats:
    return np.asarray(values.mean(axis=axis))


def _median_difference(one: Floats, two: Floats, axis: int) -> Floats:
    return np.asarray(np.median(one, axis=axis) - np.median(two, axis=axis))


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


COLUMNS = (
    "family", "better", "worse", "n_listeners", "difference", "t_low", "t_high", "p_permutation",
    "p_permutation_holm", "p_wilcoxon", "p_wilcoxon_holm", "p_attachment3", "effect_dz", "rank_biserial",
    "cliffs_delta",
)  # fmt: skip


def comparisons(ratings: pd.DataFrame, seed: int, draws: int = DRAWS) -> pd.DataFrame:
    """Every pair of systems, and every system against the hidden reference; each family corrected on its own.

    ``better`` is the one with the higher mean difference. ``difference``: mean over listeners of their mean difference
    over clips, with Student's interval, cut at the length of the scale. ``p_attachment3`` and ``cliffs_delta`` take one
    value for each listener and condition, the mean over the clips of both. Pairs that no two listeners rated are left
    out of the families but kept as rows without a p. ``effect_dz``: mean divided by standard deviation of the
    listeners' differences.
    """
    names = {role: sorted(group["condition"].unique()) for role, group in ratings.groupby("role")}
    systems, references = names.get("system", []), names.get("hidden_reference", [])
    families = {
        "systems": list(combinations(systems, 2)),
        "hidden_reference": [(reference, system) for reference in references for system in systems],
    }
    table, rows = cells(ratings), []
    for family, pairs in families.items():
        own = [{"family": family, **_pair(table, one, two, seed, draws)} for one, two in pairs]
        for name in ("p_permutation", "p_wilcoxon"):
            tested = [row for row in own if not math.isnan(row[name])]
            for row, corrected in zip(tested, holm([row[name] for row in tested]), strict=True):
                row[f"{name}_holm"] = corrected
        rows += own
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    if len(found):
        low, high = SCALES[ratings["test_type"].iloc[0]]
        found[["t_low", "t_high"]] = found[["t_low", "t_high"]].clip(low - high, high - low)
    return found.sort_values(["family", "better", "worse"], ascending=[False, True, True]).reset_index(drop=True)


def _pair(table: pd.DataFrame, one: str, two: str, seed: int, draws: int) -> dict[str, Any]:
    means = both(table, one, two).groupby("listener").mean()
    of_one, of_two = means[one].to_numpy(dtype=float), means[two].to_numpy(dtype=float)
    differences = np.sort(of_one - of_two)
    n = len(differences)
    if n and differences.sum() < 0:
        one, two, of_one, of_two, differences = two, one, of_two, of_one, -differences[::-1]
    mean = float(differences.mean()) if n else math.nan
    row: dict[str, Any] = {"better": one, "worse": two, "n_listeners": n, "difference": mean}
    if n < 2:
        return {**dict.fromkeys(COLUMNS[1:], math.nan), **row}
    sd = float(differences.std(ddof=1)) if np.ptp(differences) else 0.0
    low, high = t_interval(mean, sd / math.sqrt(n), n)
    return {
        **row,
        "t_low": low,
        "t_high": high,
        "p_permutation": sign_flip_p(differences, seed, draws),
        "p_wilcoxon": wilcoxon_p(differences),
        "p_attachment3": pooled_p(of_one, of_two, seed, draws),
        "effect_dz": mean / sd if sd else math.copysign(math.inf, mean) if mean else 0.0,
        "rank_biserial": rank_biserial(differences),
        "cliffs_delta": cliffs_delta(of_one, of_two),
    }
