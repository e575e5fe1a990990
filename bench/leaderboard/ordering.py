"""The order of the entries of a board: by any column, and what by where nobody says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bench.errors import UnknownName
from bench.leaderboard.fields import FIELDS
from bench.leaderboard.model import Board, Column, Entry
from bench.leaderboard.published import MARK
from bench.registry import nearest

VISQOL = ("visqol_audio", "visqol_speech")


def default_sort(columns: Sequence[Column], entries: Sequence[Entry]) -> str:
    """MUSHRA where there is one, the test with most entries first; else ViSQOL; else the first metric; else bitrate.

    Tests that were taken here come before published ones, and those count only where nothing was measured.
    """
    tests = [column for column in columns if column.kind == "mushra"]
    metrics = [column.key for column in columns if column.kind == "metric"]
    taken = [column for column in tests if column.mark != MARK]
    if not (taken or metrics):
        taken = tests
    if taken:
        return min(taken, key=lambda column: (-sum(column.key in e.values for e in entries), column.key)).key
    for name in VISQOL:
        for key in metrics:
            if key.startswith(name):
                return key
    return metrics[0] if metrics else "actual_bps"


def sort_key(sort: str, columns: Sequence[Column]) -> str:
    """The key of the column that ``sort`` means: of a quantity with several versions the first; empty: none here."""
    keys = [column.key for column in columns]
    if sort in keys or sort in FIELDS:
        return sort
    return next((key for key in keys if key.startswith(f"{sort} [")), "")


def require_sortable(sort: str, columns: Sequence[Column]) -> None:
    """Raise UnknownName where no board can be sorted by that."""
    known = list(dict.fromkeys([*(column.key for column in columns), *FIELDS]))
    if not sort_key(sort, columns):
        raise UnknownName(f"--sort: no column is called {sort!r}.{nearest(sort, known)} Known: {', '.join(known)}.")


def in_order(entries: Sequence[Entry], columns: Sequence[Column], sort: str) -> tuple[Entry, ...]:
    """Best first; entries without a value last, then by bitrate and name."""
    column = next((column for column in columns if column.key == sort), None)
    descending = _descends(column, sort)
    if column is None:
        field = FIELDS[sort]
        return tuple(sorted(entries, key=lambda entry: (*_key(field.value(entry), descending), *_tie(entry))))
    return tuple(sorted(entries, key=lambda entry: (*_key(_mean(entry, sort), descending), *_tie(entry))))


def best_first(board: Board) -> bool:
    """Whether the rows of a board begin with the highest number."""
    return _descends(sorted_column(board), board.sorted_by)


def _descends(column: Column | None, field: str) -> bool:
    return FIELDS[field].best_first if column is None else column.higher_is_better is not False


def sorted_column(board: Board) -> Column | None:
    """The column that the board is sorted by; None where that is a fixed field."""
    return next((column for column in board.columns if column.key == board.sorted_by), None)


def _mean(entry: Entry, key: str) -> float:
    return entry.values[key].mean if key in entry.values else math.nan


def _key(content: str | float, descending: bool) -> tuple[Any, ...]:
    if isinstance(content, str):
        return content == "", content
    return math.isnan(content), 0.0 if math.isnan(content) else -content if descending else content


def _tie(entry: Entry) -> tuple[Any, ...]:
    return (
        *_key(entry.actual_bps, False),
        *_key(FIELDS["nominal_bps"].value(entry), False),
        entry.condition,
        entry.source,
    )
