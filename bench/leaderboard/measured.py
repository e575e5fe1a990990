"""The entries of one part of a run: bits, speed, costs, and the mean of every metric. No order, no ranks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bench.leaderboard.model import Column, Entry, Value
from bench.leaderboard.parts import Part
from bench.report.cells import limits_of
from bench.runs.results import ENTROPY_CODERS
from bench.tables import bitrates_of_means, conditions, is_complete, judged, leaves_out, quantities, rates, summarise

MISSING = ("failed", "undefined", "not_applicable", "band_limited")


def columns_of(part: Part) -> list[Column]:
    """A column for each quantity that was at least tried in this category."""
    tried = part.results.scores.loc[part.results.scores["status"] != "not_applicable", "quantity"]
    names = set(tried.astype(str))
    about = part.results.quantities
    return [_column(name, about.get(name, {})) for name in quantities(part.results) if name in names]


def _column(name: str, about: Mapping[str, Any]) -> Column:
    low, high = limits_of(about)
    version = str(about.get("metric_version") or "")
    hint = " ".join(part for part in (str(about.get("summary") or ""), f"({version})" if version else "") if part)
    return Column(
        key=name,
        label=str(about.get("label") or name),
        kind="metric",
        unit=str(about.get("unit") or ""),
        higher_is_better=about.get("higher_is_better"),
        low=low,
        high=high,
        hint=hint,
    )


def entries_of(part: Part, licences: Mapping[str, str], seed: int) -> tuple[list[Entry], list[str]]:
    """The entries of a part, and the conditions that do not apply to any of its clips and have none."""
    results = part.results
    values = _values(part, seed)
    rows = {str(row["condition"]): row for row in rates(results).to_dict("records")}
    versions = results.encodings.drop_duplicates("condition").set_index("condition")["codec_version"]
    made, nowhere = [], []
    for name in conditions(results):
        row = rows.get(name)
        if row is None:
            continue
        if row["n_not_applicable"] and not (row["n"] or row["n_failed"]):
            nowhere.append(name)
            continue
        codec = str(row["codec"])
        costs = (results.info.get("costs") or {}).get(codec) or {}
        parameters, delay = costs.get("parameters"), costs.get("algorithmic_delay_s")
        made.append(
            Entry(
                source=part.run,
                condition=name,
                codec=codec,
                role=str(row["role"]),
                codec_version="" if pd.isna(versions[name]) else str(versions[name]),
                nominal_bps=None if pd.isna(row["nominal_bps"]) else int(row["nominal_bps"]),
                actual_bps=float(row["actual_bps"]),
                entropy_bps={c: row[f"{c}_bps"] for c in ENTROPY_CODERS if not math.isnan(row[f"{c}_bps"])},
                bits_are=str(row["bits_are"]),
                encode_rtf=float(row["encode_rtf"]),
                decode_rtf=float(row["decode_rtf"]),
                delay_ms=math.nan if delay is None else 1000 * float(delay),
                parameters=None if parameters is None else int(parameters),
                licence=licences.get(codec, ""),
                n=int(row["n"]),
                n_failed=int(row["n_failed"]),
                complete=is_complete(results),
                values=values.get(name, {}),
            )
        )
    return made, nowhere


def _values(part: Part, seed: int) -> dict[str, dict[str, Value]]:
    """By condition and quantity. A cell that the metric does not speak of has no value at all."""
    results = part.results
    bps = {
        (str(row["condition"]), str(row["quantity"])): float(row["actual_bps"])
        for row in bitrates_of_means(results).to_dict("records")
    }
    summary = summarise(results, seed).to_dict("records")
    fewer = _over_fewer_clips(part)
    found: dict[str, dict[str, Value]] = {}
    for row in summary:
        cell = (str(row["condition"]), str(row["quantity"]))
        missing = {name: int(row[f"n_{name}"]) for name in MISSING if row[f"n_{name}"]}
        if not row["n"] and set(missing) <= {"not_applicable"}:
            continue
        if not leaves_out(results):
            missing.pop("band_limited", None)  # they are in the mean
        found.setdefault(cell[0], {})[cell[1]] = Value(
            mean=float(row["mean"]),
            low=float(row["ci_low"]),
            high=float(row["ci_high"]),
            n=int(row["n"]),
            missing=missing,
            fewer=cell in fewer,
            actual_bps=bps.get(cell, math.nan),
        )
    return found


def _over_fewer_clips(part: Part) -> set[tuple[str, str]]:
    """The cells whose mean is not over all clips on which some condition of the run has a value of the quantity."""
    scored = scored_rows(part)
    there = scored.groupby("quantity", observed=True)["clip"].nunique()
    counts = scored.groupby(["condition", "quantity"], observed=True)["clip"].nunique()
    rows = counts.reset_index().itertuples(index=False)
    return {(str(condition), str(quantity)) for condition, quantity, n in rows if n < there[quantity]}


def scored_rows(part: Part) -> pd.DataFrame:
    """``clip``, ``condition``, ``quantity`` and ``value`` of the scores that are in the means."""
    scores = judged(part.results)
    rows = scores.loc[(scores["status"] == "ok") & scores["value"].notna(), ["clip", "condition", "quantity", "value"]]
    return rows.astype({"value": np.float64})
