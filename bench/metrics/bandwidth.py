"""How far up the content of a decoded signal reaches."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.audit.spectrum import band_of
from bench.domain import Identity
from bench.metrics.base import Metric, Quantity, Signal, require_active

RULE = "-70 dB or changing"  # of bench.audit.spectrum; a change of it changes values


class Bandwidth(Metric):
    """Effective bandwidth: the highest frequency at which the degraded signal has content.

    ``bandwidth_hz``, higher is better, up to half the sample rate; without a look at the reference. Content is what
    stands within 70 dB of the strongest part of the long-term spectrum (Hann frames of about 43 ms, smoothed over
    300 Hz) or changes with time, and is not above a cliff of 25 dB or more at which the spectrum ends. The floor of
    quantisation and dither is none, nor is the mirror image of a short resampling filter. `codecbench data audit` finds
    the bandwidth of recordings by the same rule. All clips; own rate; mean over channels.

    Raises:
        MetricUndefined: the degraded signal is silent.
    Blind spots:
        It says how far up something reaches, not what: noise, aliasing and invented treble count as content. One loud
        passage with treble is enough for a clip that is dull elsewhere. More than the reference has is not better: see
        ``bandwidth_difference``. On clips of less than a second it is uncertain by some hundred hertz.
    Source:
        Own definition (docs/metrics-signal.md).
    """

    identity = Identity("bandwidth", "1", RULE)
    quantities = (Quantity("bandwidth_hz", "Hz", higher_is_better=True, low=0.0),)
    reference_free = True
    narrow = True

    def score_channel(self, state: Any, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        return {"bandwidth_hz": _bandwidth(degraded, rate)}


class BandwidthDifference(Metric):
    """Bandwidth difference: how far the effective bandwidth of the degraded signal is from the reference's.

    ``bandwidth_difference`` in Hz, the absolute difference of ``bandwidth_hz``, lower is better: a cut band and an
    invented one both count. Which of them it is, ``bandwidth_hz`` shows. All clips; own rate; mean over channels of the
    absolute difference.

    Raises:
        MetricUndefined: either signal is silent.
    Blind spots:
        Those of ``bandwidth_hz``. A hertz counts the same at 4 kHz as at 18 kHz, where fewer people hear it.
        Noise up to the top in both signals hides what is lost below.
    Source:
        Own definition (docs/metrics-signal.md).
    """

    identity = Identity("bandwidth_difference", "1", RULE)
    symmetric = True
    narrow = True
    quantities = (Quantity("bandwidth_difference", "Hz", higher_is_better=False, low=0.0),)

    def prepare_channel(self, reference: Signal, rate: int) -> float:
        return _bandwidth(reference, rate)

    def score_channel(self, state: float, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        return {"bandwidth_difference": abs(_bandwidth(degraded, rate) - state)}


def _bandwidth(signal: Signal, rate: int) -> float:
    return band_of(signal.astype(np.float32)[np.newaxis], rate).bandwidth_hz
