"""Where in the degraded spectrogram each reference patch is found: NSIM at every offset, then the best ordered path."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.metrics.visqol.similarity import smoothed, weighted

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

REACH_PATCHES = 60  # how far a patch is looked for to either side; google/visqol, visqol_manager.h


def best_offsets(references: Array, starts: Indices, degraded: Array) -> tuple[Indices, NDArray[np.bool_]]:
    """The frame at which each patch is found, and whether it was lost.

    The similarities along the path are summed; offsets rise from patch to patch. A patch is lost where its predecessor
    at the same offset is worth more than any pair.

    Args:
        references: shape ``(patches, bands, frames)``.
        starts: their frames in the reference, rising.
        degraded: shape ``(bands, frames)``.
    """
    reach = REACH_PATCHES * references.shape[2]
    lowest = np.maximum(starts - reach, 0)
    highest = np.minimum(starts + reach, degraded.shape[1] - 1)
    found = _similarities(references, degraded, lowest, highest)
    return _best_path(found, lowest, highest)


def _similarities(references: Array, degraded: Array, lowest: Indices, highest: Indices) -> Array:
    """NSIM of each patch at the offsets from ``lowest`` to ``highest``, shape ``(patches, offsets)``; 0 elsewhere."""
    from bench.metrics.visqol.search_kernel import search  # compiled: not to be loaded for a list of metrics

    frames = references.shape[2]
    padded = np.pad(degraded, ((0, 0), (0, frames - 1)))
    means = smoothed(references)
    variances = smoothed(references**2) - means**2
    degraded_means = _at_the_borders(padded)
    degraded_variances = _at_the_borders(padded**2) - degraded_means**2
    out = np.zeros((len(references), degraded.shape[1]))
    search(
        np.ascontiguousarray(references),
        means,
        variances,
        padded,
        degraded_means,
        degraded_variances,
        lowest,
        highest,
        out,
    )
    return out


def _at_the_borders(values: Array) -> Array:
    """Smoothed as the first, an inner and the last frame of a patch, shape ``(3, bands, frames)``.

    The first frame of a patch has itself to its left, the last one itself to its right.
    """
    before = np.concatenate([values[:, :1], values[:, :-1]], axis=1)
    after = np.concatenate([values[:, 1:], values[:, -1:]], axis=1)
    return np.stack(
        [weighted(values, values, after), weighted(before, values, after), weighted(before, values, values)]
    )


def _best_path(found: Array, lowest: Indices, highest: Indices) -> tuple[Indices, NDArray[np.bool_]]:
    patches, offsets = found.shape
    everywhere = np.arange(offsets)
    total = np.zeros((patches, offsets))
    previous = np.full((patches, offsets), -1)
    total[0] = found[0]
    for patch in range(1, patches):
        here = slice(lowest[patch], highest[patch] + 1)
        first = lowest[patch - 1]
        running = np.maximum.accumulate(total[patch - 1, first:])
        latest = np.maximum.accumulate(np.where(total[patch - 1, first:] == running, everywhere[first:], -1))
        best_before = np.full(offsets, -np.inf)
        best_before[first + 1 :] = running[:-1]
        where = np.full(offsets, -1)
        where[first + 1 :] = latest[:-1]
        joined = found[patch] + best_before
        lost = total[patch - 1] > joined
        total[patch, here] = np.where(lost, total[patch - 1], joined)[here]
        previous[patch, here] = np.where(lost, everywhere, where)[here]
    last = patches - 1
    offset = int(lowest[last] + np.argmax(total[last, lowest[last] : highest[last] + 1]))
    path = np.empty(patches, np.int64)
    for patch in range(last, -1, -1):
        path[patch] = offset
        offset = int(previous[patch, offset])
    return path, path == previous[np.arange(patches), path]
