"""Segmental SNR, of the waveform and of critical bands: a mean over short frames, so that soft passages count."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import SILENCE_DBFS, SPEECH, Domain, Metric, Quantity, Signal, require_active

FRAME_S = 0.03  # Hansen and Pellom 1998, section 3; Hu and Loizou 2008, section II
OVERLAP = 4  # frames that a sample is part of: hops of 7.5 ms
LOW_DB, HIGH_DB = -10.0, 35.0  # Hansen and Pellom 1998, section 3

RATE = 16_000
EXPONENT = 0.2  # gamma; Hu and Loizou 2008, section IV
CENTRES_HZ = (
    50, 120, 190, 260, 330, 400, 470, 540, 617.372, 703.378, 798.717, 904.128, 1020.38, 1148.30, 1288.72, 1442.54,
    1610.70, 1794.16, 1993.93, 2211.08, 2446.71, 2701.97, 2978.04, 3276.17, 3597.63,
)  # fmt: skip
WIDTHS_HZ = (
    70, 70, 70, 70, 70, 70, 70, 77.3724, 86.0056, 95.3398, 105.411, 116.256, 127.914, 140.423, 153.823, 168.154,
    183.457, 199.776, 217.153, 235.631, 255.255, 276.072, 298.126, 321.465, 346.136,
)  # fmt: skip
"""The 25 critical bands of Quackenbush et al. 1988, which both papers take."""
STEEPNESS = 11.0  # of the Gaussian bands: -6 dB (in amplitude) at a quarter of the width from the centre
BAND_FLOOR = float(np.exp(-30 / (2 * 2.303)))  # weights of a band below it are 0
ERROR_FLOOR = float(np.finfo(np.float64).eps)  # of squared differences of spectra whose sum is 1

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Frames:
    active: NDArray[np.bool_]  # (frames,): in which the reference is not silent
    signal: Signal
    energy_db: Array  # of the active frames


class SegmentalSnr(Metric):
    """Segmental SNR: the mean over frames of 30 ms of the SNR in dB, clamped to -10 to 35 dB in every frame.

    ``segmental_snr`` in dB, higher is better; an identical pair has 35. Hann windows, a frame every 7.5 ms. Frames in
    which the reference is silent (below -80 dBFS RMS) are left out: their ratio would be -10 dB whatever was coded.
    The last whole frame is left out as well, as in the code that published values come from. All clips; own rate;
    mean over channels.

    Raises:
        MetricUndefined: either signal is silent, or no frame of a channel of the reference is active.
    Blind spots:
        It compares waveforms: a gain, a sample of delay or another phase cost as much as noise. Pauses with faint
        background noise weigh like speech, though few codecs keep the waveform of noise. What a codec adds in digital
        silence is not counted.
    Source:
        Hansen and Pellom, "An effective quality evaluation protocol for speech enhancement algorithms", ICSLP 1998.
    """

    identity = Identity("segmental_snr", "2", "30 ms, hop 7.5 ms, -10 to 35 dB, without silent frames")
    quantities = (Quantity("segmental_snr", "dB", higher_is_better=True, low=LOW_DB, high=HIGH_DB),)

    def prepare_channel(self, reference: Signal, rate: int) -> _Frames:
        energy = _energy(reference, rate)
        active = _active(energy, rate)
        return _Frames(active, reference, 10 * np.log10(energy[active]))

    def score_channel(self, state: _Frames, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        noise = _energy(degraded - state.signal, rate)[state.active]
        with np.errstate(divide="ignore"):
            ratios = state.energy_db - 10 * np.log10(noise)
        return {"segmental_snr": float(np.clip(ratios, LOW_DB, HIGH_DB).mean())}


@dataclass(frozen=True, slots=True)
class _Bands:
    active: NDArray[np.bool_]  # (frames,): in which the reference is not silent
    bands: Array  # (active frames, 25)
    weights: Array  # the same shape; of a frame they add up to 1


class FwSegmentalSnr(Metric):
    """Frequency-weighted segmental SNR: the SNR of magnitudes in 25 critical bands, weighted by the reference's.

    ``fw_segmental_snr`` in dB, higher is better, -10 to 35; an identical pair has 35. Frames as in ``segmental_snr``.
    Magnitude spectra are scaled to a sum of 1 in every frame of either signal, and summed under Gaussian bands.
    A band's ratio is that of the squared reference magnitude to the squared difference of magnitudes, in dB; the weight
    is the reference magnitude to the power 0.2; the weighted mean of a frame is clamped. Speech; 16 kHz, as values of
    wide-band speech are usually given (the paper's speech had 8 kHz); mean over channels.

    Raises:
        MetricUndefined: either signal is silent, or no frame of the reference is active.
    Blind spots:
        The bands end at 3.8 kHz: what lies above counts only through the scale of the spectra. Phase is not seen, nor
        level, nor its changes over time. A frame that was lost altogether has 0 dB, more than many a bad one.
    Source:
        Hu and Loizou, "Evaluation of objective quality measures for speech enhancement", IEEE TASLP 16(1), 2008,
        section IV; bands of Quackenbush, Barnwell and Clements, "Objective Measures of Speech Quality", 1988.
    """

    identity = Identity("fw_segmental_snr", "1", "16 kHz, 25 bands, exponent 0.2, without silent frames")
    quantities = (Quantity("fw_segmental_snr", "dB", higher_is_better=True, low=LOW_DB, high=HIGH_DB),)
    domain = Domain(SPEECH, sample_rate=RATE)

    def prepare_channel(self, reference: Signal, rate: int) -> _Bands:
        active = _active(_energy(reference, rate), rate)
        bands = _band_magnitudes(_frames(reference, rate)[active], rate)
        weights = bands**EXPONENT
        return _Bands(active, bands, weights / weights.sum(axis=1, keepdims=True))

    def score_channel(self, state: _Bands, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        bands = _band_magnitudes(_frames(degraded, rate)[state.active], rate)
        errors = np.maximum(np.square(state.bands - bands), ERROR_FLOOR)
        ratios = (state.weights * 10 * np.log10(np.square(state.bands) / errors)).sum(axis=1)
        return {"fw_segmental_snr": float(np.clip(ratios, LOW_DB, HIGH_DB).mean())}


def _frames(signal: Signal, rate: int) -> Array:
    """Overlapping frames without a window, all but the last whole one; a view of shape ``(frames, width)``."""
    width, hop = round(FRAME_S * rate), int(FRAME_S * rate / OVERLAP)
    count = (len(signal) - width) // hop
    return sliding_window_view(signal, width)[: count * hop : hop]


def _energy(signal: Signal, rate: int) -> Array:
    """Energy of each windowed frame."""
    frames = _frames(np.square(signal), rate)
    energy: Array = frames @ np.square(_window(frames.shape[1]))
    return energy


def _active(energy: Array, rate: int) -> NDArray[np.bool_]:
    window = _window(round(FRAME_S * rate))
    active: NDArray[np.bool_] = energy > 10 ** (SILENCE_DBFS / 10) * np.square(window).sum()
    if not active.any():
        raise MetricUndefined(f"no frame of the reference is above {SILENCE_DBFS:.0f} dBFS RMS.")
    return active


def _band_magnitudes(frames: Array, rate: int) -> Array:
    """Of spectra with a sum of 1 (a digitally silent frame: 0), shape ``(frames, 25)``."""
    bands = _bands(rate)
    size = 2 * bands.shape[1]
    spectra = np.abs(scipy.fft.rfft(frames * _window(frames.shape[1]), size)[:, :-1])
    sums = spectra.sum(axis=1, keepdims=True)
    magnitudes: Array = (spectra @ bands.T) / np.where(sums > 0, sums, 1.0)
    return magnitudes


@lru_cache(maxsize=8)
def _window(width: int) -> Array:
    """Hann without its zero ends."""
    window: Array = np.hanning(width + 2)[1:-1]
    return window


@lru_cache(maxsize=2)
def _bands(rate: int) -> Array:
    """Weight of every bin in every band, shape ``(25, bins)``; wider bands have lower peaks."""
    size = 2 ** int(np.ceil(np.log2(2 * FRAME_S * rate)))
    centres, widths = (np.array(hz)[:, np.newaxis] * size / rate for hz in (CENTRES_HZ, WIDTHS_HZ))
    offsets = (np.arange(size // 2) - np.floor(centres)) / widths
    weights = widths[0] / widths * np.exp(-STEEPNESS * np.square(offsets))
    bands: Array = np.where(weights > BAND_FLOOR, weights, 0.0)
    return bands
