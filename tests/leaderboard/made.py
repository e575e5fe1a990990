"""Small runs and listening tests on disk, with known numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.runs.results import Results
from listening_test.analysis.frames import as_ratings, write_ratings
from tests.report.build import save

ABOUT = {
    "visqol_audio": {"unit": "MOS-LQO", "higher_is_better": True, "low": 1.0, "high": 5.0},
    "pesq_wb": {"unit": "MOS-LQO", "higher_is_better": True, "low": 1.0, "high": 4.64},
    "log_spectral_distance": {"unit": "dB", "higher_is_better": False, "low": 0.0, "high": None},
}
CONDITIONS = {
    "passthrough": (None, 5.0),
    "opus@6000": (6000, 2.5),
    "opus@12000": (12000, 3.5),
    "mp3@64000": (64000, 4.5),
}


def sha(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def make_run(
    folder: Path,
    name: str = "first",
    clips: Sequence[str] = tuple(f"s{i}" for i in range(8)),
    category: str = "speech",
    conditions: Mapping[str, tuple[int | None, float]] = CONDITIONS,
    quantities: Sequence[str] = ("visqol_audio", "pesq_wb"),
    rate: int = 24_000,
    channels: int = 1,
    version: str = "1",
    spread: float = 0.1,
    **info: Any,
) -> Results:
    """A run whose scores are the quality of the condition, a share of the clip and a little noise, all by hash."""
    clip_rows, encodings, scores = [], [], []
    for clip in clips:
        same = {"clip": clip, "dataset": "made", "category": category, "source": f"source of {clip.partition('+')[0]}"}
        clip_rows.append({**same, "sha256": sha(clip.partition("+")[0]), "sample_rate": rate, "channels": channels,
                          "samples": rate, "start_s": 0.0, "licence": "CC0-1.0"})  # fmt: skip
        for condition, (bps, quality) in conditions.items():
            codec = condition.partition("@")[0]
            role = "control" if codec == "passthrough" else "codec"
            bits = (bps or 384_000) + 8
            encodings.append({
                **same, "run": name, "condition": condition, "codec": codec, "codec_version": f"{codec} 1",
                "role": role, "bitrate_bps": bps, "sample_rate": rate, "channels": channels, "seconds": 1.0,
                "payload_bits": bits, "payload_bytes": bits // 8, "container_bytes": 4,
                "actual_bps": float(bits), "encode_s": 0.02, "decode_s": 0.01,
                "bits_are": "counted", "decoded_sha256": sha(clip.partition("+")[0], condition),
                "status": "ok", "reason": "",
            })  # fmt: skip
            for quantity in quantities:
                random = np.random.default_rng(int(sha(clip.partition("+")[0], quality, quantity)[:8], 16))
                value = min(quality + spread * random.normal(), ABOUT["pesq_wb"]["high"])
                scores.append({
                    **same, "run": name, "condition": condition, "metric": quantity, "status": "ok", "reason": "",
                    "metric_version": f"{quantity} {version}", "channel_policy": "mono", "quantity": quantity,
                    "value": 5 - value if quantity == "log_spectral_distance" else value,
                })  # fmt: skip
    record = {
        "run": name, "started": "2026-01-02T03:04:05+00:00", "git_revision": "0123456789abcdef", "complete": True,
        "versions": {"numpy": "2.0"}, "machine": {"cpu": "Some CPU", "cores": 2}, "conditions": list(conditions),
        "quantities": {q: {**ABOUT[q], "summary": f"{q}.", "metric_version": f"{q} {version}"} for q in quantities},
        "config_text": "codecs: [passthrough, opus, mp3]\n", "resampler": "soxr", **info,
    }  # fmt: skip
    return save(folder, clip_rows, encodings, scores, record)


def make_ratings(
    path: Path,
    run: Results,
    means: Mapping[str, float],
    listeners: int = 6,
    test: str = "test1",
    simulated: bool = False,
    noise: float = 2.0,
) -> pd.DataFrame:
    """Everyone rates every clip of the run: ``means`` of conditions of the run, a hidden reference, a low anchor."""
    random = np.random.default_rng(3)
    hashes = run.encodings.set_index(["clip", "condition"])["decoded_sha256"]
    rows = []
    for listener in range(listeners):
        for clip, category in zip(run.clips["clip"], run.clips["category"], strict=True):
            same = {"test": test, "test_type": "mushra", "listener": f"L{listener:02d}", "simulated": simulated,
                    "trial": clip, "clip": clip, "category": category, "dataset": "made"}  # fmt: skip
            rows.append({**same, "condition": "hidden_reference", "role": "hidden_reference", "score": 100.0})
            rows.append({**same, "condition": "low_anchor", "role": "low_anchor", "score": 20.0})
            rows += [
                {**same, "condition": condition, "role": "system", "codec": condition.partition("@")[0],
                 "run": run.name, "decoded_sha256": hashes[clip, condition],
                 "score": float(np.clip(round(mean + noise * random.normal()), 0, 100))}
                for condition, mean in means.items()
            ]  # fmt: skip
    ratings = as_ratings(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_ratings(path, ratings)
    return ratings
