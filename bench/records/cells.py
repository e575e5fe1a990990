"""The cells of a run: every planned one is there once, with a value or with a reason, and bits and names agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.records.files import PUBLISH
from bench.records.problems import Problem, named_rows
from bench.records.tables import is_empty
from bench.runs.results import ENTROPY_CODERS

MEASURED = (
    "seconds", "payload_sha256", "payload_bits", "payload_bytes", "actual_bps", "decoded", "decoded_sha256",
)  # fmt: skip
"""What the row of an encoding that worked has, and one that did not work lacks."""

RERUN = "Every planned cell ends as a row: publish the tables as the run has written them."
SLACK = 1e-9
"""Relative; of numbers that were computed from others in the same row, and of bounds of a range."""


def cell_problems(
    folder: Path, info: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], complete: bool
) -> list[Problem]:
    """What is wrong with the rows of a record whose files and columns are right."""
    clips, encodings, scores = tables["clips"], tables["encodings"], tables["scores"]
    sets = tables.get("sets")
    names, conditions = list(clips["clip"]), list(info["conditions"])
    planned: dict[str, list[Sequence[str]]] = {
        "encodings": [names, conditions],
        "scores": [names, conditions, list(info["quantities"])],
    }
    keys = {"encodings": ["clip", "condition"], "scores": ["clip", "condition", "quantity"]}
    set_quantities = list(info.get("set_quantities") or {})
    if sets is not None and len(set_quantities):
        planned["sets"] = [list(clips["category"].unique()), conditions, set_quantities]
        keys["sets"] = ["category", "condition", "quantity"]
    problems = _repeated(folder / "clips.parquet", clips, ["clip"])
    if problems:
        return problems  # which rows of the other tables belong to which clip cannot be said
    if info.get("clips", len(clips)) != len(clips):
        where, expected = str(folder / "clips.parquet"), f"{info['clips']}, as run.json says"
        problems.append(Problem(where, "clips were taken away or added", expected, str(len(clips)), RERUN))
    absent = 0
    for name, axes in planned.items():
        found, missing = _coverage(folder / f"{name}.parquet", tables[name], keys[name], axes, complete)
        problems += found
        absent += missing
    problems += _completeness(folder, info, complete, absent)
    for name in planned:
        path = folder / f"{name}.parquet"
        problems += _run_name(path, tables[name], str(info["run"])) + _reasons(path, tables[name], keys[name])
    for name in ("encodings", "scores"):
        problems += _same_clips(folder / f"{name}.parquet", tables[name], clips)
    problems += _encodings(folder / "encodings.parquet", encodings)
    problems += _scores(folder / "scores.parquet", scores, encodings, info["quantities"], keys["scores"])
    if "sets" in planned and sets is not None:
        about = info["set_quantities"]
        problems += _values(folder / "sets.parquet", sets, about, keys["sets"])
    return problems


def _coverage(
    path: Path, table: pd.DataFrame, key: Sequence[str], axes: Sequence[Sequence[str]], complete: bool
) -> tuple[list[Problem], int]:
    """Rows that are missing, unplanned or there twice; and how many are missing."""
    problems = _repeated(path, table, key)
    codes = [pd.Index(axis).get_indexer(pd.Index(table[name])) for name, axis in zip(key, axes, strict=True)]
    planned = np.all([code >= 0 for code in codes], axis=0)
    if not planned.all():
        got = named_rows(table[~planned], key)
        expected = f"the {', '.join(key)} that clips.parquet and run.json name"
        problems.append(Problem(str(path), "rows of cells that nobody planned", expected, got, RERUN))
    shape = tuple(map(len, axes))
    there = np.zeros(shape, dtype=bool)
    there[tuple(code[planned] for code in codes)] = True
    absent = np.argwhere(~there)
    if complete and len(absent):
        labels = [{name: axis[at] for name, axis, at in zip(key, axes, cell, strict=True)} for cell in absent]
        size = " x ".join(f"{n} {name}s" for n, name in zip(shape, _plural(key), strict=True))
        got = f"without {named_rows(pd.DataFrame(labels, columns=list(key)), key)}"
        problems.append(Problem(str(path), "cells were removed", f"{size} = {math.prod(shape)} rows", got, RERUN))
    return problems, len(absent)


def _plural(key: Sequence[str]) -> list[str]:
    return [{"quantity": "quantitie", "category": "categorie"}.get(name, name) for name in key]


def _repeated(path: Path, table: pd.DataFrame, key: Sequence[str]) -> list[Problem]:
    again = table.duplicated(list(key))
    if not again.any():
        return []
    got = named_rows(table[again], key)
    return [Problem(str(path), "cells are there more than once", f"each {', '.join(key)} once", got, RERUN)]


def _completeness(folder: Path, info: Mapping[str, Any], complete: bool, absent: int) -> list[Problem]:
    where = f"{folder / 'run.json'}, missing_cells"
    if complete and info["missing_cells"] != 0:
        return [Problem(where, "a complete run misses nothing", "0", str(info["missing_cells"]), PUBLISH)]
    if not complete and not max(1, absent) <= info["missing_cells"]:
        got = str(info["missing_cells"])
        return [Problem(where, "a partial run says how many cells are missing", f"at least {absent}", got, PUBLISH)]
    return []


def _run_name(path: Path, table: pd.DataFrame, run: str) -> list[Problem]:
    other = table[(table["run"] != run).fillna(True).astype(bool)]
    if other.empty:
        return []
    got = ", ".join(map(str, other["run"].unique()[:3]))
    return [Problem(f"{path}, column run", "rows of another run", run, got, "Publish each run by itself.")]


def _reasons(path: Path, table: pd.DataFrame, key: Sequence[str]) -> list[Problem]:
    silent = table[(table["status"] != "ok").astype(bool) & is_empty(table["reason"])]
    if silent.empty:
        return []
    expected = "a reason beside every status but ok"
    return [Problem(f"{path}, column reason", "rows without a reason", expected, named_rows(silent, key), RERUN)]


def _same_clips(path: Path, table: pd.DataFrame, clips: pd.DataFrame) -> list[Problem]:
    """Dataset, category and source of a row are those of its clip."""
    problems = []
    by_clip = clips.drop_duplicates("clip").set_index("clip")
    for name in ("dataset", "category", "source"):
        stated = table["clip"].map(by_clip[name])
        wrong = table[stated.notna() & (stated != table[name]).fillna(True).astype(bool)]
        if len(wrong):
            got = named_rows(wrong, ["clip", "condition"], [name])
            problems.append(
                Problem(f"{path}, column {name}", "not that of the clip", "as in clips.parquet", got, RERUN)
            )
    return problems


def _encodings(path: Path, table: pd.DataFrame) -> list[Problem]:
    key = ["clip", "condition"]
    ok = (table["status"] == "ok").astype(bool)
    problems = []
    for name in MEASURED:
        lacks, has = ok & is_empty(table[name]), ~ok & ~is_empty(table[name])
        if lacks.any():
            got = named_rows(table[lacks], key)
            problems.append(Problem(f"{path}, column {name}", "empty beside ok", "what was measured", got, RERUN))
        if has.any():
            got = named_rows(table[has], key, ["status", name])
            problems.append(Problem(f"{path}, column {name}", "a value in rows without audio", "empty", got, RERUN))
    coded = table[ok & table["payload_bits"].notna() & table["seconds"].notna() & table["payload_bytes"].notna()]
    bits, seconds = coded["payload_bits"].astype("float64"), coded["seconds"]
    rates: dict[str, tuple[pd.Series, str]] = {
        "payload_bytes": (-(-bits // 8), "payload_bits / 8, rounded up"),
        "actual_bps": (bits / seconds, "payload_bits / seconds"),
    }
    for name, (expected, formula) in rates.items():
        given = coded[name].to_numpy(dtype="float64")
        wrong = coded[~np.isclose(given, expected.to_numpy(dtype="float64"), rtol=SLACK, atol=0)]
        if len(wrong):
            got = named_rows(wrong, key, [name, "payload_bits", "seconds"])
            problems.append(Problem(f"{path}, column {name}", "the bits do not add up", formula, got, RERUN))
    for coder in ENTROPY_CODERS:
        name = f"{coder}_bits"
        if name not in table or f"{coder}_coded" not in table:
            continue
        beyond = table[name].notna() & (table[name] > table["payload_bits"] + 1).fillna(True).astype(bool)
        if beyond.any():
            got = named_rows(table[beyond], key, [name, "payload_bits"])
            expected_text = "at most payload_bits and a flag bit"
            problems.append(
                Problem(f"{path}, column {name}", "more bits than without coding", expected_text, got, RERUN)
            )
    return problems


def _scores(
    path: Path, scores: pd.DataFrame, encodings: pd.DataFrame, quantities: Mapping[str, Any], key: Sequence[str]
) -> list[Problem]:
    problems = _values(path, scores, quantities, key)
    failed = encodings.loc[(encodings["status"] != "ok").astype(bool), ["clip", "condition"]]
    cells = pd.MultiIndex.from_frame(scores[["clip", "condition"]])
    unheard = cells.isin(pd.MultiIndex.from_frame(failed)) & (scores["status"] == "ok").to_numpy(dtype=bool)
    if unheard.any():
        got = named_rows(scores[unheard], key)
        problems.append(Problem(str(path), "scores of audio that does not exist", "an encoding that is ok", got, RERUN))
    for name, column in (("metric", "metric"), ("metric_version", "metric_version")):
        stated = scores["quantity"].map({quantity: about[name] for quantity, about in quantities.items()})
        wrong = scores[stated.notna() & (stated != scores[column]).fillna(True).astype(bool)]
        if len(wrong):
            got = named_rows(wrong, ["quantity", column])
            problems.append(Problem(f"{path}, column {column}", "not what run.json says", "the same", got, RERUN))
    return problems


def _values(path: Path, table: pd.DataFrame, quantities: Mapping[str, Any], key: Sequence[str]) -> list[Problem]:
    """A value beside ok and none beside anything else; and values in the range of their quantity."""
    ok, has = (table["status"] == "ok").astype(bool), table["value"].notna()
    where = f"{path}, column value"
    problems = []
    if (ok & ~has).any():
        got = named_rows(table[ok & ~has], key)
        problems.append(Problem(where, "ok without a value", "a number", got, RERUN))
    if (~ok & has).any():
        got = named_rows(table[~ok & has], key, ["status", "value"])
        problems.append(Problem(where, "a number in rows that failed or do not apply", "an empty cell", got, RERUN))
    for words, sign, bound in (("at least", 1, "low"), ("at most", -1, "high")):
        limits = {name: about[bound] for name, about in quantities.items() if about.get(bound) is not None}
        limit = table["quantity"].map(limits).astype("float64")
        beyond = has & (sign * table["value"] < sign * limit - SLACK * limit.abs().clip(lower=1))
        for quantity in _first(table.loc[beyond, "quantity"]):
            rows = table[beyond & (table["quantity"] == quantity)]
            got = named_rows(rows, key, ["value"])
            problems.append(
                Problem(f"{where}, {quantity}", "out of range", f"{words} {limits[quantity]:g}", got, RERUN)
            )
    return problems


def _first(names: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(map(str, names)))
