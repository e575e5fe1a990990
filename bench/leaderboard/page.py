"""The leaderboard as one HTML page that needs nothing but itself: tables to sort and to filter."""

from __future__ import annotations

import math

from bench.leaderboard.model import Entry, Leaderboard
from bench.leaderboard.ordering import best_first
from bench.leaderboard.sheets import LEGEND, Sheet, method, sheet, source_lines, source_title
from bench.report.rendering import rendered

KINDS = {"codec": "codecs", "control": "references, anchors and controls", "published": "published, not measured here"}


def page(board: Leaderboard) -> str:
    """The whole page as text."""
    sheets = [sheet(one) for one in board.boards]
    found = {kind_of(entry) for one in board.boards for entry in one.entries}
    headings = [heading for one in sheets for heading in one.headings if heading.key != "condition"]
    return rendered(
        "leaderboard.html.jinja",
        {
            "sheets": sheets,
            "kinds": [(kind, label) for kind, label in KINDS.items() if kind in found],
            "columns": list({heading.key: str(heading) for heading in headings}.items()),
            "word_order": word_order(sheets),
            "legend": [*LEGEND, method(board)],
            "sources": [(source_title(source), source_lines(source)) for source in board.sources],
        },
        {"kind": kind_of, "kbps": kbps_of, "best_first": best_first},
    )


def kind_of(entry: Entry) -> str:
    """What the filter calls an entry: one of :data:`KINDS`."""
    if entry.kind == "published":
        return "published"
    return "codec" if entry.role == "codec" and entry.kind == "measured" else "control"


def kbps_of(entry: Entry) -> float:
    """What the filter by bitrate goes by: what was measured, else what was stated; NaN where neither is known."""
    if math.isnan(entry.actual_bps) and entry.nominal_bps is not None:
        return entry.nominal_bps / 1000
    return entry.actual_bps / 1000


def word_order(sheets: list[Sheet]) -> dict[str, dict[str, int]]:
    """The place of each text among those of its column, by the alphabet; sorting in the page goes by numbers."""
    texts: dict[str, set[str]] = {}
    for one in sheets:
        for row in one.rows:
            for heading, cell in zip(one.headings, row, strict=True):
                if not heading.numbers:
                    texts.setdefault(heading.key, set()).add(str(cell))
    return {key: {text: place for place, text in enumerate(sorted(found))} for key, found in texts.items()}
