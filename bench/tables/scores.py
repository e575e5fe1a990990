"""The long table of what was measured.

Nothing here averages over categories: speech and music are different questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from bench.runs.results import Results
from bench.stats import mean_ci
from bench.tables.kept import once_per_run
from bench.tables.measured import measured
from bench.tables.order import finished

SUMMARY_COLUMNS = (
    "run", "complete", "category", "condition", "quantity", "unit", "higher_is_better", "mean", "ci_low", "ci_high",
    "n", "n_failed", "n_undefined", "n_not_applicable", "n_band_limited", "n_sources",
)  # fmt: skip


def summarise(results: Results, seed: int = 0) -> pd.DataFrame:
    """One row per category, condition and quantity: mean, confidence interval, and how many rows had no value.

    Intervals end where the range of their quantity ends. ``n`` counts the values in the mean and ``n_sources`` the
    independent recordings behind them. ``n_band_limited`` counts the values whose reference is not full band for the
    condition (see :mod:`bench.tables.judged`); they are not in the mean unless the run includes them. Rows follow the
    order of the configuration. A mean of nothing is NaN.
    """
    return _summary(results, seed).copy()


@once_per_run
def _summary(results: Results, seed: int) -> pd.DataFrame:
    rows = []
    for cell in measured(results):
        interval = mean_ci(cell.value, cell.sources, seed)
        about = results.quantities.get(cell.quantity, {})
        low, high = within(interval.low, interval.high, about)
        rows.append(
            {
                "category": cell.category,
                "condition": cell.condition,
                "quantity": cell.quantity,
                "unit": about.get("unit", ""),
                "higher_is_better": about.get("higher_is_better"),
                "mean": interval.mean,
                "ci_low": low,
                "ci_high": high,
                "n": interval.n,
                **{f"n_{status}": count for status, count in cell.counts.items()},
                "n_sources": interval.n_clusters,
            }
        )
    return finished(results, rows, SUMMARY_COLUMNS)


def within(low: float, high: float, about: Mapping[str, Any]) -> tuple[float, float]:
    """No mean lies outside the range of its quantity, so neither does its interval; NaN stays NaN."""
    least, most = about.get("low"), about.get("high")
    return (
        low if least is None or not low < least else float(least),
        high if most is None or not high > most else float(most),
    )
