"""What the channels of a file have to do with each other."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.audit.frames import blocks_of

Stereo = Literal["mono", "stereo", "dual_mono", "almost_dual_mono", "inverted", "silent_channel", "silent"]
"""``dual_mono``: all channels are equal to the bit; ``almost_dual_mono``: what differs is 50 dB softer; ``inverted``:
a channel is the other with its sign turned; ``silent_channel``: one channel is silent while another is not."""

DIFFERENCE_DB = (
    -50.0
)  # a difference that soft is dither, or the trace of a joint-stereo codec; no listener hears a place
SILENT_POWER = 1e-7  # -70 dBFS
SILENT_BELOW = 1e-6  # and 60 dB under the loudest channel


def stereo_of(samples: NDArray[np.float32]) -> Stereo:
    """Compare every channel of ``samples``, shape ``(channels, samples)``, with the first."""
    channels, length = samples.shape
    power, sums, differences = np.zeros(channels), np.zeros(channels), np.zeros(channels)
    for block in blocks_of(samples):
        first = block[:1]
        power += _energy(block)
        differences += _energy(block - first)
        sums += _energy(block + first)
    power, sums, differences = power / length, sums / length, differences / length
    if power.max() <= SILENT_POWER:
        return "silent"
    if channels == 1:
        return "mono"
    if power.min() <= SILENT_POWER and power.min() <= SILENT_BELOW * power.max():
        return "silent_channel"
    if not differences.any():
        return "dual_mono"
    little = power.max() * 10 ** (DIFFERENCE_DB / 10)
    if differences.max() <= little:
        return "almost_dual_mono"
    if sums[1:].min() <= little:
        return "inverted"
    return "stereo"


def _energy(block: NDArray[np.float32]) -> NDArray[np.float64]:
    energy: NDArray[np.float64] = np.einsum("cn,cn->c", block, block, dtype=np.float64)
    return energy
