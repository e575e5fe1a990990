"""Tables of an analysis as text, the same for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from listening_test.analysis.analysed import ALL, NO_CATEGORY, Analysis
from listening_test.analysis.descriptive import BIMODAL, unbalanced

Show = Callable[[Mapping[str, Any]], str]
"""What a row of an analysis' table says in a cell."""

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


def role_name(role: str) -> str:
    """A role in words."""
    return role.replace("_", " ")


def of_conditions(analysis: Analysis, category: str = ALL) -> Sheet:
    """One row for each condition, over one category or all; both means where they differ (:func:`unbalanced`)."""
    digits = digits_of(analysis)
    both = unbalanced(analysis.conditions)
    means = {"mean of ratings": "mean", "mean of clips": "mean_of_clips"} if both else {"mean": "mean"}
    columns: dict[str, Show] = {
        "condition": _text("condition"),
        "role": lambda row: role_name(row["role"]),
        "median": _number("median", digits),
        "IQR": _number("iqr", digits),
        "quartiles": _interval("q1", "q3", digits),
        **{heading: _number(name, digits) for heading, name in means.items()},
        "95 % CI (bootstrap, widened)": _interval("ci_low", "ci_high", digits),
        "95 % CI (t)": _interval("t_low", "t_high", digits),
        "95 % CI (other clips, too)": _interval("both_low", "both_high", digits),
        "ratings": _number("n"),
        "listeners": _number("n_listeners"),
        "clips": _number("n_clips"),
        "bimodality": lambda row: number(row["bimodality"], 2) + (" !" if row["bimodality"] > BIMODAL else ""),
    }
    table = analysis.conditions[analysis.conditions["category"] == category]
    title = "Conditions" if category == ALL else f"Conditions: {category or NO_CATEGORY}"
    return _sheet(title, table, columns, "role")


def of_items(analysis: Analysis) -> Sheet:
    """One row for each condition and clip."""
    digits = digits_of(analysis)
    columns: dict[str, Show] = {
        **{name: _text(name) for name in ("clip", "category", "condition")},
        "median": _number("median", digits),
        "IQR": _number("iqr", digits),
        "mean": _number("mean", digits),
        "95 % CI (t)": _interval("t_low", "t_high", digits),
        "ratings": _number("n"),
        "outliers": _number("outliers"),
    }
    return _sheet("Conditions on single clips", analysis.items, columns, "category", "condition")


def of_comparisons(analysis: Analysis) -> Sheet:
    """One row for each pair."""
    digits = digits_of(analysis)
    columns: dict[str, Show] = {
        "better": _text("better"),
        "worse": _text("worse"),
        "difference": _number("difference", digits),
        "95 % CI (t)": _interval("t_low", "t_high", digits),
        "p permutation, paired": _p("p_permutation"),
        "Holm": _p("p_permutation_holm"),
        "p Wilcoxon": _p("p_wilcoxon"),
        "Holm ": _p("p_wilcoxon_holm"),
        "p Att. 3, unpaired, one-sided": _p("p_attachment3"),
        "d_z": _number("effect_dz", 2),
        "rank-biserial": _number("rank_biserial", 2),
        "Cliff's delta": _number("cliffs_delta", 2),
        "listeners": _number("n_listeners"),
    }
    return _sheet("Pairs", analysis.comparisons, columns, "worse")


def of_all_systems(analysis: Analysis) -> Sheet:
    """ANOVA and Friedman."""
    columns: dict[str, Show] = {
        "test": _text("test"),
        "effect": _text("effect"),
        "statistic": _number("statistic", 2),
        "df": lambda row: ", ".join(part for part in (number(row["df1"], 0), number(row["df2"], 0)) if part),
        "p": _p("p"),
        "epsilon (GG)": _number("epsilon_gg", 2),
        "p (GG)": _p("p_gg"),
        "epsilon (HF)": _number("epsilon_hf", 2),
        "p (HF)": _p("p_hf"),
        "effect size": _number("effect_size", 2),
        "listeners": _number("n_listeners"),
        "left out": _number("left_out"),
        "note": _text("note"),
    }
    return _sheet("All systems at once", analysis.all_systems, columns, "effect", "note")


def of_listeners(analysis: Analysis) -> Sheet:
    """One row for each listener."""
    columns: dict[str, Show] = {
        "listener": lambda row: row["listener"] + (" (simulated)" if row["simulated"] else ""),
        "counts": lambda row: "no" if row["excluded"] else "yes",
        "why not": _text("reason"),
        "trials": _number("n_trials"),
        "agreement": _number("agreement", 2),
        "repeatability": _number("repeatability"),
        "reference mean": _number("reference_mean"),
        "spread": _number("spread"),
        "never played": _number("never_played"),
        "seconds a trial": _number("median_trial_s", 0),
    }
    return _sheet("Listeners", analysis.listeners, columns, "why not", "counts")


def of_checks(analysis: Analysis) -> Sheet:
    """One row for each listener and rule."""
    columns: dict[str, Show] = {
        "listener": _text("listener"),
        "rule": _text("rule"),
        "broken": _number("broken"),
        "trials": _number("trials"),
        "share": _share,
        "left out": lambda row: "yes" if row["excluded"] else "no",
    }
    return _sheet("Every listener and rule", analysis.checks, columns, "rule")


def of_outliers(analysis: Analysis) -> Sheet:
    """One row for each outlier."""
    columns: dict[str, Show] = {
        **{name: _text(name) for name in ("condition", "clip", "listener")},
        "score": _number("score"),
        "median of the others and this": _number("cell_median"),
    }
    title = f"Outliers: {len(analysis.outliers)}, none removed"
    return _sheet(title, analysis.outliers, columns, "clip", "listener")


def of_pairs(analysis: Analysis) -> Sheet:
    """ABX and AB: one row for each pair."""
    columns: dict[str, Show] = {
        "condition": _text("condition"),
        "against": _text("against"),
        _asked(analysis): _share,
        "answers": _number("n"),
        "95 % CI (Wilson)": _percent("low", "high"),
        "95 % CI (over listeners)": _percent("ci_low", "ci_high"),
        "p binomial": _p("p"),
        "Holm": _p("p_holm"),
        "p sign test": _p("p_sign"),
        "Holm ": _p("p_sign_holm"),
        "listeners": _number("n_listeners"),
    }
    return _sheet("Pairs", analysis.pairs, columns, "against")


def of_pairs_by_listener(analysis: Analysis) -> Sheet:
    """ABX and AB: one row for each listener and pair."""
    columns: dict[str, Show] = {
        **{name: _text(name) for name in ("listener", "condition", "against")},
        _asked(analysis): _share,
        "answers": _number("n"),
        "95 % CI (Wilson)": _percent("low", "high"),
        "p binomial": _p("p"),
        "Holm": _p("p_holm"),
    }
    return _sheet("Every listener", analysis.pairs_by_listener, columns, "condition", "against")


def digits_of(analysis: Analysis) -> int:
    """Decimals of a score: MUSHRA one, the five-point scales two."""
    return 1 if analysis.test_type == "mushra" else 2


def _asked(analysis: Analysis) -> str:
    return "right" if analysis.test_type == "abx" else "for it"


def _text(name: str) -> Show:
    return lambda row: str(row[name])


def _number(name: str, digits: int = 1) -> Show:
    return lambda row: number(row[name], digits)


def _p(name: str) -> Show:
    return lambda row: p_text(row[name])


def _interval(low: str, high: str, digits: int) -> Show:
    return lambda row: "" if math.isnan(row[low]) else f"{row[low]:.{digits}f} … {row[high]:.{digits}f}"


def _percent(low: str, high: str) -> Show:
    return lambda row: "" if math.isnan(row[low]) else f"{100 * row[low]:.1f} … {100 * row[high]:.1f} %"


def _share(row: Mapping[str, Any]) -> str:
    return f"{100 * row['share']:.1f} %"


def _sheet(title: str, table: pd.DataFrame, columns: Mapping[str, Show], *words: str) -> Sheet:
    """``columns``: heading to what stands below it."""
    records: list[dict[Any, Any]] = table.head(SHOWN).to_dict("records")
    rows = tuple(tuple(show(row) for show in columns.values()) for row in records)
    return Sheet(title, tuple(columns), rows, frozenset(words), max(0, len(table) - SHOWN))
