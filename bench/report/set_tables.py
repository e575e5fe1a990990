"""Measures of whole sets in the report: the long table, and one table for people per category."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd

from bench.report.cells import NOTHING, Cell, Heading, bounds, digits_of, number, unit_of
from bench.report.wide import Sheet
from bench.runs.results import SET_COLUMNS, Results
from bench.tables import in_order, is_complete, roles
from bench.wording import counted

EXPLANATION = (
    "Each value belongs to all clips of the category under a condition, with its 95 % interval: the jackknife over "
    "sources. Compare a value only with values over the same clips. Small sets are biased, and the interval does "
    "not show it: Frechet distances are too large (those with inf in their name are extrapolated), "
    "usage and entropy of codebooks are too low."
)


def set_table(results: Results) -> pd.DataFrame:
    """One row per category, condition and quantity of a whole set, with unit and direction of the quantity."""
    table = results.sets.drop(columns="run")
    about = [results.set_quantities.get(str(name), {}) for name in table["quantity"]]
    place = list(SET_COLUMNS).index("quantity")
    table.insert(place, "unit", [str(one.get("unit", "")) for one in about])
    table.insert(place + 1, "higher_is_better", [one.get("higher_is_better") for one in about])
    table.insert(0, "run", results.name)
    table.insert(1, "complete", is_complete(results))
    return table


def set_sheets(results: Results) -> list[Sheet]:
    """One table per category and measure: a row per condition that it applies to, a column per quantity."""
    known = roles(results)
    made = []
    for (category, _), rows in results.sets.groupby(["category", "measure"], sort=False):
        tried = rows[rows["status"] != "not_applicable"]
        shown = in_order(tried["quantity"].unique(), list(results.set_quantities))
        if not shown:
            continue
        names = in_order(tried["condition"].unique(), results.conditions)
        by_cell = {(str(row["condition"]), str(row["quantity"])): row for row in rows.to_dict("records")}
        most = int(results.sets.loc[results.sets["category"] == category, "n"].max())
        about = {name: results.set_quantities.get(name, {}) for name in shown}
        columns = [Heading(name, unit_of(each), str(each.get("summary", ""))) for name, each in about.items()]
        cells = [[_cell(results, by_cell.get((name, quantity)), most) for quantity in shown] for name in names]
        kinds = [known.get(name, "codec") for name in names]
        made.append(Sheet(str(category), columns, names, kinds, cells, _notes(tried)))
    return made


def _cell(results: Results, row: dict[Any, Any] | None, most: int) -> Cell:
    """One value; a note tells of how many clips it is where others have more."""
    if row is None:
        return Cell(NOTHING)
    if row["status"] != "ok":
        return Cell("n/a") if row["status"] == "not_applicable" else Cell(NOTHING, note=str(row["status"]))
    digits = digits_of(results.set_quantities.get(str(row["quantity"]), {}))
    interval = bounds(row["ci_low"], row["ci_high"], digits)
    return Cell(number(row["value"], digits), interval, f"n = {row['n']}" if row["n"] < most else "", row["value"])


def _notes(rows: pd.DataFrame) -> list[str]:
    """Why values are missing or are of fewer clips; one line for each reason."""
    troubled = rows[rows["reason"] != ""].drop_duplicates(["condition", "measure", "reason"])
    reasons = Counter((str(row.measure), str(row.reason)) for row in troubled.itertuples())
    return [f"{measure}, {counted(n, 'condition')}: {reason}" for (measure, reason), n in reasons.items()]
