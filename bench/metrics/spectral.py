"""Spectral distances: multi-scale mel (DAC's and EnCodec's), multi-resolution STFT, log-spectral distance.

All are zero for identical signals and grow with the difference of magnitude spectra; none sees phase beyond
what overlapping frames betray. Spectra of the reference are kept from ``prepare``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import Domain, Metric, Quantity, Signal

Array = NDArray[np.float64]

BLOCK = 1 << 16  # samples of frames worked on at once: they and their spectra stay in the cache
GROUP = 16  # mel bands applied by one matrix product, over the bins that they touch
LN10 = math.log(10)


class MelDistance(Metric):
    """Multi-scale mel distance of the Descript Audio Codec: ``mel_distance``, 0 upwards, lower is better.

    The sum over seven window lengths of the mean absolute difference of log10 mel magnitudes, floored at 1e-5.
    Hann windows of 32 to 2048 samples, hop a quarter, 5 to 320 mel bands (Slaney's scale and area normalisation)
    from 0 Hz to half the rate. All signals are taken to 44.1 kHz, the rate of the definition: mel bands and window
    durations would change with the rate. Mean over channels.

    Raises:
        MetricUndefined: shorter than 0.05 s, or a channel of the reference silent.
    Blind spots:
        It knows no masking: an inaudible difference at low level counts like a loud one, down to the floor of 1e-5. It
        depends on level through that floor, and gain counts. A clip of a lower rate has empty upper bands that dilute
        the mean: compare conditions of one clip, or clips of one rate. Codecs trained on this distance have an
        advantage in it.
    Source:
        Kumar et al., "High-Fidelity Audio Compression with Improved RVQGAN", arXiv:2306.06546, section 3.5, with
        the settings of its authors' ``conf/base.yml`` (power 1, no magnitude term).
    """

    identity = Identity("mel_distance", "2", "44.1 kHz, windows 32-2048, Slaney mel, log10 floor 1e-5")
    symmetric = True
    quantities = (Quantity("mel_distance", "", higher_is_better=False, low=0.0),)
    domain = Domain(sample_rate=44_100)
    scales = tuple((2**i, bands) for i, bands in zip(range(5, 12), (5, 10, 20, 40, 80, 160, 320), strict=True))

    def prepare_channel(self, reference: Signal, rate: int) -> list[list[Array]]:
        return [list(self._log_mel(reference, size, bands, rate)) for size, bands in self.scales]

    def score_channel(self, state: list[list[Array]], degraded: Signal, rate: int) -> dict[str, float]:
        distance = 0.0
        for expected, (size, bands) in zip(state, self.scales, strict=True):
            pairs = zip(expected, self._log_mel(degraded, size, bands, rate), strict=True)
            total = sum(_absolute_sum(log_mel - block) for block, log_mel in pairs)
            distance += total / _size(expected)
        return {"mel_distance": distance / LN10}

    def _log_mel(self, signal: Signal, size: int, bands: int, rate: int) -> Iterator[Array]:
        """Natural logarithms of mel magnitudes in blocks of shape ``(frames, bands)``."""
        filters = _grouped_mel_filters(rate, size, bands, low_hz=0.0, slaney=True)
        for magnitude in _magnitude(_centred(signal, size), size, size // 4, _window(size)):
            mel = _mel(magnitude, filters)
            np.maximum(mel, 1e-5, out=mel)
            yield np.log(mel, out=mel)


class MelDistanceEncodec(Metric):
    """Multi-scale mel distance of EnCodec: ``mel_distance_encodec``, 0 upwards, lower is better.

    Mean over window lengths 2^5 to 2^11 (hop a quarter) of the L1 and the L2 term with equal weight, 64 mel bands
    of the energy-normalised power spectrum, at 24 kHz. What the paper's formula leaves open follows the code that
    its authors released (audiocraft, ``msspec``): HTK mel scale from 64 Hz without area normalisation, L1 as the
    mean absolute difference of mel powers, L2 as the mean squared difference of log10(mel + 1e-5), the sum divided
    by twice the number of scales, frames centred as there. At windows of 256 samples and fewer some bands hold
    no bin and add nothing, there as here. Mean over channels.

    Raises:
        MetricUndefined: shorter than 0.05 s, or a channel of the reference silent.
    Blind spots:
        It knows no masking, and hears nothing above 12 kHz. The term of mel powers depends on level, so that loud
        passages rule it: compare conditions within a clip, not clips. Codecs trained on this distance have an
        advantage in it.
    Source:
        Défossez et al., "High Fidelity Neural Audio Compression", arXiv:2210.13438, section 3.4.
    """

    identity = Identity("mel_distance_encodec", "2", "24 kHz, windows 32-2048, 64 HTK mel bands from 64 Hz")
    symmetric = True
    quantities = (Quantity("mel_distance_encodec", "", higher_is_better=False, low=0.0),)
    domain = Domain(sample_rate=24_000)
    sizes = tuple(2**i for i in range(5, 12))

    def prepare_channel(self, reference: Signal, rate: int) -> list[list[tuple[Array, Array]]]:
        return [list(self._mel_and_log(reference, size, rate)) for size in self.sizes]

    def score_channel(self, state: list[list[tuple[Array, Array]]], degraded: Signal, rate: int) -> dict[str, float]:
        total = 0.0
        for expected, size in zip(state, self.sizes, strict=True):
            linear = logarithmic = 0.0
            pairs = zip(expected, self._mel_and_log(degraded, size, rate), strict=True)
            for (mel, log_mel), (degraded_mel, degraded_log) in pairs:
                linear += _absolute_sum(degraded_mel - mel)
                logarithmic += _square_sum(degraded_log - log_mel)
            total += (linear + logarithmic / LN10**2) / _size([mel for mel, _ in expected])
        return {"mel_distance_encodec": total / (2 * len(self.sizes))}

    def _mel_and_log(self, signal: Signal, size: int, rate: int) -> Iterator[tuple[Array, Array]]:
        """Mel powers and the natural logarithms of them in blocks of shape ``(frames, bands)``."""
        hop = size // 4
        side = (size - hop) // 2
        padded = np.pad(signal, side, mode="reflect")
        frames = max(0, -(-(len(padded) - size) // hop)) + 1
        padded = np.pad(padded, (0, (frames - 1) * hop + size - len(padded)))  # fills the last frame
        filters = _grouped_mel_filters(rate, size, 64, low_hz=64.0, slaney=False)
        window = _window(size)
        for magnitude in _magnitude(padded, size, hop, window / math.sqrt(np.square(window).sum())):
            mel = _mel(np.square(magnitude, out=magnitude), filters)
            yield mel, np.log(mel + 1e-5)


class StftDistance(Metric):
    """Multi-resolution STFT distance: ``stft_distance``, 0 upwards, lower is better.

    Mean over three resolutions (FFT 512, 1024, 2048; hop 50, 120, 240; Hann window 240, 600, 1200) of the spectral
    convergence (Frobenius norm of the difference over that of the reference) and the mean absolute difference of
    natural-log magnitudes, floored at sqrt(1e-7). All signals are taken to 24 kHz, the rate of the definition, so
    nothing above 12 kHz is seen. Mean over channels.

    Raises:
        MetricUndefined: shorter than 0.05 s, or a channel of the reference silent.
    Blind spots:
        It hears nothing above 12 kHz and knows no masking: the term of log magnitudes weighs quiet bins like loud
        ones. Gain counts.
    Source:
        Yamamoto et al., "Parallel WaveGAN", arXiv:1910.11480, section 2.2 and table 1; the floor is that of the
        ParallelWaveGAN code.
    """

    identity = Identity("stft_distance", "2", "24 kHz, FFT 512-2048, floor sqrt(1e-7)")
    quantities = (Quantity("stft_distance", "", higher_is_better=False, low=0.0),)
    domain = Domain(sample_rate=24_000)
    resolutions = ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200))

    def prepare_channel(self, reference: Signal, rate: int) -> list[list[tuple[Array, Array]]]:
        return [list(self._magnitude_and_log(reference, *resolution)) for resolution in self.resolutions]

    def score_channel(self, state: list[list[tuple[Array, Array]]], degraded: Signal, rate: int) -> dict[str, float]:
        total = 0.0
        for expected, resolution in zip(state, self.resolutions, strict=True):
            distance = logarithmic = 0.0
            pairs = zip(expected, self._magnitude_and_log(degraded, *resolution), strict=True)
            for (magnitude, log_magnitude), (degraded_magnitude, degraded_log) in pairs:
                distance += _square_sum(degraded_magnitude - magnitude)
                logarithmic += _absolute_sum(degraded_log - log_magnitude)
            magnitudes = [magnitude for magnitude, _ in expected]
            total += math.sqrt(distance / sum(map(_square_sum, magnitudes))) + logarithmic / _size(magnitudes)
        return {"stft_distance": total / len(self.resolutions)}

    def _magnitude_and_log(
        self, signal: Signal, fft_size: int, hop: int, window_size: int
    ) -> Iterator[tuple[Array, Array]]:
        """Magnitudes and the natural logarithms of them in blocks of shape ``(frames, bins)``."""
        window = np.pad(_window(window_size), (fft_size - window_size) // 2)
        for magnitude in _magnitude(_centred(signal, fft_size), fft_size, hop, window):
            np.maximum(magnitude, math.sqrt(1e-7), out=magnitude)
            yield magnitude, np.log(magnitude)


class LogSpectralDistance(Metric):
    """Log-spectral distance: ``log_spectral_distance`` in dB, 0 upwards, lower is better.

    The root mean square over frequency of the difference of log power spectra, mean over frames. Hann window of
    42.7 ms (2048 samples at 48 kHz), hop a quarter, at the reference's own rate, so that no empty band above its
    content dilutes the value. Power is floored 80 dB below the reference's strongest bin, so that a value is the
    same at any level and what lies under the floor counts on neither side. Mean over channels.

    Raises:
        MetricUndefined: shorter than 0.05 s, or a channel of the reference silent.
    Blind spots:
        All frequencies count alike: noise or a missing band far up costs much, though it may be inaudible. Content 80
        dB below the strongest bin of the reference does not count at all. Gain counts. Values of clips of different
        rates cover different bands.
    Source:
        Gray and Markel, "Distance measures for speech processing", IEEE TASSP 24(5), 1976 (the L2 log distance).
    """

    identity = Identity("log_spectral_distance", "2", "window 42.7 ms, floor -80 dB re the reference's strongest bin")
    quantities = (Quantity("log_spectral_distance", "dB", higher_is_better=False, low=0.0),)

    def prepare_channel(self, reference: Signal, rate: int) -> tuple[list[Array], float]:
        powers = list(self._power(reference, rate))
        floor = 1e-8 * max(float(power.max()) for power in powers)
        return [np.log(np.maximum(power, floor)) for power in powers], floor

    def score_channel(self, state: tuple[list[Array], float], degraded: Signal, rate: int) -> dict[str, float]:
        expected, floor = state
        total = 0.0
        for block, power in zip(expected, self._power(degraded, rate), strict=True):
            np.maximum(power, floor, out=power)
            difference = np.log(power, out=power)
            difference -= block
            total += float(np.sqrt(np.square(difference, out=difference).mean(axis=1)).sum())
        return {"log_spectral_distance": 10 / LN10 * total / sum(map(len, expected))}

    def _power(self, signal: Signal, rate: int) -> Iterator[Array]:
        """Power spectra in blocks of shape ``(frames, bins)``."""
        size = 4 * round(rate * 512 / 48_000)
        for magnitude in _magnitude(_centred(signal, size), size, size // 4, _window(size)):
            yield np.square(magnitude, out=magnitude)


@lru_cache(maxsize=64)
def mel_filters(
    rate: int, size: int, bands: int, low_hz: float, *, slaney: bool, high_hz: float | None = None
) -> Array:
    """Triangular filters over the bins of a real FFT of ``size``, shape ``(size // 2 + 1, bands)``.

    From ``low_hz`` to ``high_hz`` (None: half the rate): on Slaney's mel scale with unit area per Hz, or on HTK's with
    unit peaks.
    """
    to_mel, to_hz = (_slaney_mel, _slaney_hz) if slaney else (_htk_mel, _htk_hz)
    edges = to_hz(np.linspace(to_mel(low_hz), to_mel(high_hz or rate / 2), bands + 2))
    filters = triangles(np.arange(size // 2 + 1) * (rate / size), edges)
    return filters * (2 / (edges[2:] - edges[:-2])) if slaney else filters


def triangles(places: NDArray[np.floating[Any]], edges: NDArray[np.floating[Any]]) -> Array:
    """Weight of each place in each band, shape ``(places, bands)``: 0 at two neighbours' edges, 1 at its own."""
    places = places[:, np.newaxis]
    rising = (places - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - places) / (edges[2:] - edges[1:-1])
    weights: Array = np.maximum(0.0, np.minimum(rising, falling))
    return weights


@lru_cache(maxsize=64)
def _grouped_mel_filters(
    rate: int, size: int, bands: int, low_hz: float, *, slaney: bool
) -> tuple[tuple[slice, slice, Array], ...]:
    """:func:`mel_filters` without most of its zeros: ``(bins, bands, weights)`` of neighbouring bands."""
    filters = mel_filters(rate, size, bands, low_hz, slaney=slaney)
    groups = []
    for first in range(0, bands, GROUP):
        columns = slice(first, min(first + GROUP, bands))
        touched = np.flatnonzero(filters[:, columns].any(axis=1))
        bins = slice(int(touched[0]), int(touched[-1]) + 1) if touched.size else slice(0, 0)
        groups.append((bins, columns, np.ascontiguousarray(filters[bins, columns])))
    return tuple(groups)


# Slaney, Auditory Toolbox, 1998: linear to 1 kHz (200/3 Hz a mel), then 27 mels for each factor of 6.4.
_LINEAR_HZ, _KNEE_HZ, _LOG_STEP = 200 / 3, 1000.0, math.log(6.4) / 27


def _slaney_mel(hz: float) -> float:
    knee = _KNEE_HZ / _LINEAR_HZ
    return hz / _LINEAR_HZ if hz < _KNEE_HZ else knee + math.log(hz / _KNEE_HZ) / _LOG_STEP


def _slaney_hz(mel: Array) -> Array:
    above = np.maximum(0, mel - _KNEE_HZ / _LINEAR_HZ)
    return np.minimum(mel * _LINEAR_HZ, _KNEE_HZ) * np.exp(above * _LOG_STEP)


def _htk_mel(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)


def _htk_hz(mel: Array) -> Array:
    return 700 * (10 ** (mel / 2595) - 1)


@lru_cache(maxsize=64)
def _window(size: int) -> Array:
    """Periodic Hann."""
    window: Array = scipy.signal.windows.hann(size, sym=False)
    return window


def _centred(signal: Signal, size: int) -> Signal:
    """Mirrored at both ends, so that frame n is centred on sample n times the hop."""
    return np.pad(signal, size // 2, mode="reflect")


def _magnitude(padded: Signal, size: int, hop: int, window: Array) -> Iterator[Array]:
    """Magnitude spectra in blocks of shape ``(frames, size // 2 + 1)``."""
    frames = sliding_window_view(padded, size)[::hop]
    step = max(1, BLOCK // size)
    for start in range(0, len(frames), step):
        yield np.abs(scipy.fft.rfft(frames[start : start + step] * window, overwrite_x=True))


def _mel(spectra: Array, filters: tuple[tuple[slice, slice, Array], ...]) -> Array:
    """Mel bands of magnitude or power ``spectra``, shape ``(frames, bands)``."""
    mel = np.empty((len(spectra), filters[-1][1].stop))
    for bins, bands, weights in filters:
        np.matmul(spectra[:, bins], weights, out=mel[:, bands])
    return mel


def _size(blocks: list[Array]) -> int:
    return sum(block.size for block in blocks)


def _absolute_sum(difference: Array) -> float:
    return float(np.abs(difference, out=difference).sum())


def _square_sum(values: Array) -> float:
    return float(np.vdot(values, values))
