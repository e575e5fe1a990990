"""The leaderboard as one long table for programs: a row for each entry of each board."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bench.leaderboard.model import Board, Column, Entry, Leaderboard, Value

SOURCE_KINDS = {"measured": "run", "test": "listening_test", "published": "published"}
"""What the source of an entry is, by the kind of the entry."""

ENTROPY = ("adaptive", "lm", "stated")


def as_frame(board: Leaderboard) -> pd.DataFrame:
    """One row per entry and board, numbers in full precision; :mod:`bench.leaderboard.columns` has the columns.

    Where a column of scores is marked (simulated, published), so is its ``KEY``.
    """
    columns = {column.key: column for one in board.boards for column in one.columns}
    sources = {(str(source.kind), source.id): source for source in board.sources}
    rows = []
    for one in board.boards:
        for place, entry in enumerate(one.entries, start=1):
            row = {**_about(one, entry), "place": place}
            source = sources[SOURCE_KINDS[entry.kind], entry.source]
            row |= {"date": source.date, "revision": source.revision}
            for key, column in columns.items():
                row |= _scores(column, entry.values.get(key))  # noqa: PD011
            rows.append(row)
    frame = pd.DataFrame(rows)
    integers = ["nominal_bps", "parameters"]
    integers += [f"{column.name}:{what}" for column in columns.values() for what in INTEGERS]
    return frame.astype(dict.fromkeys(integers, "Int64"))


INTEGERS = ("n", "n_missing", "rank_best", "rank_worst", "rank_of")


def _about(board: Board, entry: Entry) -> dict[str, Any]:
    return {
        "sample_rate": board.sample_rate,
        "channels": board.channels,
        "category": board.category,
        "sorted_by": board.sorted_by,
        "source": entry.source,
        "kind": entry.kind,
        "complete": entry.complete,
        "condition": entry.condition,
        "codec": entry.codec,
        "codec_version": entry.codec_version,
        "role": entry.role,
        "nominal_bps": entry.nominal_bps,
        "actual_bps": entry.actual_bps,
        "bits_are": entry.bits_are,
        **{f"{coder}_bps": entry.entropy_bps.get(coder) for coder in ENTROPY},
        "encode_rtf": entry.encode_rtf,
        "decode_rtf": entry.decode_rtf,
        "delay_ms": entry.delay_ms,
        "parameters": entry.parameters,
        "licence": entry.licence,
        "n": entry.n,
        "n_failed": entry.n_failed,
    }


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
