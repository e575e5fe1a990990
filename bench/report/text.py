"""The report as Markdown: what was run, one table per category, failures, methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from bench.report.costs import cost_table
from bench.report.markdown import LATER, document, escape, table
from bench.report.record import category_name, definitions, failures, headline, methods
from bench.report.references import Reference, by_reason, of_results, sentences
from bench.report.set_tables import EXPLANATION, set_sheets
from bench.report.wide import Sheet, sheets
from bench.runs.results import Results

if TYPE_CHECKING:
    from bench.report.against import Against

SHOWN_FAILURES = 50


@document
def markdown(results: Results, seed: int, compared: Mapping[str, Against] | None = None) -> Iterator[str]:
    """The whole report; every name from the run is escaped."""
    compared = compared or {}
    told = headline(results)
    yield f"# {escape(results.name)}" + ("" if told.complete else " (partial run)")
    for sentence in told.sentences():
        yield from ("", escape(sentence))
    for warning in told.warnings:
        yield from ("", f"**Warning:** {escape(warning)}")
    for sheet in sheets(results, seed):
        yield from ("", f"## {escape(category_name(sheet.category))}", "")
        yield from _sheet(sheet)
        if sheet.category in compared:
            yield from _against(compared[sheet.category])
    yield from ("", "Each score is the mean over clips with its 95 % confidence interval in brackets. ↑ higher is ")
    yield "better, ↓ lower is better; `n/a`: the metric does not speak of this signal; –: no value."
    yield from _sets(results)
    yield from _costs(results)
    yield from _references(of_results(results))
    yield from _failures(failures(results))
    yield from ("", "## Methods", "")
    yield from (f"- {term}: {escape(text)}" for term, text in methods(results, seed))
    yield from ("", "## Quantities", "")
    rows = definitions(results)
    if rows:
        yield from table(list(rows[0]), [list(row.values()) for row in rows])


def _sheet(sheet: Sheet) -> Iterator[str]:
    rows = [[name, *row] for name, row in zip(sheet.conditions, sheet.rows, strict=True)]
    yield from table(["condition", *sheet.columns], rows, LATER)
    for note in sheet.notes:
        yield from ("", escape(note))


def _against(found: Against) -> Iterator[str]:
    for grid in found.grids:
        yield from ("", f"### {escape(grid.title)} (by {escape(found.quantity)})", "")
        yield from table(grid.columns, grid.rows)
    for note in found.notes:
        yield from ("", escape(note))


def _sets(results: Results) -> Iterator[str]:
    made = set_sheets(results)
    if not made:
        return
    yield from ("", "## Measures of whole sets", "", EXPLANATION)
    for sheet in made:
        yield from ("", f"### {escape(category_name(sheet.category))}", "")
        yield from _sheet(sheet)


def _costs(results: Results) -> Iterator[str]:
    costs = cost_table(results)
    if costs.empty:
        return
    yield from ("", "## What the codecs cost", "")
    yield from table(["codec", *costs.columns], costs.reset_index().to_numpy().tolist(), LATER)


def _references(references: list[Reference]) -> Iterator[str]:
    if not references:
        return
    yield from ("", "## The references", "")
    yield from (f"- {escape(sentence)}" for sentence in sentences(references))
    found = by_reason(references)
    if found:
        yield ""
        yield from table(["mark", "clips", "which", "why"], found[:SHOWN_FAILURES])
    if len(found) > SHOWN_FAILURES:
        yield from ("", f"{len(found) - SHOWN_FAILURES} more are in the column `marks` of `clips.parquet`.")


def _failures(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        return
    yield from ("", "## Failures", "")
    shown = rows.head(SHOWN_FAILURES)
    yield from table(list(shown.columns), shown.to_numpy().tolist())
    if len(rows) > len(shown):
        yield from ("", f"{len(rows) - len(shown)} more are in `encodings.parquet` and `scores.parquet`.")
