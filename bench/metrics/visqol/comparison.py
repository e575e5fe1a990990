"""The comparison of two signals: aligned as a whole, matched patch by patch, each pair of patches aligned again.

A reference is prepared once and compared with any number of degraded versions of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import MetricUndefined
from bench.metrics.visqol.alignment import Spectrum, best_lag, correlation_size, delayed, envelope_spectrum
from bench.metrics.visqol.gammatone import Filterbank, filterbank
from bench.metrics.visqol.patches import even_starts, voiced_starts
from bench.metrics.visqol.pooling import Similarity, lost, pooled, scored
from bench.metrics.visqol.refinement import PatchSounds, patch_sounds, realigned
from bench.metrics.visqol.search import best_offsets
from bench.metrics.visqol.similarity import nsim
from bench.metrics.visqol.spectrogram import Sound, above_common_floor, listen

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mode:
    """What audio mode and speech mode differ in. ``voiced``: patches without voice are left out."""

    bands: int
    highest_hz: float
    patch: int  # frames
    voiced: bool


AUDIO = Mode(bands=32, highest_hz=math.inf, patch=30, voiced=False)
SPEECH = Mode(bands=21, highest_hz=8000.0, patch=20, voiced=True)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The reference side of every comparison."""

    mode: Mode
    sound: Sound
    envelope: Spectrum
    starts: Indices  # first frames of the patches
    patches: PatchSounds


def prepare(reference: Array, rate: int, mode: Mode) -> Prepared:
    """The reference side of every comparison with ``reference``, shape ``(samples,)``, at ``rate`` Hz.

    Raises:
        MetricUndefined: it is silent or too short for a patch.
    """
    bank = filterbank(rate, mode.bands, mode.highest_hz)
    _require_signal(reference, bank, "the reference")
    sound = listen(reference, rate, bank)
    frames = sound.levels.shape[1]
    starts = voiced_starts(frames, mode.patch, reference, bank.hop) if mode.voiced else even_starts(frames, mode.patch)
    if not len(starts):
        raise MetricUndefined(f"ViSQOL has no value: the reference is too short for a patch ({frames} frames).")
    envelope = envelope_spectrum(reference, correlation_size(len(reference)))
    return Prepared(mode, sound, envelope, starts, patch_sounds(sound, starts.tolist(), mode.patch))


def compare(prepared: Prepared, degraded: Array) -> Similarity:
    """How alike the reference and ``degraded`` are, which has the reference's rate and any length.

    Raises:
        MetricUndefined: it is silent, or too short or too far off for any patch of the reference.
    """
    reference, width = prepared.sound, prepared.mode.patch
    _require_signal(degraded, reference.bank, "the degraded signal")
    degraded = delayed(degraded, _lag(prepared, degraded))
    _require_signal(degraded, reference.bank, "the aligned degraded signal")
    sound = listen(degraded * (_rms(reference.signal) / _rms(degraded)), reference.rate, reference.bank)
    floored, floored_degraded = above_common_floor(reference.levels, sound.levels)
    starts = prepared.starts[prepared.starts - width // 2 <= sound.levels.shape[1]]
    if not len(starts):
        raise MetricUndefined("ViSQOL has no value: the degraded signal ends before the first patch of the reference.")
    wanted = _patches(floored, starts, width)
    offsets, is_lost = best_offsets(wanted, starts, floored_degraded)
    found = _patches(np.pad(floored_degraded, ((0, 0), (0, width - 1))), offsets, width)
    starts_s = starts * reference.hop_s
    scores = scored(nsim(wanted, found), found, (starts_s + reference.hop_s * width - starts_s).tolist())
    pieces = {number: sound.patch_slice(int(offsets[number]), width) for number in np.flatnonzero(~is_lost).tolist()}
    for number, score in realigned(reference, prepared.patches, sound, pieces).items():
        if score.overall >= scores[number].overall:
            scores[number] = score
    for number in np.flatnonzero(is_lost).tolist():
        scores[number] = lost(scores[number])
    return pooled(scores, reference.hop_s)


def _lag(prepared: Prepared, degraded: Array) -> int:
    """By how many samples the whole degraded signal has to be delayed."""
    reference = prepared.sound.signal
    size = correlation_size(max(len(reference), len(degraded)))
    envelope = prepared.envelope if len(degraded) <= len(reference) else envelope_spectrum(reference, size)
    return best_lag(envelope, envelope_spectrum(degraded, size), size, (len(reference), len(degraded)))


def _patches(levels: Array, starts: Iterable[int], width: int) -> Array:
    """Shape ``(patches, bands, width)``."""
    return np.stack([levels[:, start : start + width] for start in starts])


def _require_signal(signal: Array, bank: Filterbank, what: str) -> None:
    if len(signal) <= bank.frame:
        raise MetricUndefined(f"ViSQOL has no value: {what} has {len(signal)} samples; it needs over {bank.frame}.")
    if _rms(signal) == 0:
        raise MetricUndefined(f"ViSQOL has no value: {what} is silent.")


def _rms(signal: Array) -> float:
    return math.sqrt(float(np.mean(np.square(signal))))
