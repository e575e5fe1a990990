"""The long table of what was measured.

Nothing here averages over categories: speech and music are different questions.
"""

from __future__ import annotations

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
        rows.append(
            {
                "category": cell.category,
                "condition": cell.condition,
                "quantity": cell.quantity,
                "unit": about.get("unit", ""),
                "higher_is_better": about.get("higher_is_better"),
                "mean": interval.mean,
                "ci_low": _at_least(interval.low, about.get("low")),
                "ci_high": _at_most(interval.high, about.get("high")),
                "n": interval.n,
                **{f"n_{status}": count for status, count in cell.counts.items()},
                "n_sources": interval.n_clusters,
            }
        )
    return finished(results, rows, SUMMARY_COLUMNS)


def _at_least(bound: float, least: float | None) -> float:
    """No mean lies outside the range of its quantity, so neither does the interval; NaN stays NaN."""
    return bound if least is None or not bound < least else least


def _at_most(bound: float, most: float | None) -> float:
    return bound if most is None or not bound > most else most
