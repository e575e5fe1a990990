"""Everything that is wrong with a record, or with a whole ``results`` folder, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.errors import StoreError
from bench.records.cells import cell_problems
from bench.records.files import PUBLISH, file_problems, format_of, json_problems, private_problems, texts_in
from bench.records.layout import (
    MAX_BYTES,
    RATINGS,
    RECORD,
    RECORDS,
    REFERENCE,
    TABLES,
    is_record,
    published_below,
    records_below,
)
from bench.records.names import name_problems
from bench.records.problems import Problem
from bench.records.published import published_problems
from bench.records.ratings_check import rating_problems
from bench.records.schemas import tables as tables_of
from bench.records.tables import table_problems
from bench.runs.results import RUN


def validate(folders: Sequence[Path], max_bytes: int = MAX_BYTES) -> tuple[list[Path], list[Problem]]:
    """What was looked at (records and published tables), and every problem.

    Raises:
        StoreError: a folder that is not there, or holds nothing to look at.
    """
    seen: list[Path] = []
    problems: list[Problem] = []
    for folder in folders:
        records, published = records_below(folder), published_below(folder)
        if not records and not published:
            raise StoreError(
                f"{folder}: expected a record, or a folder with {RECORDS}/, {REFERENCE}/ or published tables, "
                "but there is none. `codecbench results publish RUN` makes a record of a run."
            )
        problems += _strays(folder)
        for record in records:
            problems += record_problems(record, max_bytes)
        for table in published:
            problems += published_problems(table)
        seen += [*records, *published]
    return seen, problems


def record_problems(folder: Path, max_bytes: int = MAX_BYTES) -> list[Problem]:
    """Every problem of one record. Cells are looked at where files and columns allow it."""
    format_ = format_of(folder)
    record, problems = json_problems(folder, RECORD, "record", format_)
    info, found = json_problems(folder, RUN, "run", format_)
    readable = info is not None and not found
    problems += found + file_problems(folder, record, max_bytes)
    for name, data in ((RECORD, record), (RUN, info)):
        problems += private_problems(folder / name, texts_in(data))
    described = tables_of(format_)
    tables = {}
    for name in TABLES:
        table, found = table_problems(folder, name, described[name])
        problems += found
        if table is not None:
            tables[name] = table
            problems += _private_cells(folder / f"{name}.parquet", table)
    if info is None or not readable:
        return problems
    problems += _names_agree(folder, record, info)
    if {"clips", "encodings", "scores"} <= tables.keys() and ("sets" in tables or not info.get("set_quantities")):
        complete = bool(info["complete"])
        problems += cell_problems(folder, info, tables, complete)
    elif "sets" not in tables and info.get("set_quantities"):
        problems.append(Problem(str(folder), "a file is missing", "sets.parquet", "no such file", PUBLISH))
    if "encodings" in tables:
        plugins = record.get("plugins") if record else None
        series = set(map(str, tables["encodings"]["codec"].dropna().unique()))
        problems += name_problems(folder, info, plugins if isinstance(plugins, dict) else {}, series)
        for path in sorted((folder / RATINGS).glob("*.parquet")):
            name = f"{RATINGS}/{path.stem}"
            ratings, found = rating_problems(folder, name, described[RATINGS], str(info["run"]), tables["encodings"])
            problems += found
            if ratings is not None:
                problems += _private_cells(path, ratings)
    return problems


def _strays(folder: Path) -> list[Problem]:
    """Files beside the records, which no check would look at."""
    roots = [] if is_record(folder) else [folder / RECORDS]
    return [
        Problem(
            str(path), "a file beside the records", "folders made by `codecbench results publish`", path.name,
            "Move it into a record, or out of results/records.",
        )
        for root in roots
        if root.is_dir()
        for path in sorted(root.iterdir())
        if path.is_file() and path.name not in (".gitkeep", "README.md")
    ]  # fmt: skip


def _names_agree(folder: Path, record: object, info: dict[str, object]) -> list[Problem]:
    """The folder, ``record.json`` and ``run.json`` speak of one run in one state."""
    stated = record if isinstance(record, dict) else {}
    problems = []
    if info["run"] != folder.name:
        remedy = "Name the folder after the run; a second run of that name needs another name in its configuration."
        problems.append(Problem(str(folder), "the folder has another name", str(info["run"]), folder.name, remedy))
    for key in ("run", "complete"):
        if key in stated and stated[key] != info[key]:
            where = f"{folder / RECORD}, {key}"
            problems.append(Problem(where, f"not that of {RUN}", str(info[key]), str(stated[key]), PUBLISH))
    return problems


def _private_cells(path: Path, table: pd.DataFrame) -> list[Problem]:
    texts = (
        str(text)
        for name in table.columns
        if pd.api.types.is_string_dtype(table[name])
        for text in table[name].dropna().unique()
    )
    return private_problems(path, texts)
