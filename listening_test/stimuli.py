"""From decoded audio to what is played: anchors, excerpts, levels, fades, files. Pure, but for :func:`save`."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import audio
from bench.align import envelope_delay, measured_delay
from bench.audio import Audio
from bench.audit.loudness import loudness_lufs
from bench.codecs.controls import lowpass_taps
from bench.errors import CodecError
from bench.store import writing

RATE = 48_000
"""Everything is played at one rate, so that no browser's resampler comes between the conditions."""

CHANNELS = 2
"""Mono is heard in both ears: the same in both channels."""

PEAK = 10 ** (-0.1 / 20)
"""Highest sample that a trial is brought to where a stimulus would pass full scale."""


def for_playing(sound: Audio) -> Audio:
    """``sound`` at 48 kHz in two channels."""
    return sound.at(RATE).mixed_to(CHANNELS)


def lowpass_anchor(reference: Audio, cutoff_hz: int) -> Audio:
    """Low-pass anchor of BS.1534-3, 5.1: ``reference`` up to ``cutoff_hz``, aligned to the sample.

    The filter is that of the controls ``lowpass_3500`` and ``lowpass_7000``: 1201 taps of linear phase at 48 kHz
    (Kaiser window, beta 8) around ``cutoff_hz`` + 120 Hz, applied without its delay of 600 samples. It is flat to
    +-0.1 dB up to the cutoff and at least 50 dB down from 500 Hz above it on. The standard's mask asks for
    25 dB at +500 Hz and 50 dB at +1 kHz.
    """
    from scipy.signal import fftconvolve

    taps = lowpass_taps(cutoff_hz, reference.rate)
    half = len(taps) // 2
    padded = np.pad(reference.samples.astype(np.float64), ((0, 0), (half, half)))
    return Audio(fftconvolve(padded, taps[None, :], mode="valid", axes=1), reference.rate)


def excerpt_start(reference: Audio, seconds: float, where: str | float, seed: int) -> int:
    """First sample of the excerpt of ``seconds``; 0 where the clip is not longer.

    Args:
        where: ``start``, ``middle``, ``loudest`` (most energy), ``random``, or a time in seconds.
        seed: of ``random``.
    """
    length = round(seconds * reference.rate)
    last = reference.length - length
    if last <= 0 or where == "start":
        return 0
    if where == "middle":
        return last // 2
    if where == "random":
        return int(np.random.default_rng(seed).integers(last + 1))
    if where == "loudest":
        power = np.cumsum(np.square(reference.samples, dtype=np.float64).sum(axis=0))
        energy = power[length - 1 :] - np.concatenate([[0.0], power[:last]])
        return int(np.argmax(energy))
    return min(round(float(where) * reference.rate), last)


def match_gain_db(reference: Audio, stimulus: Audio) -> float:
    """Gain that brings ``stimulus`` to the loudness of ``reference`` (BS.1770); 0 where one of them has none."""
    wanted, got = (loudness_lufs(sound.samples, sound.rate) for sound in (reference, stimulus))
    return 0.0 if wanted is None or got is None else wanted - got


def item_gain_db(reference: Audio, lufs: float) -> float:
    """Gain that brings ``reference`` to ``lufs``; 0 where it has no loudness."""
    got = loudness_lufs(reference.samples, reference.rate)
    return 0.0 if got is None else lufs - got


def amplified(sound: Audio, gain_db: float) -> Audio:
    """``sound`` with a gain; untouched, to the bit, where the gain is 0."""
    return sound if gain_db == 0 else Audio(sound.samples * np.float32(10 ** (gain_db / 20)), sound.rate)


def headroom_db(peak: float) -> float:
    """Gain, 0 or negative, that a peak of ``peak`` needs to stay below full scale."""
    return 0.0 if peak <= 1.0 else 20 * float(np.log10(PEAK / peak))


def faded(sound: Audio, fade_ms: float) -> Audio:
    """Raised-cosine fades over the first and the last ``fade_ms``, from and to zero."""
    length = min(round(fade_ms * sound.rate / 1000), sound.length // 2)
    if length == 0:
        return sound
    rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)).astype(np.float32)
    samples = sound.samples.copy()
    samples[:, :length] *= rise
    samples[:, sound.length - length :] *= rise[::-1]
    return Audio(samples, sound.rate)


def save(sound: Audio, folder: Path) -> str:
    """Write ``sound`` as a 24-bit WAV file named by its SHA-256 into ``folder``; return that hash."""
    temporary = folder / f".{os.getpid()}.wav"
    with writing(folder):
        audio.write(temporary, sound)
        sha256 = hashlib.sha256(temporary.read_bytes()).hexdigest()
        temporary.replace(folder / f"{sha256}.wav")
    return sha256


@dataclass(frozen=True, slots=True)
class Delay:
    """Samples by which a stimulus follows its reference. ``exact``: the waveforms say so, not only the envelopes."""

    samples: int
    exact: bool


ALIKE = 0.6
"""Coefficient of correlation from which on a waveform is the reference's: EnCodec at 1.5 kbit/s has 0.64 and more on
speech, vocoders that make their own phases stay below 0.5, and there the peak lies anywhere in a few pitch periods."""

CLEARLY = 0.05
"""How much higher, as a coefficient of correlation, a delay must be than none before it is one."""


def residual_delay(reference: Audio, stimulus: Audio) -> Delay | None:
    """What is left of a codec's delay. None where nothing resembles.

    The peak of the cross-correlation is believed only where the waveforms are alike there, and clearly more so than
    without delay: on periodic music it wanders among peaks that are as high. A vocoder keeps no waveform; there the
    envelopes tell, to several milliseconds, so that only the median over clips means something.
    """
    first, second = (sound.mixed_to(1) for sound in (reference, stimulus))
    try:
        lag = measured_delay(first, second)
        at_lag = _alike(first, second, lag)
    except CodecError:
        at_lag = 0.0
    if at_lag >= ALIKE:
        return Delay(lag if at_lag - _alike(first, second, 0) > CLEARLY else 0, exact=True)
    try:
        return Delay(envelope_delay(first, second), exact=False)
    except CodecError:
        return None


def _alike(first: Audio, second: Audio, lag: int) -> float:
    """Coefficient of correlation of the parts that overlap when ``second`` is taken ``lag`` samples earlier."""
    a, b = first.samples[0].astype(np.float64), second.samples[0].astype(np.float64)
    a, b = (a[: len(a) - lag], b[lag:]) if lag >= 0 else (a[-lag:], b[: len(b) + lag])
    energy = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / energy if energy else 0.0


def share_above(sound: Audio, frequency_hz: float) -> float:
    """How much of the energy lies above a frequency, in dB; ``-inf`` for nothing."""
    spectrum = np.abs(np.fft.rfft(sound.samples.astype(np.float64), axis=1)) ** 2
    above = float(spectrum[:, np.fft.rfftfreq(sound.length, 1 / sound.rate) > frequency_hz].sum())
    return 10 * float(np.log10(above / spectrum.sum())) if above else -np.inf
