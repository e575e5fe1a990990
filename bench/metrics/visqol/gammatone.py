"""The ear's filters: a gammatone bank and its levels in short frames.

Each band is four recursive filters of second order in a row. Every frame starts from rest, so that frames do not
depend on each other and those of a slice on the hop grid are columns of the whole signal's.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.metrics.visqol.frame_energy import FrameEnergy

Array = NDArray[np.float64]

FRAME_S = 0.08  # Hines 2015, section 3.1
HOPS_PER_FRAME = 4
EAR_Q, MINIMUM_BANDWIDTH_HZ = 9.26449, 24.7  # Glasberg and Moore 1990
BANDWIDTH_PER_ERB = 1.019  # Slaney 1993, "An efficient implementation of the Patterson-Holdsworth filter bank"
ZEROS = tuple(sign * math.sqrt(3 + turn * 2**1.5) for turn in (1, -1) for sign in (1, -1))  # Slaney 1993, one a stage


class Filterbank:
    """Gammatone filters at ``rate`` Hz, their centres evenly spaced on the ERB scale, lowest first.

    The lowest centre is ``lowest_hz``; the next one after the last would be ``highest_hz``, which is half the rate
    unless it is lower.
    """

    def __init__(self, rate: int, bands: int, lowest_hz: float = 50.0, highest_hz: float = math.inf) -> None:
        self.frame = round(rate * FRAME_S)
        self.hop = self.frame // HOPS_PER_FRAME
        self.centres_hz = erb_centres(lowest_hz, min(highest_hz, rate / 2), bands)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.frame) / (self.frame - 1))
        self._energy = FrameEnergy(gammatone_sections(self.centres_hz, rate), window)

    def frames(self, samples: int) -> int:
        """How many frames ``samples`` samples fill."""
        return 1 + (samples - self.frame) // self.hop

    def levels(self, signal: Array) -> Array:
        """RMS of each band in each frame, shape ``(bands, frames)``, of ``signal``, shape ``(samples,)``.

        A frame that the signal does not fill is left out.
        """
        frames = sliding_window_view(signal, self.frame)[:: self.hop]
        return np.ascontiguousarray(np.sqrt(self._energy.mean_squares(frames)).T)


@lru_cache(maxsize=8)
def filterbank(rate: int, bands: int, highest_hz: float) -> Filterbank:
    """The bank of these settings, made once."""
    return Filterbank(rate, bands, highest_hz=highest_hz)


def erb_centres(lowest_hz: float, highest_hz: float, bands: int) -> Array:
    """Centre frequencies in Hz, evenly spaced on the ERB scale from ``lowest_hz`` to one step below ``highest_hz``."""
    corner = EAR_Q * MINIMUM_BANDWIDTH_HZ
    step = (math.log(lowest_hz + corner) - math.log(highest_hz + corner)) / bands
    centres: Array = np.exp(np.arange(bands, 0, -1) * step) * (highest_hz + corner) - corner
    return centres


def gammatone_sections(centres_hz: Array, rate: int) -> Array:
    """Coefficients of the four stages of each band, shape ``(bands, 4, 6)`` as scipy's second-order sections.

    The gain at the centre is 1; the first stage holds the factor for it.
    """
    period = 1 / rate
    angle = 2 * np.pi * centres_hz * period
    decay = np.exp(-BANDWIDTH_PER_ERB * 2 * np.pi * (centres_hz / EAR_Q + MINIMUM_BANDWIDTH_HZ) * period)
    sections = np.zeros((len(centres_hz), 4, 6))
    sections[:, :, 0] = period
    sections[:, :, 3] = 1
    sections[:, :, 4] = (-2 * np.cos(angle) * decay)[:, np.newaxis]
    sections[:, :, 5] = (decay**2)[:, np.newaxis]
    for stage, zero in enumerate(ZEROS):
        sections[:, stage, 1] = -period * decay * (np.cos(angle) + zero * np.sin(angle))
    delay = np.exp(-1j * angle)
    numerators = sections[:, :, 0] + sections[:, :, 1] * delay[:, np.newaxis]
    denominator = 1 + sections[:, 0, 4] * delay + sections[:, 0, 5] * delay**2
    sections[:, 0, :3] /= np.abs(np.prod(numerators, axis=1) / denominator**4)[:, np.newaxis]
    return sections
