"""SDR of BSS Eval and SI-SNR: waveform distortion that forgives a short filter, or a gain and an offset."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import Domain, Metric, Quantity, Signal, require_active
from bench.metrics.distortion import si_sdr

TAPS = 512  # BSS Eval 3.0 and mir_eval; Vincent et al. 2006, section II-B leave it open
BLOCK = 4096  # samples of one transform
LIMIT_DB = 120.0  # beyond it the difference is the rounding of the arithmetic; at 100 dB that moves the value by 0.0001
LOADING = 1e-12  # of the reference's energy, where it is too simple to say what the filter is

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Reference:
    spectra: NDArray[np.complex128]  # of overlapping blocks, conjugate, shape (blocks, bins)
    autocorrelation: Array  # shape (TAPS, TAPS)
    factor: tuple[Array, bool]  # its Cholesky factor


class Sdr(Metric):
    """Signal-to-distortion ratio of BSS Eval: what no short filter of the reference explains counts as distortion.

    ``sdr`` in dB, higher is better; ``inf`` above 120 dB, where rounding begins. The degraded signal is projected onto
    the reference delayed by 0 to 511 samples; the energy of the projection is divided by that of the rest. One
    source, so there is no interference. Means are not removed. All clips; the reference's own rate, on which values
    depend, as 512 samples are 11 ms at 48 kHz and 32 ms at 16 kHz; mean over channels.

    Raises:
        MetricUndefined: shorter than 0.5 s (against which 512 free coefficients are many), or either signal silent.
    Blind spots:
        Any equaliser, echo or delay within 512 samples is forgiven: a low-pass that leaves a little of the treble costs
        next to nothing, since the filter lifts it again. Like SI-SDR it compares waveforms, so phase changes and
        resynthesised detail count in full, audible or not.
    Source:
        Vincent, Gribonval and Fevotte, "Performance measurement in blind audio source separation", IEEE TASLP 14(4),
        2006; values equal those of ``mir_eval.separation.bss_eval_sources`` for one source.
    """

    identity = Identity("sdr", "1", "512 taps")
    quantities = (Quantity("sdr", "dB", higher_is_better=True),)
    domain = Domain(minimum_s=0.5)

    def prepare_channel(self, reference: Signal, rate: int) -> _Reference:
        from scipy.linalg import LinAlgError, cho_factor, toeplitz

        padded = np.pad(reference, (TAPS - 1, -len(reference) % _STEP))
        spectra = scipy.fft.rfft(sliding_window_view(padded, BLOCK)[::_STEP]).conj()
        autocorrelation = toeplitz(_correlation(spectra, reference))
        try:
            factor = cho_factor(autocorrelation)
        except LinAlgError:  # such as of a pure tone
            loading = LOADING * TAPS * autocorrelation[0, 0]
            factor = cho_factor(autocorrelation + loading * np.eye(TAPS))
        return _Reference(spectra, autocorrelation, factor)

    def score_channel(self, state: _Reference, degraded: Signal, rate: int) -> dict[str, float]:
        from scipy.linalg import cho_solve

        require_active(degraded, "the degraded signal")
        correlation = _correlation(state.spectra, degraded)
        taps = cho_solve(state.factor, correlation)
        energy = float(degraded @ degraded)
        # the distortion that these very taps leave: an error in them enters only as its square
        distortion = energy - 2 * float(correlation @ taps) + float(taps @ state.autocorrelation @ taps)
        if distortion <= energy * 10 ** (-LIMIT_DB / 10):
            return {"sdr": math.inf}
        target = energy - distortion
        return {"sdr": 10 * math.log10(target / distortion) if target > 0 else -math.inf}


class SiSnr(Metric):
    """Scale-invariant signal-to-noise ratio: SI-SDR of signals whose means were removed first.

    ``si_snr`` in dB, higher is better; ``inf`` for a scaled copy with any offset. It is the zero-mean form that
    separation networks are trained and reported with; without offsets it equals ``si_sdr``. All clips; own rate;
    mean over channels.

    Raises:
        MetricUndefined: a channel of either signal is silent but for an offset (below -80 dBFS RMS), or some channels
            are scaled copies and others not.
    Blind spots:
        Those of ``si_sdr``: a sample of delay or a change of phase costs as much as noise, and codecs that resynthesise
        can sound well at values below 0 dB. A gain, a change of polarity and an offset are not seen.
    Source:
        Luo and Mesgarani, "Conv-TasNet", IEEE/ACM TASLP 27(8), 2019, equation 13, arXiv:1809.07454.
    """

    identity = Identity("si_snr", "1", "means removed")
    symmetric = True
    quantities = (Quantity("si_snr", "dB", higher_is_better=True),)

    def prepare_channel(self, reference: Signal, rate: int) -> Signal:
        centred: Signal = reference - reference.mean()
        require_active(centred, "but for an offset, the reference")
        return centred

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        centred = degraded - degraded.mean()
        require_active(centred, "but for an offset, the degraded signal")
        return {"si_snr": si_sdr(state[np.newaxis], centred[np.newaxis])}


_STEP = BLOCK - TAPS + 1


def _correlation(spectra: NDArray[np.complex128], signal: Signal) -> Array:
    """Of ``signal`` with the reference delayed by 0 to ``TAPS`` - 1 samples, exactly, from the reference's blocks."""
    blocks = np.zeros((len(spectra), BLOCK))
    blocks[:, TAPS - 1 :] = np.pad(signal, (0, -len(signal) % _STEP)).reshape(-1, _STEP)
    cross = np.einsum("bf,bf->f", scipy.fft.rfft(blocks), spectra)
    lags: Array = scipy.fft.irfft(cross, BLOCK)[:TAPS]
    return lags
