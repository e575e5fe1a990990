"""How far up the content of a recording reaches, and whether it ends naturally or at a cliff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME = 2_048


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Power of Hann frames, shape ``(frames, bins)``, the loudest channel of each tile; made once, used twice."""

    power: NDArray[np.float32]
    rate: int

    @property
    def hz(self) -> float:
        """Width of a bin."""
        return self.rate / FRAME


@dataclass(frozen=True, slots=True)
class Band:
    """``bandwidth_hz``: the highest frequency with content above the floor, 0 where there is none.

    ``edge_hz`` and ``edge_db``: where the spectrum falls off a cliff and how deep within a few hundred hertz; None
    where it fades naturally or reaches Nyquist.
    """

    bandwidth_hz: float
    edge_hz: float | None
    edge_db: float | None


def spectrogram_of(samples: NDArray[np.float32], rate: int) -> Spectrogram:
    """Of ``samples``, shape ``(channels, samples)``, at ``rate`` Hz; zeros fill the last frame."""
    count = max(1, -(-samples.shape[1] // FRAME))
    padded = np.zeros((samples.shape[0], count * FRAME), np.float32)
    padded[:, : samples.shape[1]] = samples
    window = np.hanning(FRAME).astype(np.float32)
    spectra = np.fft.rfft(padded.reshape(samples.shape[0], count, FRAME) * window)
    return Spectrogram((np.abs(spectra) ** 2).max(axis=0).astype(np.float32), rate)


def band_of(samples: NDArray[np.float32], rate: int, spectrogram: Spectrogram | None = None) -> Band:
    """The band of ``samples``, shape ``(channels, samples)``; ``spectrogram`` where it has been made before."""
    spectrogram = spectrogram or spectrogram_of(samples, rate)
    level = 10 * np.log10(spectrogram.power.mean(axis=0) + 1e-12)
    above = np.flatnonzero(level > max(level.min() + 10, -20.0))
    return Band(float(above[-1] * spectrogram.hz) if above.size else 0.0, None, None)
