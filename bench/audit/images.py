"""Mirror images above an old Nyquist frequency: what short resampling filters leave of a lower sample rate.

swresample, the resampler of FFmpeg, lets the spectrum below half the old rate through again above it, mirrored and up
to a sixth higher. Nothing was recorded there, so the band ends at half the old rate and not where the image fades.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OLD_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000)
HIGHEST_IMAGE = 1.2  # of half the old rate
NEAREST_BINS = 4  # nearer ones share the main lobe of the window, so they are alike in every signal
LEAST_BINS = 6
MIRRORED = 0.7  # correlation: images have 0.74 to 1.0, what was recorded or coded 0.63 at most


def without_image(edge_hz: float, levels: NDArray[np.float32], hz: float) -> float:
    """Where the content ends: half an old sample rate if all from there to ``edge_hz`` is its image, else ``edge_hz``.

    Args:
        levels: of frames in dB, shape ``(frames, bins)``.
        hz: the width of a bin.
    """
    for rate in OLD_RATES:
        nyquist = rate / 2
        if nyquist < edge_hz <= HIGHEST_IMAGE * nyquist and mirrored(nyquist, edge_hz, levels, hz) >= MIRRORED:
            return nyquist
    return edge_hz


def mirrored(nyquist: float, edge_hz: float, levels: NDArray[np.float32], hz: float) -> float:
    """How alike the levels on both sides of ``nyquist`` are, frame by frame and bin by bin: their correlation.

    Half of the way to ``edge_hz`` is looked at. What all bins of a frame have in common and all frames of a bin is
    taken out first, since in every signal all bins get louder together. 0 where there is too little to compare.
    """
    centre = nyquist / hz
    above = np.arange(int(centre) + 1 + NEAREST_BINS, int((nyquist + edge_hz) / (2 * hz)))
    below = np.rint(2 * centre - above).astype(int)
    if len(above) < LEAST_BINS or len(levels) < 2:
        return 0.0
    one, other = (_centred(levels[:, bins]) for bins in (above, below))
    power = float(np.sum(one * one) * np.sum(other * other))
    return float(np.sum(one * other)) / power**0.5 if power > 0 else 0.0


def _centred(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    found = levels.astype(np.float64)
    found -= found.mean(axis=1, keepdims=True)
    found -= found.mean(axis=0)
    return found
