from __future__ import annotations

import numpy as np
import pytest

from bench.audio import Audio


@pytest.fixture(scope="session")
def sine():
    """``sine(hertz, rate, seconds, level)``: one channel, float32, shape (1, samples)."""

    def make(hertz: float, rate: int = 48_000, seconds: float = 3.0, level: float = 1.0):
        time = np.arange(round(rate * seconds)) / rate
        return (level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None]

    return make


@pytest.fixture(scope="session")
def babble():
    """``babble(seed, rate, seconds)``: noise whose bands come and go, so that it has a shape to be known by."""

    def make(seed: int, rate: int = 16_000, seconds: float = 4.0) -> Audio:
        random = np.random.default_rng(seed)
        time = np.arange(round(rate * seconds)) / rate
        signal = np.zeros_like(time)
        for hertz in np.geomspace(250, 3_000, 24):
            points = random.uniform(-3, 0, round(seconds * 7) + 2)
            envelope = 10 ** np.interp(time * 7, np.arange(len(points)), points)
            drift = np.cumsum(random.normal(0, 8, len(time))) / rate
            signal += envelope * np.sin(2 * np.pi * (hertz * time + drift) + random.uniform(0, 6))
        return Audio((0.3 * signal / np.abs(signal).max()).astype(np.float32)[None], rate)

    return make
