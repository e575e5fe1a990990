"""Every table that codecbench writes, with the meaning of every column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from bench.leaderboard import columns as of_leaderboards
from bench.leaderboard.fields import FIELDS
from bench.tables import columns
from docs.reference.markdown import cell, code, table

FILES = {
    "clips": ("clips.parquet", "A row for each clip."),
    "encodings": ("encodings.parquet", "A row for each clip and condition."),
    "scores": ("scores.parquet", "A row for each clip, condition and quantity."),
    "sets": ("sets.parquet", "A row for each category, condition and quantity of a whole set."),
    "ratings": (
        "ratings.parquet",
        "A row for each listener, trial and stimulus; written by `codecbench listen analyze`.",
    ),
}
"""Tables of :file:`bench/records/schema/tables-1.json`: the file that holds them, and what a row is."""

WRITTEN = {
    "summary.csv": (
        "A row for each category, condition and quantity; written by `codecbench report`.",
        columns.SUMMARY,
    ),
    "rates.csv": ("A row for each category and condition; written by `codecbench report`.", columns.RATES),
}


def described() -> dict[str, dict[str, Any]]:
    """Columns of the record tables, by table."""
    text = files("bench.records").joinpath("schema", "tables-1.json").read_text(encoding="utf-8")
    return {name: spec["columns"] for name, spec in json.loads(text)["tables"].items()}


def page() -> str:
    """Markdown of the page."""
    parts = [
        "# Tables and their columns\n",
        "The first four are in the folder of a run, and in a public record; [results](../results-folder.md) shows "
        "the folders, [the report](../report.md) and [the leaderboard](../leaderboard.md) how the others are made. "
        "Columns from `format` to `marks` of the clips are of the file before conversion, and empty where it could "
        "not be read; [the audit](../audit.md) explains them. "
        "An empty cell is a value that does not exist, never 0.\n",
    ]
    for name, specs in described().items():
        file, what = FILES[name]
        rows = [(code(column), spec["type"], _meaning(spec)) for column, spec in specs.items()]
        parts.append(f"## {file}\n\n{what}\n\n{table(('column', 'type', 'what'), rows)}")
    for file, (what, meanings) in WRITTEN.items():
        parts.append(f"## {file}\n\n{what}\n\n{_plain(meanings)}")
    parts.append(
        "## leaderboard.csv\n\nA row for each entry of each board; written by `codecbench leaderboard`. "
        f"[The leaderboard](../leaderboard.md) says what an entry is.\n\n{_plain(of_leaderboards.FIXED)}\n"
        "Then for each quantity and each listening test `KEY` the columns of its scores. A marked one has its mark in "
        "`KEY`: `mushra:TEST (simulated)`. Where runs have measured with different versions of a metric, each version "
        f"has its own: `visqol_audio [VERSION]`.\n\n{_plain(_of_key())}"
    )
    rows = [(field.label, cell(field.unit), cell(field.hint)) for field in FIELDS.values()]
    parts.append(
        "## leaderboard.md\n\nThe tables for people, and those of `leaderboard.html` and `leaderboard.tex`: beside the "
        "scores they have these columns, but for those in which nothing is known.\n\n"
        f"{table(('column', 'unit', 'what'), rows)}"
    )
    return "\n".join(parts)


def _plain(meanings: Mapping[str, str]) -> str:
    return table(("column", "what"), [(code(name), cell(what)) for name, what in meanings.items()])


def _of_key() -> dict[str, str]:
    return {f"KEY:{name}" if name else "KEY": what for name, what in of_leaderboards.SCORES.items()}


def _meaning(spec: Mapping[str, Any]) -> str:
    text = cell(spec["about"])
    if choices := spec.get("choices"):
        text += f": {', '.join(code(one) for one in choices)}"
    low, high = spec.get("low"), spec.get("high")
    if low is not None or high is not None:
        text += f"; {'' if low is None else f'from {low:g}'}{'' if high is None else f' to {high:g}'}"
    return (
        text
        + ("; may be empty" if spec.get("empty") else "")
        + ("; absent in older runs" if spec.get("optional") else "")
    )
