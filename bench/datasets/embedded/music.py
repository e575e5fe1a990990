"""Four short pieces of music, synthesised sample by sample: each returns float64 ``(channels, samples)`` at 48 kHz."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from bench.datasets.exact import convolve
from bench.datasets.noises import pink

Samples = NDArray[np.float64]

RATE = 48_000
SECONDS = 3.6


def frequency(note: float) -> float:
    """Hz of a MIDI note number; 69 is A at 440 Hz."""
    return float(440 * 2 ** ((note - 69) / 12))


def times(seconds: float) -> Samples:
    """When each sample of a sound comes."""
    return np.arange(round(seconds * RATE)) / RATE


def plucked(note: float, seconds: float, rng: np.random.Generator) -> Samples:
    """A plucked string: a burst of noise in a loop with a two-point mean (Karplus and Strong, 1983)."""
    from scipy.signal import lfilter

    period = round(RATE / frequency(note) - 0.5)
    burst = np.zeros(round(seconds * RATE))
    burst[:period] = rng.uniform(-1, 1, period)
    loop = np.zeros(period + 2)
    loop[0], loop[period], loop[period + 1] = 1, -0.498, -0.498
    string: Samples = lfilter([1.0], loop, burst)
    return string * np.minimum(1, (seconds - times(seconds)) / 0.05)


def electric_piano(note: float, seconds: float) -> Samples:
    """Two-operator frequency modulation: a body, and a tine 14 times higher that dies away."""
    t, f = times(seconds), frequency(note)
    body = np.sin(2 * np.pi * f * t + 1.5 * np.exp(-3 * t) * np.sin(2 * np.pi * f * t))
    tine = np.exp(-9 * t) * np.sin(2 * np.pi * f * t + 1.2 * np.exp(-12 * t) * np.sin(2 * np.pi * 14 * f * t))
    return (0.7 * body * np.exp(-1.8 * t) + 0.4 * tine) * np.minimum(1, t / 0.003) * _release(seconds)


def pad(note: float, seconds: float, rng: np.random.Generator) -> Samples:
    """Forty slightly detuned partials that open up and close again."""
    t, f = times(seconds), frequency(note)
    opening = 4 + 18 * np.sin(np.pi * t / seconds) ** 2
    out = np.zeros_like(t)
    for partial in range(1, 41):
        if f * partial > 20_000:
            break
        detune = 1 + rng.normal(0, 0.0015)
        level = partial**-0.9 / (1 + (partial / opening) ** 4)
        out += level * np.sin(2 * np.pi * f * partial * detune * t + rng.uniform(0, 2 * np.pi))
    return out * np.minimum(1, t / 0.25) * np.minimum(1, (seconds - t) / 0.6)


def bell(note: float, seconds: float) -> Samples:
    """Inharmonic partials of a bar struck in the middle; the high ones die first."""
    t, f = times(seconds), frequency(note)
    ratios = ((1.0, 1.0), (2.756, 0.6), (5.404, 0.4), (8.933, 0.25), (13.34, 0.12))
    tones = [level * np.sin(2 * np.pi * f * r * t) * np.exp(-(1.5 + r) * t) for r, level in ratios if f * r < 22_000]
    return np.asarray(np.sum(tones, axis=0) * np.minimum(1, t / 0.002) * _release(seconds))


def flute(note: float, seconds: float, rng: np.random.Generator) -> Samples:
    """Few partials, vibrato that sets in late, and breath."""
    t, f = times(seconds), frequency(note)
    vibrato = 0.006 * np.clip((t - 0.15) / 0.3, 0, 1) * np.sin(2 * np.pi * 5.3 * t)
    phase = 2 * np.pi * np.cumsum(f * (1 + vibrato)) / RATE
    tone = sum(level * np.sin(k * phase) for k, level in enumerate((1.0, 0.45, 0.22, 0.1, 0.06, 0.03), start=1))
    breath = 0.012 * np.diff(rng.standard_normal(len(t) + 1))
    return np.asarray(tone + breath) * np.minimum(1, t / 0.06) * np.minimum(1, (seconds - t) / 0.08)


def kick() -> Samples:
    """A bass drum: a sine that falls from 138 Hz to 48 Hz."""
    t = times(0.35)
    return np.sin(2 * np.pi * (48 * t + 90 / 30 * (1 - np.exp(-30 * t)))) * np.exp(-9 * t) * _release(0.35)


def snare(rng: np.random.Generator) -> Samples:
    """A snare drum: a short tone and white noise."""
    t = times(0.25)
    return (
        0.5 * np.sin(2 * np.pi * 190 * t) * np.exp(-25 * t) + 0.6 * rng.standard_normal(len(t)) * np.exp(-20 * t)
    ) * 0.7


def hat(rng: np.random.Generator, seconds: float = 0.09) -> Samples:
    """White noise, differentiated twice: energy up to the top of the band."""
    t = times(seconds)
    return 0.12 * np.diff(rng.standard_normal(len(t) + 2), n=2) * np.exp(-4 / seconds * t)


def strings() -> Samples:
    """An arpeggio on two plucked guitars, left and right."""
    rng = np.random.default_rng(1)
    notes = (45, 57, 60, 64, 69, 64, 60, 57, 41, 53, 57, 60, 65, 60, 57, 53)
    out = np.zeros((2, round(SECONDS * RATE)))
    for step, note in enumerate(notes):
        _place(out, plucked(note, 1.6, rng), step * 0.2, 0.25 + 0.5 * (step % 2))
    for step, note in enumerate((76, 72, 77, 76)):
        _place(out, 0.7 * plucked(note, 1.5, rng), 0.1 + step * 0.8, 0.8)
    return _in_hall(out, 0.12, rng)


def band() -> Samples:
    """Drums, bass and electric piano, 110 beats a minute."""
    rng, beat = np.random.default_rng(2), 60 / 110
    out = np.zeros((2, round(SECONDS * RATE)))
    for half in range(13):
        _place(out, hat(rng, 0.25 if half % 8 == 7 else 0.09), half * beat / 2, 0.65)
    for at in (0, 1.5, 2, 4, 5.5, 6):
        _place(out, 0.9 * kick(), at * beat, 0.5)
    for at in (1, 3, 5):
        _place(out, 0.7 * snare(rng), at * beat, 0.45)
    for at, note in ((0, 38), (1.5, 38), (2, 45), (3.5, 41), (4, 43), (5.5, 43), (6, 38)):
        _place(out, 0.6 * electric_piano(note - 2, 0.5), at * beat, 0.5)
    for at, chord in ((0, (60, 63, 67, 70)), (2.5, (58, 62, 65, 69)), (4, (56, 60, 63, 67))):
        for voice, note in enumerate(chord):
            _place(out, 0.22 * electric_piano(note, 1.2), at * beat, 0.15 + 0.23 * voice)
    return _in_hall(out, 0.06, rng)


def ambient() -> Samples:
    """A wide pad with bells."""
    rng = np.random.default_rng(3)
    out = np.zeros((2, round(SECONDS * RATE)))
    for voice, note in enumerate((43, 50, 57, 62, 66)):
        _place(out, 0.3 * pad(note, SECONDS, rng), 0.0, 0.1 + 0.2 * voice)
    for step, note in enumerate((86, 81, 90, 85, 93, 88)):
        _place(out, 0.25 * bell(note, 1.5), 0.15 + step * 0.45, (step * 0.37) % 1)
    return _in_hall(out, 0.2, rng)


def melody() -> Samples:
    """A flute alone, mono."""
    rng = np.random.default_rng(4)
    out = np.zeros((1, round(SECONDS * RATE)))
    at = 0.0
    for note, seconds in (
        (74, 0.4),
        (76, 0.2),
        (77, 0.6),
        (81, 0.4),
        (79, 0.2),
        (77, 0.2),
        (76, 0.4),
        (69, 0.4),
        (74, 0.75),
    ):
        _place(out, flute(note, seconds + 0.03, rng), at, 0.5)
        at += seconds
    return _in_hall(out, 0.08, rng)


PIECES: dict[str, tuple[str, Callable[[], Samples]]] = {
    "music_synthetic_strings": ("plucked strings, arpeggio, stereo", strings),
    "music_synthetic_band": ("drums, bass and electric piano, stereo", band),
    "music_synthetic_ambient": ("pad and bells, stereo", ambient),
    "music_synthetic_flute": ("flute melody, mono", melody),
}


def _place(out: Samples, sound: Samples, at_s: float, pan: float) -> None:
    """Add ``sound`` to ``out``; ``pan`` 0 is left, 1 is right, at constant power."""
    start = round(at_s * RATE)
    sound = sound[: out.shape[1] - start]
    gains: Iterable[float] = (1.0,) if len(out) == 1 else (np.cos(pan * np.pi / 2), np.sin(pan * np.pi / 2))
    for channel, gain in zip(out, gains, strict=True):
        channel[start : start + len(sound)] += gain * sound


def _release(seconds: float) -> Samples:
    return np.asarray(np.minimum(1, (seconds - times(seconds)) / 0.03))


def _in_hall(dry: Samples, level: float, rng: np.random.Generator) -> Samples:
    """A little diffuse reverberation, 0.9 s long, and a fade at the end."""
    tail = pink(len(dry), round(0.9 * RATE), RATE, rng) * 10 ** (-3 * times(0.9) / 0.9)
    tail *= level / np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    wet = np.concatenate([convolve(dry[i : i + 1], tail[i : i + 1]) for i in range(len(dry))])
    mixed: Samples = (dry + wet) * np.minimum(1, (SECONDS - times(SECONDS)) / 0.25)
    return mixed
