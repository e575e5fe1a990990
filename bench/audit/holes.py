"""Holes that AAC and Vorbis leave inside the band: spectral coefficients quantised to zero.

Both code frames of 2048 samples, one every 1024, as modified discrete cosine transforms (MDCT). Cut at the same samples
as by the encoder, the decoded signal shows the zeros again; cut a single sample beside, it shows none. So each of the
1024 ways to cut is tried at a few places, and the best is tried again on the frames around: in a recording it is
no better there than its neighbours, whatever the spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.audit.spectrum import Floats

HOP = 1_024  # of AAC-LC at every rate, and of libvorbis at 44.1 and 48 kHz
FRAME = 2 * HOP
_RISE = np.cumsum(np.kaiser(HOP + 1, 4 * np.pi))
_HALF = np.sqrt(_RISE[:-1] / _RISE[-1])
WINDOW = np.concatenate([_HALF, _HALF[::-1]]).astype(np.float32)
"""Kaiser-Bessel derived, of AAC (ISO/IEC 14496-3), near that of Vorbis; scipy has it, but takes a second to import."""
LOWEST, HIGHEST = 40, 712  # coefficients looked at: 0.9 to 16.7 kHz at 48 kHz
GROUP = 16  # coefficients over which the level is taken for even
FLOOR = np.float32(4 * FRAME * 2.0**-30 / 12)  # four times the power of the rounding to 16 bits in one coefficient
BLOCK = 256  # frames at a time
PLACES = (0.9, 0.5)  # quantiles of the treble level: loud frames have few zeros, soft ones little above rounding
CANDIDATES = 100
BESIDE = 4  # cuts on either side
AROUND = 12  # frames on either side
FEWEST = 12
MOST = 0.5
ENOUGH = 0.1  # the highest of 9 800 places of recordings that neither has coded: 0.043
RIVAL = 0.4
REPEATED = 0.95
PULSES = 30.0  # kurtosis: 3 in noise
SHORTEST_PERIOD = 32
ZERO = 0.1  # of the root mean square of its group


@dataclass(frozen=True, slots=True)
class Holes:
    """What the best cut into frames shows.

    ``contrast``: how much less flat the spectra are than when cut up to ``BESIDE`` samples earlier or later, as the
    mean over the frames of the logarithm of the ratio of arithmetic to geometric mean; about 0 in recordings.
    ``share`` of the coefficients that are nearly zero (where found: in the frames that stand out), ``beside``: the
    same, cut beside. ``first``: the sample, below ``HOP``, at which a frame starts. ``found``: whether a codec did it.
    """

    found: bool
    contrast: float
    share: float
    beside: float
    first: int


def holes_of(samples: Floats) -> Holes | None:
    """The holes of ``samples``, shape ``(channels, samples)`` in [-1, 1]: of the first channel with a signal.

    None where less than ``FEWEST`` frames can be compared. MP3, Opus, AAC with another window or frames of 960 samples,
    and what was resampled or mixed after coding show none.
    """
    signal = next((channel for channel in samples if channel.any()), None)
    if signal is None:
        return None
    best: Holes | None = None
    for place in _places(signal):
        start = place + int(np.argmax(_contrasts(signal[place : place + FRAME + HOP - 1])))
        holes = _compared(signal, start)
        if holes and (best is None or (holes.found, holes.contrast) > (best.found, best.contrast)):
            best = holes
        if best and best.found:
            break
    return best


def _places(signal: Floats) -> list[int]:
    """First samples of stretches of ``FRAME + HOP``, whose softest third has treble at ``PLACES`` among all."""
    if len(signal) < FRAME + HOP:
        return []
    stretches = sliding_window_view(signal, FRAME + HOP)[::HOP]
    chosen = np.unique(np.linspace(0, len(stretches) - 1, min(len(stretches), CANDIDATES)).astype(int))
    treble = np.diff(stretches[chosen], axis=1, append=np.float32(0)).reshape(-1, 3, HOP)
    levels = np.einsum("ijk,ijk->ij", treble, treble).min(axis=1)
    order = chosen[np.argsort(levels)][np.count_nonzero(levels == 0) :]
    return list(dict.fromkeys(int(order[int(place * (len(order) - 1))]) * HOP for place in PLACES if len(order)))


def _contrasts(stretch: Floats) -> Floats:
    """How much each of the ``HOP`` frames in ``stretch`` stands out from those cut beside it."""
    unevenness = _unevenness(stretch, np.arange(HOP))
    beside = sliding_window_view(np.pad(unevenness, BESIDE, mode="wrap"), 2 * BESIDE + 1)
    contrasts: Floats = unevenness - np.median(beside, axis=1).astype(np.float32)
    return contrasts


def _compared(signal: Floats, start: int) -> Holes | None:
    """The frames around the one at ``start``, in steps of ``HOP``, each with those cut beside it."""
    starts = start + HOP * np.array([step for step in range(-AROUND, AROUND + 1) if step])
    starts = starts[(starts >= BESIDE) & (starts + BESIDE + FRAME <= len(signal))]
    if len(starts) < FEWEST:
        return None
    first = max(0, min(starts[0], start) - HOP)
    stretch, starts = signal[first : starts[-1] + FRAME + HOP], starts - first
    cuts = (starts[:, np.newaxis] + np.arange(-BESIDE, BESIDE + 1)).ravel()
    unevenness = _unevenness(stretch, cuts).reshape(len(starts), -1)
    contrasts = np.clip(unevenness[:, BESIDE] - np.median(unevenness, axis=1), -MOST, MOST)
    contrast = float(contrasts.mean())
    synthetic = contrast >= ENOUGH and (_pulses(stretch) or _repeats(stretch))
    found = contrast >= ENOUGH and not synthetic and _alone(stretch, starts[contrasts >= ENOUGH])
    shown = starts[contrasts >= ENOUGH] if found else starts
    return Holes(found, contrast, _zeros(stretch, shown), _zeros(stretch, shown + BESIDE), start % HOP)


def _pulses(stretch: Floats) -> bool:
    """Whether it consists of steps or clicks, whose spectra depend on where in the frame they fall."""
    changes = np.diff(stretch)[: (len(stretch) - 1) // FRAME * FRAME].reshape(-1, FRAME)
    squares = np.square(changes)
    kurtosis = np.square(squares).mean(axis=1) / np.maximum(np.square(squares.mean(axis=1)), np.float32(1e-30))
    return bool(np.quantile(kurtosis, 0.75) > PULSES)


def _repeats(stretch: Floats) -> bool:
    """Whether a synthetic sound repeats itself: its frames are all alike, so that many say no more than one."""
    changes = np.diff(stretch)
    length = len(changes)
    correlation = np.fft.irfft(np.square(np.abs(np.fft.rfft(changes, 2 * length))))[: 2 * length // 3]
    energy = np.cumsum(np.square(changes), dtype=np.float64)
    lags = np.arange(SHORTEST_PERIOD, 2 * length // 3)
    both = energy[length - 1 - lags] * (energy[-1] - energy[lags - 1])
    return bool(np.any(correlation[lags] > REPEATED * np.sqrt(both)))


def _alone(stretch: Floats, starts: NDArray[np.int_]) -> bool:
    """Whether no other cut stands out nearly as much, as it does in trains of pulses at any spacing."""
    half = HOP // 2
    inside = starts[(starts >= half) & (starts + half + FRAME <= len(stretch))][::2]
    if not len(inside):
        return False
    contrasts = [np.clip(_contrasts(stretch[at - half : at + half + FRAME - 1]), -MOST, MOST) for at in inside]
    mean = np.mean(contrasts, axis=0)
    others = np.concatenate([mean[: half - BESIDE], mean[half + BESIDE + 1 :]])
    return bool(others.max() < RIVAL * mean[half])


def _unevenness(stretch: Floats, starts: NDArray[np.int_]) -> Floats:
    """Of the frames at ``starts``: the logarithm of arithmetic over geometric mean of the power in groups; mean."""
    result = np.empty(len(starts), np.float32)
    for block in range(0, len(starts), BLOCK):
        power = _power(stretch, starts[block : block + BLOCK]) + FLOOR
        arithmetic = np.log(_group_means(power)).mean(axis=1)
        result[block : block + BLOCK] = arithmetic - np.log(power, out=power).mean(axis=1)
    return result


def _zeros(stretch: Floats, starts: NDArray[np.int_]) -> float:
    """Share of the coefficients in groups above the floor that are nearly zero."""
    power = _power(stretch, starts)
    means = _group_means(power)
    audible = means > FLOOR / np.float32(ZERO**2)
    zero = power.reshape(*means.shape, GROUP) < np.float32(ZERO**2) * means[..., np.newaxis]
    return float(zero[audible].mean()) if audible.any() else 0.0


def _group_means(power: Floats) -> Floats:
    """Means over ``GROUP`` neighbours, shape ``(frames, groups)``."""
    weights = np.full(GROUP, 1 / GROUP, np.float32)  # a product with a vector: ten times as fast as mean(axis=2)
    means: Floats = power.reshape(-1, GROUP) @ weights
    return means.reshape(len(power), -1)


def _power(stretch: Floats, starts: NDArray[np.int_]) -> Floats:
    """Squared MDCT coefficients ``LOWEST`` to ``HIGHEST`` of the frames that begin at ``starts``."""
    from scipy.fft import dct  # only where a clip is measured: a driver need not load it

    half = HOP // 2
    quarters = sliding_window_view(stretch, half)
    mirrored = sliding_window_view(np.ascontiguousarray(stretch[::-1]), half)
    last = len(stretch) - half - starts  # where the quarter that begins at ``starts`` begins in the mirror
    folded = np.empty((len(starts), HOP), np.float32)
    left, right = folded[:, :half], folded[:, half:]
    np.multiply(mirrored[last - 2 * half], -WINDOW[half:HOP], out=left)
    left -= quarters[starts + 3 * half] * WINDOW[3 * half :]
    np.multiply(quarters[starts], WINDOW[:half], out=right)
    right -= mirrored[last - half] * WINDOW[HOP : 3 * half]
    spectrum: Floats = dct(folded, type=4, axis=1, overwrite_x=True)[:, LOWEST:HIGHEST]
    return np.square(spectrum)
