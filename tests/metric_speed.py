"""What ``make bench-metrics`` measures: clips, CPU seconds, differences, first runs, the whole job, two workers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio, metrics
from bench.audio import Audio
from bench.errors import ConfigError, MetricUndefined
from bench.runner import load_plan
from tests.metric_packages import COMPARISONS, JOB, JOB_RATES, Comparison
from tests.real_pairs import RealPair

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
RATE, SECONDS, CLIPS = 48_000, 10, 20
BITRATES = (6_000, 12_000, 16_000, 24_000, 64_000)
DEAR_CLIPS = 4
"""Clips on which a metric is timed whose package takes more than a second for one pair."""

Row = dict[str, Any]
Conditions = tuple[Audio, list[Audio]]
"""A reference and its coded versions."""


def data_folder() -> Path | None:
    """Where the real audio is: where the environment says, else where the tests look for it; None where it is absent.

    Raises:
        ConfigError: the environment names a folder that holds no real audio.
    """
    for name in ("CODECBENCH_DATA", "CODECBENCH_TEST_DATA"):
        if place := os.environ.get(name):
            if not (Path(place) / "speech").is_dir():
                raise ConfigError(
                    f"{name}: expected a folder of real audio, with a folder speech in it, got {place}. Correct it, or "
                    "unset it."
                )
            return Path(place)
    return SHARED if (SHARED / "speech").is_dir() else None


def clips(folder: Path | None, count: int) -> Iterator[Audio]:
    """Speech at 48 kHz, one recording after the other, in pieces of ten seconds; from the start again at its end."""
    if folder:
        paths = sorted(path for path in (folder / "speech").iterdir() if path.suffix in (".wav", ".flac"))
    else:
        plan, _ = load_plan({"name": "clips", "datasets": ["embedded"], "codecs": ["passthrough"], "metrics": ["snr"]})
        paths = [Path(clip.path) for clip in plan.clips if clip.category != "music"]
    # At one level: PESQ finds no utterance in a piece that is all softer than another in it.
    recordings = [audio.read(path).mixed_to(1).at(RATE).samples for path in paths]
    whole = np.concatenate([0.05 * samples / np.sqrt(np.mean(np.square(samples))) for samples in recordings], axis=1)
    whole = np.clip(whole, -1, 1).astype(np.float32)
    length = SECONDS * RATE
    whole = np.tile(whole, -(-count * length // whole.shape[1]))
    for start in range(0, count * length, length):
        yield Audio(whole[:, start : start + length], RATE).quantised()


def cpu_seconds(work: Callable[[], Any]) -> tuple[Any, float]:
    """What ``work`` gives, and the CPU seconds of this process that it took."""
    started = time.process_time()
    value = work()
    return value, time.process_time() - started


def speed(comparison: Comparison, sets: list[Conditions]) -> Row:
    """CPU seconds of a pair: with the package, alone with ours, and with ours where a reference has five conditions."""
    metric = comparison.ours()
    rate = metric.domain.sample_rate or RATE
    short = [signal.part(0, 2 * RATE).at(rate) for signal in (sets[0][0], sets[0][1][0])]
    metric.score(metric.prepare(short[0]), short[1])  # imports and loading
    _, warm_s = cpu_seconds(lambda: comparison.score(*short))
    _, warm_s = cpu_seconds(lambda: comparison.score(*short))
    prepare_s, score_s, package_s = [], [], []
    for reference, conditions in sets[:DEAR_CLIPS] if warm_s * SECONDS / 2 > 1 else sets:
        reference = reference.at(rate)
        state, seconds = cpu_seconds(lambda reference=reference: metric.prepare(reference))
        prepare_s.append(seconds)
        for condition in conditions:
            degraded = condition.at(rate)
            _, seconds = cpu_seconds(lambda state=state, degraded=degraded: metric.score(state, degraded))
            score_s.append(seconds)
            pair = (reference, degraded)
            package_s.append(cpu_seconds(lambda pair=pair: comparison.score(*pair))[1])
    prepare, score, theirs = (float(np.mean(seconds)) for seconds in (prepare_s, score_s, package_s))
    kept = prepare / len(BITRATES) + score
    return {
        "package_s": theirs,
        "prepare_s": prepare,
        "score_s": score,
        "condition_s": kept,
        "condition_ratio": theirs / kept,
        "single_s": prepare + score,
        "single_ratio": theirs / (prepare + score),
        "timed_pairs": len(score_s),
    }


def differences(comparison: Comparison, pairs: list[RealPair]) -> Row:
    """Largest absolute differences to the package, and to it ``mended``; signals are at the rate of our metric."""
    metric = comparison.ours()
    theirs = {"differences": comparison.score} | ({"mended": comparison.mended} if comparison.mended else {})
    largest: dict[str, dict[str, tuple[float, str]]] = {kind: {} for kind in theirs}
    undefined = []
    judged = [pair for pair in pairs if pair.category in metric.domain.categories]
    for pair in judged:
        rate = metric.domain.sample_rate or pair.reference.rate
        reference, degraded = pair.reference.at(rate), pair.degraded.at(rate)
        try:
            ours = metric.score(metric.prepare(reference), degraded)
        except MetricUndefined as error:
            undefined.append(f"{pair.name}: {error}")
            continue
        for kind, score in theirs.items():
            for name, value in score(reference, degraded).items():
                difference = abs(ours[name] - value), pair.name
                largest[kind][name] = max(largest[kind].get(name, (0.0, "")), difference)
    return {"mended": {}, **largest, "real_pairs": len(judged), "undefined": undefined}


def first_run(comparison: Comparison) -> Row:
    """CPU seconds of processes that score one pair, where nothing is compiled yet and where everything is."""
    rate = comparison.ours().domain.sample_rate or RATE
    found: Row = {}
    for who in ("ours", "package"):
        with tempfile.TemporaryDirectory(prefix="codecbench-numba-") as folder:
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            command = [sys.executable, "-m", "tests.metric_first_run", who, comparison.quantities[0], str(rate)]
            found[who] = {
                run: json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
                for run in ("first", "later")
            }
    return found


def floor() -> Row:
    """CPU seconds of our spectrogram of 10 s for ViSQOL in audio mode, and of a multiply-add where it is cheapest.

    That is in a product of large matrices of float64, on one core.
    """
    from bench.metrics.visqol.comparison import AUDIO
    from bench.metrics.visqol.gammatone import filterbank

    rng = np.random.default_rng(0)
    signal, matrix = rng.standard_normal(SECONDS * RATE), rng.standard_normal((1024, 1024))
    bank = filterbank(RATE, AUDIO.bands, AUDIO.highest_hz)
    spectrogram_s, product_s = (
        min(cpu_seconds(work)[1] for _ in range(10)) for work in (lambda: bank.levels(signal), lambda: matrix @ matrix)
    )
    return {"spectrogram_s": spectrogram_s, "multiply_add_s": product_s / 1024**3}


def job(sets: list[Conditions]) -> Row:
    """CPU seconds of all metrics of the job on all clips and conditions, resampling included, coding not."""
    made = metrics.make(JOB)
    naive = [one for one in COMPARISONS if set(one.quantities) <= set(JOB)]
    ours_s = dict.fromkeys((metric.identity.name for metric in made), 0.0)
    package_s = dict.fromkeys((one.name for one in naive), 0.0)
    for kept_reference, kept_conditions in sets:
        reference, conditions = fresh(kept_reference), [fresh(condition) for condition in kept_conditions]
        states = {}
        for metric in made:
            states[metric], seconds = cpu_seconds(lambda metric=metric, signal=reference: metric.prepare(signal))
            ours_s[metric.identity.name] += seconds
        for condition in conditions:
            for metric in made:
                pair = (states[metric], condition)
                ours_s[metric.identity.name] += cpu_seconds(lambda metric=metric, pair=pair: metric.score(*pair))[1]
            signals = (fresh(reference), fresh(condition))
            for one in naive:
                rate = JOB_RATES.get(one.quantities[0], RATE)
                work = lambda one=one, rate=rate, pair=signals: one.score(*(signal.at(rate) for signal in pair))  # noqa: E731
                package_s[one.name] += cpu_seconds(work)[1]
    ours, theirs = sum(ours_s.values()), sum(package_s.values())
    return {
        "clips": len(sets), "conditions": len(BITRATES), "quantities": list(JOB), "ours_s": ours, "packages_s": theirs,
        "ratio": theirs / ours, "ours_by_metric_s": ours_s, "packages_by_metric_s": package_s,
    }  # fmt: skip


def fresh(signal: Audio) -> Audio:
    """The same without the conversions that it keeps."""
    return Audio(signal.samples, signal.rate)


def workers(references: list[Audio], times: int) -> Row:
    """Wall seconds of ``codecbench run`` on the job with one worker and with two, coding and start included."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    quantities = [name for name in JOB if metrics.registry.missing(name) is None]
    with tempfile.TemporaryDirectory(prefix="codecbench-workers-") as name:
        folder = Path(name)
        for index, reference in enumerate(references):
            audio.write(folder / "clips" / f"{index:02}.wav", reference, "PCM_24")
        dataset = {"loader": "folder", "name": "speech", "category": "speech", "path": str(folder / "clips")}
        codec = {"name": "opus", "bitrates_bps": list(BITRATES)}
        config = {"name": "job", "datasets": [dataset], "codecs": [codec], "metrics": quantities}
        (folder / "job.yaml").write_text(json.dumps(config), encoding="utf-8")
        wall_s(folder, "warm", "--workers", "1", "--limit", "1")
        for index in range(times):
            for count in walls:
                walls[count].append(wall_s(folder, f"{index}-{count}", "--workers", str(count)))
    one, two = min(walls[1]), min(walls[2])
    return {"clips": len(references), "one_worker_s": walls[1], "two_workers_s": walls[2], "ratio": one / two}


def wall_s(folder: Path, name: str, *options: str) -> float:
    """Seconds of one run with an empty cache."""
    command = [sys.executable, "-m", "bench.cli", "run", str(folder / "job.yaml"), *options]
    places = ["--output", str(folder / name), "--cache", str(folder / f"cache-{name}")]
    started = time.perf_counter()
    subprocess.run([*command, *places], check=True, capture_output=True)
    return time.perf_counter() - started
