"""The cells of a run: every planned one is there once, with a value or with a reason, and bits and names agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.records.files import PUBLISH
from bench.records.problems import Problem, named_rows, of_rows
from bench.records.tables import is_empty
from bench.runs.results import ENTROPY_CODERS
from bench.tables.configured import configured

MEASURED = (
    "seconds", "payload_sha256", "payload_bits", "payload_bytes", "actual_bps", "decoded", "decoded_sha256",
)  # fmt: skip
"""What the row of an encoding that worked has, and one that did not work lacks."""

RERUN = "Every planned cell ends as a row: publish the tables as the run has written them."
ENCODING = ("clip", "condition")
SLACK = 1e-9
"""Relative; of numbers that were computed from others in the same row, and of bounds of a range."""
SECONDS_SLACK = 0.01
"""Seconds, and a share: a resampler rounds a length, and the header of a lossy file may say another one."""


def cell_problems(
    folder: Path, info: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], complete: bool
) -> list[Problem]:
    """What is wrong with the rows of a record whose files and columns are right."""
    clips, encodings, scores = tables["clips"], tables["encodings"], tables["scores"]
    names, conditions = list(clips["clip"]), list(info["conditions"])
    planned: dict[str, dict[str, Sequence[str]]] = {
        "encodings": {"clip": names, "condition": conditions},
        "scores": {"clip": names, "condition": conditions, "quantity": list(info["quantities"])},
    }
    if "sets" in tables and (about := info.get("set_quantities")):
        categories = list(clips["category"].unique())
        planned["sets"] = {"category": categories, "condition": conditions, "quantity": list(about)}
    problems = _repeated(folder / "clips.parquet", clips, ["clip"])
    if problems:
        return problems  # which rows of the other tables belong to which clip cannot be said
    if info.get("clips", len(clips)) != len(clips):
        where, expected = str(folder / "clips.parquet"), f"{info['clips']}, as run.json says"
        problems.append(Problem(where, "clips were taken away or added", expected, str(len(clips)), RERUN))
    absent = 0
    for name, axes in planned.items():
        found, missing = _coverage(folder / f"{name}.parquet", tables[name], axes, complete)
        problems += found
        absent += missing
    problems += _completeness(folder, info, complete, absent)
    for name, axes in planned.items():
        path = folder / f"{name}.parquet"
        problems += _run_name(path, tables[name], str(info["run"])) + _reasons(path, tables[name], list(axes))
    for name in ("encodings", "scores"):
        problems += _same_clips(folder / f"{name}.parquet", tables[name], clips)
    problems += _licences(folder / "clips.parquet", clips, info)
    problems += _seconds(folder / "encodings.parquet", encodings, clips)
    problems += _one_per_condition(folder / "encodings.parquet", encodings)
    problems += _encodings(folder / "encodings.parquet", encodings)
    problems += _scores(folder / "scores.parquet", scores, encodings, info["quantities"], list(planned["scores"]))
    if "sets" in planned:
        problems += _values(folder / "sets.parquet", tables["sets"], info["set_quantities"], list(planned["sets"]))
    return problems


def _coverage(
    path: Path, table: pd.DataFrame, axes: Mapping[str, Sequence[str]], complete: bool
) -> tuple[list[Problem], int]:
    """Rows that are missing, unplanned or there twice; and how many are missing."""
    key, problems = list(axes), _repeated(path, table, list(axes))
    codes = [pd.Index(axis).get_indexer(pd.Index(table[name])) for name, axis in axes.items()]
    planned = np.all([code >= 0 for code in codes], axis=0)
    expected = f"the {', '.join(key)} that clips.parquet and run.json name"
    problems += of_rows(path, "rows of cells that nobody planned", expected, table[~planned], key, RERUN)
    there = np.zeros(tuple(map(len, axes.values())), dtype=bool)
    there[tuple(code[planned] for code in codes)] = True
    absent = np.argwhere(~there)
    if complete and len(absent):
        labels = [{name: axes[name][at] for name, at in zip(key, cell, strict=True)} for cell in absent]
        plural = {"quantity": "quantities", "category": "categories"}
        size = " x ".join(f"{len(axis)} {plural.get(name, f'{name}s')}" for name, axis in axes.items())
        got = f"without {named_rows(pd.DataFrame(labels, columns=key), key)}"
        problems.append(Problem(str(path), "cells were removed", f"{size} = {there.size} rows", got, RERUN))
    return problems, len(absent)


def _repeated(path: Path, table: pd.DataFrame, key: Sequence[str]) -> list[Problem]:
    again = table[table.duplicated(list(key))]
    return of_rows(path, "cells are there more than once", f"each {', '.join(key)} once", again, key, RERUN)


def _completeness(folder: Path, info: Mapping[str, Any], complete: bool, absent: int) -> list[Problem]:
    where, got = f"{folder / 'run.json'}, missing_cells", str(info["missing_cells"])
    if complete and info["missing_cells"] != 0:
        return [Problem(where, "a complete run misses nothing", "0", got, PUBLISH)]
    if not complete and not max(1, absent) <= info["missing_cells"]:
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
    expected = "a reason beside every status but ok"
    return of_rows(f"{path}, column reason", "rows without a reason", expected, silent, key, RERUN)


def _same_clips(path: Path, table: pd.DataFrame, clips: pd.DataFrame) -> list[Problem]:
    """Dataset, category and source of a row are those of its clip."""
    problems = []
    by_clip = clips.drop_duplicates("clip").set_index("clip")
    for name in ("dataset", "category", "source"):
        stated, where = table["clip"].map(by_clip[name]), f"{path}, column {name}"
        wrong = table[stated.notna() & (stated != table[name]).fillna(True).astype(bool)]
        problems += of_rows(where, "not that of the clip", "as in clips.parquet", wrong, ENCODING, RERUN, [name])
    return problems


def _licences(path: Path, clips: pd.DataFrame, info: Mapping[str, Any]) -> list[Problem]:
    """A clip has the licence that the configuration states for its dataset; one that states none leaves it open."""
    stated = configured(str(info["config_text"]), "datasets")
    planned = [*(info.get("datasets") or []), *(one for one in stated if isinstance(one, dict))]
    problems = []
    for dataset, licence in dict.fromkeys((one["name"], one["licence"]) for one in planned if _states_licence(one)):
        other = clips[(clips["dataset"] == dataset) & (clips["licence"].fillna("") != licence)]
        where, what = f"{path}, column licence", "not that of the configuration"
        problems += of_rows(where, what, str(licence), other, ["clip"], RERUN, ["licence"])
    return problems


def _states_licence(dataset: Mapping[str, Any]) -> bool:
    return bool(dataset.get("name") and isinstance(dataset.get("licence"), str) and dataset["licence"])


def _seconds(path: Path, table: pd.DataFrame, clips: pd.DataFrame) -> list[Problem]:
    """What was coded is as long as the part of the clip's file and its lead-in: bits are divided by it."""
    rest = clips["samples"].astype("float64") / clips["sample_rate"].astype("float64") - clips["start_s"]
    length = clips["duration_s"].fillna(rest) + clips[["lead_in_s", "start_s"]].min(axis=1)
    expected = table["clip"].map(pd.Series(length.to_numpy(), clips["clip"])).to_numpy(dtype="float64")
    given = table["seconds"].to_numpy(dtype="float64")
    known = np.isfinite(given) & np.isfinite(expected)
    wrong = table[known & ~np.isclose(given, expected, rtol=SECONDS_SLACK, atol=SECONDS_SLACK)]
    what, limit = "not the length of the clip", "the seconds of clips.parquet with the lead-in"
    return of_rows(f"{path}, column seconds", what, limit, wrong, ENCODING, RERUN, ["seconds"])


def _one_per_condition(path: Path, table: pd.DataFrame) -> list[Problem]:
    """A condition is one codec in one role on every clip."""
    problems = []
    for name in ("codec", "role"):
        usual = table.groupby("condition")[name].transform("first")
        odd = table[(table[name] != usual).fillna(True).astype(bool)]
        where, what = f"{path}, column {name}", "not that of the first clip of the condition"
        problems += of_rows(where, what, f"one {name} for each condition", odd, ENCODING, RERUN, [name])
    return problems


def _encodings(path: Path, table: pd.DataFrame) -> list[Problem]:
    ok = (table["status"] == "ok").astype(bool)
    problems = []
    for name in MEASURED:
        where, empty = f"{path}, column {name}", is_empty(table[name])
        problems += of_rows(where, "empty beside ok", "what was measured", table[ok & empty], ENCODING, RERUN)
        without = table[~ok & ~empty]
        problems += of_rows(where, "a value in rows without audio", "empty", without, ENCODING, RERUN, ["status", name])
    coded = table[ok & table["payload_bits"].notna() & table["seconds"].notna() & table["payload_bytes"].notna()]
    bits, seconds = coded["payload_bits"].astype("float64"), coded["seconds"]
    rates: dict[str, tuple[pd.Series, str]] = {
        "payload_bytes": (-(-bits // 8), "payload_bits / 8, rounded up"),
        "actual_bps": (bits / seconds, "payload_bits / seconds"),
    }
    for name, (expected, formula) in rates.items():
        given = coded[name].to_numpy(dtype="float64")
        wrong = coded[~np.isclose(given, expected.to_numpy(dtype="float64"), rtol=SLACK, atol=0)]
        shown = [name, "payload_bits", "seconds"]
        problems += of_rows(f"{path}, column {name}", "the bits do not add up", formula, wrong, ENCODING, RERUN, shown)
    for name in (f"{coder}_bits" for coder in ENTROPY_CODERS if {f"{coder}_bits", f"{coder}_coded"} <= {*table}):
        beyond = table[name].notna() & (table[name] > table["payload_bits"] + 1).fillna(True).astype(bool)
        what, limit = "more bits than without coding", "at most payload_bits and a flag bit"
        shown = [name, "payload_bits"]
        problems += of_rows(f"{path}, column {name}", what, limit, table[beyond], ENCODING, RERUN, shown)
    return problems


def _scores(
    path: Path, scores: pd.DataFrame, encodings: pd.DataFrame, quantities: Mapping[str, Any], key: Sequence[str]
) -> list[Problem]:
    problems = _values(path, scores, quantities, key)
    failed = encodings.loc[(encodings["status"] != "ok").astype(bool), ["clip", "condition"]]
    cells = pd.MultiIndex.from_frame(scores[["clip", "condition"]])
    unheard = cells.isin(pd.MultiIndex.from_frame(failed)) & (scores["status"] == "ok").to_numpy(dtype=bool)
    what = "scores of audio that does not exist"
    problems += of_rows(path, what, "an encoding that is ok", scores[unheard], key, RERUN)
    for name in ("metric", "metric_version"):
        stated = scores["quantity"].map({quantity: about[name] for quantity, about in quantities.items()})
        wrong = scores[stated.notna() & (stated != scores[name]).fillna(True).astype(bool)]
        where = f"{path}, column {name}"
        problems += of_rows(where, "not what run.json says", "the same", wrong, ["quantity", name], RERUN)
    return problems


def _values(path: Path, table: pd.DataFrame, quantities: Mapping[str, Any], key: Sequence[str]) -> list[Problem]:
    """A value beside ok and none beside anything else; and values in the range of their quantity."""
    ok, has = (table["status"] == "ok").astype(bool), table["value"].notna()
    where = f"{path}, column value"
    problems = of_rows(where, "ok without a value", "a number", table[ok & ~has], key, RERUN)
    what, extra = "a number in rows that failed or do not apply", table[~ok & has]
    problems += of_rows(where, what, "an empty cell", extra, key, RERUN, ["status", "value"])
    for words, sign, bound in (("at least", 1, "low"), ("at most", -1, "high")):
        limits = {name: about[bound] for name, about in quantities.items() if about.get(bound) is not None}
        limit = table["quantity"].map(limits).astype("float64")
        beyond = table[has & (sign * table["value"] < sign * limit - SLACK * limit.abs().clip(lower=1))]
        for quantity, rows in beyond.groupby(beyond["quantity"].astype(str), sort=False):
            expected = f"{words} {limits[quantity]:g}"
            problems += of_rows(f"{where}, {quantity}", "out of range", expected, rows, key, RERUN, ["value"])
    return problems
