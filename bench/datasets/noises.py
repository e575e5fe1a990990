"""Noise that is synthesised: pure functions of a seeded generator. Each has an RMS of 1 over its channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bench.datasets.exact import Samples, on_grid, steady
from bench.datasets.mixing import active_level_dbfs, amplitude, fit_length

KINDS = ("pink", "speech_shaped", "babble", "hum_fan")
"""What ``noise: simulated`` draws from; babble is made of recordings, see :func:`voices`."""

BABBLE_VOICES = 6

GRID_BITS = 16


def pink(channels: int, length: int, rate: int, rng: np.random.Generator) -> Samples:
    """Equal power per octave from 20 Hz up; channels independent."""
    return _shaped(channels, length, rate, rng, lambda frequency: 1 / np.sqrt(np.maximum(frequency, 20.0)))


def speech_shaped(speech: Samples, channels: int, length: int, rate: int, rng: np.random.Generator) -> Samples:
    """Stationary noise with the long-term spectrum of ``speech`` (Welch, 2048 points); channels independent."""
    from scipy.signal import welch

    segment = min(2048, speech.shape[1])
    frequencies, density = welch(speech.mean(axis=0), rate, nperseg=segment)
    return _shaped(channels, length, rate, rng, lambda frequency: np.sqrt(np.interp(frequency, frequencies, density)))


def voices(talkers: Sequence[Samples], length: int, rate: int, rng: np.random.Generator) -> tuple[Samples, list[float]]:
    """Mono ``talkers`` at equal active level, each looped from a random place, and the azimuth where each stands."""
    parts, azimuths = [], []
    for talker in talkers:
        azimuths.append(round(360 * float(rng.random()), 2))
        gain = amplitude(-active_level_dbfs(talker, rate))
        parts.append(gain * fit_length(talker, length, rng, rate))
    return np.concatenate(parts), azimuths


def sum_of(parts: Samples) -> Samples:
    """The sum over channels, one after the other."""
    total = np.zeros((1, parts.shape[1]))
    for part in parts:
        total += part
    return total


def hum_fan(channels: int, length: int, rate: int, rng: np.random.Generator) -> Samples:
    """A fan: rushing air that falls by 6 dB per octave above 300 Hz, blade tones, and mains hum with its harmonics."""
    seconds = np.arange(length) / rate
    air = _shaped(channels, length, rate, rng, lambda frequency: 1 / np.maximum(frequency, 300.0) * (frequency > 20))
    mains = float(rng.choice([50.0, 60.0]))
    hum = _tones(seconds, mains, 8, rng)
    blades = _tones(seconds, rng.uniform(90, 220), 4, rng)
    flutter = 1 + 0.2 * np.sin(2 * np.pi * rng.uniform(0.5, 3) * seconds + rng.uniform(0, 2 * np.pi))
    return unit(air * flutter + 0.5 * hum + 0.3 * blades * flutter)


def _tones(seconds: Samples, fundamental: float, count: int, rng: np.random.Generator) -> Samples:
    tones = sum(
        np.sin(2 * np.pi * fundamental * order * seconds + rng.uniform(0, 2 * np.pi)) / order**1.2
        for order in range(1, count + 1)
    )
    return np.asarray(tones)


def _shaped(
    channels: int, length: int, rate: int, rng: np.random.Generator, magnitude: Callable[[Samples], Samples]
) -> Samples:
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    padded = next_fast_len(length, real=True)
    spectrum = rfft(rng.standard_normal((channels, padded)), axis=1)
    weight = magnitude(rfftfreq(padded, 1 / rate))
    weight[0] = 0.0
    return unit(irfft(spectrum * weight, padded, axis=1)[:, :length])


def unit(samples: Samples) -> Samples:
    """``samples`` with an RMS of 1 over all channels, in steps of 2**-16 of it (-107 dB)."""
    scaled = samples / steady(float(np.sqrt(np.mean(np.square(samples)))))
    return on_grid(scaled, GRID_BITS)
