"""The leaderboard as one long table for programs: a row for each entry of each board."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bench.leaderboard.columns import FIXED
from bench.leaderboard.model import Board, Column, Entry, Leaderboard, Source, Value

SOURCE_KINDS = {"measured": "run", "test": "listening_test", "published": "published"}
"""What the source of an entry is, by the kind of the entry."""

ENTROPY = ("adaptive", "lm", "stated")
OF_BOARD = ("sample_rate", "channels", "category", "sorted_by")


def as_frame(board: Leaderboard) -> pd.DataFrame:
    """One row per entry and board, numbers in full precision; :mod:`bench.leaderboard.columns` has the columns.

    Where a column of scores is marked (simulated, published), so is its ``KEY``.
    """
    columns = {column.key: column for one in board.boards for column in one.columns}
    sources = {(str(source.kind), source.id): source for source in board.sources}
    rows = []
    for one in board.boards:
        for place, entry in enumerate(one.entries, start=1):
            row = _fixed(one, entry, place, sources[SOURCE_KINDS[entry.kind], entry.source])
            for key, column in columns.items():
                row |= _scores(column, entry.values.get(key))  # noqa: PD011
            rows.append(row)
    frame = pd.DataFrame(rows)
    integers = ["nominal_bps", "parameters"]
    integers += [f"{column.name}:{what}" for column in columns.values() for what in INTEGERS]
    return frame.astype(dict.fromkeys(integers, "Int64"))


INTEGERS = ("n", "n_missing", "rank_best", "rank_worst", "rank_of")


def _fixed(board: Board, entry: Entry, place: int, source: Source) -> dict[str, Any]:
    of_others = {"place": place, "date": source.date, "revision": source.revision}
    of_others |= {name: getattr(board, name) for name in OF_BOARD}
    of_others |= {f"{coder}_bps": entry.entropy_bps.get(coder) for coder in ENTROPY}
    return {name: of_others[name] if name in of_others else getattr(entry, name) for name in FIXED}


def _scores(column: Column, value: Value | None) -> dict[str, Any]:
    name = column.name
    best, worst = (None, None) if value is None or value.rank is None else value.rank
    found = value or Value(float("nan"))
    return {
        name: found.mean,
        f"{name}:low": found.low,
        f"{name}:high": found.high,
        f"{name}:n": None if value is None else value.n,
        f"{name}:n_missing": None if value is None else value.n_missing,
        f"{name}:fewer": None if value is None else value.fewer,
        f"{name}:actual_bps": found.actual_bps,
        f"{name}:rank_best": best,
        f"{name}:rank_worst": worst,
        f"{name}:rank_of": None if best is None else found.rank_of,
    }
