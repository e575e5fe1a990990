"""Levels, reverberation and noise: pure functions of float64 arrays of shape ``(channels, samples)``.

Room impulse responses have a module of their own, :mod:`bench.datasets.rooms`, and so has noise that is
synthesised, :mod:`bench.datasets.noises`. Everything random takes a seeded generator. Levels and gains have few
bits, see :mod:`bench.datasets.exact`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.datasets import exact
from bench.datasets.exact import Samples

FRAME_S = 0.02
ACTIVE_WITHIN_DB = 25.0  # a frame is active if it is this close to the 95th percentile of frame levels
LOOP_FADE_S = 0.02
CEILING = 0.99
PLACES = 4  # of a recording that is longer than asked, the loudest of so many random parts


def decibels(power: float) -> float:
    """``10 log10(power)``; ``-inf`` for nothing."""
    return exact.steady(10 * math.log10(power)) if power > 0 else -math.inf


def amplitude(level_db: float) -> float:
    """The factor that changes the level by ``level_db``."""
    return exact.steady(float(10 ** (level_db / 20)))


def power(samples: NDArray[np.floating[Any]]) -> float:
    """Mean square over all channels and samples."""
    return float(np.mean(np.square(samples, dtype=np.float64)))


def loudest(starts_s: Sequence[float], read: Callable[[float], Audio]) -> tuple[float, Audio]:
    """The start of the loudest part, in seconds, and the part, of those that ``read`` gives for ``starts_s``."""
    parts = [(start_s, read(start_s)) for start_s in starts_s]
    return max(parts, key=lambda part: power(part[1].samples))


def active_level_dbfs(samples: Samples, rate: int) -> float:
    """RMS level in dB re full scale over the frames in which somebody speaks; ``-inf`` for silence.

    Frames last 20 ms; one is active if its power, averaged over channels, is within 25 dB of the 95th percentile of
    all frames. A percentile, not the loudest frame, because a click must not raise the threshold.
    """
    step = max(1, round(FRAME_S * rate))
    count = samples.shape[1] // step
    if not count:
        return decibels(power(samples)) if samples.size else -math.inf
    frames = np.square(samples[:, : count * step]).reshape(samples.shape[0], count, step).mean(axis=(0, 2))
    threshold = np.percentile(frames, 95) * 10 ** (-ACTIVE_WITHIN_DB / 10)
    return decibels(float(frames[frames >= threshold].mean()))


def fit_length(noise: Samples, length: int, rng: np.random.Generator, rate: int) -> Samples:
    """``length`` samples of ``noise`` from a random place: a cut where it is long enough, else a loop.

    The loop's joint is a cross-fade of constant power over 20 ms, or half the recording where that is shorter.
    """
    available = noise.shape[1]
    if available >= length:
        start = int(rng.integers(available - length + 1))
        return noise[:, start : start + length]
    return looped(noise, length, int(rng.integers(period_of(noise, rate))), rate)


def period_of(noise: Samples, rate: int) -> int:
    """Samples after which :func:`looped` comes round again."""
    available: int = noise.shape[1]
    return available - min(round(LOOP_FADE_S * rate), available // 2)


def looped(noise: Samples, length: int, start: int, rate: int) -> Samples:
    """``length`` samples of ``noise`` as an endless loop, from ``start`` on."""
    period = period_of(noise, rate)
    fade = noise.shape[1] - period
    angle = (np.arange(fade) + 0.5) / max(fade, 1) * (np.pi / 2)
    loop = noise[:, :period].copy()
    rising, falling = exact.on_grid(np.sin(angle), 24), exact.on_grid(np.cos(angle), 24)
    loop[:, :fade] = noise[:, :fade] * rising + noise[:, period:] * falling
    return loop[:, (start + np.arange(length)) % period]


def with_channels(samples: Samples, channels: int) -> Samples:
    """To mono by the mean; from mono by repeating; of more channels than asked, the first ones."""
    if channels == 1:
        return np.asarray(samples.mean(axis=0, keepdims=True))
    if samples.shape[0] == 1:
        return np.repeat(samples, channels, axis=0)
    return samples[:channels]


def below_ceiling(samples: Samples) -> tuple[Samples, float]:
    """``samples``, all of them attenuated where a peak is above 0.99, and the gain in dB (0 or negative)."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak <= CEILING:
        return samples, 0.0
    return samples * (CEILING / peak), 20 * math.log10(CEILING / peak)
