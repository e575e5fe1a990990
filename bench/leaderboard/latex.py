"""The leaderboard as LaTeX, as in a paper: booktabs, no other package. Bold is what nothing can be better than."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.leaderboard.model import Leaderboard
from bench.leaderboard.sheets import Sheet, sheet, source_title
from bench.report.cells import NOTHING, Cell, Heading
from bench.report.latex import escape

WIDTH, HEIGHT = 345.0, 540.0
"""Points of a page of the class ``article`` with 10-point letters."""

LETTER, CAPITAL, GAP = 4.5, 6.5, 6.0
"""Points that a letter of a table takes, and what is between two columns."""

WAITING = 10
"""Tables that LaTeX may hold back before it has to print them; it gives up at 18 in its oldest versions."""

LINE, CAPTION_LINE, LETTERS_OF_CAPTION = 9.5, 12.0, 70
"""Points of a line of a table and of its caption, and letters in a line of the caption."""

LEFT_OUT = ("rank", "condition", "source", "actual_bps")
"""Headings that are not cut into tables: every table begins with condition and measured bitrate."""

HEAD = r"""% Tables of codecbench: \input this file into a document with \usepackage{booktabs}.
% Bold: the interval of ranks is 1 to 1; nothing on the board can be better.
"""

CAPTION = (
    "Means with 95 % intervals, and below them the ranks that the data leave open among the codecs that can be "
    "compared (Holm over all pairs, 5 %). Bold: certainly the first."
)


def latex(board: Leaderboard) -> str:
    """A table for each board and each few columns of it, ready for ``\\input``."""
    tables = [table for one in board.boards for table in _board(sheet(one), board)]
    for place in range(WAITING, len(tables), WAITING):
        tables[place] = "\\clearpage\n" + tables[place]
    return HEAD + "\n".join(tables)


def _board(made: Sheet, board: Leaderboard) -> Iterator[str]:
    places = [place for place, heading in enumerate(made.headings) if heading.key not in LEFT_OUT]
    keys = [heading.key for heading in made.headings]
    names, rates = keys.index("condition"), keys.index("actual_bps")
    several = len({entry.source for entry in made.board.entries}) > 1
    first = [names, *([keys.index("source")] if several else []), rates]
    sources = _provenance(made, board)
    caption = " ".join([f"{made.title}. {CAPTION}", *made.notes, sources])
    for columns in _beside(made, first, places):
        rows = list(made.rows)
        while rows:
            fit = _fitting(rows, columns, caption)
            yield "\n".join(_table([made.headings[place] for place in columns], rows[:fit], columns, caption))
            rows = rows[fit:]
            caption = f"{made.title}, continued. {sources}"


def _beside(made: Sheet, first: Sequence[int], places: Sequence[int]) -> Iterator[list[int]]:
    """``places`` in groups that fit on the width of a page beside ``first``, with ``first``; at least one in each."""
    columns, used = list(first), sum(_width(made, place) for place in first)
    start = used
    for place in places:
        needed = _width(made, place)
        if used + needed > WIDTH and len(columns) > len(first):
            yield columns
            columns, used = list(first), start
        columns.append(place)
        used += needed
    yield columns


def _width(made: Sheet, place: int) -> float:
    """Of a column, in points."""
    cells = [row[place] for row in made.rows]
    texts = [*_heading(made.headings[place]), *map(_text, cells), *map(_below, cells)]
    return GAP + max(sum(CAPITAL if letter.isupper() else LETTER for letter in text) for text in texts)


def _fitting(rows: Sequence[Sequence[Cell]], places: Sequence[int], caption: str) -> int:
    """How many of ``rows`` fit on the height of a page; at least one."""
    left = HEIGHT - CAPTION_LINE * (2 + len(caption) // LETTERS_OF_CAPTION) - 6 * LINE
    for number, row in enumerate(rows):
        left -= LINE * (2 if any(_below(row[place]) for place in places) else 1)
        if left < 0:
            return max(1, number)
    return len(rows)


def _table(
    headings: Sequence[Heading], rows: Sequence[Sequence[Cell]], places: Sequence[int], caption: str
) -> Iterator[str]:
    yield from (r"\begin{table}[tp]", r"\centering", r"\footnotesize", r"\setlength{\tabcolsep}{3pt}")
    yield rf"\caption{{{escape(caption)}}}"
    yield rf"\begin{{tabular}}{{@{{}}{''.join('r' if heading.numbers else 'l' for heading in headings)}@{{}}}}"
    yield r"\toprule"
    for line in _heading_lines(headings):
        yield " & ".join(line) + r" \\"
    yield r"\midrule"
    for row in rows:
        yield " & ".join(_cell(row[place]) for place in places) + r" \\"
        below = [_below(row[place]) for place in places]
        if any(below):
            yield " & ".join(rf"\scriptsize {escape(text)}" if text else "" for text in below) + r" \\"
    yield from (r"\bottomrule", r"\end{tabular}", r"\end{table}", "")


def _provenance(made: Sheet, board: Leaderboard) -> str:
    here = {entry.source for entry in made.board.entries}
    told = [f"{source_title(one)} {one.date}".strip() for one in board.sources if one.id in here]
    return f"Sources: {'; '.join(told)}."


def _heading_lines(headings: Sequence[Heading]) -> Iterator[list[str]]:
    """Of all headings beside each other, the last lines of all on one."""
    told = [_heading(heading) for heading in headings]
    most = max(map(len, told))
    for number in range(most):
        yield [escape(lines[at]) if (at := number - most + len(lines)) >= 0 else "" for lines in told]


def _heading(heading: Heading) -> list[str]:
    label = heading.name.replace(" ", "\n", 1).replace("/", "/\n").split("\n")
    return [line for line in (*label, heading.unit, *heading.mark.upper().split(", ")) if line]


def _text(cell: Cell) -> str:
    return f"{cell.text or NOTHING} {cell.interval}".strip()


def _cell(cell: Cell) -> str:
    shown = escape(_text(cell))
    return rf"\textbf{{{shown}}}" if cell.best else shown


def _below(cell: Cell) -> str:
    return "; ".join(part for part in (cell.rank, cell.note) if part)
