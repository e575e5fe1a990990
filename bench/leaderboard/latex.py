"""The leaderboard as LaTeX, as in a paper: booktabs, no other package. Bold is what nothing can be better than."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bench.leaderboard.model import Leaderboard
from bench.leaderboard.sheets import Cell, Heading, Sheet, sheet, source_title
from bench.report.wide import DAGGER, NOTHING

COLUMNS_IN_A_TABLE = 4
"""Scores beside each other: what fits on a page with their intervals."""

LEFT_OUT = ("rank", "condition", "source", "actual_bps")
"""Headings that are not cut into tables: every table begins with condition and measured bitrate."""

SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "[": "{[}", "]": "{]}", "–": "--", "’": "'", "“": "``", "”": "''",
    "↑": r"$\uparrow$", "↓": r"$\downarrow$", "∞": r"$\infty$", "×": r"$\times$", "±": r"$\pm$", "·": r"$\cdot$",
    "≥": r"$\geq$", "≤": r"$\leq$", "µ": r"$\mu$", DAGGER: r"\textdagger{}", "…": r"\ldots{}",
}  # fmt: skip

LATIN = 0x17F
"""The last letter of Latin Extended-A: what the fonts of a plain document have."""

HEAD = r"""% Tables of codecbench: \input this file into a document with \usepackage{booktabs}.
% Bold: the interval of ranks is 1 to 1; nothing on the board can be better.
"""

CAPTION = (
    "Means with 95 % intervals, and below them the ranks that the data leave open among the codecs that can be "
    "compared (Holm over all pairs, 5 %). Bold: certainly the first."
)


def latex(board: Leaderboard) -> str:
    """A table for each board and each few columns of it, ready for ``\\input``."""
    return HEAD + "\n".join(line for one in board.boards for line in _board(sheet(one), board)) + "\n"


def escape(text: object) -> str:
    """``text`` so that LaTeX shows it as it is; a letter that a plain document may lack becomes a question mark."""
    plain = " ".join(str(text).split())
    shown = "".join(SPECIAL.get(letter) or _letter(letter) for letter in plain)
    return re.sub(r"(?<![\w-])-(?=[\d$])", "$-$", shown)


def _letter(letter: str) -> str:
    plain = letter.isprintable() and (letter.isascii() or letter.isalpha())
    return letter if plain and ord(letter) <= LATIN else "?"


def _board(made: Sheet, board: Leaderboard) -> Iterator[str]:
    places = [place for place, heading in enumerate(made.headings) if heading.key not in LEFT_OUT]
    keys = [heading.key for heading in made.headings]
    names, rates = keys.index("condition"), keys.index("actual_bps")
    several = len({entry.source for entry in made.board.entries}) > 1
    first = [names, *([keys.index("source")] if several else []), rates]
    for number, columns in enumerate(_cut(places)):
        yield from _table(made, board, [*first, *columns], continued=number > 0)


def _cut(places: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(places), COLUMNS_IN_A_TABLE):
        yield places[start : start + COLUMNS_IN_A_TABLE]


def _table(made: Sheet, board: Leaderboard, places: Sequence[int], continued: bool) -> Iterator[str]:
    headings = [made.headings[place] for place in places]
    title = f"{made.title}, continued." if continued else f"{made.title}. {CAPTION}"
    notes = "" if continued else " ".join(made.notes)
    yield from (r"\begin{table}[tp]", r"\centering", r"\footnotesize", r"\setlength{\tabcolsep}{3pt}")
    yield rf"\caption{{{escape(f'{title} {notes} {_provenance(made, board)}'.strip())}}}"
    yield rf"\begin{{tabular}}{{@{{}}{''.join('r' if heading.numbers else 'l' for heading in headings)}@{{}}}}"
    yield r"\toprule"
    for line in _heading_lines(headings):
        yield " & ".join(line) + r" \\"
    yield r"\midrule"
    for row in made.rows:
        yield " & ".join(_cell(row[place]) for place in places) + r" \\"
        below = [_below(row[place]) for place in places]
        if any(below):
            yield " & ".join(below) + r" \\"
    yield from (r"\bottomrule", r"\end{tabular}", r"\end{table}", "")


def _provenance(made: Sheet, board: Leaderboard) -> str:
    here = {entry.source for entry in made.board.entries}
    told = [f"{source_title(one)} {one.date}".strip() for one in board.sources if one.id in here]
    return f"Sources: {'; '.join(told)}."


def _heading_lines(headings: Sequence[Heading]) -> Iterator[list[str]]:
    for lines in zip(*(_heading(heading) for heading in headings), strict=True):
        if any(lines):
            yield [escape(line) for line in lines]


def _heading(heading: Heading) -> tuple[str, str, str]:
    return heading.label, heading.unit, heading.mark.upper()


def _cell(cell: Cell) -> str:
    text = NOTHING if not cell.text else cell.text
    shown = escape(f"{text} {cell.interval}".strip())
    return rf"\textbf{{{shown}}}" if cell.best else shown


def _below(cell: Cell) -> str:
    text = "; ".join(part for part in (cell.rank, cell.note) if part)
    return rf"\scriptsize {escape(text)}" if text else ""
