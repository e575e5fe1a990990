"""STOI and extended STOI, computed together, with the reference side made once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active

RATE = 10_000  # Taal 2011, section II
FRAME, HOP, NFFT = 256, 128, 512  # Taal 2011, section II
BANDS, LOWEST_BAND_HZ = 15, 150.0  # Taal 2011, section II
SEGMENT = 30  # frames, 384 ms; Taal 2011, section II
ACTIVE_RANGE_DB = 40.0  # frames further below the loudest are left out; Taal 2011, section II
CLIP = 1 + 10 ** (15 / 20)  # beta = -15 dB; Taal 2011, eq. 3
BLOCK = 64  # frames or segments worked on at once
EPS = float(np.finfo(np.float64).eps)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Block:
    segments: Array  # (segments, bands, SEGMENT)
    norms: Array  # (segments, bands, 1)
    stoi: Array  # segments without their mean over time, of unit norm
    estoi: Array  # segments normalised over time, then over bands


@dataclass(frozen=True, slots=True)
class _Reference:
    active: NDArray[np.bool_]  # (frames,): which ones count
    blocks: tuple[_Block, ...]


class Stoi(Metric):
    """Intelligibility: ``stoi`` and ``estoi``, correlations from -1 to 1, higher is better. Speech; mean over channels.

    Works at 10 kHz, the rate of the definition, so that the resampler is ours and no other. Values equal those of
    the ``pystoi`` package on the same 10 kHz signals; it adds random noise of size 2e-16 to every band of ESTOI,
    here only bands without any variation get it, from a fixed seed.

    Raises:
        MetricUndefined: fewer than 31 active frames (about 0.4 s of speech), or either signal silent.
    Blind spots:
        They predict which words are understood, not how good it sounds: good codecs all lie close to 1. They hear
        nothing above 4.3 kHz, no gain, and nothing in frames 40 dB below the loudest of the reference, so noise in
        pauses escapes them. They do not align: a delay that is no quality loss costs.
    Source:
        Taal et al., IEEE TASLP 19(7), 2011; Jensen and Taal, IEEE/ACM TASLP 24(11), 2016.
    """

    identity = Identity("stoi", "2", "10 kHz")
    quantities = (
        Quantity("stoi", "", higher_is_better=True, low=-1.0, high=1.0),
        Quantity("estoi", "", higher_is_better=True, low=-1.0, high=1.0),
    )
    domain = Domain(categories=SPEECH, sample_rate=RATE, minimum_s=0.41)  # 31 frames and a sample after them

    def prepare_channel(self, reference: Signal, rate: int) -> _Reference:
        frames = _frames(reference)
        energy_db = 20 * np.log10(np.linalg.norm(frames, axis=1) + EPS)
        active = energy_db > energy_db.max() - ACTIVE_RANGE_DB
        noise = np.random.default_rng(0)
        blocks = [
            _Block(
                segments,
                np.linalg.norm(segments, axis=2, keepdims=True),
                _unit(segments - segments.mean(axis=2, keepdims=True)),
                _row_column_normalised(segments, noise),
            )
            for segments in _segments(frames[active])
        ]
        return _Reference(active, tuple(blocks))

    def score_channel(self, state: _Reference, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        noise = np.random.default_rng(1)
        stoi = estoi = 0.0
        count = 0
        for reference, segments in zip(state.blocks, _segments(_frames(degraded)[state.active]), strict=True):
            scaled = segments * (reference.norms / (np.linalg.norm(segments, axis=2, keepdims=True) + EPS))
            clipped = np.minimum(scaled, reference.segments * CLIP)
            stoi += float(np.vdot(reference.stoi, _unit(clipped - clipped.mean(axis=2, keepdims=True))))
            estoi += float(np.vdot(reference.estoi, _row_column_normalised(segments, noise)))
            count += len(segments)
        return {"stoi": stoi / (count * BANDS), "estoi": estoi / (count * SEGMENT)}


def _frames(signal: Signal) -> Array:
    """Windowed frames, shape ``(frames, FRAME)``; as in the authors' code without one that ends the signal."""
    return sliding_window_view(signal, FRAME)[: len(signal) - FRAME : HOP] * _window()


def _segments(frames: Array) -> Iterator[Array]:
    """Third-octave magnitudes of overlapping segments of the signal that the active ``frames`` add up to.

    In blocks of shape ``(segments, bands, SEGMENT)``, of which a few fit into the cache.
    """
    joined = np.zeros((len(frames) + 1) * HOP)
    joined[:-HOP] += frames[:, :HOP].ravel()
    joined[HOP:] += frames[:, HOP:].ravel()
    if len(joined) < FRAME + (SEGMENT - 1) * HOP + 1:
        raise MetricUndefined(
            f"only {len(frames)} frames of {1000 * FRAME / RATE:.1f} ms are active; STOI needs {SEGMENT + 1}."
        )
    windowed = _frames(joined)
    bands = np.empty((len(windowed), BANDS))
    for start in range(0, len(windowed), BLOCK):
        power = np.square(np.abs(scipy.fft.rfft(windowed[start : start + BLOCK], NFFT)))
        np.sqrt(power @ _third_octaves().T, out=bands[start : start + BLOCK])
    segments = sliding_window_view(bands, SEGMENT, axis=0)
    for start in range(0, len(segments), BLOCK):
        yield np.ascontiguousarray(segments[start : start + BLOCK])


def _unit(segments: Array) -> Array:
    """Scaled to unit norm over time."""
    unit: Array = segments / (np.linalg.norm(segments, axis=2, keepdims=True) + EPS)
    return unit


def _row_column_normalised(segments: Array, noise: np.random.Generator) -> Array:
    """Zero mean and unit norm over time, then over bands (Jensen and Taal, eq. 4)."""
    for axis in (2, 1):
        segments = segments - segments.mean(axis=axis, keepdims=True)
        norms = np.linalg.norm(segments, axis=axis, keepdims=True)
        if (flat := norms <= 4 * EPS).any():
            segments = segments + flat * EPS * noise.standard_normal(segments.shape)
            segments -= segments.mean(axis=axis, keepdims=True)
            norms = np.linalg.norm(segments, axis=axis, keepdims=True)
        segments = segments / norms
    return segments


@lru_cache(maxsize=1)
def _window() -> Array:
    """Hann without its zero ends."""
    window: Array = np.hanning(FRAME + 2)[1:-1]
    return window


@lru_cache(maxsize=1)
def _third_octaves() -> Array:
    """Which bins belong to which band, shape ``(BANDS, NFFT // 2 + 1)``."""
    frequencies = np.arange(NFFT // 2 + 1) * (RATE / NFFT)
    centres = LOWEST_BAND_HZ * 2 ** (np.arange(BANDS) / 3)

    def nearest_bin(hz: Any) -> Any:
        return np.abs(frequencies[:, np.newaxis] - hz).argmin(axis=0)

    low, high = nearest_bin(centres * 2 ** (-1 / 6)), nearest_bin(centres * 2 ** (1 / 6))
    bins = np.arange(len(frequencies))
    matrix: Array = ((bins >= low[:, np.newaxis]) & (bins < high[:, np.newaxis])).astype(np.float64)
    return matrix
