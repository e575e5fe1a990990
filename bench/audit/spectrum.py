"""How far up the content of a recording reaches, and whether it ends naturally or at a cliff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audit.images import without_image

Floats = NDArray[np.float32]

FRAME_S = 0.043  # 2048 samples at 44.1 and 48 kHz
MOST_FRAMES = 4_000  # of all channels together: 86 s in stereo
SILENCE_DBFS = -90.0  # the power of 16-bit dither is -96 to -93
LEAST_DB = -130.0  # below the quantisation noise of 16 bits in one bin, -125
FLOOR_DB = -105.0  # in one bin; the noise-shaped dither of mastering tools reaches it
LOWEST_EDGE_HZ = 3_000.0
HIGHEST_EDGE = 0.9  # of Nyquist: above it lies the anti-alias filter of the recording itself
HIGHEST_FLOOR = 0.96
CLIFF_DB = 25.0
LINE_DB = 30.0  # above the median of the bins within half a kilohertz
SMOOTHING_HZ = 300.0
CHANGE_DB = 1.5
DYNAMIC_DB = 70.0
STATIONARY_DB = 2.5  # log of the mean over mean of the log, for noise: Euler's constant in dB


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Levels of Hann frames, shape ``(frames, bins)``, in dB re a full-scale sine, at least ``LEAST_DB``.

    The frames of all channels stand one below the other; those at or below ``SILENCE_DBFS`` are left out, so there
    may be none. ``hz`` is the width of a bin, ``rate`` the sample rate.
    """

    levels: Floats
    hz: float
    rate: int


@dataclass(frozen=True, slots=True)
class Band:
    """Where the content of a recording ends.

    ``bandwidth_hz``: the highest frequency with content above the floor of noise, quantisation and dither; 0 where
    there is none. ``edge_hz``: the cliff at which the spectrum ends, and ``edge_db``, by how much it falls there; None
    where it fades naturally or reaches Nyquist.
    """

    bandwidth_hz: float
    edge_hz: float | None
    edge_db: float | None


def spectrogram_of(samples: Floats, rate: int) -> Spectrogram:
    """Of ``samples``, shape ``(channels, samples)`` in [-1, 1], at ``rate`` Hz.

    Frames do not overlap. A recording with more than ``MOST_FRAMES`` of them is represented by that many, evenly
    spaced. One that is shorter than a frame is one short frame; a rest shorter than a frame is left out.
    """
    channels, length = samples.shape
    frame = 2 ** round(np.log2(FRAME_S * rate))
    if not samples.size:
        return Spectrogram(np.zeros((0, frame // 2 + 1), np.float32), rate / frame, rate)
    width = min(frame, length)
    count = length // width
    kept = np.linspace(0, count - 1, min(count, max(1, MOST_FRAMES // channels))).astype(int)
    frames = samples[:, : count * width].reshape(channels, count, width)[:, kept].reshape(-1, width)
    frames = frames - frames.mean(axis=1, keepdims=True)
    loud = np.einsum("ij,ij->i", frames, frames) > width * 10 ** (SILENCE_DBFS / 10)
    window = np.hanning(width + 2)[1:-1].astype(np.float32)
    spectra = np.fft.rfft(frames[loud] * (2 * window / window.sum()), frame)
    power = np.square(spectra.real) + np.square(spectra.imag)
    return Spectrogram(10 * np.log10(power + np.float32(10 ** (LEAST_DB / 10))), rate / frame, rate)


def band_of(samples: Floats, rate: int, spectrogram: Spectrogram | None = None) -> Band:
    """The band of ``samples``, shape ``(channels, samples)`` in [-1, 1]: of the widest channel.

    A cliff is a fall of at least ``CLIFF_DB`` within a fifth of the frequency, with nothing higher above it. Strings,
    pianos and voices fade by no more than about 50 dB an octave; a resampler's or a codec's low-pass is far
    steeper. The end of a tone or of its overtones is no cliff, so none is seen next to lines. A cliff above 20 kHz
    takes nothing audible. The mirror image that a short resampling filter leaves below a cliff is no content.

    Content is what stands within ``DYNAMIC_DB`` of the strongest part of the spectrum or changes with time; noise
    that is neither is floor.

    Args:
        spectrogram: of these samples, where it has been made already.
    """
    spectrogram = spectrogram or spectrogram_of(samples, rate)
    levels, hz = spectrogram.levels, spectrogram.hz
    if not levels.size:
        return Band(0.0, None, None)
    width = max(1, round(SMOOTHING_HZ / hz))
    power = _without_ends(np.mean(np.exp(levels * np.float32(np.log(10) / 10)), axis=0, dtype=np.float64))
    level = 10 * np.log10(_smooth(power, width))
    change = level - _smooth(_without_ends(levels.mean(axis=0, dtype=np.float64)), width) - STATIONARY_DB
    content = (level > level.max() - DYNAMIC_DB) | ((change > CHANGE_DB) & (level > FLOOR_DB))
    bandwidth = float(np.flatnonzero(content)[-1] * hz)
    cliff = _cliff(10 * np.log10(power), level, hz, rate)
    if cliff is None:
        return Band(bandwidth, None, None)
    edge = without_image(cliff[0], levels, hz)
    return Band(min(bandwidth, edge), edge, cliff[1])


def _without_ends(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    """With the neighbours' values at 0 and Nyquist, where noise is distributed in another way."""
    return np.concatenate([spectrum[1:2], spectrum[1:-1], spectrum[-2:-1]])


def _smooth(spectrum: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.convolve(np.pad(spectrum, (width // 2, (width - 1) // 2), mode="edge"), np.ones(width) / width, "valid")


def _cliff(fine: NDArray[np.float64], smooth: NDArray[np.float64], hz: float, rate: int) -> tuple[float, float] | None:
    """Frequency, where four fifths are gone, and depth in dB of the deepest final fall of a spectrum."""
    from scipy.ndimage import median_filter  # only where a clip is measured: a driver need not load it

    below_hz = np.arange(LOWEST_EDGE_HZ, rate / 2, hz)
    beyond = np.round((below_hz + np.minimum(0.2 * below_hz, 1_500)) / hz).astype(int)
    beyond = beyond[beyond * hz < HIGHEST_FLOOR * rate / 2]
    if not beyond.size:
        return None
    top = np.round(below_hz[: len(beyond)] / hz).astype(int)
    start = (top / 1.15).astype(int)
    sums = np.concatenate([[0.0], np.cumsum(fine)])
    below = (sums[top] - sums[start]) / (top - start)
    highest = np.maximum.accumulate(smooth[::-1])[::-1]
    lines = np.concatenate([[0], np.cumsum(fine - median_filter(fine, round(1_000 / hz)) > LINE_DB)])
    falls = np.where(lines[top] > lines[(start / 1.15).astype(int)], -np.inf, below - highest[beyond])
    deepest = int(np.argmax(falls))
    fall = float(falls[deepest])
    if fall < CLIFF_DB:
        return None
    sharp = 10 * np.log10(_smooth(10 ** (fine / 10), max(1, round(100 / hz))))
    above = np.flatnonzero(sharp[top[deepest] : beyond[deepest]] >= below[deepest] - 0.8 * fall)
    edge = float((top[deepest] + (above[-1] if above.size else 0)) * hz)
    return (edge, fall) if edge < HIGHEST_EDGE * rate / 2 else None
