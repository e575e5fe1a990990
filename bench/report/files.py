"""What reports write: texts as files, tables as CSV, values as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.store import write_bytes

if TYPE_CHECKING:
    from bench.storage import Place


def write_texts(folder: Place, texts: Mapping[str, str]) -> list[Place]:
    """Write ``texts`` by their names into ``folder``, each whole or not at all; the paths in the same order."""
    for name, text in texts.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in texts]


def csv_text(table: pd.DataFrame) -> str:
    """``table`` as CSV, in full precision; what is not known is empty."""
    return table.to_csv(index=False, lineterminator="\n")


def json_text(value: Mapping[str, Any]) -> str:
    """``value`` as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def json_object(value: Mapping[str, Any]) -> dict[str, Any]:
    """``value`` in the types of JSON, at full precision.

    NaN and missing values become ``null``, infinities the strings ``"Infinity"`` and ``"-Infinity"``, so that every
    JSON parser can read it.
    """
    return {str(key): _plain(item) for key, item in value.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return json_object(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, bool | int | float) else str(value)
