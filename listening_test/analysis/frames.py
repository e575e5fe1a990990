"""Ratings as a frame with exactly RATING_COLUMNS: made, read, written, and the part of them that counts."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from bench.errors import DatasetError, StoreError
from bench.store import write_bytes, write_table
from bench.untrusted import read_parquet
from listening_test.analysis.checking import checked
from listening_test.model import RATING_COLUMNS, RATINGS

SORTED_BY = ["test", "listener", "block", "trial", "clip", "replicate", "condition", "against", "order", "position"]
NEEDED = ("test_type", "listener", "trial", "clip", "condition", "role", "score")
"""Columns of a file without which nothing can be said."""

DEFAULTS: Mapping[str, Any] = {
    "simulated": False, "block": 0, "replicate": 0, "training": False, "excluded": False,
    **{name: "" for name, kind in RATING_COLUMNS.items() if kind == "string"},
}  # fmt: skip
"""What a row says where it says nothing; other columns are missing then."""


def as_ratings(rows: Iterable[Mapping[str, Any]] | pd.DataFrame, where: str = "ratings") -> pd.DataFrame:
    """``rows`` with exactly RATING_COLUMNS and their types, in one order whatever order they came in.

    Raises:
        DatasetError: a column that is none of ours, or a value that is not of its column's type.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    unknown = sorted(set(map(str, frame.columns)) - set(RATING_COLUMNS))
    if unknown:
        raise DatasetError(
            f"{where}: expected no columns but {', '.join(RATING_COLUMNS)}; got also {', '.join(unknown)}. Remove them."
        )
    frame = frame.reindex(columns=list(RATING_COLUMNS))
    for name, value in DEFAULTS.items():
        column = frame[name].astype("object")
        frame[name] = column.where(column.notna(), value)
    for name, kind in RATING_COLUMNS.items():
        try:
            frame[name] = _typed(frame[name], kind)
        except (TypeError, ValueError) as error:
            raise DatasetError(f"{where}, column {name}: expected values of type {kind} ({error}).") from None
    return frame.sort_values(SORTED_BY, kind="stable", na_position="first").reset_index(drop=True)


def _typed(column: pd.Series[Any], kind: str) -> pd.Series[Any]:
    if kind == "boolean" and not pd.api.types.is_bool_dtype(column):
        words = column.map(lambda value: {"true": True, "false": False}.get(str(value).lower(), value))
        return words.astype("boolean")
    if kind in ("Int64", "float64"):
        return pd.to_numeric(column).astype(kind)  # type: ignore[call-overload,no-any-return]
    return column.astype(kind)  # type: ignore[call-overload,no-any-return]


def read_ratings(path: Path) -> pd.DataFrame:
    """The ratings in a Parquet or CSV file with RATING_COLUMNS, or in the folder of a test.

    Raises:
        StoreError: no such file, or it cannot be read.
        DatasetError: a table of another kind, or one that is no ratings (:func:`checking.checked`).
    """
    if path.is_dir():
        path = path / RATINGS
    try:
        table = pd.read_csv(path, dtype="string") if path.suffix.lower() == ".csv" else read_parquet(path)
    except FileNotFoundError:
        raise StoreError(
            f"{path}: expected ratings, but there is no such file. A test writes it with `codecbench listen analyze`; "
            "`codecbench listen import` makes it of the file of another program."
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path}: expected a table of ratings as Parquet or CSV, which it cannot be read as ({error})."
        ) from None
    missing = [name for name in NEEDED if name not in table.columns]
    if missing:
        raise DatasetError(
            f"{path}: expected the columns of ratings.parquet; {', '.join(missing)} missing. "
            "A file of another program is turned into it by `codecbench listen import FORMAT FILE -o ratings.parquet`."
        )
    return checked(as_ratings(table, str(path)), str(path))


def write_ratings(path: Path, ratings: pd.DataFrame) -> None:
    """Write every row, excluded ones too, as Parquet."""
    write_table(path, ratings.to_dict("records"), RATING_COLUMNS)  # type: ignore[arg-type]


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write ``table`` as CSV in UTF-8, numbers in full precision."""
    buffer = io.StringIO()
    table.to_csv(buffer, index=False)
    write_bytes(path, buffer.getvalue().encode())


def counted(ratings: pd.DataFrame) -> pd.DataFrame:
    """The rows whose scores count: not training, not excluded, with a score, of what is rated."""
    rated = ~ratings["training"] & ~ratings["excluded"] & ratings["score"].notna() & (ratings["role"] != "reference")
    return ratings[rated.astype(bool)].reset_index(drop=True)


def one_test(ratings: pd.DataFrame, name: str = "") -> pd.DataFrame:
    """The ratings of the only test, or of the one called ``name``.

    Raises:
        DatasetError: several tests and no name, or none of that name, or no ratings at all.
    """
    names = sorted(ratings["test"].unique())
    if not names:
        raise DatasetError("ratings: expected at least one row, there is none. Nobody has submitted a trial yet.")
    if name:
        if name not in names:
            raise DatasetError(
                f"--test {name!r}: the ratings are of {', '.join(map(repr, names))}. Choose one of them."
            )
        return ratings[ratings["test"] == name].reset_index(drop=True)
    if len(names) > 1 or len(ratings["test_type"].unique()) > 1:
        raise DatasetError(
            f"ratings: expected one test, got {', '.join(map(repr, names))}. Scores of different tests are not "
            "comparable (BS.1534-3 forbids rescaling by anchors): choose one with --test."
        )
    return ratings
