"""Runs and ratings made by hand for tests of agreement."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.ratings import COLUMNS
from bench.runs.results import Results
from tests.report.build import make_run, with_tables

Scores = Mapping[tuple[str, str, str], float]


def hashed(clip: str, condition: str) -> str:
    return hashlib.sha256(f"{clip} {condition}".encode()).hexdigest()


def run(folder: Path, **options: Any) -> Results:
    """A run of made-up scores whose decoded files have hashes."""
    options = {"clips": 8, "with_audio": False, **options}
    made = make_run(folder, **options)
    names = zip(made.encodings["clip"], made.encodings["condition"], strict=True)
    encodings = made.encodings.assign(decoded_sha256=[hashed(*name) for name in names])
    noise = np.random.default_rng(1).normal(0, 0.2, len(made.scores))  # or two metrics would be the same but for scale
    noisy = made.scores["value"] + np.where(made.scores["quantity"] == "pesq_wb", noise, 0.0)
    return with_tables(made, folder, encodings=encodings, scores=made.scores.assign(value=noisy))


def ratings(
    results: Results,
    quality: Callable[[str, str], float],
    listeners: int = 6,
    test: str = "made",
    noise: float = 6.0,
    by_hash: bool = True,
) -> pd.DataFrame:
    """Ratings of every file that a codec made, around ``quality(clip, condition)``; columns of bench.ratings."""
    random = np.random.default_rng(3)
    coded = results.encodings[results.encodings["role"] == "codec"]
    rows = [
        rating(
            f"L{listener}", row["clip"], row["condition"],
            quality(row["clip"], row["condition"]) + random.normal(0, noise),
            test=test, decoded_sha256=row["decoded_sha256"] if by_hash else "", category=row["category"],
        )
        for listener in range(listeners)
        for row in coded.to_dict("records")
    ]  # fmt: skip
    return frame(rows)


def rating(listener: str, clip: str, condition: str, score: float, **more: Any) -> dict[str, Any]:
    return {
        "test": "made", "test_type": "mushra", "listener": listener, "simulated": False, "clip": clip,
        "dataset": "made-up", "category": "speech", "replicate": 0, "training": False, "condition": condition,
        "role": "system", "against": "", "codec": "", "bitrate_bps": None, "actual_bps": math.nan, "run": "",
        "decoded_sha256": "", "score": score, "excluded": False, **more,
    }  # fmt: skip


def frame(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def values(results: Results, quantity: str) -> dict[tuple[str, str], float]:
    rows = results.scores[results.scores["quantity"] == quantity]
    return dict(zip(zip(rows["clip"], rows["condition"], strict=True), rows["value"], strict=True))
