"""Waveform distortion: SI-SDR and SNR. They compare samples, so a delay or a phase change counts as distortion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import Metric, Quantity, Signal, mean_over_channels

BLOCK = 1 << 14  # samples


def si_sdr(reference: NDArray[np.floating[Any]], degraded: NDArray[np.floating[Any]]) -> float:
    r"""Scale-invariant signal-to-distortion ratio in dB. Higher is better.

    The part of ``degraded`` along ``reference`` counts as signal, the rest as distortion.

    Args:
        reference: shape ``(channels, samples)``.
        degraded: the same shape and rate, time-aligned to ``reference``.
    Returns:
        Mean over channels; ``inf`` where ``degraded`` is a scaled copy.
    Raises:
        MetricUndefined: a channel of either signal is silent, or some channels are scaled copies and others not.
    Source:
        Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, arXiv:1811.02508. Means are
        not removed (the paper assumes zero-mean signals).

    >>> s, d = np.array([[3.0, -0.5, 2.0, 7.0]]), np.array([[2.5, 0.0, 2.0, 8.0]])
    >>> round(si_sdr(s, d), 4)  # the value torchmetrics 1.9 documents for the same vectors
    18.403
    """
    values = []
    for channel, (s, d) in enumerate(_channels(reference, degraded)):
        energy = float(s @ s)
        if energy == 0 or not d.any():
            which = "reference" if energy == 0 else "degraded signal"
            raise MetricUndefined(f"channel {channel + 1} of the {which} is silent.")
        values.append(_si_sdr(s, energy, d))
    return mean_over_channels(values)


def snr(reference: NDArray[np.floating[Any]], degraded: NDArray[np.floating[Any]]) -> float:
    """Signal-to-noise ratio in dB: the reference's energy over that of the difference. Higher is better.

    A change of gain counts as noise: -6 dB alone gives 6 dB, and silence gives 0 dB.

    Args:
        reference: shape ``(channels, samples)``.
        degraded: the same shape and rate, time-aligned to ``reference``.
    Returns:
        Mean over channels; ``inf`` where ``degraded`` is identical.
    Raises:
        MetricUndefined: a channel of the reference is silent, or some channels are identical and others not.

    >>> round(snr(np.array([[1.0, -1.0]]), np.array([[0.9, -0.9]])), 6)
    20.0
    """
    values = []
    for channel, (s, d) in enumerate(_channels(reference, degraded)):
        energy = float(s @ s)
        if energy == 0:
            raise MetricUndefined(f"channel {channel + 1} of the reference is silent.")
        values.append(_ratio_db(energy, _distance(s, 1.0, d)))
    return mean_over_channels(values)


class SiSdr(Metric):
    """Scale-invariant signal-to-distortion ratio: ``si_sdr`` in dB, higher is better, ``inf`` for a scaled copy.

    The part of the degraded signal along the reference counts as signal, all that is left as distortion. Means are
    not removed. At the reference's own rate; mean over channels. :func:`si_sdr` is the function behind it.

    Raises:
        MetricUndefined: a channel of either signal is silent, or some channels are scaled copies and others not.
    Blind spots:
        It compares waveforms, not what is heard: one sample of delay at 24 kHz cost 0.1 to 1.4 dB on coded speech, two
        samples up to 3.7 dB, a phase change more. Parametric and neural codecs that sound well may score below 0 dB.
        It does not hear gain. A constant offset of 0.02 moved a value by 1.5 dB.
    Source:
        Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, arXiv:1811.02508.
    """

    identity = Identity("si_sdr", "2", "means not removed")
    symmetric = True
    quantities = (Quantity("si_sdr", "dB", higher_is_better=True),)

    def prepare_channel(self, reference: Signal, rate: int) -> tuple[Signal, float]:
        return reference, float(reference @ reference)

    def score_channel(self, state: tuple[Signal, float], degraded: Signal, rate: int) -> dict[str, float]:
        if not degraded.any():
            raise MetricUndefined("the degraded signal is silent.")
        return {"si_sdr": _si_sdr(*state, degraded)}


class Snr(Metric):
    """Signal-to-noise ratio: ``snr`` in dB, higher is better, ``inf`` for an identical pair.

    The reference's energy over that of the difference of both signals, at the reference's own rate; mean over
    channels. :func:`snr` is the function behind it.

    Raises:
        MetricUndefined: a channel of the reference is silent, or some channels are identical and others not.
    Blind spots:
        It compares waveforms, not what is heard: gain counts as noise (-6 dB alone gives 6 dB), as do a delay or a
        phase change that nobody hears. Silence gives 0 dB, more than a parametric or neural codec that sounds well may
        reach.
    Source:
        The definition: ten times the decimal logarithm of the ratio of energies.
    """

    identity = Identity("snr", "2")
    quantities = (Quantity("snr", "dB", higher_is_better=True),)

    def prepare_channel(self, reference: Signal, rate: int) -> tuple[Signal, float]:
        return reference, float(reference @ reference)

    def score_channel(self, state: tuple[Signal, float], degraded: Signal, rate: int) -> dict[str, float]:
        reference, energy = state
        return {"snr": _ratio_db(energy, _distance(reference, 1.0, degraded))}


def _channels(reference: NDArray[np.floating[Any]], degraded: NDArray[np.floating[Any]]) -> list[tuple[Signal, Signal]]:
    """Pairs of float64 channels."""
    if reference.ndim != 2 or reference.shape != degraded.shape:
        raise ValueError(
            f"expected two arrays of shape (channels, samples), got {reference.shape} and {degraded.shape}"
        )
    return list(zip(reference.astype(np.float64), degraded.astype(np.float64), strict=True))


def _si_sdr(reference: Signal, energy: float, degraded: Signal) -> float:
    """Of one channel; ``energy`` is that of ``reference``."""
    gain = float(degraded @ reference) / energy
    return _ratio_db(gain * gain * energy, _distance(reference, gain, degraded))


def _distance(reference: Signal, gain: float, degraded: Signal) -> float:
    """Energy of ``degraded`` less ``gain`` times ``reference``, in blocks that stay in the cache."""
    total = 0.0
    for start in range(0, len(reference), BLOCK):
        difference = degraded[start : start + BLOCK] - gain * reference[start : start + BLOCK]
        total += float(difference @ difference)
    return total


def _ratio_db(signal: float, distortion: float) -> float:
    """Ratio of two energies."""
    if distortion == 0:
        return math.inf
    return 10 * math.log10(signal / distortion) if signal > 0 else -math.inf
