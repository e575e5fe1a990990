"""The leaderboard as JSON, in the shape of ``schema.json``."""

from __future__ import annotations

from dataclasses import asdict
from importlib.resources import files
from typing import Any

from bench.leaderboard.model import Board, Leaderboard, Value
from bench.report.files import json_object
from bench.stats import DRAWS
from bench.untrusted import parse_json

VERSION = 1
"""Of the schema. It rises when something is renamed, removed or gets another meaning."""


def schema() -> dict[str, Any]:
    """The JSON Schema of :func:`as_json`."""
    text = files("bench.leaderboard").joinpath("schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = parse_json(text)
    return found


def as_json(board: Leaderboard) -> dict[str, Any]:
    """Everything at full precision. NaN is null, an infinity the string "Infinity" or "-Infinity"."""
    return json_object({
        "version": VERSION,
        "seed": board.seed,
        "interval": {"level": 0.95, "method": "clustered bootstrap, widened percentile", "draws": DRAWS},
        "ranks": {"test": "paired permutation over clusters, Holm over all pairs of a column", "level": 0.05},
        "boards": [_board(one) for one in board.boards],
        "sources": [asdict(source) for source in board.sources],
    })  # fmt: skip


def _board(board: Board) -> dict[str, Any]:
    return {
        "title": board.title,
        "sample_rate": board.sample_rate,
        "channels": board.channels,
        "category": board.category,
        "sorted_by": board.sorted_by,
        "notes": board.notes,
        "columns": [{**asdict(column), "name": column.name} for column in board.columns],
        "entries": [
            {**asdict(entry), "values": {key: _value(value) for key, value in entry.values.items()}}
            for entry in board.entries
        ],
    }


def _value(value: Value) -> dict[str, Any]:
    rank = None if value.rank is None else {"best": value.rank[0], "worst": value.rank[1], "of": value.rank_of}
    told = {key: item for key, item in asdict(value).items() if key not in ("rank", "rank_of")}
    return {**told, "rank": rank}
