"""The schemas of records: JSON Schema of the two JSON files, and a description of the tables' columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "schema"

PANDAS_TYPES = {
    "string": ("string", "string"),
    "integer": ("int64", "Int64"),
    "number": ("float64", "float64"),
    "boolean": ("bool", "boolean"),
}
"""The pandas type of a column without and with empty cells."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its type, whether it may be absent or have empty cells, and which values it takes."""

    type: str
    about: str
    optional: bool = False
    empty: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a table, and those that tell its rows apart."""

    key: tuple[str, ...]
    columns: Mapping[str, Column]
    optional: bool = False


def formats() -> list[int]:
    """The formats of records that can be read."""
    return sorted(int(path.stem.partition("-")[2]) for path in _FOLDER.glob("record-*.json"))


@lru_cache
def json_schema(name: str, format_: int) -> dict[str, Any]:
    """The JSON Schema of ``run`` or ``record`` in a format."""
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}-{format_}.json").read_text(encoding="utf-8"))
    return found


@lru_cache
def tables(format_: int) -> dict[str, Table]:
    """The tables of a format by name."""
    data = json.loads((_FOLDER / f"tables-{format_}.json").read_text(encoding="utf-8"))["tables"]
    return {
        name: Table(
            tuple(table["key"]),
            {
                column: Column(**{**about, "choices": tuple(about.get("choices", ()))})
                for column, about in table["columns"].items()
            },
            table.get("optional", False),
        )
        for name, table in data.items()
    }
