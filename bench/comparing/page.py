"""A comparison as an HTML page; its players take the audio from the folders of the runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.comparing.gates import Outcome
from bench.comparing.model import ClipChange, Comparison
from bench.comparing.shown import (
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
from bench.report.rendering import rendered

SIDES = {"reference": "reference", "base": "BASE", "new": "NEW"}


def page(comparison: Comparison, outcomes: Sequence[Outcome], folder: Path) -> str:
    """The whole page as text, for a file in ``folder``: links to audio are relative to it."""
    shown = zip(sections(comparison, everything=False), sections(comparison), strict=True)
    values = {
        "title": title(comparison),
        "gates": gate_lines(outcomes),
        "notices": comparison.notices,
        "headline": headline(comparison),
        "columns": COLUMNS,
        "sections": [(name, changed, rows) for (name, changed), (_, rows) in shown],
        "clips": [(name, [_heard(cell, folder) for cell in cells]) for name, cells in clip_sections(comparison)],
        "method": method(comparison),
    }
    return rendered("compare.html.jinja", values)


def _heard(cell: ClipChange, folder: Path) -> dict[str, object]:
    clip, condition, quantity, old, new, difference = clip_cells(cell)
    return {
        "clip": clip,
        "condition": condition,
        "values": f"{quantity}: BASE {old}, NEW {new}, difference {difference}.",
        "sounds": [(SIDES[side], link(path, folder)) for side, path in cell.audio.items()],
        "missing": [SIDES[side] for side in SIDES if side not in cell.audio],
    }
