"""What the ratings of a condition look like: median and quartiles, mean with intervals, shape, outliers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bench.stats import clustered_error, mean_ci, t_interval, two_way_interval
from listening_test.mushra import SCALES

BIMODAL = 5 / 9  # BS.1534-3, Attachment 3: the value of a uniform distribution
WHISKER = 1.5  # BS.1534-3, 9.1: interquartile ranges beyond which a rating is an outlier

ROLE_ORDER = ("hidden_reference", "system", "anchor", "mid_anchor", "low_anchor")


class Quartiles(NamedTuple):
    """First quartile, median and third quartile."""

    first: float
    median: float
    third: float


def quartiles(values: ArrayLike) -> Quartiles:
    """Median and the medians of both halves; for an odd number of values both halves hold the median.

    These are Tukey's hinges. They are the quantiles of Hazen's rule for an even number of values, and those of
    linear interpolation (numpy's default) for an odd number.

    Returns:
        NaN where there is no value.
    Source:
        ITU-R BS.1534-3 (10/2015), 9.1.

    >>> quartiles([1, 2, 3, 4, 5])
    Quartiles(first=2.0, median=3.0, third=4.0)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if not len(ordered):
        return Quartiles(math.nan, math.nan, math.nan)
    half = (len(ordered) + 1) // 2
    parts = (ordered[:half], ordered, ordered[len(ordered) - half :])
    return Quartiles(*(float(np.median(part)) for part in parts))


def outlying(values: ArrayLike) -> NDArray[np.bool_]:
    """Which values lie more than 1.5 interquartile ranges outside of the quartiles."""
    given = np.asarray(values, dtype=np.float64)
    first, _, third = quartiles(given)
    reach = WHISKER * (third - first)
    return (given < first - reach) | (given > third + reach)


def bimodality(values: ArrayLike) -> float:
    """Sarle's coefficient from the bias-corrected skewness and excess kurtosis; above 5/9 two groups are likely.

    Strong skewness alone raises it, too: look at the histogram.

    Returns:
        NaN for fewer than four values, or where all are equal.
    Source:
        ITU-R BS.1534-3 (10/2015), Attachment 3; Pfister et al., Frontiers in Psychology 4:700, 2013.
    """
    from scipy import stats

    given = np.asarray(values, dtype=np.float64).ravel()
    n = len(given)
    if n < 4 or np.ptp(given) == 0:
        return math.nan
    skewness, excess = float(stats.skew(given, bias=False)), float(stats.kurtosis(given, bias=False))
    return (skewness**2 + 1) / (excess + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def summary(ratings: pd.DataFrame, by: Sequence[str], seed: int) -> pd.DataFrame:
    """One row for each group of ``by``, of the ratings that count (see ``frames.counted``).

    Columns beside ``by``: ``role``, ``codec``, ``bitrate_bps``, ``actual_bps`` (mean), ``n`` ratings of
    ``n_listeners`` about ``n_clips``; ``median``, ``q1``, ``q3``, ``iqr`` (:func:`quartiles`); ``mean`` of the
    ratings, ``mean_of_clips`` (every clip counts alike, however many rated it), ``sd``;
    ``ci_low``, ``ci_high`` (bootstrap over listeners, see :func:`bench.stats.mean_ci`), ``t_low``, ``t_high``
    (Student's interval over listeners), ``both_low``, ``both_high`` (over listeners and clips); ``skewness``,
    ``bimodality``, ``outliers`` (number). No interval leaves the scale of the test's type.
    Conditions are in the order of their roles, then of their means.
    """
    needed = dict.fromkeys(
        [*by, "role", "codec", "bitrate_bps", "actual_bps", "listener", "clip", "score", "test_type"]
    )
    ordered = ratings[list(needed)].sort_values(["listener", "clip", "score"], kind="stable")
    grouped = ordered.groupby(list(by), sort=True, dropna=False)
    rows = []
    for key, group in grouped:
        names = key if isinstance(key, tuple) else (key,)
        rows.append({**dict(zip(by, names, strict=True)), **_one(group, seed)})
    table = pd.DataFrame(rows, columns=[*by, *COLUMNS])
    return _ordered(table, by)


def unbalanced(table: pd.DataFrame) -> bool:
    """Whether the mean of the ratings of any row of a :func:`summary` is not that of its clips."""
    return bool((table["mean"] - table["mean_of_clips"]).abs().max() > 1e-9)


COLUMNS = (
    "role", "codec", "bitrate_bps", "actual_bps", "n", "n_listeners", "n_clips", "median", "q1", "q3", "iqr", "mean",
    "mean_of_clips", "sd", "ci_low", "ci_high", "t_low", "t_high", "both_low", "both_high", "skewness", "bimodality",
    "outliers",
)  # fmt: skip


def _one(group: pd.DataFrame, seed: int) -> dict[str, Any]:
    from scipy import stats

    values = group["score"].to_numpy(dtype=float)
    listeners, clips = group["listener"].to_numpy(dtype=str), group["clip"].to_numpy(dtype=str)
    names, codes = np.unique(clips, return_inverse=True)
    box, interval = quartiles(values), mean_ci(values, listeners, seed)
    error, k = clustered_error(values, listeners)
    t_low, t_high = t_interval(interval.mean, error, k)
    both_low, both_high = two_way_interval(values, listeners, clips)
    scale = SCALES[group["test_type"].iloc[0]]
    varied = len(values) > 2 and np.ptp(values) > 0
    rates = group["actual_bps"].dropna().sort_values()
    return {
        "role": _only(group["role"]),
        "codec": _only(group["codec"]),
        "bitrate_bps": _only(group["bitrate_bps"].dropna(), None),
        "actual_bps": float(rates.mean()) if len(rates) else math.nan,
        "n": len(values),
        "n_listeners": interval.n_clusters,
        "n_clips": len(names),
        "median": box.median,
        "q1": box.first,
        "q3": box.third,
        "iqr": box.third - box.first,
        "mean": interval.mean,
        "mean_of_clips": float((np.bincount(codes, values) / np.bincount(codes)).mean()),
        "sd": float(np.sort(values).std(ddof=1)) if len(values) > 1 else math.nan,
        "ci_low": _within(interval.low, scale),
        "ci_high": _within(interval.high, scale),
        "t_low": _within(t_low, scale),
        "t_high": _within(t_high, scale),
        "both_low": _within(both_low, scale),
        "both_high": _within(both_high, scale),
        "skewness": float(stats.skew(values, bias=False)) if varied else math.nan,
        "bimodality": bimodality(values),
        "outliers": int(outlying(values).sum()),
    }


def _within(bound: float, scale: tuple[float, float]) -> float:
    """``bound``, or the end of the scale beyond which no mean can lie; NaN stays."""
    return float(np.clip(bound, *scale))


def _only(column: pd.Series[Any], otherwise: Any = "") -> Any:
    found = column.unique()
    return found[0] if len(found) == 1 else otherwise


def _ordered(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Other keys first, then the hidden reference, systems from best to worst, anchors."""
    places = table["role"].map(lambda role: ROLE_ORDER.index(role) if role in ROLE_ORDER else len(ROLE_ORDER))
    others = [name for name in by if name != "condition"]
    keyed = table.assign(_place=places, _mean=-table["mean"])
    last = ["condition"] if "condition" in by else []
    keyed = keyed.sort_values([*others, "_place", "_mean", *last], kind="stable")
    return keyed.drop(columns=["_place", "_mean"]).reset_index(drop=True)


def outliers(ratings: pd.DataFrame) -> pd.DataFrame:
    """Ratings further than 1.5 interquartile ranges from the box of their condition and clip: listed, never removed.

    BS.1534-3 lets an outlier be removed only where it is shown to be an error, and asks to report it.
    """
    cells = ratings.groupby(["condition", "clip"])["score"]
    outside = cells.transform(lambda scores: outlying(scores.to_numpy(dtype=float))).astype(bool)
    found = ratings.assign(cell_median=cells.transform("median"))[outside]
    columns = ["listener", "clip", "condition", "role", "replicate", "score", "cell_median"]
    order = ["condition", "clip", "listener", "replicate"]
    return found[columns].sort_values(order, kind="stable").reset_index(drop=True)
