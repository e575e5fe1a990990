"""ABX (is there any difference?) and AB (which is better?): counts of answers with their tests."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from bench.stats import holm, mean_ci

CHANCE = 0.5


def choices(ratings: pd.DataFrame, seed: int) -> pd.DataFrame:
    """A row for each pair of an ABX or AB test, of the ratings that count.

    ``share`` of ``n`` answers that were right (ABX) or preferred ``condition`` to ``against`` (AB), with Wilson's 95 %
    interval (``low``, ``high``), which takes the answers as independent, and the bootstrap over listeners (``ci_low``,
    ``ci_high``, cut to 0 to 1), which does not. ``p``: exact binomial test against a half; ABX one-sided (better than
    guessing), AB two-sided. ``p_sign``: sign test over the listeners, by whether more than half of a listener's answers
    were for ``condition``; ties are left out. ``_holm``: corrected over the pairs.
    """
    pairs = ratings.groupby(["condition", "against"], sort=True)
    rows = [{"condition": one, "against": two, **_pair(group, seed)} for (one, two), group in pairs]
    for name in ("p", "p_sign"):
        for row, corrected in zip(rows, holm([row[name] for row in rows]), strict=True):
            row[f"{name}_holm"] = corrected
    columns = ["condition", "against", "n", "n_listeners", "share", "low", "high", "ci_low", "ci_high", "p", "p_holm",
               "p_sign", "p_sign_holm"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def by_listener(ratings: pd.DataFrame) -> pd.DataFrame:
    """The same of each listener and pair: n, share, Wilson's interval, binomial p, corrected over all rows."""
    groups = ratings.groupby(["listener", "condition", "against"], sort=True)
    rows = [{"listener": who, "condition": one, "against": two, **_counted(group)} for (who, one, two), group in groups]
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = corrected
    columns = ["listener", "condition", "against", "n", "share", "low", "high", "p", "p_holm"]
    return pd.DataFrame(rows, columns=columns)


def wilson(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share; NaN where there is no answer.

    >>> [round(bound, 3) for bound in wilson(8, 10)]
    [0.49, 0.943]
    """
    from scipy import stats

    if not n:
        return math.nan, math.nan
    found = stats.binomtest(successes, n).proportion_ci(confidence_level=level, method="wilson")
    return float(found.low), float(found.high)


def _counted(group: pd.DataFrame) -> dict[str, Any]:
    from scipy import stats

    n, won = len(group), int((group["score"] > CHANCE).sum())
    side = "greater" if group["test_type"].iloc[0] == "abx" else "two-sided"
    low, high = wilson(won, n)
    p = float(stats.binomtest(won, n, CHANCE, alternative=side).pvalue)
    return {"n": n, "share": won / n, "low": low, "high": high, "p": p}


def _pair(group: pd.DataFrame, seed: int) -> dict[str, Any]:
    from scipy import stats

    interval = mean_ci(group["score"].to_numpy(dtype=float), group["listener"].to_numpy(dtype=str), seed)
    shares = group.groupby("listener")["score"].mean()
    decided = shares[shares != CHANCE]
    side = "greater" if group["test_type"].iloc[0] == "abx" else "two-sided"
    above = int((decided > CHANCE).sum())
    p_sign = float(stats.binomtest(above, len(decided), CHANCE, alternative=side).pvalue) if len(decided) else 1.0
    return {
        **_counted(group),
        "n_listeners": len(shares),
        "ci_low": np.clip(interval.low, 0.0, 1.0),
        "ci_high": np.clip(interval.high, 0.0, 1.0),
        "p_sign": p_sign,
    }
