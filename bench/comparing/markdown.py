"""A comparison as Markdown: for a file, or for the summary of a CI job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.comparing.gates import Outcome
from bench.comparing.links import link
from bench.comparing.model import Comparison
from bench.comparing.shown import (
    CLIP_COLUMNS,
    COLUMNS,
    clip_cells,
    clip_sections,
    gate_lines,
    headline,
    method,
    sections,
    title,
)
from bench.report.markdown import escape


def markdown(comparison: Comparison, outcomes: Sequence[Outcome], folder: Path | None) -> str:
    """The whole comparison.

    Args:
        folder: where the file will lie; links to audio are relative to it. None: for the summary of a CI job, which has
            room for what changed only, and no links, as nobody could follow them.
    """
    return "\n".join(_lines(comparison, outcomes, folder)) + "\n"


def _lines(comparison: Comparison, outcomes: Sequence[Outcome], folder: Path | None) -> Iterator[str]:
    yield f"# {escape(title(comparison))}"
    for tripped, line in gate_lines(outcomes):
        yield from ("", f"- {'**FAILED**' if tripped else 'passed'}: {escape(line)}")
    for notice in comparison.notices:
        yield from ("", f"**Note:** {escape(notice)}")
    for sentence in headline(comparison):
        yield from ("", escape(sentence))
    for category, rows in sections(comparison, everything=folder is not None):
        yield from ("", f"## {escape(category)}", "")
        yield from _table(COLUMNS, [row.cells for row in rows], left=3) if rows else ["Nothing changed."]
    for category, cells in clip_sections(comparison):
        yield from ("", f"## Clips that changed most: {escape(category.lower())}", "")
        columns = [*CLIP_COLUMNS, *(["listen"] if folder else [])]
        listed = [[escape(text) for text in clip_cells(cell)] for cell in cells]
        if folder:
            for cells_of, cell in zip(listed, cells, strict=True):
                cells_of.append(
                    " ".join(f"[{side}](<{link(path, folder)}>)" for side, path in cell.audio.items()) or "–"
                )
        yield from _table(columns, listed, left=3, escaped=True)
    yield from ("", escape(method(comparison)))


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]], left: int, escaped: bool = False) -> Iterator[str]:
    yield "| " + " | ".join(map(escape, heading)) + " |"
    yield "|" + "---|" * left + "--:|" * (len(heading) - left)
    for row in rows:
        yield "| " + " | ".join(row if escaped else map(escape, row)) + " |"
