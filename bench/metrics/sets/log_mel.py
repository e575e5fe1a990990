"""The Frechet distance of log-mel frames: no network, no weights."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio, resampler_identity
from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.sets.frechet import FrechetDistance, fad_quantities
from bench.metrics.spectral import triangles

RATE = 48_000
WINDOW = 2048
HOP = 1024
BANDS = 32
LOWEST_HZ, HIGHEST_HZ = 50.0, 20_000.0
FLOOR = 1e-8  # -80 dB: below it a band counts as empty, be it beyond the band of a clip or in a pause


class FrechetLogMel(FrechetDistance):
    """Frechet distance between the log-mel spectra of references and decoded clips, in dB squared. Lower is closer.

    Each frame of 43 ms (every 21 ms, Hann window, 48 kHz, mono mix) is embedded as the levels of 32 mel bands from
    50 Hz to 20 kHz in dB, at least -80 dB re a full-scale sine. The distance compares their means and covariances over
    all frames of the set. It needs no weights and is no published Frechet audio distance: values of VGGish or CLAP
    are on other scales and must not be set beside it.

    Raises:
        MetricUndefined: no more frames than bands in the set; a clip shorter than one frame is left out.

    Blind spots:
        It compares distributions, not clips: a codec that swapped two clips would have distance 0. It sees spectra
        of single frames, so neither rhythm nor phase nor stereo, and a constant gain counts as much as noise.
        Missing and quiet bands weigh as much as loud ones: a low-pass filter costs far more than it sounds.

    Source:
        own choice of embedding; the distance is that of Kilgour et al., Interspeech 2019, arXiv:1812.08466.
    """

    identity = Identity("fad_log_mel", "1", f"numpy float32 {resampler_identity()}")
    quantities = fad_quantities("fad_log_mel", "dB²", "log-mel frames; not a published FAD")

    def embed(self, audio: Audio) -> NDArray[np.float64]:
        signal = audio.mixed_to(1).at(RATE).samples[0]
        if len(signal) < WINDOW:
            raise MetricUndefined(f"the clip is too short: {audio.seconds:.4f} s; fad_log_mel needs 0.043 s.")
        frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)[::HOP]
        spectra = np.abs(np.fft.rfft(frames * _window(), axis=1)) ** 2
        levels: NDArray[np.float64] = 10 * np.log10(np.maximum(spectra @ _mel_bands(), FLOOR))
        return levels


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float64]:
    """A Hann window in whose spectrum a full-scale sine has power 1."""
    window: NDArray[np.float64] = np.hanning(WINDOW + 1)[:-1] * 4 / WINDOW
    return window


@lru_cache(maxsize=1)
def _mel_bands() -> NDArray[np.float64]:
    """Weights from bins to bands, shape ``(bins, BANDS)``: triangles on the mel scale of HTK, peak 1."""
    low, high = _mel(np.array([LOWEST_HZ, HIGHEST_HZ]))
    return triangles(_mel(np.fft.rfftfreq(WINDOW, 1 / RATE)), np.linspace(low, high, BANDS + 2))


def _mel(hertz: NDArray[Any]) -> NDArray[Any]:
    mel: NDArray[Any] = 2595 * np.log10(1 + hertz / 700)
    return mel
