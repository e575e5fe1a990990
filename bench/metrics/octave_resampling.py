"""The resampler that belongs to the definition of STOI: that of the authors' Matlab code, as in GNU Octave.

Everywhere else one resampler serves both sides of every comparison. Here it is part of the metric: values are
those that everybody's code gives for the same file.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]

REJECTION_DB = 60.0  # Octave's signal package, resample.m, as the roll-off
ROLL_OFF = 1 / 10  # of the cutoff
AT_ONCE = 32  # outputs that share one look at the input, at least
BLOCK = 256  # looks; they stay in the cache


def resampled(signal: Array, rate: int, target: int) -> Array:
    """``signal``, shape ``(samples,)``, at ``target`` Hz: ``ceil(samples * target / rate)`` samples."""
    common = math.gcd(rate, target)
    up, down = target // common, rate // common
    if up == down:
        return signal
    periods = -(-AT_ONCE // up)
    first, weights = _weights(up, down, periods)
    length = -(-len(signal) * up // down)
    looks = -(-length // weights.shape[1])
    step = down * periods
    padded = np.zeros(step * looks + len(weights))
    padded[-first : -first + len(signal)] = signal[: len(padded) + first]
    windows = sliding_window_view(padded, len(weights))[: step * looks : step]
    parts = [np.ascontiguousarray(windows[start : start + BLOCK]) @ weights for start in range(0, looks, BLOCK)]
    return np.concatenate(parts).ravel()[:length]


@lru_cache(maxsize=16)
def _weights(up: int, down: int, periods: int) -> tuple[int, Array]:
    """``(first, weights)``: output ``weights.shape[1] * b + m`` is inputs from ``first + step * b`` on ``@ weights``.

    The filter is a sinc under a Kaiser window, its sum one.
    """
    cutoff = 1 / (2 * max(up, down))
    half = math.ceil((REJECTION_DB - 8) / (28.714 * cutoff * ROLL_OFF))
    taps = np.sinc(2 * cutoff * np.arange(-half, half + 1)) * np.kaiser(2 * half + 1, 0.1102 * (REJECTION_DB - 8.7))
    taps *= up / taps.sum()
    outputs = np.arange(up * periods)
    first = -(half // up)
    inputs = np.arange(first, (int(outputs[-1]) * down + half) // up + 1)
    index = half + outputs * down - inputs[:, np.newaxis] * up
    inside = (index >= 0) & (index < len(taps))
    return first, np.where(inside, taps[np.clip(index, 0, len(taps) - 1)], 0.0)
