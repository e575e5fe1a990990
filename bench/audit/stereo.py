"""What the channels of a file have to do with each other."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.audit.frames import blocks_of
from bench.audit.loudness import LFE

Stereo = Literal["mono", "stereo", "dual_mono", "almost_dual_mono", "inverted", "silent_channel", "silent"]
"""``dual_mono``: all channels are equal to the bit; ``almost_dual_mono``: what differs is 50 dB softer, or no more
than a step of 16 bits; ``inverted``: a channel is another one, at any gain, with its sign turned; ``silent_channel``:
one channel is silent while another is not. The low-frequency channel of 5.1 is not compared."""

DIFFERENCE = 1e-5  # -50 dB: a difference that soft is dither, or a joint-stereo codec's; no listener hears a place
STEP_POWER = 1.5 * 2**-30  # a step of 16 bits up or down in every sample has 2/3 of it: rounding of a soft file
INVERTED = -0.99  # correlation: what the mix of two such channels keeps is 20 dB softer than they are
SILENT_POWER = 1e-7  # -70 dBFS
SILENT_BELOW = 1e-6  # and 60 dB under the loudest channel


def stereo_of(samples: NDArray[np.float32]) -> Stereo:
    """Compare all channels of ``samples``, shape ``(channels, samples)``, with each other; offsets do not count."""
    covariance, equal = _covariance(samples)
    if covariance.diagonal().max() <= SILENT_POWER:
        return "silent"
    compared = _compared(len(samples))
    covariance = covariance[np.ix_(compared, compared)]
    power = covariance.diagonal()
    if len(compared) == 1:
        return "mono"
    if power.min() <= SILENT_POWER and power.min() <= SILENT_BELOW * power.max():
        return "silent_channel"
    if equal:
        return "dual_mono"
    differences = power[:, None] + power[None] - 2 * covariance
    if differences.max() <= max(DIFFERENCE * power.max(), STEP_POWER):
        return "almost_dual_mono"
    heard = power > SILENT_POWER
    scale = np.sqrt(power[heard])
    correlation = covariance[np.ix_(heard, heard)] / np.outer(scale, scale)
    return "inverted" if correlation.size and correlation.min() <= INVERTED else "stereo"


def _covariance(samples: NDArray[np.float32]) -> tuple[NDArray[np.float64], bool]:
    """Of the channels, shape ``(channels, channels)``; and whether all that are compared are equal to the bit."""
    channels, length = samples.shape
    products, sums = np.zeros((channels, channels)), np.zeros(channels)
    equal = True
    for block in blocks_of(samples):
        exact = block.astype(np.float64)
        products += exact @ exact.T
        sums += exact.sum(axis=1)
        equal = equal and all(np.array_equal(block[one], block[0]) for one in _compared(channels))
    mean = sums / length
    return products / length - np.outer(mean, mean), equal


def _compared(channels: int) -> list[int]:
    return [channel for channel in range(channels) if channel not in LFE.get(channels, ())]
