"""How far two rate-quality curves are apart, and the bitrate of a quality: all by one interpolation, inside the points.

The interpolation is PCHIP, the piecewise cubic that keeps monotone data monotone (Fritsch and Carlson, "Monotone
Piecewise Cubic Interpolation", SIAM Journal on Numerical Analysis 17(2), 1980), of quality over the logarithm of the
bitrate or the other way round. Video coding's common test conditions use it. The cubic polynomial of the original
proposal (Bjontegaard, "Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001) and Akima's spline
may overshoot between two points: a codec would lose quality where it was given more bits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bench.curves.family import Floats
from bench.wording import counted

METHOD = "pchip"
LEAST_POINTS = 4
OF_ANCHOR = "the anchor: "


class Curve(NamedTuple):
    """Points by rising bitrate: bits per second, and quality, of which more is better."""

    bps: Floats
    quality: Floats


class Delta(NamedTuple):
    """A Bjontegaard delta with the range in which both curves have points, and its share of what either has.

    ``value`` is NaN where ``reason`` says why.
    """

    value: float
    overlap_low: float = math.nan
    overlap_high: float = math.nan
    overlap_share: float = math.nan
    reason: str = ""


def curve(bps: Floats, quality: Floats) -> Curve:
    """The points in the order of their bitrates."""
    order = np.lexsort((quality, bps))
    return Curve(bps[order], quality[order])


def bd_rate(anchor: Curve, other: Curve) -> Delta:
    """By how many per cent ``other`` needs more bits than ``anchor`` for the same quality, on average.

    The mean difference of the logarithms of both bitrates over the qualities that both curves have, as a percentage:
    -50 is half the bits. The overlap is in units of quality.

    >>> one = Curve(np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    >>> round(bd_rate(one, Curve(2 * one.bps, one.quality)).value, 9)
    100.0
    """
    import bjontegaard

    for given, whose in ((anchor, OF_ANCHOR), (other, "")):
        if reason := too_few(given) or not_rising(given):
            return Delta(math.nan, reason=whose + reason)
    shared = _overlap(anchor.quality, other.quality)
    if shared.reason:
        return shared
    found = bjontegaard.bd_rate(*anchor, *other, METHOD, require_matching_points=False, min_overlap=0)
    return shared._replace(value=float(found))


def bd_quality(anchor: Curve, other: Curve) -> Delta:
    """By how much the quality of ``other`` is above that of ``anchor`` at the same bitrate, on average.

    The mean difference over the logarithm of the bitrate where both curves have points. The overlap is in bit/s, its
    share that of the logarithms.

    >>> one = Curve(np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    >>> round(bd_quality(one, Curve(2 * one.bps, one.quality)).value, 9)
    -1.0
    """
    import bjontegaard

    for given, whose in ((anchor, OF_ANCHOR), (other, "")):
        if reason := too_few(given):
            return Delta(math.nan, reason=whose + reason)
    shared = _overlap(np.log10(anchor.bps), np.log10(other.bps))
    if shared.reason:
        return shared
    found = bjontegaard.bd_psnr(*anchor, *other, METHOD, require_matching_points=False, min_overlap=0)
    return Delta(float(found), 10**shared.overlap_low, 10**shared.overlap_high, shared.overlap_share)


class Reached(NamedTuple):
    """The bitrate of a quality (or the quality of a bitrate); NaN where ``reason`` says why."""

    value: float
    reason: str = ""


def rate_at(given: Curve, quality: float) -> Reached:
    """The bitrate at which the curve reaches ``quality``, by interpolation between its points only."""
    if reason := (_too_short(given) or not_rising(given)):
        return Reached(math.nan, reason)
    if not math.isfinite(quality):
        return Reached(math.nan, "there is no such quality")
    if quality < given.quality[0]:
        return Reached(math.nan, f"below the measured range: better already at {_kbps(given.bps[0])}")
    if quality > given.quality[-1]:
        return Reached(math.nan, f"above the measured range: not reached at {_kbps(given.bps[-1])}")
    return Reached(float(10 ** _interpolated(given.quality, np.log10(given.bps), quality)))


def quality_at(given: Curve, bps: float) -> Reached:
    """The quality of the curve at ``bps``, by interpolation between its points only."""
    if reason := _too_short(given):
        return Reached(math.nan, reason)
    if not given.bps[0] <= bps <= given.bps[-1]:
        side = "below" if bps < given.bps[0] else "above"
        return Reached(
            math.nan, f"{side} the measured range: {_kbps(given.bps[0])} to {_kbps(given.bps[-1])}, not {_kbps(bps)}"
        )
    return Reached(_interpolated(np.log10(given.bps), given.quality, math.log10(bps)))


def too_few(given: Curve) -> str:
    """Why a curve has not enough points for a Bjontegaard delta; empty if it has."""
    if len(given.bps) < LEAST_POINTS:
        return f"{counted(len(given.bps), 'point')} with a value; {LEAST_POINTS} are needed"
    return _same_rate(given)


def not_rising(given: Curve) -> str:
    """Why quality is no function that could be turned around to the bitrate; empty if it is."""
    falls = np.flatnonzero(np.diff(given.quality) <= 0)
    if not len(falls):
        return ""
    first = int(falls[0])
    return f"quality does not rise from {_kbps(given.bps[first])} to {_kbps(given.bps[first + 1])}"


def _too_short(given: Curve) -> str:
    return "fewer than 2 points with a value" if len(given.bps) < 2 else _same_rate(given)


def _same_rate(given: Curve) -> str:
    same = np.flatnonzero(np.diff(given.bps) <= 0)
    return f"two points at {_kbps(given.bps[int(same[0])])}" if len(same) else ""


def _overlap(one: Floats, two: Floats) -> Delta:
    low, high = max(float(one.min()), float(two.min())), min(float(one.max()), float(two.max()))
    if high <= low:
        return Delta(math.nan, reason="the curves do not overlap")
    whole = max(float(one.max()), float(two.max())) - min(float(one.min()), float(two.min()))
    return Delta(math.nan, low, high, (high - low) / whole)


def _interpolated(x: Floats, y: Floats, at: float) -> float:
    from scipy.interpolate import PchipInterpolator

    return float(PchipInterpolator(x, y)(at))


def _kbps(bps: float) -> str:
    return f"{bps / 1000:.4g} kbit/s"
