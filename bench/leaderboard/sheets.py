"""Boards as tables of text, from which the terminal, Markdown, LaTeX and the page are made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.leaderboard.fields import COSTS, IDENTITY, RATES, Field, shown
from bench.leaderboard.model import Board, Column, Entry, Leaderboard, Source, Value
from bench.leaderboard.ordering import sorted_column
from bench.leaderboard.published import MARK
from bench.report.cells import (
    DAGGER,
    NOTHING,
    Cell,
    Heading,
    bounds,
    digits_of,
    direction,
    factor,
    kbps,
    number,
)

LEGEND = (
    "Each score is a mean with its 95 % interval in brackets; then the ranks that the data leave open among the codecs "
    "that can be compared with it, such as 1–3 of 12, by paired permutation tests on the same clips (metrics) or the "
    "same listeners (MUSHRA), corrected after Holm. Equal ranks are ties. The reference, anchors and deliberate "
    "defects have no rank. ↑ higher is better, ↓ lower is better; –: no value.",
    "MUSHRA scores of different tests stand side by side and are not comparable with each other.",
)
DAGGER_LEGEND = (
    f"{DAGGER} The mean is over fewer clips than those of its neighbours: compare it only with means over the same "
    "clips. Ranks compare every pair on the clips that both have."
)
COMMON_LEGEND = (
    "In common: the fewest clips (listeners) on which the entry could be compared with another one that has a rank."
)
RATE_LEGEND = "A bitrate beside a score is that of the clips in this mean, where it is not the measured one of its row."


@dataclass(frozen=True, slots=True)
class Sheet:
    """One board: ``rows`` are beside ``entries``, cells beside ``headings``. ``notes`` stand below it."""

    board: Board
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        return self.board.title


def sheet(board: Board) -> Sheet:
    """The board as text: rank, identity, bitrates, scores, costs."""
    by = sorted_column(board)
    before, after = [*IDENTITY, *shown(board, RATES)], shown(board, COSTS)
    headings = [_field_heading(field) for field in before]
    headings += [_column_heading(column) for column in board.columns]
    headings += [_field_heading(field) for field in after]
    rows = []
    for entry in board.entries:
        scores = [score_cell(entry, column) for column in board.columns]
        rows.append((*(_cell(entry, f) for f in before), *scores, *(_cell(entry, f) for f in after)))
    if by is not None:
        headings.insert(0, Heading("rank", key="rank", hint=f"By {by.name}: the ranks that the data leave open."))
        rows = [(_rank_cell(entry, by), *row) for entry, row in zip(board.entries, rows, strict=True)]
    return Sheet(board, tuple(headings), tuple(rows), _notes(board, rows))


def _notes(board: Board, rows: Sequence[Sequence[Cell]]) -> tuple[str, ...]:
    by = next((column.name for column in board.columns if column.key == board.sorted_by), board.sorted_by)
    told = [f"Sorted by {by}.", *board.notes]
    if any(DAGGER in cell.text for row in rows for cell in row):
        told.append(DAGGER_LEGEND)
    if any("in common" in cell.note for row in rows for cell in row):
        told.append(COMMON_LEGEND)
    if any("kbit/s" in cell.note for row in rows for cell in row):
        told.append(RATE_LEGEND)
    told += [
        f"{column.label} is {column.key}; numbers of other versions are not comparable with it."
        for column in board.columns
        if column.kind == "metric" and column.label != column.key
    ]
    papers = dict.fromkeys(f"{column.label}: {column.mark}." for column in board.columns if column.mark == MARK)
    return (*told, *papers)


def rank_text(value: Value | None) -> str:
    """Such as ``1–3 of 12``; empty where there is none."""
    if value is None or value.rank is None:
        return ""
    first, last = value.rank
    return f"{first if first == last else f'{first}–{last}'} of {value.rank_of}"


def entry_name(entry: Entry) -> str:
    """The condition, with what it is where it is no codec."""
    if entry.role in ("codec", entry.condition):
        return entry.condition
    return f"{entry.condition} ({entry.role.replace('_', ' ')})"


def source_note(entry: Entry) -> str:
    """What readers must know of the source."""
    marks = [entry.kind] * (entry.kind == "published") + ["partial"] * (not entry.complete)
    return ", ".join(marks)


def score_cell(entry: Entry, column: Column) -> Cell:
    """One score; what is missing behind it stands in the note."""
    value = entry.values.get(column.key)
    if value is None:
        return Cell(NOTHING)
    digits = 1 if column.kind == "mushra" else digits_of({"low": column.low, "high": column.high})
    trouble = [f"{n} {what.replace('_', '-')}" for what, n in value.missing.items()]
    counted = column.kind == "mushra" and value.n > 0
    notes = [f"n = {value.n}"] if counted or (column.kind == "metric" and (value.fewer or trouble)) else []
    notes += trouble
    if math.isnan(value.mean):
        return Cell(NOTHING, note=", ".join(notes))
    if value.rank is not None and value.n_common < value.n:
        notes.append(f"{value.n_common} in common")
    if kbps(value.actual_bps) != kbps(entry.actual_bps) and not math.isnan(value.actual_bps):
        notes.append(f"{kbps(value.actual_bps)} kbit/s")
    text = number(value.mean, digits) + DAGGER * value.fewer
    best = value.rank == (1, 1) and value.rank_of > 1
    return Cell(text, bounds(value.low, value.high, digits), ", ".join(notes), value.mean, rank_text(value), best)


def _rank_cell(entry: Entry, column: Column) -> Cell:
    value = entry.values.get(column.key)
    text = rank_text(value)
    return Cell(text or NOTHING, value=math.nan if value is None or value.rank is None else float(value.rank[0]))


def _column_heading(column: Column) -> Heading:
    arrow = direction({"higher_is_better": column.higher_is_better})
    return Heading(column.label, f"{column.unit} {arrow}".strip(), column.hint, column.key, column.mark)


def _field_heading(field: Field) -> Heading:
    numbers = field.key not in ("condition", "source", "licence")
    return Heading(field.label, field.unit, field.hint, field.key, numbers=numbers)


def _cell(entry: Entry, field: Field) -> Cell:
    if field.key == "condition":
        return Cell(entry_name(entry))
    if field.key == "source":
        return Cell(entry.source, note=source_note(entry))
    content = field.value(entry)
    if isinstance(content, str):
        return Cell(content or NOTHING)
    if field.key.endswith("_bps"):
        stated = field.key == "actual_bps" and entry.bits_are == "stated" and not math.isnan(content)
        return Cell(kbps(content), note="stated" if stated else "", value=content)
    if field.key.endswith("_rtf"):
        return Cell(factor(content), value=content)
    if field.key == "delay_ms":
        return Cell(number(content, 1), value=content)
    return Cell(NOTHING if math.isnan(content) else f"{int(content):,}", value=content)


def source_lines(source: Source) -> list[tuple[str, str]]:
    """What is known of a source: term and text."""
    told = [
        ("About", source.about),
        ("Date", source.date),
        ("Complete", "" if source.complete else "no"),
        ("Revision", source.revision),
        ("Machine", ", ".join(f"{name} {what}" for name, what in source.machine.items())),
        ("Versions", ", ".join(f"{name} {version}" for name, version in sorted(source.versions.items()))),
        *(("Note", note) for note in source.notes),
    ]
    return [(term, text) for term, text in told if text]


def source_title(source: Source) -> str:
    """Such as ``demo, run``."""
    return f"{source.id}, {source.kind.replace('_', ' ')}" + ("" if source.complete else " (partial)")


def method(board: Leaderboard) -> str:
    """How intervals were made."""
    return (
        "Intervals: bootstrap over sources (metrics) or listeners (MUSHRA), widened percentile, 95 %; "
        f"ranks: Holm over all pairs of a column, 5 %; seed {board.seed}."
    )
