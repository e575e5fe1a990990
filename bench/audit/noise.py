"""The noise floor of a recording: how soft its softest moments are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audit.frames import decibels, frame_power

FRAME_S = 0.05
FLOOR_PERCENTILE = 5  # pauses are at least that share of running speech; a gap of a few frames is not enough
LOUD_PERCENTILE = 95


@dataclass(frozen=True, slots=True)
class Noise:
    """``floor_dbfs``: level of the softest 5 % of frames; ``range_db``: how far the loudest 5 % are above it.

    In a recording with pauses the range is about its signal-to-noise ratio; in music without pauses it is what its
    name says, and no ratio. Frames of digital silence do not count: a gate is no quiet room. None where nothing else
    is there.
    """

    floor_dbfs: float | None
    range_db: float | None


def noise_of(samples: NDArray[np.float32], rate: int) -> Noise:
    """Measure ``samples``, shape ``(channels, samples)``; power is the mean over channels."""
    powers = frame_power(samples, max(1, round(FRAME_S * rate)))
    powers = powers[powers > 0]
    if not powers.size:
        return Noise(None, None)
    floor, loud = (decibels(float(np.percentile(powers, share))) for share in (FLOOR_PERCENTILE, LOUD_PERCENTILE))
    return Noise(floor, loud - floor)
