import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import MetricUndefined
from bench.metrics.distortion import si_sdr, snr


def test_si_sdr_golden(expected):
    """pb_bss, module_si_sdr.py."""
    reference = np.random.RandomState(0).randn(1, 100)
    value = si_sdr(reference, np.flip(reference))
    assert value == pytest.approx(expected("si_sdr", "randn(100)", "float64"), abs=1e-9)


def test_si_sdr_golden_of_torchmetrics():
    """The documented value of torchmetrics 1.9, ScaleInvariantSignalDistortionRatio."""
    value = si_sdr(np.array([[3.0, -0.5, 2.0, 7.0]]), np.array([[2.5, 0.0, 2.0, 8.0]]))
    assert value == pytest.approx(18.403, abs=5e-4)


@given(angle=st.floats(0.01, 1.5), gain=st.floats(0.01, 100), sign=st.sampled_from([-1, 1]))
def test_si_sdr_is_the_cotangent_of_the_angle(angle, gain, sign):
    reference, orthogonal = np.array([1.0, 1.0, 0.0]), np.array([1.0, -1.0, 0.0])
    degraded = sign * gain * (math.cos(angle) * reference + math.sin(angle) * orthogonal)
    assert si_sdr(reference[None], degraded[None]) == pytest.approx(-20 * math.log10(math.tan(angle)), abs=1e-8)


def test_means_are_not_removed():
    reference = np.array([[1.0, -1.0, 1.0, -1.0]])
    assert si_sdr(reference, reference + 0.1) == pytest.approx(20)


def test_snr_of_a_known_gain_and_noise():
    reference = np.array([[1.0, -1.0, 1.0, -1.0], [2.0, -2.0, 2.0, -2.0]])
    assert snr(reference, reference / 2) == pytest.approx(20 * math.log10(2))
    assert snr(reference, 0 * reference) == 0
    assert snr(reference, reference) == math.inf
    assert snr(reference, reference + np.array([[0.1], [0.02]])) == pytest.approx((20 + 40) / 2)


def test_snr_takes_the_reference_first():
    reference, degraded = np.array([[2.0, -2.0]]), np.array([[1.0, -1.0]])
    assert snr(reference, degraded) == pytest.approx(20 * math.log10(2))
    assert snr(degraded, reference) == pytest.approx(0)


def test_extremes():
    reference = np.array([[1.0, 1.0]])
    assert si_sdr(reference, -2 * reference) == math.inf
    assert si_sdr(reference, np.array([[1.0, -1.0]])) == -math.inf
    with pytest.raises(MetricUndefined, match="channel 1 of the reference is silent"):
        si_sdr(0 * reference, reference)
    with pytest.raises(MetricUndefined, match="channel 1 of the degraded signal is silent"):
        si_sdr(reference, 0 * reference)
    with pytest.raises(MetricUndefined, match="silent"):
        snr(0 * reference, reference)
    with pytest.raises(ValueError, match="expected two arrays of shape"):
        snr(reference[0], reference[0])
