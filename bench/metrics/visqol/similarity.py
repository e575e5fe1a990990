"""NSIM, the similarity of two patches of a spectrogram in decibels (Hines and Harte 2012)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CORNER, EDGE, CENTRE = 0.0113033910173052, 0.0838251475442633, 0.619485845753726  # of the 3 x 3 window; google/visqol
WINDOW = np.array([[CORNER, EDGE, CORNER], [EDGE, CENTRE, EDGE], [CORNER, EDGE, CORNER]])
INTENSITY_FLOOR = 0.01**2  # C1 = (K1 L)^2 with L = 1; google/visqol
STRUCTURE_FLOOR = 0.03**2 / 2  # C3 = (K2 L)^2 / 2


def nsim(reference: Array, degraded: Array) -> Array:
    """Similarity at each place of each pair; all have the shape ``(patches, bands, frames)``.

    Outside of a patch its outermost bands and frames go on. An identical pair has 1 everywhere, within rounding.
    """
    moments = np.stack([reference, degraded, reference**2, degraded**2, reference * degraded])
    mean_r, mean_d, square_r, square_d, cross = smoothed(moments)
    intensity = (2 * (mean_r * mean_d) + INTENSITY_FLOOR) / (mean_r**2 + mean_d**2 + INTENSITY_FLOOR)
    variances = (square_r - mean_r**2) * (square_d - mean_d**2)
    structure = (cross - mean_r * mean_d + STRUCTURE_FLOOR) / (np.sqrt(np.maximum(variances, 0)) + STRUCTURE_FLOOR)
    similarity: Array = intensity * structure
    return similarity


def smoothed(values: Array) -> Array:
    """Weighted by the window in the last two dimensions, the borders repeated; the same shape."""
    before = np.concatenate([values[..., :1], values[..., :-1]], axis=-1)
    after = np.concatenate([values[..., 1:], values[..., -1:]], axis=-1)
    return weighted(before, values, after)


def weighted(before: Array, here: Array, after: Array) -> Array:
    """The window over three frames and over the bands, whose borders are repeated; shape ``(..., bands, frames)``.

    The terms are added band by band, as google/visqol does: the mapping by lattice sees the rounding of an
    identical pair.
    """
    bands = here.shape[-2]
    columns = [np.concatenate([x[..., :1, :], x, x[..., -1:, :]], axis=-2) for x in (before, here, after)]
    total, term = np.zeros_like(here), np.empty_like(here)
    for band, column in np.ndindex(WINDOW.shape):
        total += np.multiply(columns[column][..., band : band + bands, :], WINDOW[band, column], out=term)
    return total
