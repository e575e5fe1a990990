"""An MDCT of as many frames as EnCodec has: one for each 320 samples that were begun, and none more.

Frame *t* sees samples 320 t - 160 to 320 t + 480 through a sine window. The outer halves of the first and last window
are cut off hard at the ends of the clip instead of overlapping a neighbour, so that reconstruction is perfect.

Source: Princen, Johnson and Bradley, "Subband/transform coding using filter bank designs based on time domain aliasing
cancellation", ICASSP 1987.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

HOP = 320
_HALF = HOP // 2
_SLOPE = np.sin(np.pi / (2 * HOP) * (np.arange(HOP) + 0.5))
_STEP = (np.arange(HOP) >= _HALF).astype(float)


def analyse(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    """MDCT of a mono signal: shape ``(ceil(samples / 320), 320)``, orthonormal."""
    frames = -(-len(samples) // HOP)
    padded = np.zeros((frames + 1) * HOP)
    padded[_HALF : _HALF + len(samples)] = samples
    halves = padded.reshape(frames + 1, HOP)
    blocks = np.concatenate([halves[:-1], halves[1:]], axis=1) * _windows(frames)
    return np.asarray(blocks @ _basis().T, np.float32)


def synthesise(spectrum: NDArray[np.floating], length: int) -> NDArray[np.float32]:
    """The inverse of :func:`analyse`, cut to ``length`` samples."""
    frames = len(spectrum)
    blocks = (spectrum.astype(float) @ _basis()) * _windows(frames)
    out = np.zeros((frames + 1, HOP))
    out[:-1] += blocks[:, :HOP]
    out[1:] += blocks[:, HOP:]
    return out.reshape(-1)[_HALF : _HALF + length].astype(np.float32)


def _windows(frames: int) -> NDArray[np.float64]:
    windows = np.tile(np.concatenate([_SLOPE, _SLOPE[::-1]]), (frames, 1))
    windows[0, :HOP] = _STEP
    windows[-1, HOP:] = _STEP[::-1]
    return windows


@lru_cache(maxsize=1)
def _basis() -> NDArray[np.float64]:
    time = np.arange(2 * HOP) + 0.5 + HOP / 2
    return np.asarray(np.sqrt(2 / HOP) * np.cos(np.pi / HOP * np.outer(np.arange(HOP) + 0.5, time)))
