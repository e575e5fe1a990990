"""k-means for codebooks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""Vectors, shape ``(count, width)``."""


def nearest(points: Points, vectors: Points) -> NDArray[np.intp]:
    """Index of the vector with the smallest squared distance to each point."""
    distance = np.square(vectors).sum(axis=1) - 2 * (points @ vectors.T)
    return np.asarray(distance.argmin(axis=1))


def search(points: Points, books: Sequence[tuple[slice, Points]]) -> NDArray[np.int32]:
    """The nearest vector of every book to what the books before it have left; shape ``(books, count)``.

    Args:
        books: each the numbers of a point that it is for, and its vectors.
    """
    residual = np.array(points, order="C")
    codes = np.empty((len(books), len(residual)), np.int32)
    for chosen, (band, vectors) in zip(codes, books, strict=True):
        chosen[:] = nearest(residual[:, band], vectors)
        residual[:, band] -= vectors[chosen]
    return codes


def k_means(points: Points, size: int, rng: np.random.Generator, rounds: int) -> Points:
    """``size - 1`` means and the zero vector in front of them, so that a codebook makes no vector worse."""
    count = size - 1
    loud = np.square(points).sum(axis=1)
    start = rng.choice(len(points), count, replace=False, p=loud / loud.sum())
    vectors = np.vstack([np.zeros((1, points.shape[1]), np.float32), points[start]])
    for _ in range(rounds):
        chosen = nearest(points, vectors)
        members = np.bincount(chosen, minlength=len(vectors))
        sums = np.zeros_like(vectors, dtype=np.float64)
        np.add.at(sums, chosen, points)
        used = members > 0
        vectors[used] = (sums[used] / members[used, None]).astype(np.float32)
        vectors[~used] = points[rng.choice(len(points), int((~used).sum()))]
        vectors[0] = 0
    return vectors
