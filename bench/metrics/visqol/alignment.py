"""Lags between signals, from the correlation of their envelopes."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Array = NDArray[np.float64]
Spectrum = NDArray[np.complex128]


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


def envelope_spectrum(signal: Array, size: int) -> Spectrum:
    """The transform of the envelope of ``signal``, with zeros after it up to ``size`` samples."""
    padded = np.zeros(size)
    padded[: len(signal)] = envelope(signal)
    spectrum: Spectrum = scipy.fft.rfft(padded, overwrite_x=True)
    return spectrum


def best_lag(reference: Spectrum, degraded: Spectrum, size: int, lengths: tuple[int, int]) -> int:
    """By how many samples the degraded signal has to be delayed to fit the reference; the earliest of equal peaks.

    A lag over half the reference counts as a mistake and becomes 0.

    Args:
        reference: from :func:`envelope_spectrum`, as ``degraded``.
        size: of the transforms.
        lengths: samples of the reference and of the degraded signal.
    """
    product = np.conj(degraded)
    product *= reference
    correlation = scipy.fft.irfft(product, size, overwrite_x=True)
    furthest = max(lengths) - 1
    before, after = correlation[size - furthest :], correlation[: furthest + 1]
    negative, positive = int(before.argmax()), int(after.argmax())
    lag = negative - furthest if before[negative] >= after[positive] else positive
    return lag if abs(lag) <= lengths[0] / 2 else 0


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
