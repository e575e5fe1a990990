"""What each codec costs: speed, delay, parameters, work, memory and disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bench.report.cells import NOTHING, number
from bench.runs.results import Results

COST_HINTS = {
    "encode": "Seconds of audio per second of one thread, the median over clips and bitrates, with the quartiles.",
    "decode": "Seconds of audio per second of one thread, the median over clips and bitrates, with the quartiles.",
    "algorithmic delay, ms": "What a real-time encoder and decoder wait for: frame, look-ahead, overlap.",
    "parameters": "Of its networks, encoder and decoder.",
    "million MACs/s": "Multiply-accumulates of its networks for a second of audio; the quantiser is left out.",
    "memory, MB": "Peak resident memory of a process that codes two seconds, interpreter and libraries included.",
    "disk, MB": "Size of its weights or programs.",
}


def cost_table(results: Results) -> pd.DataFrame:
    """One row of text per codec, indexed by its name; controls are left out. Empty where no codec ran.

    Parameters, memory and disk stand in the record of the run where it was asked to measure them.
    """
    table = results.encodings[["codec", "role", "status", "seconds", "encode_s", "decode_s"]]
    coded = table[(table["role"] == "codec") & (table["status"] == "ok")]
    recorded: Mapping[str, Any] = results.info.get("costs") or {}
    rows = {}
    for codec, group in coded.groupby("codec", sort=False, observed=True):
        known = recorded.get(str(codec), {})
        rows[str(codec)] = [
            _speed(group, "encode"),
            _speed(group, "decode"),
            _delay(known),
            NOTHING if known.get("parameters") is None else f"{known['parameters']:,}",
            _scaled(known.get("macs_per_s")),
            _scaled(known.get("memory_bytes")),
            _scaled(known.get("files_bytes") or None),
        ]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(COST_HINTS))
    return frame.rename_axis("codec")


def _speed(group: pd.DataFrame, side: str) -> str:
    timed = group[group[f"{side}_s"] > 0]
    if timed.empty:
        return NOTHING
    factors = (timed["seconds"] / timed[f"{side}_s"]).to_numpy(dtype=float)
    low, middle, high = (number(float(value), 1) for value in np.quantile(factors, [0.25, 0.5, 0.75]))
    return f"{middle} × [{low}, {high}]"


def _delay(known: Mapping[str, Any]) -> str:
    seconds = known.get("algorithmic_delay_s")
    if seconds is None:
        return NOTHING
    return "whole clip" if math.isinf(float(seconds)) else number(1000 * float(seconds), 2)


def _scaled(value: float | None) -> str:
    return NOTHING if value is None else number(value / 1e6, 1)
