"""The one compiled loop of ViSQOL: NSIM of a patch at every offset, in strict arithmetic."""

from __future__ import annotations

import numpy as np

from bench.metrics.visqol.compiled import compiled
from bench.metrics.visqol.similarity import CENTRE, CORNER, EDGE, INTENSITY_FLOOR, STRUCTURE_FLOOR


@compiled(
    "void(f8[:,:,::1], f8[:,:,::1], f8[:,:,::1], f8[:,::1], f8[:,:,::1], f8[:,:,::1], i8[::1], i8[::1], f8[:,::1])"
)
def search(references, means, variances, degraded, degraded_means, degraded_variances, lowest, highest, out):  # type: ignore[no-untyped-def]
    """Fill ``out`` from ``lowest`` to ``highest``, as :func:`.similarity.nsim` and then the mean of a patch would.

    Means and variances are local ones, of the degraded signal for the first, an inner and the last frame of a patch.
    The offsets are the innermost loop: several of them share an instruction, and the order of sums stays the plain one.
    """
    patches, bands, frames = references.shape
    for patch in range(patches):
        low, count = lowest[patch], highest[patch] + 1 - lowest[patch]
        band_sum = np.empty(count)
        total = np.zeros(count)
        for band in range(bands):
            above, below = max(band - 1, 0), min(band + 1, bands - 1)
            band_sum[:] = 0.0
            for frame in range(frames):
                left, right = max(frame - 1, 0), min(frame + 1, frames - 1)
                border = 0 if frame == 0 else (2 if frame == frames - 1 else 1)
                r0, r1, r2 = (
                    references[patch, above, left],
                    references[patch, above, frame],
                    references[patch, above, right],
                )
                r3, r4, r5 = (
                    references[patch, band, left],
                    references[patch, band, frame],
                    references[patch, band, right],
                )
                r6, r7, r8 = (
                    references[patch, below, left],
                    references[patch, below, frame],
                    references[patch, below, right],
                )
                d0 = degraded[above, low + left : low + left + count]
                d1 = degraded[above, low + frame : low + frame + count]
                d2 = degraded[above, low + right : low + right + count]
                d3 = degraded[band, low + left : low + left + count]
                d4 = degraded[band, low + frame : low + frame + count]
                d5 = degraded[band, low + right : low + right + count]
                d6 = degraded[below, low + left : low + left + count]
                d7 = degraded[below, low + frame : low + frame + count]
                d8 = degraded[below, low + right : low + right + count]
                mean_r, variance_r = means[patch, band, frame], variances[patch, band, frame]
                mean_d = degraded_means[border, band, low + frame : low + frame + count]
                variance_d = degraded_variances[border, band, low + frame : low + frame + count]
                for o in range(count):
                    cross = CORNER * (r0 * d0[o])
                    cross += EDGE * (r1 * d1[o])
                    cross += CORNER * (r2 * d2[o])
                    cross += EDGE * (r3 * d3[o])
                    cross += CENTRE * (r4 * d4[o])
                    cross += EDGE * (r5 * d5[o])
                    cross += CORNER * (r6 * d6[o])
                    cross += EDGE * (r7 * d7[o])
                    cross += CORNER * (r8 * d8[o])
                    m = mean_d[o]
                    both = mean_r * m
                    intensity = (2.0 * both + INTENSITY_FLOOR) / (mean_r * mean_r + m * m + INTENSITY_FLOOR)
                    product = max(variance_r * variance_d[o], 0.0)
                    structure = (cross - both + STRUCTURE_FLOOR) / (np.sqrt(product) + STRUCTURE_FLOOR)
                    band_sum[o] += intensity * structure
            for o in range(count):
                total[o] += band_sum[o] / frames
        for o in range(count):
            out[patch, low + o] = total[o] / bands
