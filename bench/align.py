"""From codec output to a pair that can be compared: probe, delay, rate, channels and length."""

from __future__ import annotations

import numpy as np

from bench.audio import Audio
from bench.errors import CodecError

PROBE_SECONDS = 3.0


def probe(rate: int, channels: int = 1, seed: int = 0) -> Audio:
    """Noise with the long-term spectrum and the syllable rhythm of speech: every codec takes it for speech.

    Independent in each channel, so that a swap or a mono mix is seen; its autocorrelation has a single peak.
    """
    rng = np.random.default_rng(seed)
    length = round(PROBE_SECONDS * rate)
    spectrum = np.fft.rfft(rng.standard_normal((channels, length)), axis=1)
    frequency = np.fft.rfftfreq(length, 1 / rate)
    # flat from 150 to 500 Hz, 9 dB per octave above: the shape of Byrne et al. 1994, figure 2
    shape = np.where(frequency < 150, 0.0, np.minimum(1.0, (500 / np.maximum(frequency, 1.0)) ** 1.5))
    signal = np.fft.irfft(spectrum * shape, length, axis=1)
    time = np.arange(length) / rate
    signal *= 0.3 + np.abs(np.sin(2 * np.pi * 2 * time))
    return Audio(0.5 * signal / np.max(np.abs(signal)), rate)


def measured_delay(signal: Audio, late: Audio, longest_s: float = 0.5) -> int:
    """Samples by which ``late`` follows ``signal`` (negative: precedes), at the highest cross-correlation.

    For probe signals only. On music, correlation has many peaks, and on clips it finds the content, not the codec.

    Raises:
        CodecError: no channel of ``late`` resembles ``signal``.
    """
    length = signal.length + late.length
    first = np.fft.rfft(signal.samples.astype(np.float64).mean(axis=0), length)
    second = np.fft.rfft(late.samples.astype(np.float64).mean(axis=0), length)
    correlation = np.fft.irfft(second * np.conj(first), length)
    reach = max(0, min(round(longest_s * signal.rate), length // 2 - 1))
    window = correlation[np.arange(-reach, reach + 1)]
    energy = np.sqrt(np.mean(np.abs(first) ** 2) * np.mean(np.abs(second) ** 2))
    peak = int(np.argmax(window))
    if energy == 0 or window[peak] < 0.1 * energy:
        raise CodecError(
            "the delay cannot be measured: the decoded probe signal does not resemble the original. Listen to what "
            "the codec decodes; `codecbench check` tries it on many signals."
        )
    return peak - reach


def envelope_delay(signal: Audio, late: Audio, longest_s: float = 0.1) -> int:
    """As :func:`measured_delay`, of the envelopes over 20 ms: for vocoders, to a few milliseconds."""
    window = np.hanning(round(0.02 * signal.rate))
    length = min(signal.length, late.length)

    def envelope(audio: Audio) -> Audio:
        loudness = np.abs(audio.samples[:, :length]).astype(np.float64).mean(axis=0)
        smooth = np.convolve(loudness, window / window.sum(), "same")
        return Audio((smooth - smooth.mean())[None], audio.rate)

    return measured_delay(envelope(signal), envelope(late), longest_s)


def compensate(decoded: Audio, reference: Audio) -> Audio:
    """``decoded`` at the rate and length of ``reference``.

    The codec has removed its own delay. The length may differ by the rounding of two rate conversions, no more.

    Raises:
        CodecError: other channels, or another length.
    """
    converted = decoded.at(reference.rate)
    if converted.channels != reference.channels or abs(converted.length - reference.length) > 8:
        raise CodecError(
            f"expected {reference.channels} channels of {reference.length} samples at {reference.rate} Hz, "
            f"got {converted.channels} of {converted.length}."
        )
    return converted.with_length(reference.length)
