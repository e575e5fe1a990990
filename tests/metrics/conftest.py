import csv
from collections.abc import Callable

import numpy as np
import pytest

from bench.audio import Audio


@pytest.fixture(scope="session")
def expected(real_data) -> Callable[..., float]:
    """A value that others published, by metric, part of the reference's name and settings."""
    rows = list(csv.DictReader(real_data("expected/EXPECTED.csv").read_text().splitlines()))

    def value(metric: str, reference: str, settings: str) -> float:
        (row,) = (
            r for r in rows if r["metric"] == metric and reference in r["reference"] and settings in r["settings"]
        )
        return float(row["expected"])

    return value


@pytest.fixture(scope="session")
def speech() -> Audio:
    """Four seconds that PESQ, STOI and ViSQOL take for speech: voiced syllables with pauses and hiss."""
    rate, seconds = 48_000, 4
    rng = np.random.default_rng(7)
    time = np.arange(rate * seconds) / rate
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time)) / rate
    voiced = sum(np.sin(k * phase) / k for k in range(1, 40))
    syllables = np.maximum(0, np.sin(2 * np.pi * 2.3 * time)) ** 0.5
    hiss = 0.3 * np.roll(syllables, rate // 8) * rng.standard_normal(len(time))
    return Audio((0.1 * (syllables * voiced + hiss))[np.newaxis], rate)


@pytest.fixture(scope="session")
def noisy(speech) -> Audio:
    rng = np.random.default_rng(8)
    return Audio(speech.samples + 0.03 * rng.standard_normal(speech.samples.shape), speech.rate)
