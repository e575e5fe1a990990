"""The report in a terminal: the same tables, split where the window is narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.report.cells import NOTHING
from bench.report.costs import cost_table
from bench.report.record import Headline, category_name, failures, headline
from bench.report.set_tables import set_sheets
from bench.report.wide import Sheet, sheets
from bench.report.windows import tables
from bench.runs.results import Results

SHOWN_FAILURES = 10


@dataclass(frozen=True)
class Rendered:
    """A report that fits itself to the console that prints it."""

    results: Results
    summary: Headline
    sheets: list[Sheet]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield Text(self.results.name, style="bold")
        for index, sentence in enumerate(self.summary.sentences()):
            yield Text(sentence, style="bold yellow" if index == 0 and not self.summary.complete else "")
        for warning in self.summary.warnings:
            yield Text(f"Warning: {warning}", style="yellow")
        named = [(category_name(sheet.category), sheet) for sheet in self.sheets]
        named += [(f"{category_name(sheet.category)}, whole sets", sheet) for sheet in set_sheets(self.results)]
        for name, sheet in named:
            title = name + ("" if self.summary.complete else " (partial run)")
            styles = ["" if role == "codec" else "dim" for role in sheet.roles]
            rows = [Text(*of_row) for of_row in zip(sheet.conditions, styles, strict=True)]
            yield from tables(title, rows, sheet.columns, sheet.rows, options.max_width)
            for note in sheet.notes:
                yield Text(note, style="yellow")
        yield from _costs(self.results)
        yield from _failures(self.results)


def _costs(results: Results) -> Iterator[RenderableType]:
    """What the codecs cost; columns in which nothing is known are left out."""
    costs = cost_table(results)
    if costs.empty:
        return
    costs = costs.loc[:, (costs != NOTHING).any()]
    table = Table(title=Text("What the codecs cost"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("codec", no_wrap=True)
    for column in costs.columns:
        table.add_column(column, justify="right", overflow="fold")
    for name, row in zip(costs.index, costs.to_numpy().tolist(), strict=True):
        table.add_row(Text(str(name)), *map(Text, row))
    yield Padding(table, (1, 0, 0, 0))


def render(results: Results, seed: int = 0) -> Rendered:
    """The report as something that rich can print."""
    return Rendered(results, headline(results), sheets(results, seed))


def _failures(results: Results) -> Iterator[RenderableType]:
    alike = list(failures(results).groupby(["status", "clip", "what", "reason"], sort=False))
    for (status, clip, what, reason), rows in alike[:SHOWN_FAILURES]:
        yield Text(f"{status}: {clip}, {', '.join(rows['condition'])}, {what}: {reason}", style="yellow")
    if len(alike) > SHOWN_FAILURES:
        yield Text(f"and {len(alike) - SHOWN_FAILURES} more; scores.parquet and encodings.parquet have them all.")
