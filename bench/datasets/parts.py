"""Parts of recordings as mono or multi-channel arrays at the recipe's rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.audio import Audio
from bench.datasets import mixing
from bench.datasets.exact import Samples, integers
from bench.datasets.materials import Source
from bench.errors import DatasetError

SILENT_DBFS = -80.0
RESAMPLED_BITS = 20  # below the peak: -120 dB


def speech_part(source: Source, duration_s: float | None, rate: int, rng: np.random.Generator) -> Samples:
    """A mono part of a recording: all of it, or the loudest of a few random places."""
    if duration_s is None or duration_s * source.rate >= source.length:
        recorded = source.read()
    else:
        last = source.length - round(duration_s * source.rate)
        starts = [int(rng.integers(last + 1)) for _ in range(mixing.PLACES)]
        recorded = _loudest(source, starts, duration_s)
    mono = _at(recorded.mixed_to(1), rate)
    if mixing.active_level_dbfs(mono, rate) < SILENT_DBFS:
        raise _silent(source)
    return mono


def noise_part(source: Source, length: int, rate: int, rng: np.random.Generator) -> Samples:
    """The recording, or, where it is longer than needed, the loudest of a few random parts."""
    needed = -(-length * source.rate // rate) + 1
    if needed >= source.length:
        recorded = source.read()
    else:
        starts = rng.integers(source.length - needed, size=mixing.PLACES).tolist()
        recorded = _loudest(source, starts, needed / source.rate)
    samples = _at(recorded, rate)
    if mixing.decibels(mixing.power(samples)) < SILENT_DBFS:
        raise _silent(source)
    return samples


def _loudest(source: Source, starts: Sequence[int], duration_s: float) -> Audio:
    """Of the parts that start at these samples."""
    starts_s = [start / source.rate for start in starts]
    return mixing.loudest(starts_s, lambda start_s: source.read(start_s, duration_s))[1]


def _at(recorded: Audio, rate: int) -> Samples:
    whole, exponent = integers(recorded.at(rate).samples.astype(np.float64), RESAMPLED_BITS)
    return np.asarray(np.ldexp(whole, exponent))


def _silent(source: Source) -> DatasetError:
    return DatasetError(f"{source.path}: expected sound, got silence (below {SILENT_DBFS:g} dBFS); exclude the file.")
