"""How many recordings it takes to see a difference of a metric, from the spread in a pilot. Pure numpy and scipy."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

MOST = 10_000_000
"""Recordings beyond which no number is given: nobody has them."""

CAUTION = 0.8
"""Probability with which the spread of the population lies below the cautious one."""


class Spread(NamedTuple):
    """How paired differences vary over a pilot.

    ``sd`` is that of the single differences. ``source_sd`` divided by the root of the number of sources is the
    standard error of the mean. ``design_effect`` says how many times larger the variance of the mean is than for
    independent clips: more than 1 where clips of one source are alike.
    """

    mean: float
    sd: float
    source_sd: float
    design_effect: float
    n: int
    n_sources: int


def spread(differences: ArrayLike, sources: ArrayLike) -> Spread:
    """The spread of ``differences``, one for each clip, over their ``sources``.

    The mean over clips is a ratio of sums over sources: ``source_sd`` is the deviation of ``s_c - mean * n_c`` over
    sources ``c`` of sum ``s_c`` and size ``n_c``, divided by the mean size.

    Returns:
        Standard deviations are NaN for fewer than two sources, or where a difference is infinite.
    Raises:
        ValueError: a NaN among the differences.
    Source:
        Cochran, "Sampling Techniques", 3rd edition, 1977, equation 9A.3 (clusters of unequal size, without the
        correction for a finite population).

    >>> [round(float(x), 3) for x in spread([0.1, 0.3, 0.2, 0.4], ["a", "a", "b", "b"])]
    [0.25, 0.129, 0.071, 0.6, 4.0, 2.0]
    """
    values = np.asarray(differences, dtype=np.float64).ravel()
    if np.isnan(values).any():
        raise ValueError("NaN among the differences: leave out what was not measured, and count it.")
    names, codes = np.unique(np.asarray(sources).ravel(), return_inverse=True)
    n, k = len(values), len(names)
    if k < 2 or not np.isfinite(values).all():
        mean = float(values.mean()) if n and np.isfinite(values).all() else math.nan
        return Spread(mean, math.nan, math.nan, math.nan, n, k)
    mean, sd = float(values.mean()), float(values.std(ddof=1))
    if np.ptp(values) == 0:  # rounding of the mean is no spread
        return Spread(mean, 0.0, 0.0, math.nan, n, k)
    residues = np.bincount(codes, values - mean, minlength=k)
    source_sd = float(np.sqrt(np.square(residues).sum() / (k - 1)) / (n / k))
    return Spread(mean, sd, source_sd, source_sd**2 / k / (sd**2 / n), n, k)


def power(difference: float, source_sd: float, k: int, level: float = 0.95) -> float:
    """Probability that a paired t-test over ``k`` sources finds ``difference``, two-sided at ``level``.

    >>> round(power(0.5, 1.0, 34), 3)  # Cohen 1988, table 2.3.5 for d = 0.5: 34 pairs give 0.8
    0.808
    """
    from scipy.special import ndtr

    if k < 2:
        return 0.0
    shift = abs(difference) * math.sqrt(k) / source_sd
    thresholds, weights = _thresholds(k, level)
    return float(np.sum(weights * (ndtr(shift - thresholds) + ndtr(-shift - thresholds))))


@lru_cache(maxsize=4096)
def _thresholds(k: int, level: float) -> tuple[Floats, Floats]:
    """What the mean over its true standard error has to exceed, for quantiles of the estimated one, and their weights.

    The integral of the non-central t-distribution over the estimated spread, by 96 points of Gauss and Legendre: right
    to 5e-5. ``scipy.special.nctdtr`` is NaN for many of the large differences that a search meets.
    """
    from scipy.special import chdtri, stdtrit

    points, weights = np.polynomial.legendre.leggauss(96)
    estimated = np.sqrt(chdtri(k - 1, (1 - points) / 2) / (k - 1))
    return float(stdtrit(k - 1, (1 + level) / 2)) * estimated, weights / 2


def sources_needed(difference: float, source_sd: float, aim: float = 0.8, level: float = 0.95) -> int | None:
    """The fewest sources with which ``difference`` is found with probability ``aim``; None beyond ``MOST``.

    From the non-central t-distribution, so that the fewer degrees of freedom of small samples count.

    Raises:
        ValueError: no difference, no spread, or probabilities outside of 0 to 1.

    >>> sources_needed(0.5, 1.0)
    34
    """
    _check(source_sd, aim, level)
    if not difference:
        raise ValueError("expected a difference other than 0.")
    low, high = 1, 2
    while power(difference, source_sd, high, level) < aim:
        low, high = high, 2 * high
        if low >= MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(difference, source_sd, middle, level) >= aim else (middle, high)
    return high


def visible_difference(source_sd: float, k: int, aim: float = 0.8, level: float = 0.95) -> float:
    """The smallest difference that ``k`` sources show with probability ``aim``; NaN for fewer than two.

    >>> round(visible_difference(1.0, 34), 3)
    0.495
    """
    _check(source_sd, aim, level)
    if k < 2:
        return math.nan
    low, high = 0.0, source_sd
    while power(high, source_sd, k, level) < aim:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle, source_sd, k, level) >= aim else (middle, high)
    return high


def cautious_sd(source_sd: float, k: int, caution: float = CAUTION) -> float:
    """The spread that, with probability ``caution``, is not exceeded by that of the population behind ``k`` sources.

    Source:
        Browne, "On the use of a pilot sample for sample size determination", Statistics in Medicine 14, 1995.

    >>> round(cautious_sd(1.0, 10), 3)
    1.293
    """
    from scipy.special import chdtri

    return source_sd * math.sqrt((k - 1) / float(chdtri(k - 1, caution)))


def _check(source_sd: float, aim: float, level: float) -> None:
    if not (source_sd > 0 and math.isfinite(source_sd)):
        raise ValueError(f"expected a spread above 0, got {source_sd}.")
    for name, value in (("power", aim), ("level", level)):
        if not 0 < value < 1:
            raise ValueError(f"expected a {name} between 0 and 1, got {value}.")
