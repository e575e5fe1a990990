"""What is compared of a condition: for each run one number per clip, in the order of the clips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.comparing.model import Kind
from bench.runs.results import ENTROPY_CODERS, Results
from bench.tables import judged

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

KBPS, ENCODE_SPEED, DECODE_SPEED = "kbps", "encode_speed", "decode_speed"

_ENTROPY_CODED = {f"{KBPS}_{coder}" for coder in ENTROPY_CODERS}
"""Rates that only codecs with codes have: the others are not worse for it."""

MISSING = "missing"
"""The status of a cell that has no row."""


@dataclass(frozen=True)
class About:
    """A quantity: where it comes from, its unit, and which end is good."""

    quantity: str
    kind: Kind
    unit: str
    higher_is_better: bool | None


@dataclass(frozen=True)
class Side:
    """One run's values of a quantity under a condition: NaN and a status other than ``ok`` where there is none."""

    numbers: Floats
    status: Texts


class Tables:
    """The tables of a run, cut to ``clips`` and looked up by condition and quantity.

    Args:
        results: one of the runs.
        clips: of one category, in the order in which values come out.
    """

    def __init__(self, results: Results, clips: pd.Series) -> None:
        self._places = pd.Index(clips)
        encodings = results.encodings[results.encodings["clip"].isin(clips)]
        scores = judged(results)
        scores = scores.loc[scores["clip"].isin(clips), ["clip", "condition", "quantity", "value", "status"]]
        self._encodings = dict(iter(encodings.groupby("condition", sort=False)))
        self._scores = dict(iter(scores.groupby(["condition", "quantity"], sort=False)))

    def score(self, condition: str, quantity: str) -> Side:
        """The values of a metric, as they are judged."""
        rows = self._scores.get((condition, quantity))
        return self._side(rows, None if rows is None else rows["value"])

    def encoding(self, condition: str, quantity: str) -> Side:
        """A bitrate in kbit/s, or a speed in seconds of audio per second of work."""
        rows = self._encodings.get(condition)
        uncoded = "not_applicable" if quantity in _ENTROPY_CODED else "undefined"
        return self._side(rows, None if rows is None else _of_encodings(rows, quantity), uncoded)

    def _side(self, rows: pd.DataFrame | None, found: pd.Series | None, without_value: str = "undefined") -> Side:
        values = np.full(len(self._places), math.nan)
        status = np.full(len(self._places), MISSING, dtype=object)
        if rows is None or found is None:
            return Side(values, status)
        places = self._places.get_indexer(rows["clip"])
        numbers = found.to_numpy(dtype=np.float64, na_value=math.nan)
        told = rows["status"].to_numpy(dtype=object)
        values[places] = np.where(told == "ok", numbers, math.nan)
        status[places] = np.where((told == "ok") & np.isnan(numbers), without_value, told)
        return Side(values, status)


def _of_encodings(rows: pd.DataFrame, quantity: str) -> pd.Series:
    seconds = rows["seconds"].astype("float64")
    if quantity in (ENCODE_SPEED, DECODE_SPEED):
        work = rows[f"{quantity.partition('_')[0]}_s"].astype("float64")
        return seconds / work.where(work > 0)
    column = "payload_bits" if quantity == KBPS else f"{quantity.partition('_')[2]}_bits"
    bits = rows[column].astype("Float64").astype("float64")
    return bits / seconds.where(seconds > 0) / 1000


def rates_and_speeds(base: Results, new: Results) -> Iterator[About]:
    """The quantities that come from the encodings of both runs."""
    yield About(KBPS, "rate", "kbit/s", False)
    for coder in ENTROPY_CODERS:
        column = f"{coder}_bits"
        if all(column in run.encodings and run.encodings[column].notna().any() for run in (base, new)):
            yield About(f"{KBPS}_{coder}", "rate", "kbit/s", False)
    yield About(ENCODE_SPEED, "speed", "× real time", True)
    yield About(DECODE_SPEED, "speed", "× real time", True)


def score_about(new: Results, quantity: str) -> About:
    """As NEW describes it."""
    about: dict[str, Any] = new.quantities.get(quantity, {})
    return About(quantity, "score", str(about.get("unit") or ""), about.get("higher_is_better"))
