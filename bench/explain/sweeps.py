"""A clip with damage of known size: delay, gain, band limit, clipping, overdrive, noise.

At one sample of delay, half the level and an edge of 3.5 or 7 kHz they are the controls of
:mod:`bench.codecs.controls` to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import numpy as np

from bench.audio import Audio
from bench.codecs.controls import Lowpass
from bench.domain import Category

HIGHEST_PEAK = 0.5
"""Of the clip, so that 6 dB more does not clip."""

NOISE_SEED = 0
HALF_DB = -6.02
DELAYS = (0, 1, 2, 4, 8)  # samples
DELAYS_MS = (1, 5, 20, 100)
GAINS_DB = (-20, -12, HALF_DB, -3, 0, 3, 6)
EDGES_HZ = (20_000, 16_000, 12_000, 10_000, 7_000, 5_000, 3_500)
CLIPPING_DB = (0, -3, -6, -9, -12, -18, -24)
OVERDRIVE_DB = (-3, 0, 3, 6, 12, 18)
SNRS_DB = (60, 50, 40, 30, 20, 10, 5, 0)

CLIPS: dict[Category, str] = {
    "music": "music_synthetic_band",  # first: at 48 kHz it shows every band limit
    "speech": "speech_synthetic_en_female",
    "noisy_reverberant_speech": "noisy_reverberant_synthetic_en_female_2",
}
"""The embedded clip on which a reaction is shown, for the first category of which the metric speaks."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One kind of damage: each setting has a label and gives the damaged clip."""

    name: str
    unit: str
    settings: tuple[tuple[str, Callable[[Audio], Audio]], ...]


def sweeps(rate: int) -> tuple[Sweep, ...]:
    """The sweeps for a clip of ``rate`` Hz; band limits that it cannot show are left out."""
    delays = [(str(n), n) for n in DELAYS] + [(f"{ms} ms", round(ms * rate / 1000)) for ms in DELAYS_MS]
    edges = [hz for hz in EDGES_HZ if rate >= 2 * (hz + 1_000)]
    return (
        Sweep("delay", "samples or ms", tuple((label, partial(delayed, samples=n)) for label, n in delays)),
        Sweep("gain", "dB", tuple((f"{db:g}", partial(amplified, gain_db=db)) for db in GAINS_DB)),
        Sweep("low-pass", "kHz", tuple((f"{hz / 1000:g}", partial(lowpass, edge_hz=hz)) for hz in edges)),
        Sweep("clipping", "dB re the peak", tuple((f"{db:g}", partial(clipped, level_db=db)) for db in CLIPPING_DB)),
        Sweep(
            "overdrive",
            "dB of the peak re full scale",
            tuple((f"{db:g}", partial(overdriven, peak_db=db)) for db in OVERDRIVE_DB),
        ),
        Sweep("white noise", "dB SNR", tuple((f"{db:g}", partial(noisy, snr_db=db)) for db in SNRS_DB)),
    )


def embedded_clip(categories: Collection[Category]) -> tuple[str, Audio]:
    """Name and sound of the embedded clip for a metric that speaks of ``categories``; see :func:`with_room`."""
    from bench import audio
    from bench.datasets.embedded import FOLDER

    name = next(clip for category, clip in CLIPS.items() if category in categories)
    return name, with_room(audio.read(FOLDER / f"{name}.flac"))


def with_room(clip: Audio) -> Audio:
    """``clip`` with a peak of half of full scale at most, and silence after it, so that no delay cuts off its end."""
    if clip.peak > HIGHEST_PEAK:
        clip = Audio(clip.samples * np.float32(HIGHEST_PEAK / clip.peak), clip.rate)
    return clip.with_length(clip.length + round(max(DELAYS_MS) * clip.rate / 1000)).quantised()


def delayed(clip: Audio, samples: int) -> Audio:
    """``samples`` later, of the same length."""
    return Audio(np.pad(clip.samples, ((0, 0), (samples, 0)))[:, : clip.length], clip.rate)


def amplified(clip: Audio, gain_db: float) -> Audio:
    """Louder or quieter; ``HALF_DB`` is exactly half."""
    factor = 0.5 if gain_db == HALF_DB else 10 ** (gain_db / 20)
    return Audio(clip.samples * np.float32(factor), clip.rate)


def lowpass(clip: Audio, edge_hz: int) -> Audio:
    """Without what lies above ``edge_hz``, by the filter of the anchors."""
    anchor = Lowpass()
    anchor.edge_hz = edge_hz
    return anchor.degrade(clip)


def clipped(clip: Audio, level_db: float) -> Audio:
    """Cut off at ``level_db`` below the peak."""
    level = clip.peak * 10 ** (level_db / 20)
    return Audio(clip.samples.clip(-level, level), clip.rate)


def overdriven(clip: Audio, peak_db: float) -> Audio:
    """Amplified until its peak is ``peak_db`` re full scale, and cut off there, as a file or a player does."""
    return Audio((clip.samples * np.float32(10 ** (peak_db / 20) / clip.peak)).clip(-1, 1), clip.rate)


def noisy(clip: Audio, snr_db: float) -> Audio:
    """With white noise, ``snr_db`` below the clip over its whole length; the same noise at every level."""
    noise = np.random.default_rng(NOISE_SEED).standard_normal(clip.samples.shape)
    power = float(np.mean(np.square(clip.samples, dtype=np.float64)) / np.mean(np.square(noise)))
    return Audio((clip.samples + noise * np.sqrt(power) * 10 ** (-snr_db / 20)).astype(np.float32), clip.rate)
