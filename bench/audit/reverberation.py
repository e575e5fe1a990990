"""Reverberation time of a recording of speech, estimated from how fast its sounds die away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
FRAME, HOP = 256, 128  # 32 ms every 16 ms
BANDS, LOW_HZ, HIGH_HZ = 10, 300.0, 3_600.0
WINDOW = 12  # frames of a fitted decay: 0.2 s, longer than the sounds of speech and shorter than its syllables
ABOVE_FLOOR_DB = 10.0
FLOOR_PERCENTILE = 5
STEEP_PERCENTILE = 20
LEAST_RANGE_DB = 28.0  # of the loudest over the softest frames of a band; noise hides the decays of less
LEAST_DECAYS = 150
SCALE, POWER = 1.13, 1.64
SHORTEST_S, LONGEST_S = 0.15, 5.0


def reverberation_s(mono: NDArray[np.float32]) -> float | None:
    """RT60 in seconds of speech at 8 kHz, shape ``(samples,)``; None where there are too few decays.

    In each of ten bands the level in dB is fitted with a line over every stretch of 0.2 s that ends above the noise.
    A room lets nothing die away faster than it does itself, so the steep end of the distribution of falling slopes
    (its 20th percentile) tells of the room. A power law, fitted to dry speech in 14 recorded and 7 simulated rooms,
    turns that slope into RT60, because speech has decays of its own that a dry room does not hide.

    The estimate speaks of speech; of music it says little. A value near 0.2 s means "no reverberation to be heard".

    Source:
        The idea, with other statistics: Wen, Habets and Naylor, "Blind estimation of reverberation time based on the
        distribution of signal decay rates", ICASSP 2008.
    """
    levels = _levels(mono)
    if len(levels) < WINDOW:
        return None
    floor = np.percentile(levels, FLOOR_PERCENTILE, axis=0)
    heard = np.percentile(levels, 100 - FLOOR_PERCENTILE, axis=0) - floor >= LEAST_RANGE_DB
    stretches = np.lib.stride_tricks.sliding_window_view(levels, WINDOW, axis=0)
    times = (np.arange(WINDOW) - (WINDOW - 1) / 2) * HOP / RATE
    slopes = stretches @ times / float(times @ times)
    falling = slopes[(slopes < 0) & (stretches[..., -1] > floor + ABOVE_FLOOR_DB) & heard]
    if len(falling) < LEAST_DECAYS:
        return None
    steep_s = -60 / float(np.percentile(falling, STEEP_PERCENTILE))
    return float(np.clip(SCALE * steep_s**POWER, SHORTEST_S, LONGEST_S))


def _levels(mono: NDArray[np.float32]) -> NDArray[np.float64]:
    """Level of each band in dB, shape ``(frames, bands)``."""
    if len(mono) < FRAME:
        return np.zeros((0, BANDS))
    frames = np.lib.stride_tricks.sliding_window_view(mono, FRAME)[::HOP] * np.hanning(FRAME).astype(np.float32)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1)))
    edges = np.rint(np.geomspace(LOW_HZ, HIGH_HZ, BANDS + 1) * FRAME / RATE).astype(int)
    levels: NDArray[np.float64] = 10 * np.log10(np.add.reduceat(power, edges, axis=1)[:, :BANDS] + 1e-12)
    return levels
