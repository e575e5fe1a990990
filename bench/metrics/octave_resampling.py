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
AT_MOST = 512  # such outputs: a rate without a common divisor has 10 000, and their inputs would fill the memory
BLOCK = 256  # looks; they stay in the cache


def resampled(signal: Array, rate: int, target: int) -> Array:
    """``signal``, shape ``(samples,)``, at ``target`` Hz: ``ceil(samples * target / rate)`` samples."""
    common = math.gcd(rate, target)
    up, down = target // common, rate // common
    if up == down:
        return signal
    periods = -(-AT_ONCE // up)
    step, outputs = down * periods, up * periods
    length = -(-len(signal) * up // down)
    looks = -(-length // outputs)
    groups = [
        _weights(up, down, start, min(start + AT_MOST, outputs)) for start in range(0, min(outputs, length), AT_MOST)
    ]
    first, (last, of_last) = groups[0][0], groups[-1]
    padded = np.zeros(step * looks + last - first + len(of_last))
    padded[-first : -first + len(signal)] = signal[: len(padded) + first]
    found = [_looked(padded[start - first :], weights, step, looks) for start, weights in groups]
    return np.concatenate(found, axis=1).ravel()[:length]


def _looked(padded: Array, weights: Array, step: int, looks: int) -> Array:
    """``looks`` looks at ``padded``, one every ``step`` samples, shape ``(looks, outputs)``."""
    windows = sliding_window_view(padded, len(weights))[: step * looks : step]
    parts = [np.ascontiguousarray(windows[start : start + BLOCK]) @ weights for start in range(0, looks, BLOCK)]
    return np.concatenate(parts)


@lru_cache(maxsize=64)
def _weights(up: int, down: int, start: int, stop: int) -> tuple[int, Array]:
    """``(first, weights)``: the outputs ``start`` to ``stop`` of every look are inputs from ``first`` on ``@ weights``.

    The filter is a sinc under a Kaiser window, its sum one.
    """
    taps = _taps(up, down)
    half = len(taps) // 2
    outputs = np.arange(start, stop)
    first = -((half - start * down) // up)
    inputs = np.arange(first, (int(outputs[-1]) * down + half) // up + 1)
    index = half + outputs * down - inputs[:, np.newaxis] * up
    inside = (index >= 0) & (index < len(taps))
    return first, np.where(inside, taps[np.clip(index, 0, len(taps) - 1)], 0.0)


@lru_cache(maxsize=16)
def _taps(up: int, down: int) -> Array:
    cutoff = 1 / (2 * max(up, down))
    half = math.ceil((REJECTION_DB - 8) / (28.714 * cutoff * ROLL_OFF))
    taps: Array = np.sinc(2 * cutoff * np.arange(-half, half + 1)) * np.kaiser(
        2 * half + 1, 0.1102 * (REJECTION_DB - 8.7)
    )
    taps *= up / taps.sum()
    return taps
