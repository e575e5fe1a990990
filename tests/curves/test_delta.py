"""Bjontegaard deltas against closed forms and an integral of our own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.interpolate import PchipInterpolator

from bench.curves.delta import Curve, bd_quality, bd_rate, curve, quality_at, rate_at

RATES = np.array([6.0, 12.0, 24.0, 48.0, 96.0]) * 1000
QUALITY = np.array([1.2, 2.4, 3.1, 3.9, 4.2])


@pytest.mark.parametrize(("factor", "per_cent"), [(2.0, 100.0), (0.5, -50.0), (1.0, 0.0), (1.25, 25.0)])
def test_a_curve_shifted_in_rate_has_exactly_that_bd_rate(factor, per_cent):
    found = bd_rate(Curve(RATES, QUALITY), Curve(RATES * factor, QUALITY))
    assert found.value == pytest.approx(per_cent, abs=1e-9)
    assert (found.overlap_low, found.overlap_high, found.overlap_share) == (1.2, 4.2, 1.0)


@pytest.mark.parametrize("shift", [0.3, -0.7])
def test_a_curve_shifted_in_quality_has_exactly_that_bd_quality(shift):
    found = bd_quality(Curve(RATES, QUALITY), Curve(RATES, QUALITY + shift))
    assert found.value == pytest.approx(shift, abs=1e-12)
    assert found.overlap_low == pytest.approx(6000)
    assert found.overlap_high == pytest.approx(96_000)


def test_twice_the_bits_on_a_line_costs_one_doubling_and_the_overlap_is_told():
    line = np.log2(RATES)
    found = bd_quality(Curve(RATES, line), Curve(2 * RATES, line))
    assert found.value == pytest.approx(-1.0)
    assert found.overlap_low == pytest.approx(12_000)
    assert found.overlap_share == pytest.approx(3 / 5)  # octaves


def test_an_integral_of_our_own_agrees_on_the_example_of_the_package():
    # rates and PSNR of the example in the documentation of bjontegaard 1.3
    anchor = curve(np.array([9487.76, 4593.60, 2486.44, 1358.24]), np.array([40.037, 38.615, 36.845, 34.851]))
    other = curve(np.array([9787.80, 4469.00, 2451.52, 1356.24]), np.array([40.121, 38.651, 36.970, 34.987]))
    low, high = 34.987, 40.037
    one, two = (PchipInterpolator(c.quality, np.log10(c.bps)) for c in (anchor, other))
    gap = quad(
        lambda q: float(two(q) - one(q)), low, high, limit=200, points=[*anchor.quality[1:-1], *other.quality[1:-1]]
    )
    assert bd_rate(anchor, other).value == pytest.approx(100 * (10 ** (gap[0] / (high - low)) - 1), abs=1e-6)


def test_what_cannot_be_computed_says_why():
    good = Curve(RATES, QUALITY)
    assert "3 points with a value; 4 are needed" in bd_rate(good, Curve(RATES[:3], QUALITY[:3])).reason
    falling = QUALITY.copy()
    falling[3] = 3.0
    assert "does not rise from 24 kbit/s to 48 kbit/s" in bd_rate(good, Curve(RATES, falling)).reason
    assert bd_quality(good, Curve(RATES, falling)).reason == ""  # quality is still a function of the bitrate
    assert "do not overlap" in bd_rate(good, Curve(RATES, QUALITY + 9)).reason
    assert "do not overlap" in bd_quality(good, Curve(RATES * 100, QUALITY)).reason
    same = RATES.copy()
    same[1] = same[0]
    assert "two points at 6 kbit/s" in bd_quality(good, Curve(same, QUALITY)).reason
    assert math.isnan(bd_rate(good, Curve(same, QUALITY)).value)


def test_bitrates_of_a_quality_are_never_extrapolated():
    given_curve = Curve(RATES, QUALITY)
    assert rate_at(given_curve, 2.4).value == pytest.approx(12_000)
    assert 12_000 < rate_at(given_curve, 2.8).value < 24_000
    assert "below the measured range: better already at 6 kbit/s" in rate_at(given_curve, 1.0).reason
    assert "above the measured range: not reached at 96 kbit/s" in rate_at(given_curve, 4.3).reason
    assert quality_at(given_curve, 24_000).value == pytest.approx(3.1)
    assert "below the measured range" in quality_at(given_curve, 5000).reason
    assert "fewer than 2 points" in rate_at(Curve(RATES[:1], QUALITY[:1]), 1.2).reason


curves_made = st.lists(st.tuples(st.floats(0.02, 1.0), st.floats(0.02, 1.0)), min_size=4, max_size=8).map(
    lambda steps: Curve(1000 * 10 ** np.cumsum([a for a, _ in steps]), np.cumsum([b for _, b in steps]))
)


@settings(max_examples=40, deadline=None)
@given(curves_made, curves_made)
def test_exchanging_the_curves_inverts_the_deltas(one, two):
    there, back = bd_rate(one, two), bd_rate(two, one)
    assert bool(there.reason) == bool(back.reason)
    if not there.reason:
        assert (1 + there.value / 100) * (1 + back.value / 100) == pytest.approx(1.0, rel=1e-6)
    there, back = bd_quality(one, two), bd_quality(two, one)
    if not there.reason:
        assert there.value == pytest.approx(-back.value, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(curves_made, st.floats(0.0, 1.0))
def test_the_bitrate_of_a_quality_and_back(given_curve, share):
    wanted = given_curve.quality[0] + share * (given_curve.quality[-1] - given_curve.quality[0])
    wanted = min(max(wanted, given_curve.quality[0]), given_curve.quality[-1])
    found = rate_at(given_curve, wanted)
    assert given_curve.bps[0] * 0.999999 <= found.value <= given_curve.bps[-1] * 1.000001
