"""The leaderboard in a terminal: one table for each board, split where the window is narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from bench.leaderboard.model import Leaderboard
from bench.leaderboard.sheets import LEGEND, Sheet, entry_name, sheet, source_note, source_title
from bench.report.cells import Cell
from bench.report.windows import tables

NAMES = ("rank", "condition", "source")
"""Headings without a column of their own: the first column has the names, and every score its rank."""


@dataclass(frozen=True)
class Rendered:
    """A leaderboard that fits itself to the console that prints it."""

    board: Leaderboard

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        for one in self.board.boards:
            made = sheet(one)
            title = made.title if all(entry.complete for entry in one.entries) else f"{made.title} (partial)"
            places = [place for place, heading in enumerate(made.headings) if heading.key not in NAMES]
            rows = [[row[place] for place in places] for row in made.rows]
            yield from tables(title, _names(made), [made.headings[place] for place in places], rows, options.max_width)
            for note in made.notes:
                yield Text(note, style="yellow")
        yield Text("")
        for source in self.board.sources:
            yield Text(f"{source_title(source)}: {source.about} {source.date}".rstrip(), style="bold")
            for note in source.notes:
                yield Text(f"  {note}", style="yellow")
        yield Text("")
        for text in LEGEND:
            yield Text(text, style="dim")


def _names(made: Sheet) -> list[Text]:
    """The condition of each row, and below it the source where runs stand beside each other."""
    entries = made.board.entries
    several = len({entry.source for entry in entries if entry.kind != "test"}) > 1
    found = []
    for entry in entries:
        text = Text(entry_name(entry), style="" if entry.role == "codec" else "dim")
        if several:
            text.append(f"\n{Cell(entry.source, note=source_note(entry))}", style="dim")
        found.append(text)
    return found
