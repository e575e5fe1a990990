"""The leaderboard in a terminal: one table for each board, split where the window is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.leaderboard.model import Leaderboard
from bench.leaderboard.sheets import LEGEND, Cell, Heading, Sheet, entry_name, sheet, source_note, source_title

LONGEST_NAME = 28
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
            for number, columns in enumerate(_parts(made, options.max_width)):
                heading = title if number == 0 else f"{title}, continued"
                yield Padding(_table(made, heading, columns), (1, 0, 0, 0))
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


def _parts(made: Sheet, width: int) -> Iterator[list[int]]:
    """Places of columns that fit beside the names."""
    names = max([len("condition"), *(len(line) for text in _names(made) for line in text.plain.split("\n"))])
    start = min(names, LONGEST_NAME) + 3
    columns: list[int] = []
    used = start
    for place, heading in enumerate(made.headings):
        if heading.key in NAMES:
            continue
        needed = _width(heading, [row[place] for row in made.rows])
        if used + needed > width and columns:
            yield columns
            columns, used = [], start
        columns.append(place)
        used += needed
    if columns:
        yield columns


def _width(heading: Heading, cells: Sequence[Cell]) -> int:
    texts = [*_heading(heading).split("\n"), *(line for cell in cells for line in _lines(cell))]
    return max(map(len, texts)) + 3


def _heading(heading: Heading) -> str:
    return "\n".join(
        part for part in (*heading.label.split(" ", 1), heading.unit, *heading.mark.upper().split(", ")) if part
    )


def _lines(cell: Cell) -> list[str]:
    return [part for part in (cell.text, cell.interval, cell.rank, *cell.note.split(", ")) if part]


def _table(made: Sheet, title: str, columns: Sequence[int]) -> Table:
    table = Table(title=Text(title, style="bold"), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    table.add_column("condition", overflow="fold", max_width=LONGEST_NAME)
    for place in columns:
        numbers = made.headings[place].numbers
        table.add_column(
            Text(_heading(made.headings[place])),
            justify="right" if numbers else "left",
            no_wrap=numbers,
            overflow="fold",
        )
    for name, row in zip(_names(made), made.rows, strict=True):
        table.add_row(name, *(_text(row[place]) for place in columns))
    return table


def _text(cell: Cell) -> Text:
    text = Text(cell.text, style="bold" if cell.best else "")
    if cell.interval:
        text.append(f"\n{cell.interval}", style="dim")
    if cell.rank:
        text.append(f"\n{cell.rank}")
    for note in cell.note.split(", ") if cell.note else []:
        text.append(f"\n{note}", style="yellow")
    return text
