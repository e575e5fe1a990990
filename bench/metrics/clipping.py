"""How many samples of a decoded signal a player clips."""

from __future__ import annotations

import numpy as np

from bench.domain import Identity
from bench.metrics.base import Metric, Quantity, Signal

FULL_SCALE = 1 - 2**-15  # the highest step of 16 bits, as in bench.audio.clipped_samples


class ClippedSamplesShare(Metric):
    """Share of clipped samples: samples of the degraded signal at or beyond full scale, beyond those of the reference.

    ``clipped_samples_share`` in ppm (samples in a million), lower is better; 0 where the reference has as many or more.
    A sample counts where its magnitude is at least 32767/32768. Decoded audio is clipped to the range of 24 bits before
    it is measured, as a file or a player does, so every overshoot of a codec is there as a sample at full scale. All
    clips; own rate, after the decoded signal was converted to it; mean over channels.

    Raises:
        MetricUndefined: a channel of the reference is silent.
    Blind spots:
        It counts samples, not how much was cut off each, and single samples like runs, which are heard sooner.
        What a codec clips inside and then turns down is not seen, nor peaks between samples.
    Source:
        Own definition (docs/metrics-signal.md).
    """

    identity = Identity("clipped_samples_share", "1", "from 32767/32768")
    narrow = True
    quantities = (Quantity("clipped_samples_share", "ppm", higher_is_better=False, low=0.0, high=1e6),)

    def prepare_channel(self, reference: Signal, rate: int) -> float:
        return _share_ppm(reference)

    def score_channel(self, state: float, degraded: Signal, rate: int) -> dict[str, float]:
        return {"clipped_samples_share": max(0.0, _share_ppm(degraded) - state)}


def _share_ppm(signal: Signal) -> float:
    return 1e6 * float(np.count_nonzero(np.abs(signal) >= FULL_SCALE)) / len(signal)
