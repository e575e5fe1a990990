"""The leaderboard as Markdown: a table for each board, the sources, how it was made."""

from __future__ import annotations

from collections.abc import Iterator

from bench.leaderboard.model import Leaderboard
from bench.leaderboard.sheets import LEGEND, Sheet, method, sheet, source_lines, source_title
from bench.report.markdown import document, escape, table


@document
def markdown(board: Leaderboard) -> Iterator[str]:
    """The whole leaderboard; every name from outside is escaped."""
    yield "# Leaderboard"
    for text in (*LEGEND, method(board)):
        yield from ("", escape(text))
    for one in board.boards:
        made = sheet(one)
        yield from ("", f"## {escape(made.title)}", "", *_table(made))
        for note in made.notes:
            yield from ("", escape(note))
    yield from ("", "## Sources")
    for source in board.sources:
        yield from ("", f"### {escape(source_title(source))}", "")
        yield from (f"- {term}: {escape(text)}" for term, text in source_lines(source))


def _table(made: Sheet) -> Iterator[str]:
    numbers = [place for place, heading in enumerate(made.headings) if heading.numbers]
    cells = [[f"**{escape(cell)}**" if cell.best else escape(cell) for cell in row] for row in made.rows]
    return table(made.headings, cells, numbers, marked=str)
