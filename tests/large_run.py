"""A made-up run folder of any size, written in blocks: 100 000 clips, 20 conditions, 10 quantities take half a minute.

Every column of bench.runs.results is there, text is as long and as repetitive as in real runs, some cells failed, some
scores are undefined, infinite or do not apply, some references are band-limited.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.domain import CATEGORIES
from bench.runs.results import CLIP_COLUMNS, CLIPS, ENCODING_COLUMNS, ENCODINGS, RUN, SCORE_COLUMNS, SCORES

NAME = "large"
RATE = 24_000
CLIPS_PER_SOURCE = 1.2
CONTROLS = ("reference", "lowpass_3500", "gain_-6dB")
CODECS = {"encodec_24khz": (1500, 3000, 6000, 12000, 24000), "opus": (6000, 9000, 12000, 16000, 24000),
          "mp3": (16000, 24000, 32000), "toy_rvq": (3000, 6000, 9000, 12000)}  # fmt: skip
QUANTITIES: dict[str, dict[str, Any]] = {
    "visqol_audio": {"unit": "MOS-LQO", "higher_is_better": True, "low": 1.0, "high": 5.0},
    "pesq_wb": {"unit": "MOS-LQO", "higher_is_better": True, "low": 1.0, "high": 4.64, "speech_only": True},
    "stoi": {"unit": "", "higher_is_better": True, "low": -1.0, "high": 1.0, "speech_only": True},
    "si_sdr": {"unit": "dB", "higher_is_better": True, "low": -math.inf, "high": math.inf},
    "snr": {"unit": "dB", "higher_is_better": True, "low": -math.inf, "high": math.inf},
    "log_spectral_distance": {"unit": "dB", "higher_is_better": False, "low": 0.0, "high": math.inf},
    "mel_distance": {"unit": "", "higher_is_better": False, "low": 0.0, "high": math.inf},
    "multi_resolution_stft": {"unit": "", "higher_is_better": False, "low": 0.0, "high": math.inf},
    "loudness_difference": {"unit": "LU", "higher_is_better": None, "low": -math.inf, "high": math.inf},
    "f0_error": {"unit": "cents", "higher_is_better": False, "low": 0.0, "high": math.inf, "speech_only": True},
}  # fmt: skip
STATUSES = ("ok", "failed", "undefined", "not_applicable")
OK, FAILED, UNDEFINED, NOT_APPLICABLE = range(4)
REASONS = (
    "", "no decoded audio: the encoder ended with code 1", "the reference is silent: 0 of 3 channels have a signal",
    "it speaks of speech and noisy_reverberant_speech only",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How large a run is; ``*_share`` are of encodings, scores and clips."""

    clips: int
    conditions: int = 20
    quantities: int = 10
    failed_share: float = 2e-4
    undefined_share: float = 1e-4
    limited_share: float = 0.01
    clips_at_once: int = 5_000


def write_large_run(folder: Path, shape: Shape, seed: int = 0) -> None:
    """Write a run of ``shape`` into ``folder``, its rows by clip, condition and quantity as `codecbench run` does."""
    folder.mkdir(parents=True, exist_ok=True)
    conditions = _conditions(shape.conditions)
    quantities = dict(list(QUANTITIES.items())[: shape.quantities])
    clips = _clips(shape, np.random.default_rng([seed, 0]))
    clips.astype(CLIP_COLUMNS).to_parquet(folder / CLIPS, index=False)
    (folder / RUN).write_text(json.dumps(_info(conditions, quantities)), encoding="utf-8")
    blocks = [clips[start : start + shape.clips_at_once] for start in range(0, len(clips), shape.clips_at_once)]
    with _writer(folder / ENCODINGS, ENCODING_COLUMNS) as encodings, _writer(folder / SCORES, SCORE_COLUMNS) as scores:
        for number, block in enumerate(blocks):
            random = np.random.default_rng([seed, 1, number])
            failed = random.random((len(block), len(conditions))) < shape.failed_share
            encodings.write_table(_table(_encodings(block, conditions, failed, random), ENCODING_COLUMNS))
            columns = _scores(block, conditions, quantities, failed, shape, random)
            scores.write_table(_table(columns, SCORE_COLUMNS))


MEASURED = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""A small process between us and what is measured: Linux counts the memory of who starts a program as the program's."""


def report_cost(run: Path, output: Path) -> tuple[float, float, float]:
    """`codecbench report` as a user starts it: seconds on the clock, seconds of CPU, peak of resident memory in MB."""
    command = [sys.executable, "-m", "bench.cli", "report", os.fspath(run), "--output", os.fspath(output)]
    started = time.perf_counter()
    measured = [sys.executable, "-c", MEASURED, *command]
    done = subprocess.run(measured, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent, check=True)
    status, cpu, peak = done.stdout.split()
    if int(status):
        raise subprocess.CalledProcessError(int(status), command)
    kilobytes = int(peak) / (1000 if sys.platform == "darwin" else 1) * 1.024
    return time.perf_counter() - started, float(cpu), kilobytes / 1000


def _conditions(count: int) -> list[tuple[str, int | None, str]]:
    """Codec, bitrate and role."""
    controls: list[tuple[str, int | None, str]] = [(name, None, "control") for name in CONTROLS]
    codecs: list[tuple[str, int | None, str]] = [(name, rate, "codec") for name in CODECS for rate in CODECS[name]]
    codecs += [("other", 1000 * number, "codec") for number in range(1, count)]
    return [*controls[: max(1, count // 6)], *codecs][:count]


def _id(codec: str, bitrate: int | None) -> str:
    return codec if bitrate is None else f"{codec}@{bitrate}"


def _clips(shape: Shape, random: np.random.Generator) -> pd.DataFrame:
    """A third of each category, about 1.2 clips of each source."""
    category = np.sort(np.arange(shape.clips) % len(CATEGORIES))
    place = np.arange(shape.clips) - np.searchsorted(category, category)
    source = (place / CLIPS_PER_SOURCE).astype(int)
    kinds = np.array(CATEGORIES)[category]
    names = [
        f"{kind[:6]}_set/p{s % 311:03d}/utterance_{p:06d}" for kind, s, p in zip(kinds, source, place, strict=True)
    ]
    limited = random.random(shape.clips) < shape.limited_share
    seconds = np.round(random.uniform(2.0, 12.0, shape.clips), 3)
    columns: dict[str, Any] = {
        "clip": names,
        "dataset": [f"{kind[:6]}_set" for kind in kinds],
        "category": kinds,
        "source": [f"p{s % 311:03d}/recording_{s:06d}" for s in source],
        "path": [f"audio/{name}.wav" for name in names],
        "sha256": _hashes(shape.clips, random),
        "sample_rate": RATE, "channels": 1, "samples": (seconds * RATE).astype(int), "start_s": 0.0,
        "duration_s": seconds, "lead_in_s": 0.0, "licence": "CC-BY-4.0", "attributes": "{}",
        "reference": [f"references/{name}.flac" for name in names],
        "format": "PCM_16", "rms_dbfs": -26.0, "clipped_samples": 0,
        "bandwidth_hz": np.where(limited, 6_000.0, 11_500.0), "edge_hz": np.where(limited, 6_000.0, math.nan),
        "edge_db": np.where(limited, 30.0, math.nan), "lossy": False, "stereo": "mono", "peak_dbfs": -3.0, "dc": 0.0,
        "silence_share": 0.1, "loudness_lufs": random.normal(-23.0, 2.0, shape.clips).round(2),
        "noise_floor_dbfs": -70.0, "range_db": 40.0, "rt60_s": math.nan, "fingerprint": "",
        "marks": np.where(limited, json.dumps({"band_limited": "ends at 6 kHz in a cliff of 30 dB"}), "{}"),
    }  # fmt: skip
    return pd.DataFrame(columns)[list(CLIP_COLUMNS)]


def _encodings(
    clips: pd.DataFrame, conditions: list[tuple[str, int | None, str]], failed: np.ndarray, random: np.random.Generator
) -> dict[str, Any]:
    rows, per_clip = failed.size, len(conditions)
    seconds = np.repeat(clips["duration_s"].to_numpy(), per_clip)
    bitrate = np.tile([rate or 256_000 for _, rate, _ in conditions], len(clips))
    bits = (bitrate * seconds * random.uniform(0.97, 1.03, rows)).astype(np.int64)
    broken = failed.ravel()
    work = seconds * random.uniform(0.005, 0.02, rows)
    learned = np.tile([codec == "encodec_24khz" for codec, _, _ in conditions], len(clips)) & ~broken
    coded = [_coded(np.arange(per_clip), [_id(*one[:2]) for one in conditions], len(clips))]
    ids = coded[0]
    names = [f"decoded/{_id(*one[:2])}/{clip}.flac" for clip in clips["clip"] for one in conditions]

    def unless_broken(values: Any) -> pa.Array:
        return pa.array(values, mask=broken)

    def entropy_coded(values: Any) -> pa.Array:
        return pa.array(values, mask=~learned)

    return {
        **_of_clips(clips, per_clip), "condition": ids,
        "codec": _coded(np.arange(per_clip), [codec for codec, _, _ in conditions], len(clips)),
        "codec_version": _constant("1.5.2 libfoo 3.1", rows),
        "role": _coded(np.arange(per_clip), [role for _, _, role in conditions], len(clips)),
        "bitrate_bps": pa.array(np.tile([rate or 0 for _, rate, _ in conditions], len(clips)),
                                mask=np.tile([rate is None for _, rate, _ in conditions], len(clips))),
        "sample_rate": pa.array(np.full(rows, RATE)), "channels": pa.array(np.ones(rows, np.int64)),
        "seconds": pa.array(seconds), "payload_sha256": unless_broken(_hashes(rows, random)),
        "payload_bits": unless_broken(bits), "payload_bytes": unless_broken(-(-bits // 8)),
        "container_bytes": unless_broken(random.integers(20, 200, rows)), "actual_bps": unless_broken(bits / seconds),
        "bits_are": _constant("counted", rows), "encode_s": unless_broken(work), "decode_s": unless_broken(work / 2),
        "delay_samples": unless_broken(np.tile([312 if c == "opus" else 0 for c, _, _ in conditions], len(clips))),
        "lag_samples": pa.nulls(rows, pa.int64()), "adaptive_bits": entropy_coded((bits * 0.8).astype(np.int64)),
        "adaptive_coded": entropy_coded(np.ones(rows, bool)), "adaptive_encode_s": entropy_coded(work / 10),
        "adaptive_decode_s": entropy_coded(work / 9), "lm_bits": pa.nulls(rows, pa.int64()),
        "lm_coded": pa.nulls(rows, pa.bool_()), "lm_encode_s": pa.nulls(rows, pa.float64()),
        "lm_decode_s": pa.nulls(rows, pa.float64()), "clipped_samples": unless_broken(np.zeros(rows, np.int64)),
        "decoded": unless_broken(names), "decoded_sha256": unless_broken(_hashes(rows, random)),
        "status": pa.DictionaryArray.from_arrays(broken.astype(np.int8), ["ok", "failed"]),
        "reason": pa.DictionaryArray.from_arrays(broken.astype(np.int8), ["", "the encoder ended with code 1"]),
    }  # fmt: skip


def _scores(
    clips: pd.DataFrame, conditions: list[tuple[str, int | None, str]], quantities: Mapping[str, Mapping[str, Any]],
    failed: np.ndarray, shape: Shape, random: np.random.Generator,
) -> dict[str, Any]:  # fmt: skip
    size = (len(clips), len(conditions), len(quantities))
    status = np.where(random.random(size) < shape.undefined_share, UNDEFINED, OK).astype(np.int8)
    status[failed] = FAILED
    music = clips["category"].to_numpy() == "music"
    speech_only = np.array([bool(about.get("speech_only")) for about in quantities.values()])
    status[np.broadcast_to(music[:, None, None] & speech_only, size)] = NOT_APPLICABLE
    values = _values(size, conditions, quantities, random)
    rows, per_cell = status.size, len(quantities)
    names = list(quantities)
    first = np.arange(rows) % per_cell == 0
    return {
        **_of_clips(clips, len(conditions) * per_cell),
        "condition": _coded(np.repeat(np.arange(size[1]), per_cell), [_id(*one[:2]) for one in conditions], len(clips)),
        "metric": _coded(np.arange(per_cell), names, size[0] * size[1]),
        "metric_version": _coded(np.arange(per_cell), [f"{name} 1.4.2 double precision" for name in names],
                                 size[0] * size[1]),
        "channel_policy": _constant("per_channel", rows),
        "quantity": _coded(np.arange(per_cell), names, size[0] * size[1]),
        "value": pa.array(values.ravel(), mask=status.ravel() != OK),
        "prepare_s": pa.array(random.uniform(0.01, 0.02, rows), mask=~first),
        "score_s": pa.array(random.uniform(0.001, 0.02, rows)),
        "status": pa.DictionaryArray.from_arrays(status.ravel(), list(STATUSES)),
        "reason": pa.DictionaryArray.from_arrays(status.ravel(), list(REASONS)),
    }  # fmt: skip


def _values(
    size: tuple[int, int, int], conditions: list[tuple[str, int | None, str]],
    quantities: Mapping[str, Mapping[str, Any]], random: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Better at higher rates, worse on hard clips, within the range of the quantity."""
    rates = np.array([rate or 64_000 for _, rate, _ in conditions])
    quality = 4.8 - 3.0 * (1 + rates / 3000) ** -0.8 + random.normal(0, 0.3, (size[0], 1))
    values = quality[..., None] + random.normal(0, 0.2, size)
    for place, about in enumerate(quantities.values()):
        if about["higher_is_better"] is False:
            values[..., place] = 6 - values[..., place]
        if about["unit"] == "dB" and about["higher_is_better"]:
            values[..., place] = 5 * values[..., place] - 6
            values[:, 0, place] = math.inf  # the reference against itself
        np.clip(values[..., place], about["low"], about["high"], out=values[..., place])
    return values


def _of_clips(clips: pd.DataFrame, times: int) -> dict[str, Any]:
    codes = np.repeat(np.arange(len(clips), dtype=np.int32), times)
    kept = {name: pa.DictionaryArray.from_arrays(codes, clips[name].tolist()).dictionary_decode()
            for name in ("clip", "dataset", "category", "source")}  # fmt: skip
    return {"run": _constant(NAME, len(codes)), **kept}


def _coded(codes: np.ndarray, names: list[str], times: int) -> pa.Array:
    """``names[codes]``, over and over."""
    return pa.DictionaryArray.from_arrays(np.tile(codes.astype(np.int32), times), names)


def _constant(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), [text])


def _hashes(count: int, random: np.random.Generator) -> list[str]:
    text = random.bytes(32 * count).hex()
    return [text[64 * i : 64 * i + 64] for i in range(count)]


def _writer(path: Path, columns: Mapping[str, str]) -> pq.ParquetWriter:
    return pq.ParquetWriter(path, _schema(columns))


def _schema(columns: Mapping[str, str]) -> pa.Schema:
    """The schema of the tables that `codecbench run` writes."""
    return pa.Schema.from_pandas(pd.DataFrame(columns=list(columns)).astype(dict(columns)), preserve_index=False)


def _table(found: Mapping[str, Any], columns: Mapping[str, str]) -> pa.Table:
    schema = _schema(columns)
    return pa.Table.from_arrays([found[field.name].cast(field.type) for field in schema], schema=schema)


def _info(conditions: list[tuple[str, int | None, str]], quantities: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    about = {
        name: {**facts, "summary": f"What {name} measures.", "metric": name, "metric_version": "1.4.2",
               "channel_policy": "per_channel",
               "categories": list(CATEGORIES[: 2 if facts.get("speech_only") else 3])}
        for name, facts in quantities.items()
    }  # fmt: skip
    return {
        "run": NAME, "started": "2026-01-02T03:04:05+00:00", "ended": "2026-01-09T03:04:05+00:00",
        "config_text": "name: large\n", "git_revision": "0123456789abcdef", "versions": {"numpy": "2.0"},
        "machine": {"cpu": "Some CPU", "cores": 2}, "workers": 2, "seed": 0, "resampler": "soxr 1.0 VHQ",
        "quantities": about, "conditions": [_id(*one[:2]) for one in conditions], "complete": True, "warnings": [],
        "datasets": [f"{name[:6]}_set" for name in CATEGORIES], "missing_cells": 0,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a made-up run.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=5_000)
    given = parser.parse_args()
    write_large_run(given.folder, Shape(given.clips))


if __name__ == "__main__":
    main()
