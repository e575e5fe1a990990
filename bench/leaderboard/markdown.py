"""The leaderboard as Markdown: a table for each board, the sources, how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.leaderboard.model import Leaderboard
from bench.leaderboard.sheets import LEGEND, Sheet, method, sheet, source_lines, source_title
from bench.report.markdown import escape


def markdown(board: Leaderboard) -> str:
    """The whole leaderboard; every name from outside is escaped."""
    return "\n".join(_lines(board)) + "\n"


def _lines(board: Leaderboard) -> Iterator[str]:
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
    yield _row([str(heading) for heading in made.headings])
    yield "|" + "|".join("--:" if heading.numbers else "---" for heading in made.headings) + "|"
    for row in made.rows:
        cells = [escape(cell) for cell in row]
        yield (
            "| "
            + " | ".join(f"**{text}**" if cell.best else text for cell, text in zip(row, cells, strict=True))
            + " |"
        )


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escape, cells)) + " |"
