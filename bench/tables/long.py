"""The two long tables of a report: what was measured, and what it cost in bits and time.

Nothing here averages over categories: speech and music are different questions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from bench.domain import CATEGORIES
from bench.results import ENTROPY_CODERS, Results
from bench.stats import mean_ci
from bench.tables.judged import band_limited, judged

SUMMARY_COLUMNS = (
    "run", "complete", "category", "condition", "quantity", "unit", "higher_is_better", "mean", "ci_low", "ci_high",
    "n", "n_failed", "n_undefined", "n_not_applicable", "n_band_limited", "n_sources",
)  # fmt: skip
RATE_COLUMNS = (
    "run", "complete", "category", "condition", "codec", "role", "nominal_bps", "actual_bps", "actual_bps_min",
    "actual_bps_max", "bits_are", "adaptive_bps", "adaptive_encode_rtf", "adaptive_decode_rtf", "lm_bps",
    "lm_encode_rtf", "lm_decode_rtf", "container_bps", "encode_rtf", "encode_rtf_median", "encode_rtf_q25",
    "encode_rtf_q75", "decode_rtf", "decode_rtf_median", "decode_rtf_q25", "decode_rtf_q75", "delay_samples",
    "delay_ms", "n", "n_failed", "n_undefined", "n_not_applicable",
)  # fmt: skip

CELL = ("category", "condition", "quantity")


def summarise(results: Results, seed: int = 0) -> pd.DataFrame:
    """One row per category, condition and quantity: mean, confidence interval, and how many rows had no value.

    Intervals end where the range of their quantity ends. ``n`` counts the values in the mean and ``n_sources`` the
    independent recordings behind them. ``n_band_limited`` counts the values whose reference is not full band for the
    condition (see :mod:`bench.tables.judged`); they are not in the mean unless the run includes them. Rows follow the
    order of the configuration. A mean of nothing is NaN.
    """
    scores = judged(results)
    has_value = (scores["status"] == "ok") & scores["value"].notna()
    # An "ok" without a number is no number: it is counted with what has no value.
    status = scores["status"].mask((scores["status"] == "ok") & ~has_value, "undefined")
    frame = pd.DataFrame(
        {
            "category": scores["category"],
            "condition": scores["condition"],
            "quantity": scores["quantity"],
            "value": scores["value"].astype("float64"),
            "status": status,
            "source": source_codes(scores),
            "band_limited": band_limited(results)
            & results.scores["value"].notna()
            & (results.scores["status"] == "ok"),
        }
    )
    rows = []
    for (category, condition, quantity), group in frame.groupby(list(CELL), sort=False):
        found = group["status"].to_numpy(dtype=object)
        measured = found == "ok"
        interval = mean_ci(group["value"].to_numpy()[measured], group["source"].to_numpy()[measured], seed)
        about = results.quantities.get(str(quantity), {})
        rows.append(
            {
                "category": category,
                "condition": condition,
                "quantity": quantity,
                "unit": about.get("unit", ""),
                "higher_is_better": about.get("higher_is_better"),
                "mean": interval.mean,
                "ci_low": _at_least(interval.low, about.get("low")),
                "ci_high": _at_most(interval.high, about.get("high")),
                "n": interval.n,
                **_counts(found),
                "n_band_limited": int(group["band_limited"].sum()),
                "n_sources": interval.n_clusters,
            }
        )
    return _finished(results, rows, SUMMARY_COLUMNS)


def rates(results: Results) -> pd.DataFrame:
    """One row per category and condition: counted bits, speed and delay.

    Bitrates are total bits over total seconds, so that long clips count for what they are. A real-time factor is
    seconds of audio per second of work: above 1 is faster than real time.
    """
    rows = []
    for (category, condition), group in results.encodings.groupby(["category", "condition"], sort=False):
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
                **_counts(found),
            }
        )
    table = _finished(results, rows, RATE_COLUMNS)
    return table.astype({"nominal_bps": "Int64", "delay_samples": "Int64"})


def bitrates_of_means(results: Results) -> pd.DataFrame:
    """``actual_bps`` per category, condition and quantity, over the clips in that mean of :func:`summarise`."""
    scores = judged(results)
    scored = scores.loc[(scores["status"] == "ok") & scores["value"].notna(), [*CELL, "clip"]].drop_duplicates()
    coded = results.encodings.loc[results.encodings["status"] == "ok", [*CELL[:2], "clip", "payload_bits", "seconds"]]
    rows = [(*cell, _bps(group)) for cell, group in scored.merge(coded).groupby(list(CELL), sort=False)]
    return pd.DataFrame(rows, columns=[*CELL, "actual_bps"])


def is_complete(results: Results) -> bool:
    """Whether every planned cell is in the tables; a run that does not say so is not complete."""
    return results.info.get("complete") is True


def in_order(found: Iterable[Any], first: Sequence[str]) -> list[str]:
    """The names in ``found``: those in ``first`` in its order, then the others by the alphabet."""
    names = {str(name) for name in found}
    return [name for name in dict.fromkeys(first) if name in names] + sorted(names - set(first))


def categories(results: Results) -> list[str]:
    """Categories that have rows, in the usual order."""
    return in_order([*results.encodings["category"].unique(), *results.scores["category"].unique()], CATEGORIES)


def conditions(results: Results) -> list[str]:
    """Conditions that have rows, in the order of the configuration."""
    found = [*results.encodings["condition"].unique(), *results.scores["condition"].unique()]
    return in_order(found, results.conditions)


def quantities(results: Results) -> list[str]:
    """Quantities that have rows, in the order of the configuration."""
    return in_order(results.scores["quantity"].unique(), list(results.quantities))


def source_codes(table: pd.DataFrame) -> pd.Series:
    """A number per recording. Clips without a stated source are their own; numbers follow the alphabet."""
    source = table["source"].fillna("").astype(str)
    name = source.where(source != "", "clip " + table["clip"].astype(str))
    codes, _ = pd.factorize(table["dataset"].fillna("").astype(str) + "\n" + name, sort=True)
    return pd.Series(codes, index=table.index)


def _finished(results: Results, rows: list[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """The rows in the order of the configuration, under the name of their run."""
    orders = (("category", categories(results)), ("condition", conditions(results)), ("quantity", quantities(results)))
    ranks = {key: {name: rank for rank, name in enumerate(names)} for key, names in orders if key in columns}
    rows = sorted(rows, key=lambda row: [rank[str(row[key])] for key, rank in ranks.items()])
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.assign(run=results.name, complete=is_complete(results))


def _at_least(bound: float, least: float | None) -> float:
    """No mean lies outside the range of its quantity, so neither does the interval; NaN stays NaN."""
    return bound if least is None or not bound < least else least


def _at_most(bound: float, most: float | None) -> float:
    return bound if most is None or not bound > most else most


def _counts(found: np.ndarray[Any, Any]) -> dict[str, int]:
    return {f"n_{status}": int((found == status).sum()) for status in ("failed", "undefined", "not_applicable")}


def _only(values: pd.Series) -> int | None:
    """The value that all rows share, or nothing where they differ."""
    distinct = values.dropna().unique()
    return int(distinct[0]) if len(distinct) == 1 else None


def _bitrates(coded: pd.DataFrame) -> dict[str, float]:
    per_clip = coded["payload_bits"].to_numpy(dtype=float, na_value=math.nan) / coded["seconds"].to_numpy(dtype=float)
    per_clip = per_clip[np.isfinite(per_clip)]
    return {
        "actual_bps": _bps(coded),
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


def _bps(coded: pd.DataFrame) -> float:
    return _ratio(_sum(coded["payload_bits"]), _sum(coded["seconds"]))


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
    return math.fsum(values.dropna().astype("float64"))  # exact, so the order of the rows has no influence


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else math.nan
