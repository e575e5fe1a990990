"""From the scale of a metric to that of listeners: the monotone third-order mapping of ITU-T P.1401, and its errors."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COEFFICIENTS = 4
"""Degrees of freedom that a third-order mapping takes (ITU-T P.1401, 7.5.1)."""

TURNING_POINTS = 401  # places tried for a slope that touches zero between the ends


class Cubic(NamedTuple):
    """``sum(coefficients[k] * t**k)``, where ``t`` runs from 0 at ``low`` to 1 at ``high`` of the metric."""

    coefficients: tuple[float, float, float, float]
    low: float
    high: float

    def __call__(self, values: Floats) -> Floats:
        t = (values - self.low) / (self.high - self.low)
        a, b, c, d = self.coefficients
        return np.asarray(a + t * (b + t * (c + t * d)))


class Errors(NamedTuple):
    """What is left between mapped metric and ratings, in points of the ratings' scale.

    ``rmse_star`` counts only what lies outside of the confidence interval of a rating, ``outlier_ratio`` is the share
    of files that do; both are NaN where a file has no interval.
    """

    rmse: float
    rmse_star: float
    outlier_ratio: float


def fit(values: Floats, ratings: Floats) -> Cubic | None:
    """The third-order polynomial that is nearest to ``ratings`` and never falls within the range of ``values``.

    Least squares over a convex cone. Where the free polynomial falls somewhere, the best one has a slope that touches
    zero: at the lower end, at the upper end, or at one place between; the best of the three is returned. A metric that
    runs against the ratings gets a flat line: an order that is wrong is not mapped to one that is right.

    Args:
        values: of the metric, turned so that higher is better.
    Returns:
        None where the values are constant or fewer than four.
    Source:
        ITU-T P.1401 (01/2020), 7.3.3.
    """
    if len(values) < COEFFICIENTS or not np.ptp(values):
        return None
    low, high = float(values.min()), float(values.max())
    t = (values - low) / (high - low)
    powers = np.stack([t**0, t, t**2, t**3], axis=1)
    free = np.asarray(np.linalg.lstsq(powers, ratings, rcond=None)[0], dtype=np.float64)
    if _never_falls(free):
        return Cubic(_four(free), low, high)
    # Integrals of the slopes 2t(1 - t), t^2 and (1 - t)^2, each of which is nowhere negative.
    bump, late, early = t**2 - 2 * t**3 / 3, t**3 / 3, t - t**2 + t**3 / 3
    found = [
        _of_two(bump, late, ratings, (0, 0, 1, -2 / 3), (0, 0, 0, 1 / 3)),
        _of_two(bump, early, ratings, (0, 0, 1, -2 / 3), (0, 1, -1, 1 / 3)),
        _touching(t, ratings),
    ]
    best = min(found, key=lambda one: float(np.square(powers @ one - ratings).sum()))
    return Cubic(_four(best), low, high)


def errors(residuals: Floats, halves: Floats) -> Errors:
    """Errors from ``ratings - mapped`` and half the width of the 95 % interval of each rating.

    Source:
        ITU-T P.1401 (01/2020), 7.5.1 (RMSE), 7.7 (RMSE*) and 7.5.2.2 (outlier ratio). Squares are divided by the
        number of files less the four coefficients.
    """
    freedom = len(residuals) - COEFFICIENTS
    if freedom < 1:
        return Errors(math.nan, math.nan, math.nan)
    rmse = math.sqrt(float(np.square(residuals).sum()) / freedom)
    if np.isnan(halves).any():
        return Errors(rmse, math.nan, math.nan)
    beyond = np.maximum(np.abs(residuals) - halves, 0.0)
    return Errors(rmse, math.sqrt(float(np.square(beyond).sum()) / freedom), float((beyond > 0).mean()))


def errors_of_fit(values: Floats, ratings: Floats, halves: Floats) -> Errors:
    """Errors of the mapping that is fitted to the same files."""
    mapped = fit(values, ratings)
    return Errors(math.nan, math.nan, math.nan) if mapped is None else errors(ratings - mapped(values), halves)


def _never_falls(coefficients: Floats) -> bool:
    """Whether the slope ``b + 2ct + 3dt^2`` is nowhere negative for t from 0 to 1."""
    _, b, c, d = (float(one) for one in coefficients)
    lowest = min(b, b + 2 * c + 3 * d)
    turn = -c / (3 * d) if d > 0 else -1.0
    return min(lowest, b - c * c / (3 * d) if 0 < turn < 1 else lowest) >= 0


def _of_two(one: Floats, two: Floats, ratings: Floats, of_one: tuple[float, ...], of_two: tuple[float, ...]) -> Floats:
    """Least squares of a constant and weights of both curves that are not negative, as coefficients of powers of t."""
    from scipy.optimize import nnls

    columns = np.stack([one - one.mean(), two - two.mean()], axis=1)
    weights, _ = nnls(columns, ratings - ratings.mean())
    coefficients = weights[0] * np.array(of_one) + weights[1] * np.array(of_two)
    coefficients[0] = float(ratings.mean() - weights[0] * one.mean() - weights[1] * two.mean())
    return np.asarray(coefficients, dtype=np.float64)


def _touching(t: Floats, ratings: Floats) -> Floats:
    """Least squares of ``a + k (t - r)^3`` with k that is not negative, over places r between 0 and 1."""
    powers = np.stack([t**3, -3 * t**2, 3 * t])  # (t - r)^3 is these three with weights 1, r and r^2, and a constant
    powers -= powers.mean(axis=1, keepdims=True)
    spread, shared = powers @ powers.T, powers @ (ratings - ratings.mean())
    places = np.linspace(0, 1, TURNING_POINTS)
    for _ in range(2):  # the second time between the neighbours of the best
        weights = np.stack([places**0, places, places**2])
        power = (weights * (spread @ weights)).sum(axis=0)
        along = np.maximum(shared @ weights, 0.0)
        best = int(np.argmax(along**2 / power))
        r, k = float(places[best]), float(along[best] / power[best])
        places = np.linspace(places[max(best - 1, 0)], places[min(best + 1, len(places) - 1)], 21)
    start = float(ratings.mean() - k * ((t - r) ** 3).mean())
    return np.array([start - k * r**3, 3 * k * r**2, -3 * k * r, k])


def _four(coefficients: Floats) -> tuple[float, float, float, float]:
    a, b, c, d = (float(one) for one in coefficients)
    return a, b, c, d
