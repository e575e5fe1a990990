"""Mel-cepstral distortion, with the reference side made once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active

RATE = 16_000
FRAME, HOP, NFFT = 400, 80, 512  # 25 ms every 5 ms
ORDER = 24
WARPING = 0.42  # the mel scale at 16 kHz; SPTK reference manual, mcep
ACTIVE_RANGE_DB = 40.0  # frames further below the loudest of the reference are left out
FLOOR = 1e-10  # of power, relative to the strongest bin of the same signal: -100 dB
DECIBELS = 10 * math.sqrt(2) / math.log(10)  # Kubichek 1993, eq. 1

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Reference:
    active: NDArray[np.bool_]  # (frames,)
    cepstra: Array  # (active frames, ORDER)


class MelCepstralDistortion(Metric):
    """Mel-cepstral distortion in dB: how far the short-time spectral envelopes are apart. Lower is better.

    10 sqrt(2) / ln 10 times the Euclidean distance of the mel-cepstral coefficients 1 to 24, mean over the active
    frames of the reference (energy within 40 dB of its loudest frame). 16 kHz; Hann window of 25 ms every 5 ms, FFT of
    512; power floored 100 dB below the strongest bin of the signal; the cepstrum of the log spectrum, warped by an
    all-pass of 0.42. Coefficient 0 does not count, so gain does not. Frames are compared in place: pairs are sample
    aligned, there is no dynamic time warping. Mean over channels.

    Raises:
        MetricUndefined: either signal is silent.
    Blind spots:
        Values of other definitions (WORLD envelopes, DTW, other orders) differ by factors: compare only values of this
        one. It does not hear pitch, phase, or noise that follows the envelope; pitch above about 270 Hz leaks into the
        highest coefficients. What lies 100 dB below the strongest bin, or above 8 kHz, is not seen. Quiet active
        frames count like loud ones.
    Source:
        Kubichek, "Mel-cepstral distance measure for objective speech quality assessment", PACRIM 1993; warping:
        Oppenheim and Johnson, Proc. IEEE 60(6), 1972.
    """

    identity = Identity("mcd", "1", f"{RATE} Hz order {ORDER} without c0, no DTW")
    quantities = (Quantity("mcd", "dB", higher_is_better=False, low=0.0),)
    domain = Domain(categories=SPEECH, sample_rate=RATE)

    def prepare_channel(self, reference: Signal, rate: int) -> _Reference:
        frames = _frames(reference)
        energy_db = 10 * np.log10(np.einsum("ij,ij->i", frames, frames) + 1e-30)
        active = energy_db > energy_db.max() - ACTIVE_RANGE_DB
        return _Reference(active, mel_cepstra(_power(frames)[active])[:, 1:])

    def score_channel(self, state: _Reference, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        cepstra = mel_cepstra(_power(_frames(degraded))[state.active])[:, 1:]
        distances = np.linalg.norm(cepstra - state.cepstra, axis=1)
        return {"mcd": DECIBELS * float(distances.mean())}


def mel_cepstra(power: Array) -> Array:
    """Mel-cepstral coefficients 0 to 24 of power spectra of shape ``(frames, NFFT // 2 + 1)``.

    ``log |H| = sum of c[m] z^-m`` on the warped frequency axis, as SPTK has it (``sp2mc``).
    """
    cepstra: Array = np.log(power) @ _from_log_power()
    return cepstra


def _frames(signal: Signal) -> Array:
    window = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME) ** 2
    frames: Array = sliding_window_view(signal, FRAME)[::HOP] * window
    return frames


def _power(frames: Array) -> Array:
    spectra = scipy.fft.rfft(frames, NFFT)
    power = np.square(spectra.real) + np.square(spectra.imag)
    floored: Array = np.maximum(power, FLOOR * power.max())
    return floored


@lru_cache(maxsize=1)
def _from_log_power() -> Array:
    """Log power to mel-cepstra, shape ``(NFFT // 2 + 1, ORDER + 1)``: both steps, cepstrum and warping, are linear."""
    half = NFFT // 2
    to_cepstrum = np.fft.irfft(np.eye(half + 1))[:, : half + 1]
    to_cepstrum[:, [0, half]] /= 2
    return to_cepstrum @ _warping()


def _warping() -> Array:
    """Cepstrum to mel-cepstrum: row ``n`` has the powers of the warped delay in the n-th power of a plain delay."""
    order = np.arange(ORDER + 1)
    delay = np.where(order == 0, WARPING, (1 - WARPING**2) * (-WARPING) ** np.maximum(order - 1, 0))
    rows = [np.eye(1, ORDER + 1)[0]]
    for _ in range(NFFT // 2):
        rows.append(np.convolve(rows[-1], delay)[: ORDER + 1])
    return np.array(rows)
