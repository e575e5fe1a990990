"""A comparison as Markdown: for a file, or for the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.comparing.gates import Outcome
from bench.comparing.model import ClipChange, Comparison
from bench.comparing.shown import (
    CLIP_COLUMNS,
    COLUMNS,
    clip_cells,
    clip_sections,
    gate_lines,
    headline,
    link,
    method,
    sections,
    title,
)
from bench.report.cells import NOTHING
from bench.report.markdown import document, escape, table

NUMBERS = range(3, 20)
"""Places of the columns behind the names."""


@document
def markdown(comparison: Comparison, outcomes: Sequence[Outcome], folder: Path | None) -> Iterator[str]:
    """The whole comparison.

    Args:
        folder: where the file will lie; links to audio are relative to it. None: for the summary of a CI job, which has
            room for what changed only, and no links, as nobody could follow them.
    """
    yield f"# {escape(title(comparison))}"
    for tripped, line in gate_lines(outcomes):
        yield from ("", f"- {'**FAILED**' if tripped else 'passed'}: {escape(line)}")
    for notice in comparison.notices:
        yield from ("", f"**Note:** {escape(notice)}")
    for sentence in headline(comparison):
        yield from ("", escape(sentence))
    for category, rows in sections(comparison, everything=folder is not None):
        yield from ("", f"## {escape(category)}", "")
        yield from table(COLUMNS, [one.cells for one in rows], right=NUMBERS) if rows else ["Nothing changed."]
    for category, cells in clip_sections(comparison):
        yield from ("", f"## Clips that changed most: {escape(category.lower())}", "")
        columns = [*CLIP_COLUMNS, *(["listen"] if folder else [])]
        listed = [[*map(escape, clip_cells(cell)), *([_links(cell, folder)] if folder else [])] for cell in cells]
        yield from table(columns, listed, right=NUMBERS, marked=str)
    yield from ("", escape(method(comparison)))


def _links(cell: ClipChange, folder: Path) -> str:
    return " ".join(f"[{side}](<{link(path, folder)}>)" for side, path in cell.audio.items()) or NOTHING
