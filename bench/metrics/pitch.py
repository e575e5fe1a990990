"""Fundamental frequency of speech: a tracker after Boersma (1993), whole clips at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.metrics.base import Signal

RATE = 16_000
STEP = 160  # samples, 10 ms
FLOOR_HZ, CEILING_HZ = 75.0, 600.0
WINDOW = 640  # samples: three periods of the floor; Boersma 1993, section 3
OVERSAMPLING = 2  # of the autocorrelation, before a parabola finds the top of a peak
CANDIDATES = 8  # voiced ones in a frame
SILENCE, VOICING = 0.03, 0.45  # thresholds; with the four lines below the standard values of Praat
OCTAVE_COST = 0.01  # for every octave below the ceiling
OCTAVE_JUMP_COST = 0.35  # for every octave between neighbouring frames
VOICING_CHANGE_COST = 0.14

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Track:
    """A pitch contour, one value every 10 ms; ``hz`` is 0 where a frame is unvoiced. Shape ``(frames,)``."""

    hz: Array

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """Which frames are voiced."""
        return self.hz > 0


def track(signal: Signal) -> Track:
    """The contour of ``signal`` at 16 kHz; frames are centred 20 ms after its start and every 10 ms from there.

    Peaks of the autocorrelation, divided by that of the Hann window, are candidates; the path through them (and
    through "unvoiced") with the highest sum of strengths less the costs of jumps is the contour. The last few signals
    are remembered, so that several metrics of one signal track it once.

    Source:
        Boersma, "Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a
        sampled sound", IFA Proceedings 17, 1993.
    """
    return _remembered(signal.tobytes())


@lru_cache(maxsize=8)
def _remembered(samples: bytes) -> Track:
    signal = np.frombuffer(samples)
    if len(signal) < WINDOW:
        return Track(np.zeros(0))
    frames = sliding_window_view(signal, WINDOW)[::STEP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    hz, strength = _candidates(_autocorrelation(frames * _hann()))
    peak = np.abs(frames[:, WINDOW // 3 : 2 * WINDOW // 3]).max(axis=1)
    loudness = peak / max(float(np.abs(signal - signal.mean()).max()), 1e-12)
    unvoiced = VOICING + np.maximum(0, 2 - loudness * (1 + VOICING) / SILENCE)
    return Track(_best_path(np.c_[np.zeros(len(hz)), hz], np.c_[unvoiced, strength]))


def _autocorrelation(frames: Array) -> Array:
    """Of the signal under the window, 1 at lag 0, from one lag below the shortest period to one above the longest."""
    size = scipy.fft.next_fast_len(WINDOW + _lags()[-1] // OVERSAMPLING + 1, real=True)
    power = np.square(np.abs(scipy.fft.rfft(frames, size)))
    correlation = scipy.fft.irfft(power, OVERSAMPLING * size)
    normalised: Array = correlation[:, _lags()] / (np.maximum(correlation[:, :1], 1e-30) * _of_window())
    return normalised


def _candidates(correlation: Array) -> tuple[Array, Array]:
    """Frequencies in Hz and strengths of the strongest peaks, both of shape ``(frames, CANDIDATES)``.

    Where there are fewer peaks, the strength is ``-inf``.
    """
    middle = correlation[:, 1:-1]
    peaks = (middle > correlation[:, :-2]) & (middle >= correlation[:, 2:]) & (middle > VOICING / 2)
    lags = _lags()[1:-1]
    octaves = OCTAVE_COST * np.log2(FLOOR_HZ * lags / (RATE * OVERSAMPLING))
    ranked = np.where(peaks, middle - octaves, -np.inf)
    chosen = np.argpartition(-ranked, CANDIDATES, axis=1)[:, :CANDIDATES]
    left, top, right = (np.take_along_axis(correlation, chosen + shift, axis=1) for shift in (0, 1, 2))
    valid = np.take_along_axis(peaks, chosen, axis=1)
    curvature = np.where(valid, 2 * top - left - right, 1.0)
    offset = np.where(valid, (right - left) / (2 * curvature), 0.0)
    height = top + (right - left) * offset / 4
    height = np.where(height > 1, 1 / np.maximum(height, 1), height)  # Boersma 1993: a peak above 1 is one too sharp
    hz = RATE * OVERSAMPLING / (lags[chosen] + offset)
    strength = np.where(valid, height - OCTAVE_COST * np.log2(FLOOR_HZ / hz), -np.inf)
    return hz, strength


def _best_path(hz: Array, strength: Array) -> Array:
    """Dynamic programming over states of shape ``(frames, states)``, the first of them unvoiced."""
    octaves = np.log2(np.where(hz > 0, hz, 1.0))
    jump = OCTAVE_JUMP_COST * np.abs(octaves[:-1, :, np.newaxis] - octaves[1:, np.newaxis, :])
    voiced = hz > 0
    changes = voiced[:-1, :, np.newaxis] != voiced[1:, np.newaxis, :]
    cost = np.where(changes, VOICING_CHANGE_COST, jump)
    came_from = np.zeros(hz.shape, np.intp)
    total = strength[0]
    for frame in range(1, len(hz)):
        paths = total[:, np.newaxis] - cost[frame - 1]
        best = came_from[frame] = paths.argmax(axis=0)
        total = paths[best, np.arange(len(best))] + strength[frame]
    state = int(total.argmax())
    contour = np.zeros(len(hz))
    for frame in range(len(hz) - 1, -1, -1):
        contour[frame] = hz[frame, state]
        state = int(came_from[frame, state])
    return contour


@lru_cache(maxsize=1)
def _hann() -> Array:
    window: Array = np.sin(np.pi * (np.arange(WINDOW) + 0.5) / WINDOW) ** 2
    return window


@lru_cache(maxsize=1)
def _lags() -> NDArray[np.intp]:
    """In samples of the oversampled autocorrelation."""
    return np.arange(int(RATE * OVERSAMPLING / CEILING_HZ) - 1, int(RATE * OVERSAMPLING / FLOOR_HZ) + 2)


@lru_cache(maxsize=1)
def _of_window() -> Array:
    """Autocorrelation of a Hann window; Boersma 1993, eq. 8."""
    part = _lags() / (OVERSAMPLING * WINDOW)
    value: Array = (1 - part) * (2 + np.cos(2 * np.pi * part)) / 3 + np.sin(2 * np.pi * part) / (2 * np.pi)
    return value
