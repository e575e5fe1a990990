"""The long table of what it cost in bits and time, and the bitrate behind each mean."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from bench.runs.results import ENTROPY_CODERS, Results
from bench.tables.codes import coded, codes_in
from bench.tables.kept import once_per_run
from bench.tables.measured import CELL, WITHOUT_VALUE, measured
from bench.tables.order import finished

RATE_COLUMNS = (
    "run", "complete", "category", "condition", "codec", "role", "nominal_bps", "actual_bps", "actual_bps_min",
    "actual_bps_max", "bits_are", "adaptive_bps", "adaptive_encode_rtf", "adaptive_decode_rtf", "lm_bps",
    "lm_encode_rtf", "lm_decode_rtf", "container_bps", "encode_rtf", "encode_rtf_median", "encode_rtf_q25",
    "encode_rtf_q75", "decode_rtf", "decode_rtf_median", "decode_rtf_q25", "decode_rtf_q75", "delay_samples",
    "delay_ms", "n", "n_failed", "n_undefined", "n_not_applicable",
)  # fmt: skip
USED = {
    "category", "condition", "codec", "role", "bitrate_bps", "sample_rate", "seconds", "payload_bits",
    "container_bytes", "bits_are", "encode_s", "decode_s", "delay_samples", "status",
    *(f"{coder}_{what}" for coder in ENTROPY_CODERS for what in ("bits", "encode_s", "decode_s")),
}  # fmt: skip
"""Columns of the encodings that :func:`rates` looks at."""


def rates(results: Results) -> pd.DataFrame:
    """One row per category and condition: counted bits, speed and delay.

    Bitrates are total bits over total seconds, so that long clips count for what they are. A real-time factor is
    seconds of audio per second of work: above 1 is faster than real time.
    """
    return _rates(results).copy()


@once_per_run
def _rates(results: Results) -> pd.DataFrame:
    rows = []
    table = results.encodings[[name for name in results.encodings if name in USED]]
    for (category, condition), group in table.groupby(["category", "condition"], sort=False, observed=True):
        found = group["status"].to_numpy(dtype=object)
        coded = group[found == "ok"]
        rows.append(
            {
                "category": category,
                "condition": condition,
                "codec": group["codec"].iloc[0],
                "role": group["role"].iloc[0],
                "nominal_bps": _only(group["bitrate_bps"]),
                **_bitrates(coded),
                "bits_are": _bits_are(coded),
                **_entropy_coded(coded),
                **_speed("encode", coded),
                **_speed("decode", coded),
                "delay_samples": _only(coded["delay_samples"]),
                "delay_ms": _delay_ms(coded),
                "n": len(coded),
                **{f"n_{status}": int((found == status).sum()) for status in WITHOUT_VALUE},
            }
        )
    table = finished(results, rows, RATE_COLUMNS)
    return table.astype({"nominal_bps": "Int64", "delay_samples": "Int64"})


@once_per_run
def bitrates_of_means(results: Results) -> pd.DataFrame:
    """``actual_bps`` per category, condition and quantity, over the clips in that mean of :func:`summarise`."""
    table = results.encodings[["clip", "condition", "status", "payload_bits", "seconds"]]
    coded_clips = table[(table["status"] == "ok").to_numpy()]
    clips, conditions = coded(coded_clips["clip"]), coded(coded_clips["condition"])
    place = np.full((len(conditions.names) + 1, len(clips.names) + 1), -1, dtype=np.int64)
    place[conditions.codes, clips.codes] = np.arange(len(coded_clips))
    bits = coded_clips["payload_bits"].to_numpy("float64", na_value=math.nan)
    seconds = coded_clips["seconds"].to_numpy("float64", na_value=math.nan)
    of_scores = codes_in(results.scores["clip"], clips.names)
    condition_place = {str(name): number for number, name in enumerate(conditions.names)}
    rows = []
    for cell in measured(results):
        found = np.sort(place[condition_place.get(cell.condition, -1), of_scores[cell.rows]])
        found = found[(found >= 0) & (np.diff(found, prepend=-1) > 0)]  # each clip once
        if len(found):
            rows.append((*cell[:3], _ratio(_total(bits[found]), _total(seconds[found]))))
    return pd.DataFrame(rows, columns=[*CELL, "actual_bps"])


def _only(values: pd.Series) -> int | None:
    """The value that all rows share, or nothing where they differ."""
    distinct = values.dropna().unique()
    return int(distinct[0]) if len(distinct) == 1 else None


def _bitrates(coded: pd.DataFrame) -> dict[str, float]:
    per_clip = coded["payload_bits"].to_numpy(dtype=float, na_value=math.nan) / coded["seconds"].to_numpy(dtype=float)
    per_clip = per_clip[np.isfinite(per_clip)]
    return {
        "actual_bps": _ratio(_sum(coded["payload_bits"]), _sum(coded["seconds"])),
        "actual_bps_min": float(per_clip.min()) if len(per_clip) else math.nan,
        "actual_bps_max": float(per_clip.max()) if len(per_clip) else math.nan,
        "container_bps": _container_bps(coded),
    }


def _container_bps(coded: pd.DataFrame) -> float:
    """NaN where files were coded elsewhere, and nobody knows their container."""
    known = coded[coded["container_bytes"].notna()]
    return _ratio(8 * _sum(known["container_bytes"]), _sum(known["seconds"]))


def _bits_are(coded: pd.DataFrame) -> str:
    """``counted``, or ``stated`` where nobody has counted the bits of a clip."""
    return "stated" if "bits_are" in coded and (coded["bits_are"] == "stated").any() else "counted"


def _entropy_coded(coded: pd.DataFrame) -> dict[str, float]:
    """Bitrate and speed of each lossless coder, over the clips that it coded; NaN where it coded none."""
    found: dict[str, float] = {}
    for coder in ENTROPY_CODERS:
        rows = coded[coded[f"{coder}_bits"].notna()] if f"{coder}_bits" in coded else coded[:0]
        seconds = _sum(rows["seconds"])
        found[f"{coder}_bps"] = _ratio(_sum(rows[f"{coder}_bits"]), seconds) if len(rows) else math.nan
        for side in ("encode", "decode"):
            found[f"{coder}_{side}_rtf"] = _ratio(seconds, _sum(rows[f"{coder}_{side}_s"])) if len(rows) else math.nan
    return found


def _speed(side: str, coded: pd.DataFrame) -> dict[str, float]:
    timed = coded[coded[f"{side}_s"] > 0]
    seconds, work = timed["seconds"].to_numpy(dtype=float), timed[f"{side}_s"].to_numpy(dtype=float)
    low, median, high = np.quantile(seconds / work, [0.25, 0.5, 0.75]) if len(timed) else [math.nan] * 3
    name = f"{side}_rtf"
    return {
        name: _ratio(_sum(timed["seconds"]), _sum(timed[f"{side}_s"])),
        f"{name}_median": float(median),
        f"{name}_q25": float(low),
        f"{name}_q75": float(high),
    }


def _delay_ms(coded: pd.DataFrame) -> float:
    """Median over clips: a codec that runs at several rates may have a delay for each."""
    delays = coded[["delay_samples", "sample_rate"]].dropna().astype("float64")
    return float(np.median(1000 * delays["delay_samples"] / delays["sample_rate"])) if len(delays) else math.nan


def _sum(values: pd.Series) -> float:
    return _total(values.to_numpy("float64", na_value=math.nan))


def _total(values: np.ndarray[Any, Any]) -> float:
    """Of the numbers that are there. Exact, so the order of the rows has no influence."""
    return math.fsum(values[~np.isnan(values)].tolist())


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
