"""Lags between signals, from the correlation of their envelopes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Array = NDArray[np.float64]
Spectra = NDArray[np.complex128]


def envelope(signal: Array) -> Array:
    """The upper envelope as google/visqol has it: the rectified signal, scaled about its mean.

    The paper asks for the magnitude of the analytic signal. The standard implementation doubles the positive
    frequencies but goes back through a transform for real signals, which mirrors them: what comes back is twice the
    signal, less what the two bins without a mirror image (zero and half the rate) were not doubled by.
    """
    mean = signal.mean()
    centred = signal - mean
    even, odd = centred[::2].sum(), centred[1::2].sum()
    padded = 1 << (len(signal) - 1).bit_length()
    centred *= 2
    centred[::2] -= 2 * even / padded  # the sums of the samples and of the alternating samples, of a power of two
    centred[1::2] -= 2 * odd / padded
    rectified: Array = np.abs(centred, out=centred)
    rectified += mean
    return rectified


def correlation_size(longest: int) -> int:
    """Points of a transform in which no lag of signals up to ``longest`` wraps around."""
    return int(scipy.fft.next_fast_len(2 * longest - 1, real=True))


def envelope_spectra(signals: Sequence[Array], size: int) -> Spectra:
    """Transforms of the envelopes, zeros after each up to ``size`` samples; shape ``(signals, size // 2 + 1)``."""
    envelopes = np.zeros((len(signals), size))
    for row, signal in zip(envelopes, signals, strict=True):
        row[: len(signal)] = envelope(signal)
    spectra: Spectra = scipy.fft.rfft(envelopes, overwrite_x=True, workers=1)
    return spectra


def lags(reference: Spectra, degraded: Spectra, size: int, lengths: Sequence[tuple[int, int]]) -> list[int]:
    """By how many samples each degraded signal has to be delayed to fit; the earliest of equal peaks.

    A lag over half the reference counts as a mistake and becomes 0.

    Args:
        reference: from :func:`envelope_spectra`, as ``degraded``.
        size: of the transforms.
        lengths: of the reference and the degraded signal of each pair.
    """
    products = np.conj(degraded)
    products *= reference
    correlations = scipy.fft.irfft(products, size, overwrite_x=True, workers=1)
    found = []
    for row, (of_reference, of_degraded) in zip(correlations, lengths, strict=True):
        furthest = max(of_reference, of_degraded) - 1
        before, after = row[size - furthest :], row[: furthest + 1]
        negative, positive = int(before.argmax()), int(after.argmax())
        lag = negative - furthest if before[negative] >= after[positive] else positive
        found.append(lag if abs(lag) <= of_reference / 2 else 0)
    return found


def delayed(signal: Array, lag: int) -> Array:
    """``signal`` with ``lag`` zeros before it, or without its first ``-lag`` samples."""
    return signal[-lag:] if lag < 0 else np.concatenate([np.zeros(lag), signal])


def overlap(of_reference: int, of_degraded: int, lag: int, rate: int) -> tuple[int, int, int]:
    """What two signals have in common: the first sample of either, and how many follow.

    A negative first sample of the degraded signal stands for zeros before it: they are kept where the reference is
    the longer one. The lag goes through seconds and back, as in google/visqol, which can lose a sample.
    """
    available = of_degraded + lag
    if of_reference >= available:
        return 0, -lag, available
    skipped = max(0, int(lag / rate * rate))
    return skipped, skipped - lag, of_reference - skipped
