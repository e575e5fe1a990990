"""How far listeners agree with themselves, with each other and with the panel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from listening_test.analysis.borrowed import pingouin

Floats = NDArray[np.float64]

SPLITS = 200

NEEDED = (
    "listener", "simulated", "trial", "clip", "condition", "against", "replicate", "role", "score", "plays", "trial_s",
    "excluded", "reason",
)  # fmt: skip
"""Columns that speak of a listener."""


def listeners(ratings: pd.DataFrame) -> pd.DataFrame:
    """A row for each listener with counted or excluded ratings, training left out.

    ``agreement``: correlation of the listener's ratings with the means of the others on the same trials and
    conditions. ``repeatability``: mean absolute difference between repetitions of a trial. ``reference_mean``,
    ``spread`` (standard deviation of all scores), ``never_played`` (ratings of stimuli that were not played, where
    that was recorded), ``median_trial_s``, ``excluded``, ``reason``.
    """
    used = ratings[(~ratings["training"] & ratings["score"].notna() & (ratings["role"] != "reference")).astype(bool)]
    matrix = _matrix(used)
    rows = [
        {"listener": name, **_one(group), "agreement": agreement(matrix, str(name))}
        for name, group in used[list(NEEDED)].groupby("listener", sort=True)
    ]
    columns = ["listener", "simulated", "n", "n_trials", "agreement", "repeatability", "reference_mean", "spread",
               "never_played", "median_trial_s", "excluded", "reason"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def agreement(matrix: pd.DataFrame, listener: str) -> float:
    """Correlation of one column of ``matrix`` (cells by listeners) with the mean of the others; NaN without spread."""
    own, others = matrix[listener], matrix.drop(columns=listener).mean(axis=1)
    both = pd.DataFrame({"own": own, "others": others}).dropna()
    return correlation(both["own"].to_numpy(dtype=float), both["others"].to_numpy(dtype=float))


def panel(ratings: pd.DataFrame, seed: int, splits: int = SPLITS) -> dict[str, Any]:
    """Reliability of the panel, of the ratings that count.

    ``split_half``: the listeners are split at random into halves; correlation between the halves' means of conditions
    on clips, raised by Spearman and Brown's formula to the whole panel, mean over ``splits`` splits. ``icc_single``,
    ``icc_panel``: intraclass correlation for absolute agreement, of one listener and of the panel's mean (two-way
    random effects, ICC(A,1) and ICC(A,k)), over the ``icc_cells`` cells that all listeners rated; NaN where there
    are fewer than five.
    """
    matrix = _matrix(ratings)
    result: dict[str, Any] = {"n_listeners": matrix.shape[1], "split_half": _split_half(matrix, seed, splits)}
    complete = matrix.dropna()
    result["icc_cells"] = len(complete)
    result["icc_single"], result["icc_panel"] = _icc(complete)
    return result


def correlation(one: Floats, two: Floats) -> float:
    """Pearson's correlation; NaN for fewer than three pairs or without spread."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(two) == 0:
        return math.nan
    return float(np.corrcoef(one, two)[0, 1])


def _matrix(ratings: pd.DataFrame) -> pd.DataFrame:
    cells = ["trial", "clip", "condition", "against"]
    return ratings.pivot_table(index=cells, columns="listener", values="score", aggfunc="mean")


def _one(group: pd.DataFrame) -> dict[str, Any]:
    scores = group["score"].to_numpy(dtype=float)
    cells = group.groupby(["trial", "clip", "condition", "against"])["score"].agg(["min", "max", "size"])
    gaps = (cells["max"] - cells["min"])[cells["size"] > 1]
    trials = group.drop_duplicates(["trial", "replicate"])
    times = trials["trial_s"].dropna()
    reference = group.loc[group["role"] == "hidden_reference", "score"]
    return {
        "simulated": bool(group["simulated"].any()),
        "n": len(group),
        "n_trials": len(trials),
        "repeatability": float(gaps.mean()) if len(gaps) else math.nan,
        "reference_mean": float(reference.mean()) if len(reference) else math.nan,
        "spread": float(scores.std(ddof=1)) if len(scores) > 1 else math.nan,
        "never_played": int((group["plays"] == 0).fillna(False).sum()),
        "median_trial_s": float(times.median()) if len(times) else math.nan,
        "excluded": bool(group["excluded"].any()),
        "reason": str(group["reason"].iloc[0]),
    }


def _split_half(matrix: pd.DataFrame, seed: int, splits: int) -> float:
    values, count = matrix.to_numpy(dtype=float), matrix.shape[1]
    if count < 2:
        return math.nan
    random, found = np.random.default_rng(seed), []
    for _ in range(splits):
        order = random.permutation(count)
        halves = [_means(values[:, part]) for part in (order[: count // 2], order[count // 2 :])]
        both = np.isfinite(halves[0]) & np.isfinite(halves[1])
        found.append(correlation(halves[0][both], halves[1][both]))
    finite = np.array([2 * r / (1 + r) for r in found if math.isfinite(r) and r > -1])
    return float(finite.mean()) if len(finite) else math.nan


def _means(values: Floats) -> Floats:
    counts = np.isfinite(values).sum(axis=1)
    return np.where(counts > 0, np.nansum(values, axis=1) / np.maximum(counts, 1), np.nan)


def _icc(complete: pd.DataFrame) -> tuple[float, float]:
    if len(complete) < 5 or complete.shape[1] < 2 or np.ptp(complete.to_numpy(dtype=float)) == 0:
        return math.nan, math.nan
    numbered = complete.reset_index(drop=True).rename_axis(index="cell").reset_index()
    long = numbered.melt(id_vars="cell", var_name="listener", value_name="score")
    table = pingouin("intraclass_corr", long, targets="cell", raters="listener", ratings="score")
    values = table.set_index("Type")["ICC"]
    return float(values["ICC(A,1)"]), float(values["ICC(A,k)"])
