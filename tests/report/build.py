"""A small run on disk, made up but of the real shape: real tables, real audio files."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import audio
from bench.domain import CATEGORIES
from bench.runs.results import (
    CLIP_COLUMNS,
    CLIPS,
    ENCODING_COLUMNS,
    ENCODINGS,
    RUN,
    SCORE_COLUMNS,
    SCORES,
    Results,
    load_results,
)

QUANTITIES: dict[str, dict[str, Any]] = {
    "visqol_audio": {"unit": "MOS-LQO", "higher_is_better": True, "low": 1.0, "high": 5.0, "speech_only": False},
    "pesq_wb": {"unit": "MOS-LQO", "higher_is_better": True, "low": 1.0, "high": 4.64, "speech_only": True},
    "si_sdr": {"unit": "dB", "higher_is_better": True, "low": -math.inf, "high": math.inf, "speech_only": False},
    "log_spectral_distance": {"unit": "dB", "higher_is_better": False, "low": 0.0, "high": math.inf,
                              "speech_only": False},
}  # fmt: skip
CODECS = {"encodec_24khz": (1500, 3000, 6000, 12000), "opus": (6000, 12000), "mp3": (24000,)}
CONTROLS = ("reference", "lowpass_3500", "gain_-6dB")
RATE = 16_000


def make_run(
    folder: Path,
    *,
    clips: int = 4,
    categories: Sequence[str] = ("speech", "music"),
    codecs: dict[str, Sequence[int | None]] | None = None,
    controls: Sequence[str] = CONTROLS,
    seconds: float = 0.5,
    with_audio: bool = True,
    clip_name: str = "clip",
    **info: Any,
) -> Results:
    """Write a run into ``folder`` and load it, as a user's would be."""
    codecs = CODECS if codecs is None else codecs
    random = np.random.default_rng(7)
    names = [f"{clip_name}-{category}-{i:03d}" for category in categories for i in range(clips)]
    kinds = dict(zip(names, [category for category in categories for _ in range(clips)], strict=True))
    conditions = [(name, None, "control") for name in controls]
    conditions += [(name, rate, "codec") for name, rates in codecs.items() for rate in rates]
    clip_rows, encoding_rows, score_rows = [], [], []
    for index, (clip, category) in enumerate(kinds.items()):
        signal = _signal(random, seconds)
        same = {"clip": clip, "dataset": "made-up", "category": category, "source": f"recording {index // 2}"}
        reference = f"references/{index}.flac"
        if with_audio:
            audio.write(folder / reference, audio.Audio(signal, RATE))
        clip_rows.append({**same, "sample_rate": RATE, "channels": 1, "samples": signal.shape[1],
                          "duration_s": seconds, "reference": reference})  # fmt: skip
        hardness = random.normal(0, 0.15)
        for number, (codec, bitrate, role) in enumerate(conditions):
            condition = codec if bitrate is None else f"{codec}@{bitrate}"
            decoded = f"decoded/{number}/{index}.flac"
            quality = _quality(codec, bitrate) + hardness + random.normal(0, 0.08)
            if with_audio:
                noise = 0.2 * (5 - quality) * random.normal(0, 0.05, signal.shape)
                audio.write(folder / decoded, audio.Audio((signal + noise).clip(-1, 1), RATE))
            bits = round((bitrate or 256_000) * seconds * random.uniform(0.98, 1.03))
            encoding_rows.append({
                **same, "run": "made-up", "condition": condition, "codec": codec, "codec_version": "1", "role": role,
                "bitrate_bps": bitrate, "sample_rate": RATE, "channels": 1, "seconds": seconds, "payload_bits": bits,
                "payload_bytes": -(-bits // 8), "container_bytes": 20, "actual_bps": bits / seconds,
                "encode_s": random.uniform(0.01, 0.02), "decode_s": random.uniform(0.005, 0.01),
                "delay_samples": 312 if codec == "opus" else 0, "clipped_samples": 0, "decoded": decoded,
                "status": "ok", "reason": "",
            })  # fmt: skip
            for quantity, about in QUANTITIES.items():
                row = {**same, "run": "made-up", "condition": condition, "metric": quantity, "metric_version": "1",
                       "channel_policy": "mixdown", "quantity": quantity, "status": "ok", "reason": ""}  # fmt: skip
                if about["speech_only"] and category == "music":
                    row |= {"value": math.nan, "status": "not_applicable", "reason": f"{quantity} is for speech only."}
                else:
                    row["value"] = _value(quantity, codec, quality)
                score_rows.append(row)
    return save(folder, clip_rows, encoding_rows, score_rows, _info(conditions, info))


def save(folder: Path, clips: Any, encodings: Any, scores: Any, info: dict[str, Any]) -> Results:
    """Write the tables and read them back, as text that a test can change."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, columns in (
        (CLIPS, clips, CLIP_COLUMNS), (ENCODINGS, encodings, ENCODING_COLUMNS), (SCORES, scores, SCORE_COLUMNS),
    ):  # fmt: skip
        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows, columns=list(columns))
        frame.astype(columns).to_parquet(folder / name)
    (folder / RUN).write_text(json.dumps(info), encoding="utf-8")
    read = load_results(folder)
    return replace(read, encodings=read.encodings.astype(ENCODING_COLUMNS), scores=read.scores.astype(SCORE_COLUMNS))


def with_tables(results: Results, folder: Path, **tables: Any) -> Results:
    """The same run with some tables or parts of the record replaced, through the disk."""
    kept = {"clips": results.clips, "encodings": results.encodings, "scores": results.scores, "info": results.info}
    kept |= tables
    return save(folder, kept["clips"], kept["encodings"], kept["scores"], kept["info"])


def _info(conditions: Sequence[tuple[str, int | None, str]], changes: dict[str, Any]) -> dict[str, Any]:
    quantities = {
        name: {**about, "summary": f"What {name} measures.", "metric": name, "metric_version": "1.0",
               "channel_policy": "mixdown", "categories": ["speech"] if about["speech_only"] else list(CATEGORIES)}
        for name, about in QUANTITIES.items()
    }  # fmt: skip
    return {
        "run": "made-up", "started": "2026-01-02T03:04:05+00:00", "ended": "2026-01-02T03:14:05+00:00",
        "config_text": "name: made-up\nclips: <few> & short\n", "git_revision": "0123456789abcdef",
        "versions": {"numpy": "2.0", "soxr": "1.0"},
        "machine": {"cpu": "Some CPU", "cores": 2, "memory_gb": 8.0, "platform": "Linux", "python": "3.11"},
        "workers": 2, "seed": 0, "resampler": "soxr 1.0 VHQ", "quantities": quantities,
        "conditions": [name if rate is None else f"{name}@{rate}" for name, rate, _ in conditions],
        "complete": True, "warnings": [], "datasets": ["made-up"], **changes,
    }  # fmt: skip


def _signal(random: np.random.Generator, seconds: float) -> np.ndarray[Any, Any]:
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = random.uniform(110, 440)
    voice = sum(np.sin(2 * np.pi * pitch * k * time + random.uniform(0, 6)) / k for k in range(1, 12))
    return (0.15 * voice * (1 + np.sin(2 * np.pi * 3 * time)))[None, :].clip(-1, 1)


def _quality(codec: str, bitrate: int | None) -> float:
    fixed = {"reference": 5.0, "lowpass_3500": 2.6}
    return fixed.get(codec, 4.9 - 3.2 * (1 + (bitrate or 64_000) / 3000) ** -0.8 - 0.02 * (sum(map(ord, codec)) % 20))


def _value(quantity: str, codec: str, quality: float) -> float:
    if codec == "reference":
        return {"visqol_audio": 4.9, "pesq_wb": 4.64, "si_sdr": math.inf, "log_spectral_distance": 0.0}[quantity]
    by_quantity = {"si_sdr": 5 * quality - 6, "log_spectral_distance": 5 - quality, "pesq_wb": 0.9 * quality}
    return max(by_quantity.get(quantity, quality), -20.0)
