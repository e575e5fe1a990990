"""Arithmetic that gives the same bits on every machine: what a set's hash needs.

One ``+``, ``-``, ``*``, ``/`` or ``sqrt`` of two numbers is the same everywhere (IEEE 754). Sums over an array, matrix
products, Fourier transforms, ``sin`` and ``exp`` are not: their last bit depends on the processor's vector
instructions and on the library. Here such results are rounded to a grid that is far coarser than that last bit, and
convolutions are those of integers, small enough for a Fourier transform to give them exactly.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

SIGNIFICANT_BITS = 24  # of a level or a gain: 5e-7 dB, and ten million times what machines differ by
SIGNAL_BITS, RESPONSE_BITS = 18, 20  # below the peak: rounding noise at -119 dB re full scale and less


def steady(value: float) -> float:
    """``value`` with 24 significant bits.

    >>> steady(0.1 + 0.2) == steady(0.3)
    True
    """
    if not math.isfinite(value):
        return value
    mantissa, exponent = math.frexp(value)
    return math.ldexp(round(math.ldexp(mantissa, SIGNIFICANT_BITS)), exponent - SIGNIFICANT_BITS)


def on_grid(samples: Samples, bits: int) -> Samples:
    """``samples`` rounded to multiples of ``2**-bits``."""
    return np.asarray(np.rint(samples * 2.0**bits) * 2.0**-bits)


def integers(samples: Samples, bits: int) -> tuple[Samples, int]:
    """Whole numbers of at most ``bits`` bits, and the power of two that makes them ``samples``, but for rounding."""
    exponent = math.frexp(float(np.max(np.abs(samples), initial=0.0)))[1] - bits
    return np.rint(np.ldexp(samples, -exponent)), exponent


def convolve(signal: Samples, response: Samples) -> Samples:
    """The start of ``signal``, shape ``(1 or channels, samples)``, heard through ``response``, as long as ``signal``.

    Both are rounded first, to 18 and 20 bits below their peaks. The products and sums of those integers are exact:
    they stay below 2**53, and the error of the Fourier transforms, below 0.05 even for noise at full scale, is rounded
    off.
    """
    from scipy.signal import oaconvolve

    x, x_exponent = integers(signal, SIGNAL_BITS)
    h, h_exponent = integers(response, RESPONSE_BITS)
    out = np.rint(oaconvolve(x, h, axes=1)[:, : signal.shape[1]]) + 0.0  # there is one zero, not two
    return np.asarray(np.ldexp(out, x_exponent + h_exponent))
