"""Do the conditions differ at all? Repeated-measures ANOVA and Friedman's test: for information, next to the pairs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from listening_test.analysis.borrowed import pingouin

ROWS = ("test", "effect", "n_listeners", "left_out", "statistic", "df1", "df2", "p", "epsilon_gg", "p_gg",
        "epsilon_hf", "p_hf", "effect_size", "note")  # fmt: skip


def omnibus(ratings: pd.DataFrame) -> pd.DataFrame:
    """Tests over all systems (at least two), columns ``ROWS``.

    rm-ANOVA on the listeners' means (``condition``), and, where every listener rated every system on every clip,
    ``condition``, ``clip`` and their interaction. ``epsilon_gg`` is that of Greenhouse and Geisser, ``epsilon_hf`` that
    of Huynh and Feldt, which BS.1534-3 names; ``p_gg`` and ``p_hf`` are corrected by them for lacking
    sphericity. ``effect_size``: partial eta squared. Friedman's test on the listeners' means with Kendall's W.
    ``left_out``: listeners without a rating of every system. A test that cannot be made is a row whose note says why.
    """
    systems = ratings[ratings["role"] == "system"]
    cells = systems.pivot_table(index="listener", columns=["condition", "clip"], values="score", aggfunc="mean")
    means = cells.T.groupby(level="condition").mean().T
    complete = means.dropna()
    about = {"n_listeners": len(complete), "left_out": len(means) - len(complete)}
    reason = _why_not(complete)
    if reason:
        names = [("rm-ANOVA", "condition"), ("Friedman", "condition")]
        rows = [{"test": test, "effect": effect, **about, "note": reason} for test, effect in names]
    else:
        one_way = _anova(_long(complete), "condition", {**about, "note": "on the listeners' means"})
        rows = [*one_way, *_two_way(cells, about), _friedman(complete, about)]
    return pd.DataFrame(rows, columns=list(ROWS))


def residual_skewness(ratings: pd.DataFrame) -> float:
    """Skewness of what is left of the listeners' means without the means of listener and of system.

    BS.1534-3, Attachment 4: beyond 0.5 look closer, beyond 1 use tests without a normal distribution. NaN where
    nothing is left.
    """
    from scipy import stats

    systems = ratings[ratings["role"] == "system"]
    means = systems.pivot_table(index="listener", columns="condition", values="score", aggfunc="mean").dropna()
    if _why_not(means):
        return math.nan
    table = means.to_numpy(dtype=float)
    residuals = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    if np.abs(residuals).max() < 1e-9:
        return math.nan
    return float(stats.skew(np.sort(residuals.ravel()), bias=False))


def _why_not(complete: pd.DataFrame) -> str:
    if complete.shape[1] < 2:
        return "fewer than two systems"
    if len(complete) < 3:
        return "fewer than three listeners rated every system"
    table = complete.to_numpy(dtype=float)
    residuals = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    if np.abs(residuals).max() < 1e-9:
        return "no spread between listeners"
    return ""


def _two_way(cells: pd.DataFrame, about: dict[str, Any]) -> list[dict[str, Any]]:
    conditions, clips = (cells.columns.get_level_values(name).nunique() for name in ("condition", "clip"))
    row = {"test": "rm-ANOVA", "effect": "condition x clip", **about}
    complete = cells.dropna()
    if clips < 2:
        return [{**row, "note": "one clip only"}]
    if cells.shape[1] != conditions * clips or len(complete) < 3:
        return [{**row, "note": "not every listener rated every system on every clip"}]
    counts = {"n_listeners": len(complete), "left_out": len(cells) - len(complete)}
    return _anova(_long(complete), ["condition", "clip"], {**counts, "note": "on the single ratings"})


def _long(table: pd.DataFrame) -> pd.DataFrame:
    return table.melt(ignore_index=False, value_name="score").reset_index()


def _anova(long: pd.DataFrame, within: str | list[str], about: dict[str, Any]) -> list[dict[str, Any]]:
    table = pingouin(
        "rm_anova", long, dv="score", within=within, subject="listener", correction=True, detailed=True, effsize="np2"
    )
    rows = []
    for line in table.to_dict("records"):
        if str(line["Source"]) == "Error":
            continue
        freedom = (line["ddof1"], line["ddof2"]) if "ddof1" in line else (line["DF"], table["DF"].iloc[-1])
        rows.append(
            {
                "test": "rm-ANOVA",
                "effect": str(line["Source"]).replace(" * ", " x "),
                **about,
                "statistic": float(line["F"]),
                "df1": float(freedom[0]),
                "df2": float(freedom[1]),
                "p": float(line["p_unc"]),
                **_corrected(float(line["F"]), freedom[0], freedom[1], float(line.get("eps", math.nan))),
                "effect_size": float(line["np2"]),
            }
        )
    return rows


def huynh_feldt(epsilon: float, n: int, degrees: float) -> float:
    """Epsilon of Huynh and Feldt out of that of Greenhouse and Geisser, for ``n`` listeners; at most 1.

    Source:
        Huynh and Feldt, Journal of Educational Statistics 1(1), 1976, for one group.
    """
    below = degrees * (n - 1 - degrees * epsilon)
    return min(1.0, (n * degrees * epsilon - 2) / below) if below > 0 else 1.0


def _corrected(statistic: float, df1: float, df2: float, epsilon: float) -> dict[str, float]:
    """Both epsilons, and p by the F distribution with as many times the degrees of freedom."""
    from scipy.special import fdtrc

    hf = math.nan if math.isnan(epsilon) else huynh_feldt(epsilon, round(df2 / df1) + 1, df1)
    p_gg, p_hf = (float(fdtrc(one * df1, one * df2, statistic)) for one in (epsilon, hf))
    return {"epsilon_gg": epsilon, "p_gg": p_gg, "epsilon_hf": hf, "p_hf": p_hf}


def _friedman(complete: pd.DataFrame, about: dict[str, Any]) -> dict[str, Any]:
    from scipy import stats

    k = complete.shape[1]
    row = {"test": "Friedman", "effect": "condition", **about, "df1": float(k - 1)}
    if k < 3:
        return {**row, "note": "fewer than three systems: see the pairs"}
    found = stats.friedmanchisquare(*complete.to_numpy(dtype=float).T)
    size = float(found.statistic) / (len(complete) * (k - 1))
    note = "effect size: Kendall's W"
    return {**row, "statistic": float(found.statistic), "p": float(found.pvalue), "effect_size": size, "note": note}
