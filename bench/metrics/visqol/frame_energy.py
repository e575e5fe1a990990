"""The energy of a recursive filter's output within a frame that starts from rest, without running the filter.

The response to a frame is what comes out within the frame and what rings on after it. The energy of both together
follows from the spectra of frame and filter (Parseval). The ringing is a free response of the filter; those of four
stages with equal poles form a space of eight dimensions, so that eight inner products of the frame give its energy.
The difference is the energy within the frame, up to rounding and to what wraps around the transform.

One transform and a few matrix products: a quarter of the time of the recursion, even where that is compiled and
vectorised over bands, and nothing to compile.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Array = NDArray[np.float64]

TRANSFORM = 2.4
"""Length of the transform in frames: what wraps around is below 1e-9 of the energy, in the lowest band (50 Hz)."""

RINGING = 36.0
"""Time constants before the end of a frame that ring on after it: u^3 exp(-u) is 1e-11 there."""

FRAMES_AT_ONCE = 16  # their spectra, 1 MB at 48 kHz, stay in the cache
BANDS_AT_ONCE = 4  # with about the same time constant


class FrameEnergy:
    """Mean square of the output of each of ``sections``, shape ``(bands, stages, 6)``, to a frame times ``window``.

    The stages of a band share their poles, and the numerators are of first order, as in :mod:`.gammatone`.
    """

    def __init__(self, sections: Array, window: Array) -> None:
        size = len(window)
        self._window = window
        self._length = scipy.fft.next_fast_len(round(TRANSFORM * size), real=True)
        self._gains = _power_gains(sections, self._length).T / size
        self._ringing = []
        radius = np.sqrt(sections[:, 0, 5])
        reach = np.minimum(size, np.ceil(RINGING / -np.log(radius))).astype(int)
        for first in range(0, len(sections), BANDS_AT_ONCE):
            bands = slice(first, first + BANDS_AT_ONCE)
            span = int(reach[bands].max())
            vectors = [_ringing_vectors(band, size)[-span:] for band in sections[bands]]
            self._ringing.append((bands, span, np.concatenate(vectors, axis=1) / np.sqrt(size)))

    def mean_squares(self, frames: Array) -> Array:
        """Shape ``(frames, bands)``, of ``frames``, shape ``(frames, samples)``."""
        count, size = frames.shape
        found = np.empty((count, self._gains.shape[1]))
        padded = np.zeros((FRAMES_AT_ONCE, self._length))
        for first in range(0, count, FRAMES_AT_ONCE):
            # The last block is as large as the others, so that a frame has the same value in every place.
            block = frames[first : first + FRAMES_AT_ONCE]
            padded[: len(block), :size] = block * self._window
            padded[len(block) :] = 0
            spectra = scipy.fft.rfft(padded)
            energy = (np.square(spectra.real) + np.square(spectra.imag)) @ self._gains
            for bands, span, vectors in self._ringing:
                amplitudes = (padded[:, size - span : size] @ vectors).reshape(FRAMES_AT_ONCE, -1, 8)
                energy[:, bands] -= np.einsum("fbi,fbi->fb", amplitudes, amplitudes)
            found[first : first + len(block)] = energy[: len(block)]
        positive: Array = np.maximum(found, 0)  # rounding, where nearly all of the energy rings on
        return positive


def _power_gains(sections: Array, length: int) -> Array:
    """Squared magnitude of each band at the bins of a transform, as weights of a sum over them; ``(bands, bins)``."""
    gains: Array = np.abs(_transfer(sections, length)) ** 2 * (2 / length)
    gains[:, 0] /= 2
    if length % 2 == 0:
        gains[:, -1] /= 2
    return gains


def _transfer(sections: Array, length: int) -> NDArray[np.complex128]:
    """The transfer function of each band at the bins of a transform; ``(..., bins)`` for ``(..., stages, 6)``."""
    delay = np.exp(-2j * np.pi * np.arange(length // 2 + 1) / length)
    powers = delay ** np.arange(3)[:, np.newaxis]
    transfer: NDArray[np.complex128] = np.prod((sections[..., :3] @ powers) / (sections[..., 3:] @ powers), axis=-2)
    return transfer


def _ringing_vectors(sections: Array, size: int) -> Array:
    """Vectors, ``(size, 8)``, whose products with a frame are what rings on after it, in an orthonormal basis."""
    radius = np.sqrt(sections[0, 5])
    angle = np.arccos(-sections[0, 4] / (2 * radius))
    time = np.arange(int(1.4 * RINGING / -np.log(radius)) + 16)
    scaled = -np.log(radius) * time
    free = [scaled**power * np.exp(-scaled) * wave(angle * time) for power in range(4) for wave in (np.cos, np.sin)]
    basis, _ = np.linalg.qr(np.stack(free, axis=1))
    # The response to an impulse, long over where it wraps around; scipy.signal, which has the filter, loads slowly.
    length = scipy.fft.next_fast_len(len(time) + size, real=True)
    response = scipy.fft.irfft(_transfer(sections, length), length)[: len(time) + size]
    # Sample ``n`` before the end adds the response from ``n`` on: a correlation of the response with the basis.
    length = scipy.fft.next_fast_len(len(response) + len(basis), real=True)
    spectrum = scipy.fft.rfft(response, length)[:, np.newaxis] * np.conj(scipy.fft.rfft(basis, length, axis=0))
    vectors: Array = scipy.fft.irfft(spectrum, length, axis=0)[size:0:-1]
    return vectors
