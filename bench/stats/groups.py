"""Rows in clusters: sums that do not depend on the order of the rows, made once for many columns. Pure numpy."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

PADDING = 8  # cells of the padded table for each row, up to which it is faster than sorting


class Sums(NamedTuple):
    """Sum and number of the values of each cluster that has any, clusters in sorted order."""

    sums: Floats
    sizes: Floats

    @property
    def n(self) -> int:
        return int(self.sizes.sum())

    @property
    def mean(self) -> float:
        """Of all values; NaN where there are none."""
        return float(self.sums.sum() / self.n) if len(self.sums) else float("nan")

    @property
    def means(self) -> Floats:
        """Of each cluster."""
        return self.sums / self.sizes

    @property
    def residues(self) -> Floats:
        """What each cluster adds to the sum beyond its share of the mean: exact zeros for constant data."""
        return self.sums - self.mean * self.sizes


class Groups:
    """The clusters of rows.

    Args:
        clusters: the cluster of each row, of any sortable type.
    """

    def __init__(self, clusters: ArrayLike) -> None:
        names, codes = np.unique(np.asarray(clusters).ravel(), return_inverse=True)
        self.rows, self.k = len(codes), len(names)
        self._order = np.argsort(codes, kind="stable")
        self._codes: NDArray[Any] = codes[self._order]
        sizes = np.bincount(codes, minlength=self.k)
        self._widest = int(sizes.max(initial=0))
        self._within = np.arange(self.rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)

    def sums(self, values: Floats) -> Sums:
        """Sums of one finite number per row, NaN where there is none; the order of the rows has no influence.

        Raises:
            ValueError: another number of values than of rows.
        """
        if len(values) != self.rows:
            raise ValueError(f"expected one cluster per value, got {len(values)} values and {self.rows} clusters.")
        given = values[self._order]
        there = ~np.isnan(given)
        sizes = np.bincount(self._codes[there], minlength=self.k)
        given = np.where(there, given, 0.0)
        found = sizes > 0
        return Sums(self._added(given)[found], sizes[found].astype(np.float64))

    def _added(self, given: Floats) -> Floats:
        """Each cluster's values added from the smallest to the largest: one order, so one rounding."""
        if self._widest <= 1:
            return given + 0.0  # as of any sum that begins with 0: no negative zero
        if self.k * self._widest > PADDING * self.rows:
            order = np.lexsort((given, self._codes))
            return np.bincount(self._codes[order], given[order], minlength=self.k).astype(np.float64)
        table = np.zeros((self.k, self._widest))
        table[self._codes, self._within] = given
        table.sort(axis=1)
        added = np.zeros(self.k)
        for column in table.T:
            added += column
        return added


def on_grid(values: Floats) -> tuple[Floats, float]:
    """``values`` rounded to multiples of a power of two so fine that sums of them, signed or repeated, are exact.

    Exact sums are the same in every order, so whatever adds them (BLAS on any number of threads) gives the same bits.
    Holds for sums of as many terms as there are values, repetitions counted.

    Returns:
        the rounded values, and the step of the grid: below 1e-9 of the largest value for a million values.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if not largest:
        return values, 0.0
    step = float(np.ldexp(1.0, int(np.frexp(largest)[1]) - (52 - len(values).bit_length())))
    return np.rint(values / step) * step, step
