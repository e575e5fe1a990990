"""The tables of a record by themselves: columns, types, values, empty cells, and that CSV and Parquet say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from bench.records.files import PUBLISH
from bench.records.problems import SHOWN, Problem, named, of_rows
from bench.records.schemas import Table
from bench.registry import nearest
from bench.untrusted import read_parquet


def table_problems(folder: Path, name: str, table: Table) -> tuple[pd.DataFrame | None, list[Problem]]:
    """The table ``name`` of a record, and what is wrong with its columns, types and cells.

    There is no table where it cannot be read, or where its columns are wrong; cells are not looked at then.
    """
    frames = {}
    problems: list[Problem] = []
    for suffix in ("parquet", "csv"):
        path = folder / f"{name}.{suffix}"
        if not path.is_file():
            continue  # a missing file is a problem of the files
        try:
            frames[suffix] = read_parquet(path) if suffix == "parquet" else _read_csv(path, table)
        except (OSError, ValueError) as error:
            problems.append(Problem(str(path), "it cannot be read", "a table", " ".join(str(error).split()), PUBLISH))
    frame = frames.get("parquet")
    if frame is None:
        return None, problems
    path = folder / f"{name}.parquet"
    wrong = _column_problems(path, frame, table)
    if wrong:
        return None, problems + wrong
    if "csv" in frames:
        problems += _difference(folder / f"{name}.csv", frame, frames["csv"])
    return frame, problems + _cell_problems(path, frame, table)


def is_empty(column: pd.Series) -> pd.Series:
    """Which cells of a column say nothing: missing, or an empty text."""
    missing = column.isna()
    return missing | (column == "").fillna(False).astype(bool) if pd.api.types.is_string_dtype(column) else missing


def _read_csv(path: Path, table: Table) -> pd.DataFrame:
    """Numbers to the last bit, empty cells as missing, and empty texts as they are."""
    import pyarrow
    from pyarrow import csv

    text, integer, boolean = pyarrow.string(), pyarrow.int64(), pyarrow.bool_()
    kinds = {"string": text, "integer": integer, "number": pyarrow.float64(), "boolean": boolean}
    nullable = {integer: pd.Int64Dtype(), boolean: pd.BooleanDtype(), text: pd.StringDtype()}
    read = csv.read_csv(
        path,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: kinds[column.type] for name, column in table.columns.items()},
            null_values=[""],
            strings_can_be_null=False,
        ),
    )
    frame: pd.DataFrame = read.to_pandas(types_mapper=nullable.get)
    return frame


def _column_problems(path: Path, frame: pd.DataFrame, table: Table) -> list[Problem]:
    there = list(map(str, frame.columns))
    missing = [name for name, column in table.columns.items() if name not in there and not column.optional]
    problems = []
    if missing:
        problems.append(Problem(str(path), "columns are missing", named(missing), "none of that name", PUBLISH))
    problems += [
        Problem(
            f"{path}, column {name}", "no column of this table is called that",
            f"a column of {path.stem} in tables-1.json", name, f"{PUBLISH}{nearest(name, table.columns)}",
        )
        for name in there
        if name not in table.columns
    ]  # fmt: skip
    for name, column in table.columns.items():
        if name in there and (got := _kind(frame[name])) != column.type:
            problems.append(Problem(f"{path}, column {name}", "it has another type", column.type, got, PUBLISH))
    return problems


def _kind(column: pd.Series) -> str:
    kinds = {
        "boolean": pd.api.types.is_bool_dtype,
        "integer": pd.api.types.is_integer_dtype,
        "number": pd.api.types.is_float_dtype,
        "string": pd.api.types.is_string_dtype,
    }
    return next((name for name, test in kinds.items() if test(column.dtype)), str(column.dtype))


def _cell_problems(path: Path, frame: pd.DataFrame, table: Table) -> list[Problem]:
    problems = []
    keys = [name for name in table.key if name in frame]
    for name, column in table.columns.items():
        if name not in frame:
            continue
        where, values = f"{path}, column {name}", frame[name]
        empty = is_empty(values)
        if not column.empty:
            problems += of_rows(where, "cells are empty", "a value in every row", frame[empty], keys, PUBLISH)
        if column.choices or column.pattern:
            found = values[~empty].astype("str")
            allowed = "|".join(map(re.escape, column.choices)) or column.pattern
            wrong = found[~found.str.fullmatch(allowed)]
            if len(wrong):
                got = named([repr(text) for text in wrong.drop_duplicates().head(SHOWN)])
                expected = ", ".join(column.choices) or f"text that matches {column.pattern}"
                problems.append(Problem(where, f"{len(wrong)} cells have another value", expected, got, PUBLISH))
        for words, sign, bound in (("at least", 1, column.low), ("at most", -1, column.high)):
            if bound is not None:
                outside = frame[sign * values.astype("float64") < sign * bound]
                problems += of_rows(where, "values out of range", f"{words} {bound:g}", outside, keys, PUBLISH, [name])
    return problems


def _difference(path: Path, parquet: pd.DataFrame, csv: pd.DataFrame) -> list[Problem]:
    """Whether both files hold the same rows and columns; empty and missing texts are one in CSV."""
    remedy = "Both are written by `codecbench results publish`; publish the run again."
    if list(parquet.columns) != list(csv.columns):
        got = named(list(map(str, csv.columns)))
        return [Problem(str(path), "other columns than in Parquet", named(list(parquet.columns)), got, remedy)]
    if len(parquet) != len(csv):
        return [Problem(str(path), "other rows than in Parquet", f"{len(parquet)} rows", f"{len(csv)} rows", remedy)]
    problems = []
    for name in parquet.columns:
        first, second = parquet[name].reset_index(drop=True), csv[name]
        if pd.api.types.is_string_dtype(first):
            differs = first.fillna("").astype("str") != second.astype("str")
        else:
            both = first.isna() & second.isna()
            differs = ~both & ~(first == second).fillna(False).astype(bool)
        if differs.any():
            row = int(differs.to_numpy().argmax())
            problems.append(
                Problem(
                    f"{path}, column {name}, row {row + 1}", "other values than in Parquet", _said(first[row]),
                    f"{_said(second[row])} ({int(differs.sum())} rows differ)", remedy,
                )
            )  # fmt: skip
    return problems


def _said(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
