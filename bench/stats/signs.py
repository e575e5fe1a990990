"""The paired permutation test: what if the two conditions of a unit had changed places? Pure numpy and scipy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.stats.clustered import DRAWS
from bench.stats.groups import on_grid

Floats = NDArray[np.float64]

NORMAL_FROM = 1000.0
"""Effective number of units from which the test takes the normal limit of the permutation distribution."""

UNITS_AT_ONCE = 64  # rows of signs made at one time; a constant, because the stream of random bits is cut here


def sign_flip_p(differences: ArrayLike, seed: int, draws: int = DRAWS) -> float:
    """Two-sided p of the paired permutation test: the signs of the differences of units are drawn at random.

    The statistic is the sum, so a unit counts by the size of its difference. Units without a difference change
    nothing. With few others every combination of signs is gone through (up to ``draws`` of them); else ``draws`` of
    them are drawn, with the observed one counted in, so that p is never 0. Where none of those is as extreme, p is not
    left at ``1 / (draws + 1)``, which a correction for many tests would lift above every level: then it is Chernoff's
    bound of the exact p, if that is smaller (never too small, up to some ten times too large). With many others (an
    effective number of ``(sum d^2)^2 / sum d^4`` above NORMAL_FROM) the distribution of the sum is normal, and p is of
    that limit: there it is no worse than the drawn one.

    The test is exact where both signs of each difference are equally likely: if the conditions are exchangeable.

    Source:
        Fisher, "The Design of Experiments", 1935, section 21; Phipson and Smyth, "Permutation P-values Should Never Be
        Zero", Statistical Applications in Genetics and Molecular Biology 9(1), 2010.

    >>> sign_flip_p([1.0, 2.0, 3.0, 4.0, 5.0], seed=0)  # 2 of the 32 combinations
    0.0625
    """
    return sign_flip_ps([np.asarray(differences, dtype=np.float64).ravel()], seed, draws)[0]


def sign_flip_ps(columns: Sequence[Floats], seed: int, draws: int = DRAWS) -> list[float]:
    """:func:`sign_flip_p` of many columns at the cost of few; each gets the p that it gets alone."""
    units = [_units(column) for column in columns]
    found = [1.0] * len(units)
    drawn = []
    for place, unit in enumerate(units):
        if len(unit.sizes) < 2:
            continue
        if 2 ** min(len(unit.sizes), 62) <= draws:
            found[place] = _enumerated(unit)
        elif (limit := _normal_limit(unit)) is not None:
            found[place] = limit
        else:
            drawn.append(place)
    for place, p in zip(drawn, _drawn([units[place] for place in drawn], seed, draws), strict=True):
        found[place] = p
    return found


class _Units(NamedTuple):
    """What the test needs: nothing in it depends on the order of rows or names, or on which condition is first."""

    sizes: Floats  # of the differences that are not 0, ascending, on a grid
    total: float  # size of their sum with their own signs
    step: float  # of the grid


def _units(column: Floats) -> _Units:
    rounded, step = on_grid(column[column != 0])
    return _Units(np.sort(np.abs(rounded)), abs(float(rounded.sum())), step)


def _normal_limit(unit: _Units) -> float | None:
    """None where a few units have too much weight for it."""
    from scipy.special import erfc

    largest = unit.sizes[-1]
    squares = np.square(unit.sizes / largest)
    if squares.sum() ** 2 < NORMAL_FROM * np.square(squares).sum():
        return None
    z = unit.total / largest / np.sqrt(squares.sum())
    return max(float(erfc(z / np.sqrt(2))), float(np.finfo(np.float64).tiny))


def _enumerated(unit: _Units) -> float:
    k = len(unit.sizes)
    plus = (np.arange(2**k)[None, :] >> np.arange(k)[:, None] & 1).astype(np.float64)
    return float(_as_extreme([unit], [(slice(0, k), plus)])[0] / 2**k)


def _drawn(units: Sequence[_Units], seed: int, draws: int) -> list[float]:
    if not units:
        return []
    counted = _as_extreme(units, _random_signs(max(len(unit.sizes) for unit in units), seed, draws))
    return [
        (int(count) + 1) / (draws + 1) if count else min(1 / (draws + 1), _bound(unit))
        for count, unit in zip(counted, units, strict=True)
    ]


def _bound(unit: _Units) -> float:
    """Chernoff's bound of the exact p: ``2 min E exp(t (S - s))`` over t for the sum S of random signs, s as found."""
    from scipy.optimize import brentq

    sizes = unit.sizes / unit.sizes[-1]
    total = unit.total / float(unit.sizes[-1])

    def short(t: float) -> float:
        return float((sizes * np.tanh(t * sizes)).sum()) - total

    furthest = 700.0  # every t gives a bound; beyond, exp underflows
    t = float(brentq(short, 0.0, furthest)) if short(furthest) > 0 else furthest
    exponent = (t * sizes + np.log1p(np.exp(-2 * t * sizes))).sum() - len(sizes) * np.log(2) - t * total
    return float(max(2 * np.exp(exponent), 2.0 ** (1 - min(len(sizes), 1000))))


def _random_signs(k: int, seed: int, draws: int) -> Iterator[tuple[slice, Floats]]:
    """Ones and zeros, shape ``(units, draws)``, block by block; the first units' are the same for every ``k``."""
    random = np.random.default_rng(seed)
    width = -(-draws // 64) * 8
    for start in range(0, k, UNITS_AT_ONCE):
        noise = np.frombuffer(random.bytes(UNITS_AT_ONCE * width), np.uint8).reshape(UNITS_AT_ONCE, width)
        plus = np.unpackbits(noise, axis=1, count=draws).astype(np.float64)
        yield slice(start, min(start + UNITS_AT_ONCE, k)), plus[: k - start]


def _as_extreme(units: Sequence[_Units], signs: Iterable[tuple[slice, Floats]]) -> NDArray[np.intp]:
    """For each column, how many sums with changed signs are as far from zero as its own."""
    table = np.zeros((len(units), max(len(unit.sizes) for unit in units)))
    for row, unit in zip(table, units, strict=True):
        row[: len(unit.sizes)] = unit.sizes
    positive = sum(table[:, rows] @ plus for rows, plus in signs)
    # Rounding to the grid may move equal sums apart by half a step for each unit, and so may each side.
    least = np.array([unit.total - unit.step * len(unit.sizes) for unit in units])
    far = np.abs(2 * positive - table.sum(axis=1, keepdims=True)) >= least[:, None]
    counted: NDArray[np.intp] = np.count_nonzero(far, axis=1)
    return counted
