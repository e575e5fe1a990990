"""Runs with known curves: quality is a straight line over the logarithm of the bitrate, but for a little noise."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.runs.results import CLIP_COLUMNS, ENCODING_COLUMNS, SCORE_COLUMNS, Results

RATES = (6_000, 12_000, 24_000, 48_000)
ABOUT: dict[str, dict[str, Any]] = {
    "mos": {"unit": "MOS", "higher_is_better": True, "low": None, "high": None, "summary": "Made up."},
    "distance": {"unit": "dB", "higher_is_better": False, "low": None, "high": None, "summary": "Made up."},
    "pitch": {"unit": "Hz", "higher_is_better": None, "low": None, "high": None, "summary": "Made up."},
}
Quality = Callable[[float], float]


def line(kbps: float) -> float:
    """One unit of quality for each doubling of the bitrate."""
    return math.log2(kbps)


def make(
    codecs: Mapping[str, tuple[Sequence[int], float, Quality]],
    sources: int = 8,
    clips_per_source: int = 2,
    noise: float = 0.05,
    categories: Sequence[str] = ("speech",),
    complete: bool = True,
) -> Results:
    """A run in memory. ``codecs``: nominal bitrates, the factor of the real bitrate, and quality by nominal kbit/s."""
    random = np.random.default_rng(3)
    clips, encodings, scores = [], [], []
    conditions = ["reference", *(f"{name}@{rate}" for name, (rates, _, _) in codecs.items() for rate in rates)]
    for category in categories:
        for number in range(sources * clips_per_source):
            same = {"clip": f"{category}-{number:03d}", "dataset": "made", "category": category,
                    "source": f"{category} {number // clips_per_source}"}  # fmt: skip
            clips.append({**same, "sample_rate": 24_000, "channels": 1, "samples": 24_000})
            hard = random.normal(0, 0.3)
            for condition in conditions:
                name, _, rate = condition.partition("@")
                role = "codec" if rate else "control"
                factor, quality = (codecs[name][1], codecs[name][2](int(rate) / 1000)) if rate else (1.0, 9.0)
                bits = round(int(rate or 384_000) * factor)
                row = {**same, "run": "made", "condition": condition, "codec": name, "status": "ok", "reason": ""}
                encodings.append({**row, "role": role, "sample_rate": 24_000, "seconds": 1.0, "payload_bits": bits,
                                  "bitrate_bps": int(rate) if rate else None})  # fmt: skip
                value = quality + hard + random.normal(0, noise)
                for quantity, found in (("mos", value), ("distance", -value), ("pitch", value)):
                    scores.append({**row, "metric": quantity, "quantity": quantity,
                                   "value": math.inf if condition == "reference" else found})  # fmt: skip
    info = {"run": "made", "conditions": conditions, "quantities": ABOUT, "complete": complete}
    tables = [
        pd.DataFrame(rows, columns=list(columns)).astype(columns)
        for rows, columns in ((clips, CLIP_COLUMNS), (encodings, ENCODING_COLUMNS), (scores, SCORE_COLUMNS))
    ]
    return Results(Path("made"), *tables, info)


def save(results: Results, folder: Path) -> Path:
    """The run on disk."""
    folder.mkdir(parents=True)
    for name in ("clips", "encodings", "scores"):
        getattr(results, name).to_parquet(folder / f"{name}.parquet")
    (folder / "run.json").write_text(json.dumps(results.info), encoding="utf-8")
    return folder
