from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.datasets import exact

seeds = st.integers(0, 2**32)


@settings(max_examples=20)
@given(seeds, st.integers(1, 3_000), st.integers(1, 900), st.integers(1, 2))
def test_a_convolution_is_that_of_integers(seed, length, taps, channels):
    rng = np.random.default_rng(seed)
    signal, response = (
        rng.standard_normal((1, length)),
        rng.standard_normal((channels, taps)) * 10.0 ** rng.uniform(-5, 5),
    )
    x, x_exponent = exact.integers(signal, exact.SIGNAL_BITS)
    h, h_exponent = exact.integers(response, exact.RESPONSE_BITS)
    wanted = [np.convolve(x[0].astype(np.int64), one.astype(np.int64))[:length] for one in h]
    assert np.array_equal(exact.convolve(signal, response), np.ldexp(np.array(wanted, float), x_exponent + h_exponent))


def test_a_long_convolution_is_exact_too():
    """The Fourier transform is largest, and its error too, for long responses at full scale."""
    from scipy.signal import oaconvolve

    rng = np.random.default_rng(0)
    decay = np.exp(-np.arange(96_000) / 20_000)
    x, _ = exact.integers(rng.uniform(-1, 1, (1, 480_000)), exact.SIGNAL_BITS)
    h, _ = exact.integers(rng.uniform(-1, 1, (1, 96_000)) * decay, exact.RESPONSE_BITS)
    out = oaconvolve(x, h, axes=1)
    assert np.abs(out - np.rint(out)).max() < 0.1
    assert np.abs(out).max() < 2**53


@given(st.floats(-1e6, 1e6))
def test_a_steady_value_hides_the_last_bits(value):
    assert exact.steady(value) == pytest.approx(value, rel=1e-7)
    assert exact.steady(exact.steady(value)) == exact.steady(value)
    assert np.float32(exact.steady(value)) == exact.steady(value) or abs(value) < 1e-37


def test_steady_lets_infinity_pass():
    assert exact.steady(-math.inf) == -math.inf


@given(seeds, st.integers(4, 24))
def test_integers_are_within_half_a_step(seed, bits):
    samples = np.random.default_rng(seed).standard_normal((2, 50))
    whole, exponent = exact.integers(samples, bits)
    assert np.array_equal(whole, np.rint(whole))
    assert np.abs(whole).max() <= 2**bits
    assert np.abs(np.ldexp(whole, exponent) - samples).max() <= 2.0 ** (exponent - 1)
