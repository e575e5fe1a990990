"""Tables in a terminal, split where the window is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bench.report.cells import Cell, Heading

LONGEST_NAME = 28


def tables(
    title: str, names: Sequence[Text], headings: Sequence[Heading], rows: Sequence[Sequence[Cell]], width: int
) -> Iterator[Padding]:
    """As many tables as it takes to show all columns beside the names of the rows; at least one column in each."""
    for number, places in enumerate(_parts(names, headings, rows, width)):
        table = Table(
            title=Text(title if number == 0 else f"{title}, continued", style="bold"),
            box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False,
        )  # fmt: skip
        table.add_column("condition", overflow="fold", max_width=LONGEST_NAME)
        for place in places:
            numbers = headings[place].numbers
            table.add_column(
                Text(_heading(headings[place])),
                justify="right" if numbers else "left",
                no_wrap=numbers,
                overflow="fold",
            )
        for name, row in zip(names, rows, strict=True):
            table.add_row(name, *(_text(row[place]) for place in places))
        yield Padding(table, (1, 0, 0, 0))


def _parts(
    names: Sequence[Text], headings: Sequence[Heading], rows: Sequence[Sequence[Cell]], width: int
) -> Iterator[list[int]]:
    """Places of columns that fit beside the names."""
    longest = max([len("condition"), *(len(line) for text in names for line in text.plain.split("\n"))])
    start = used = min(longest, LONGEST_NAME) + 3
    places: list[int] = []
    for place, heading in enumerate(headings):
        texts = [
            *_heading(heading).split("\n"),
            *(line for row in rows for line in _text(row[place]).plain.split("\n")),
        ]
        needed = max(map(len, texts)) + 3
        if used + needed > width and places:
            yield places
            places, used = [], start
        places.append(place)
        used += needed
    if places:
        yield places


def _heading(heading: Heading) -> str:
    parts = (*heading.name.split(" ", 1), heading.unit, *heading.mark.upper().split(", "))
    return "\n".join(part for part in parts if part)


def _text(cell: Cell) -> Text:
    text = Text(cell.text, style="bold" if cell.best else "")
    notes = cell.note.split(", ") if cell.note else []
    for part, style in ((cell.interval, "dim"), (cell.rank, ""), *((note, "yellow") for note in notes)):
        if part:
            text.append(f"\n{part}", style=style)
    return text
