"""What ``codecbench listen analyze`` writes, prints and gives to programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bench.store import write_bytes
from listening_test.analysis import sheets
from listening_test.analysis.analysed import Analysis
from listening_test.analysis.frames import write_csv, write_ratings
from listening_test.analysis.page import headline, page
from listening_test.analysis.screening import SIMULATED
from listening_test.analysis.sheets import Sheet
from listening_test.model import RATINGS, Test

RAW, CONDITIONS, ITEMS, LISTENERS, PAIRS, REPORT = (
    "ratings.csv", "conditions.csv", "items.csv", "listeners.csv", "pairs.csv", "report.html",
)  # fmt: skip


TABLES = (
    "listeners", "checks", "guarded", "conditions", "items", "comparisons", "all_systems", "outliers", "pairs",
    "pairs_by_listener",
)  # fmt: skip
"""The tables of an analysis, but the ratings."""


def write_all(
    analysis: Analysis, folder: Path, test: Test | None = None, devices: Mapping[str, int] | None = None
) -> list[Path]:
    """Write ratings (every row, excluded ones marked), tables and the report into ``folder``."""
    tables = {
        RAW: analysis.ratings,
        CONDITIONS: analysis.conditions,
        ITEMS: analysis.items,
        LISTENERS: analysis.listeners,
        PAIRS: analysis.comparisons if len(analysis.comparisons) else analysis.pairs,
    }
    write_ratings(folder / RATINGS, analysis.ratings)
    for name, table in tables.items():
        write_csv(folder / name, table)
    write_bytes(folder / REPORT, page(analysis, test, devices).encode())
    return [folder / name for name in (RATINGS, *tables, REPORT)]


def terminal(analysis: Analysis) -> tuple[list[str], list[Sheet]]:
    """Lines and tables for a terminal; of a table only the first column, with the names, may be wrapped."""
    lines = [*headline(analysis)]
    out = analysis.listeners[analysis.listeners["excluded"].astype(bool)]
    beside = out["reason"] == SIMULATED
    lines += [f"Left out: {row['listener']}: {row['reason']}" for row in out[~beside].to_dict("records")]
    if beside.any():
        lines.append(f"Left out: {beside.sum()} simulated, beside people; --with-simulated counts them, too")
    lines += [f"Caution: {caution}" for caution in analysis.cautions]
    if analysis.test_type in ("abx", "ab"):
        return lines, [_part(_paired(sheets.of_pairs(analysis), " vs "), CHOICES)]
    return lines, [
        _part(sheets.of_conditions(analysis), DESCRIBED),
        _part(_paired(sheets.of_comparisons(analysis), " > "), COMPARED),
    ]


DESCRIBED = {
    "condition": "condition", "median": "median", "IQR": "IQR", "mean": "mean", "mean of ratings": "mean of\nratings",
    "mean of clips": "mean of\nclips",     "95 % CI (bootstrap, widened)": "95 % CI (boot-\nstrap, widened)",
    "listeners": "listeners",
}  # fmt: skip
COMPARED = {
    "pair": "better > worse", "difference": "differ-\nence", "95 % CI (t)": "95 % CI (t)",
    "p permutation, paired": "p permu-\ntation", "Holm": "Holm",
}  # fmt: skip
CHOICES = {
    "pair": "condition vs the other", "right": "right", "for it": "for it", "answers": "answers",
    "95 % CI (Wilson)": "95 % CI\n(Wilson)", "p binomial": "p bino-\nmial", "Holm": "Holm",
}  # fmt: skip
"""Columns of a terminal of 80 characters and their headings, whose lines are broken here: what is in a column of
numbers is never wrapped, so that the names get all the room that is left."""


def _paired(sheet: Sheet, between: str) -> Sheet:
    """The first two columns as one, called ``pair``: two columns of names would leave room for neither."""
    rows = tuple((f"{one}{between}{two}", *others) for one, two, *others in sheet.rows)
    return Sheet(sheet.title, ("pair", *sheet.columns[2:]), rows, sheet.words, sheet.more)


def _part(sheet: Sheet, headings: Mapping[str, str]) -> Sheet:
    """The columns of ``headings`` that the sheet has."""
    places = [sheet.columns.index(name) for name in headings if name in sheet.columns]
    rows = tuple(tuple(row[place] for place in places) for row in sheet.rows)
    return Sheet(sheet.title, tuple(headings[sheet.columns[place]] for place in places), rows, sheet.words, sheet.more)


def as_json(analysis: Analysis) -> dict[str, Any]:
    """Everything but the ratings, numbers in full precision."""
    return {
        "test": analysis.test,
        "type": analysis.test_type,
        "seed": analysis.seed,
        "simulated": analysis.simulated,
        "screening": {
            "name": analysis.screening.name,
            "source": analysis.screening.source,
            "rules": [rule.text for rule in analysis.screening.rules],
        },
        "cautions": list(analysis.cautions),
        "panel": dict(analysis.panel),
        **{name: _rows(getattr(analysis, name)) for name in TABLES},
    }


def _rows(table: pd.DataFrame) -> list[dict[Any, Any]]:
    plain = table.astype("object")
    return plain.where(plain.notna(), None).to_dict("records")
