"""Several points over the items that all of them have, and the same points in a draw of the bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.curves.family import Family, Floats, Point


class Joint:
    """Bitrates and means of ``points`` over their common items, summed once for each cluster."""

    def __init__(self, family: Family, points: Sequence[Point]) -> None:
        common = np.logical_and.reduce([_counts(point) for point in points])
        names, codes = np.unique(family.clusters[common], return_inverse=True)
        self.n, self.n_clusters = int(common.sum()), len(names)
        columns = [(p.scores, np.ones(len(common)), p.bits, p.seconds) for p in points]
        self._sums = np.array([[_by_cluster(one[common], codes, len(names)) for one in four] for four in columns])
        self._sums[:, 0] *= family.sign

    @property
    def clusters(self) -> NDArray[np.intp]:
        """What :func:`bench.stats.cluster_bootstrap` draws from."""
        return np.arange(self.n_clusters)

    def at(self, drawn: NDArray[np.intp] | None = None) -> tuple[Floats, Floats]:
        """Bits per second and quality of each point, in all clusters or in those that were ``drawn``.

        Quality is the mean, turned around where lower values are better: more is always better.
        """
        if drawn is None:
            total = self._sums.sum(axis=2)
        else:
            # Not "@": the last bits of BLAS depend on its threads, and the same run must give the same bytes.
            times = np.bincount(drawn, minlength=self.n_clusters).astype(np.float64)
            total = np.einsum("ijk,k->ij", self._sums, times)
        return total[:, 2] / total[:, 3], total[:, 0] / total[:, 1]


def usable(points: Sequence[Point]) -> tuple[list[Point], list[str]]:
    """The points that have a finite mean and a bitrate, and what is wrong with the others."""
    kept, left_out = [], []
    for point in points:
        values = point.scores[~np.isnan(point.scores)]
        if not len(values):
            left_out.append(f"{point.condition}: no value")
        elif not np.isfinite(values).all():
            left_out.append(f"{point.condition}: an infinite value")
        elif not _counts(point).any() or not np.nansum(point.bits) > 0:
            left_out.append(f"{point.condition}: no measured bitrate")
        else:
            kept.append(point)
    return kept, left_out


def _counts(point: Point) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(point.scores) & np.isfinite(point.bits) & np.isfinite(point.seconds))


def _by_cluster(values: Floats, codes: NDArray[np.intp], k: int) -> Floats:
    order = np.lexsort((values, codes))  # sums do not depend on the order of the rows, not even by rounding
    return np.bincount(codes[order], values[order], minlength=k).astype(np.float64)
