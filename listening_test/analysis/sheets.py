"""Tables of an analysis as text, the same for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from listening_test.analysis.analysed import ALL, Analysis
from listening_test.analysis.descriptive import BIMODAL, unbalanced

SHOWN = 400
"""Rows of a table beyond which the rest is counted; the CSV files have them all."""


@dataclass(frozen=True)
class Sheet:
    """A table of text. Columns in ``words`` hold text, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[str] = frozenset()
    more: int = 0


def number(value: object, digits: int = 1) -> str:
    """A number as text; nothing where there is none.

    >>> number(3.14159, 2), number(float("nan")), number(7)
    ('3.14', '', '7')
    """
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return f"{value:.{digits}f}" if math.isfinite(value) else ("∞" if value > 0 else "-∞")
    return str(value)


def p_text(value: float) -> str:
    """A p with as many digits as mean something.

    >>> p_text(0.00004), p_text(0.0314), p_text(0.5)
    ('<0.001', '0.031', '0.50')
    """
    if math.isnan(value):
        return ""
    if value < 0.001:
        return "<0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def interval(low: float, high: float, digits: int = 1) -> str:
    """Two bounds as text; nothing where there are none."""
    return "" if math.isnan(low) else f"{low:.{digits}f} … {high:.{digits}f}"


def role_name(role: str) -> str:
    """A role in words."""
    return role.replace("_", " ")


def of_conditions(analysis: Analysis, category: str = ALL) -> Sheet:
    """One row for each condition, over one category or all; both means where they differ (:func:`unbalanced`)."""
    digits = digits_of(analysis)
    means = ("mean of ratings", "mean of clips") if unbalanced(analysis.conditions) else ("mean",)
    columns = ("condition", "role", "median", "IQR", "quartiles", *means, "95 % CI (bootstrap, widened)", "95 % CI (t)",
               "95 % CI (other clips, too)", "ratings", "listeners", "clips", "bimodality")  # fmt: skip
    table = analysis.conditions[analysis.conditions["category"] == category]
    rows = [
        (
            row["condition"],
            role_name(row["role"]),
            number(row["median"], digits),
            number(row["iqr"], digits),
            interval(row["q1"], row["q3"], digits),
            *(number(row[name], digits) for name in ("mean", "mean_of_clips")[: len(means)]),
            interval(row["ci_low"], row["ci_high"], digits),
            interval(row["t_low"], row["t_high"], digits),
            interval(row["both_low"], row["both_high"], digits),
            number(row["n"]),
            number(row["n_listeners"]),
            number(row["n_clips"]),
            f"{number(row['bimodality'], 2)}{' !' if row['bimodality'] > BIMODAL else ''}",
        )
        for row in _records(table)
    ]
    return _sheet("Conditions" if category == ALL else f"Conditions: {category}", columns, rows, "role")


def of_items(analysis: Analysis) -> Sheet:
    """One row for each condition and clip."""
    digits = digits_of(analysis)
    columns = ("clip", "category", "condition", "median", "IQR", "mean", "95 % CI (t)", "ratings", "outliers")
    rows = [
        (
            row["clip"],
            row["category"],
            row["condition"],
            number(row["median"], digits),
            number(row["iqr"], digits),
            number(row["mean"], digits),
            interval(row["t_low"], row["t_high"], digits),
            number(row["n"]),
            number(row["outliers"]),
        )
        for row in _records(analysis.items)
    ]
    return _sheet("Conditions on single clips", columns, rows, "category", "condition")


def of_comparisons(analysis: Analysis) -> Sheet:
    """One row for each pair."""
    columns = ("better", "worse", "difference", "95 % CI (t)", "p permutation, paired", "Holm", "p Wilcoxon", "Holm ",
               "p Att. 3, unpaired, one-sided", "d_z", "rank-biserial", "Cliff's delta", "listeners")  # fmt: skip
    rows = [
        (
            row["better"],
            row["worse"],
            number(row["difference"], digits_of(analysis)),
            interval(row["t_low"], row["t_high"], digits_of(analysis)),
            p_text(row["p_permutation"]),
            p_text(row["p_permutation_holm"]),
            p_text(row["p_wilcoxon"]),
            p_text(row["p_wilcoxon_holm"]),
            p_text(row["p_attachment3"]),
            number(row["effect_dz"], 2),
            number(row["rank_biserial"], 2),
            number(row["cliffs_delta"], 2),
            number(row["n_listeners"]),
        )
        for row in _records(analysis.comparisons)
    ]
    return _sheet("Pairs", columns, rows, "worse")


def of_all_systems(analysis: Analysis) -> Sheet:
    """ANOVA and Friedman."""
    columns = ("test", "effect", "statistic", "df", "p", "epsilon (GG)", "p (GG)", "epsilon (HF)", "p (HF)",
               "effect size", "listeners", "left out", "note")  # fmt: skip
    rows = [
        (
            row["test"],
            row["effect"],
            number(row["statistic"], 2),
            ", ".join(part for part in (number(row["df1"], 0), number(row["df2"], 0)) if part),
            p_text(row["p"]),
            number(row["epsilon_gg"], 2),
            p_text(row["p_gg"]),
            number(row["epsilon_hf"], 2),
            p_text(row["p_hf"]),
            number(row["effect_size"], 2),
            number(row["n_listeners"]),
            number(row["left_out"]),
            row["note"],
        )
        for row in _records(analysis.all_systems)
    ]
    return _sheet("All systems at once", columns, rows, "effect", "note")


def of_listeners(analysis: Analysis) -> Sheet:
    """One row for each listener."""
    columns = ("listener", "counts", "why not", "trials", "agreement", "repeatability", "reference mean", "spread",
               "never played", "seconds a trial")  # fmt: skip
    rows = [
        (
            f"{row['listener']}{' (simulated)' if row['simulated'] else ''}",
            "no" if row["excluded"] else "yes",
            row["reason"],
            number(row["n_trials"]),
            number(row["agreement"], 2),
            number(row["repeatability"]),
            number(row["reference_mean"]),
            number(row["spread"]),
            number(row["never_played"]),
            number(row["median_trial_s"], 0),
        )
        for row in _records(analysis.listeners)
    ]
    return _sheet("Listeners", columns, rows, "why not", "counts")


def of_checks(analysis: Analysis) -> Sheet:
    """One row for each listener and rule."""
    columns = ("listener", "rule", "broken", "trials", "share", "left out")
    rows = [
        (
            row["listener"],
            row["rule"],
            number(row["broken"]),
            number(row["trials"]),
            f"{100 * row['share']:.1f} %",
            "yes" if row["excluded"] else "no",
        )
        for row in _records(analysis.checks)
    ]
    return _sheet("Every listener and rule", columns, rows, "rule")


def of_outliers(analysis: Analysis) -> Sheet:
    """One row for each outlier."""
    columns = ("condition", "clip", "listener", "score", "median of the others and this")
    rows = [
        (row["condition"], row["clip"], row["listener"], number(row["score"]), number(row["cell_median"]))
        for row in _records(analysis.outliers)
    ]
    return _sheet(f"Outliers: {len(rows)}, none removed", columns, rows, "clip", "listener")


def of_pairs(analysis: Analysis) -> Sheet:
    """ABX and AB: one row for each pair."""
    what = "right" if analysis.test_type == "abx" else "for it"
    columns = ("condition", "against", what, "answers", "95 % CI (Wilson)", "95 % CI (over listeners)",
               "p binomial", "Holm", "p sign test", "Holm ", "listeners")  # fmt: skip
    rows = [
        (
            row["condition"],
            row["against"],
            f"{100 * row['share']:.1f} %",
            number(row["n"]),
            _percent(row["low"], row["high"]),
            _percent(row["ci_low"], row["ci_high"]),
            p_text(row["p"]),
            p_text(row["p_holm"]),
            p_text(row["p_sign"]),
            p_text(row["p_sign_holm"]),
            number(row["n_listeners"]),
        )
        for row in _records(analysis.pairs)
    ]
    return _sheet("Pairs", columns, rows, "against")


def of_pairs_by_listener(analysis: Analysis) -> Sheet:
    """ABX and AB: one row for each listener and pair."""
    what = "right" if analysis.test_type == "abx" else "for it"
    columns = ("listener", "condition", "against", what, "answers", "95 % CI (Wilson)", "p binomial", "Holm")
    rows = [
        (
            row["listener"],
            row["condition"],
            row["against"],
            f"{100 * row['share']:.1f} %",
            number(row["n"]),
            _percent(row["low"], row["high"]),
            p_text(row["p"]),
            p_text(row["p_holm"]),
        )
        for row in _records(analysis.pairs_by_listener)
    ]
    return _sheet("Every listener", columns, rows, "condition", "against")


def digits_of(analysis: Analysis) -> int:
    """Decimals of a score: MUSHRA one, the five-point scales two."""
    return 1 if analysis.test_type == "mushra" else 2


def _percent(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{100 * low:.1f} … {100 * high:.1f} %"


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")


def _sheet(title: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *words: str) -> Sheet:
    shown = tuple(tuple(map(str, row)) for row in rows[:SHOWN])
    return Sheet(title, columns, shown, frozenset(words), max(0, len(rows) - SHOWN))
