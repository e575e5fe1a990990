"""Measures of whole sets, such as Fréchet distances: one value per run, so a difference and no test."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from bench.comparing.model import Change, Matched
from bench.runs.results import Results

NOTE = "of the whole set: nothing is paired, so there is a difference and no test"


def set_changes(base: Results, new: Results, matched: Matched, category: str) -> Iterator[Change]:
    """NEW less BASE for every set measure that both have; where a run has no value, the mean is NaN."""
    old_rows, new_rows = _rows(base, category), _rows(new, category)
    for old_name, name in matched.conditions:
        for quantity in matched.set_quantities:
            one, two = old_rows.get((old_name, quantity)), new_rows.get((name, quantity))
            told = [str(row["status"]) for row in (one, two) if row is not None]
            if all(status == "not_applicable" for status in told):
                continue
            before, after = _value(one), _value(two)
            about = new.set_quantities.get(quantity, {})
            other = matched.versions.get(quantity, "")
            mean = math.nan if other else 0.0 if before == after else after - before
            yield Change(
                category, name, old_name, quantity, "set", str(about.get("unit") or ""), about.get("higher_is_better"),
                before, after, mean, math.nan, math.nan,
                n=0 if two is None else int(two["n"]), n_sources=0 if two is None else int(two["n_sources"]),
                n_lost=0, n_gained=0, p=math.nan, p_holm=math.nan, p_wilcoxon=math.nan, effect_dz=math.nan,
                rank_biserial=math.nan,
                verdict="not comparable" if other else "no values" if math.isnan(before) or math.isnan(after)
                else "equal" if before == after else "not tested",
                note=other or NOTE,
            )  # fmt: skip


def _rows(results: Results, category: str) -> dict[tuple[str, str], pd.Series]:
    rows = results.sets[results.sets["category"] == category]
    return {(str(row["condition"]), str(row["quantity"])): row for _, row in rows.iterrows()}


def _value(row: pd.Series | None) -> float:
    return math.nan if row is None or row["status"] != "ok" or pd.isna(row["value"]) else float(row["value"])
