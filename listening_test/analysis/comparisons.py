"""Is one condition better than another? The unit is the listener, who heard both."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bench.stats import DRAWS, cliffs_delta, holm, rank_biserial, sign_flip_p, t_interval, wilcoxon_p
from listening_test.mushra import SCALES

Floats = NDArray[np.float64]


def cells(ratings: pd.DataFrame) -> pd.DataFrame:
    """Scores by listener and clip (rows) and condition (columns); repetitions of a trial are averaged."""
    return ratings.pivot_table(index=["listener", "clip"], columns="condition", values="score", aggfunc="mean")


def both(table: pd.DataFrame, one: str, two: str) -> pd.DataFrame:
    """The two columns of ``cells``, where a listener rated both conditions on the same clip."""
    return table.reindex(columns=[one, two]).dropna()


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


def _median_difference(one: Floats, two: Floats, axis: int) -> Floats:
    return np.asarray(np.median(one, axis=axis) - np.median(two, axis=axis))


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
