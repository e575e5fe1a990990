"""What picks up the sound: one microphone, two of them, or two ears on a head. When it arrives there, and how dull.

Directions are vectors ``(x, y, z)`` with x ahead, y to the left and z up; azimuth counts from ahead to the left. The
first of two channels is the left one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.datasets.exact import Samples, integers, on_grid

Spatial = Literal["mono", "stereo", "binaural"]

SOUND_M_S = 343.0
MICROPHONE_DISTANCE_M = 0.2
HEAD_RADIUS_M = 0.0875
SHADOW_LEAST, SHADOW_LEAST_DEG = 0.1, 150.0  # Brown and Duda 1998
CELLS_PER_S = 768_000  # arrivals are put on a grid of 1.3 us: 0.2 mm of way
TAPS = 20  # of the low-pass filter on either side of an arrival
KERNEL_BITS, CELL_BITS = 20, 22
PLACED_BITS = 24
FAR_M = 100.0


@dataclass(frozen=True)
class Arrivals:
    """Sounds that reach one channel.

    All have one shape: ``way_m`` from where they start, ``level`` as they leave and spread, ``brightness`` from
    0.1 to 2 above about 1 kHz, as the head has it, or None without a head.
    """

    way_m: Samples
    level: Samples
    brightness: Samples | None = None


def arrivals(spatial: Spatial, to_source_m: Samples, strength: Samples) -> list[Arrivals]:
    """Arrivals of sources at ``to_source_m``, shape ``(3, ...)``, from the middle of the receiver, for each channel.

    ``strength`` is the amplitude at 1 m. Microphones hear all directions alike. On the sphere, sound takes the
    straight way to the near ear and runs round to the far one, where it is dull.

    Source:
        Woodworth and Schlosberg, "Experimental psychology", 1954 (the way round the head); Brown and Duda, "A
        structural model for binaural sound synthesis", IEEE Trans. Speech and Audio Processing 6(5), 1998 (the
        head's shadow as one pole and one zero; a sphere of 87.5 mm).
    """
    distance = np.sqrt(sum(np.square(to_source_m)))
    if spatial == "mono":
        return [Arrivals(distance, strength / distance)]
    if spatial == "stereo":
        found = []
        for side in (0.5, -0.5):
            way = np.sqrt(
                to_source_m[0] ** 2 + (to_source_m[1] - side * MICROPHONE_DISTANCE_M) ** 2 + to_source_m[2] ** 2
            )
            found.append(Arrivals(way, strength / way))
        return found
    found = []
    for side in (1.0, -1.0):
        angle = np.arccos(np.clip(side * to_source_m[1] / distance, -1.0, 1.0))
        near = angle < np.pi / 2
        detour = HEAD_RADIUS_M * np.where(near, -side * to_source_m[1] / distance, angle - np.pi / 2)
        lowest = SHADOW_LEAST / 2
        brightness = (1 + lowest) + (1 - lowest) * np.cos(angle * (180.0 / SHADOW_LEAST_DEG))
        found.append(Arrivals(distance + detour, strength / distance, brightness))
    return found


def response(heard: list[Arrivals], rate: int, length: int) -> Samples:
    """Impulse response, shape ``(channels, length)``, of everything that is ``heard``; the way of 0 m is at 20 samples.

    Every arrival is put on a fine grid of time; a low-pass filter at the Nyquist frequency turns that grid into
    samples. With a head, each of them is the sum of a dull and a bright part, and so only two filters are needed,
    however many directions there are.
    """
    return np.concatenate([_channel(one, rate, length) for one in heard])


def _channel(heard: Arrivals, rate: int, length: int) -> Samples:
    fine = max(1, -(-CELLS_PER_S // rate))
    cells = np.rint(heard.way_m.ravel() * (fine * rate / SOUND_M_S)).astype(np.int64)
    inside = cells < length * fine
    cells, level = cells[inside], heard.level.ravel()[inside]
    if heard.brightness is None:
        return _filtered(cells, level, fine, length)
    bright = level * heard.brightness.ravel()[inside]
    dull = _filtered(cells, level - bright, fine, length)
    return _filtered(cells, bright, fine, length) + _dulled(dull, rate)


def _filtered(cells: NDArray[np.int64], level: Samples, fine: int, length: int) -> Samples:
    """Impulses at ``cells`` through the low-pass filter, shape ``(1, length)``; integers, so that sums are exact."""
    impulses, exponent = integers(np.bincount(cells, level, length * fine).astype(np.float64), CELL_BITS)
    parts = np.rint(_kernel(fine) * 2.0**KERNEL_BITS) @ impulses.reshape(length, fine).T
    out = np.zeros(length + 2 * TAPS)
    for tap, part in enumerate(parts):
        out[tap : tap + length] += part
    return np.asarray(np.ldexp(out[None, :length], exponent - KERNEL_BITS))


@lru_cache(maxsize=4)
def _kernel(fine: int) -> Samples:
    """A sinc with a Hann window, seen from each of ``fine`` places between two samples; shape ``(taps, fine)``."""
    place = np.arange(2 * TAPS + 1)[:, None] - TAPS - np.arange(fine) / fine
    return np.asarray(np.where(np.abs(place) < TAPS, np.sinc(place) * (0.5 + 0.5 * np.cos(np.pi * place / TAPS)), 0.0))


def _dulled(samples: Samples, rate: int) -> Samples:
    """``samples`` through the head's low-pass filter, 1 / (1 + j w a / 2c), by the bilinear transform."""
    from scipy.signal import lfilter

    warped = rate * HEAD_RADIUS_M / SOUND_M_S
    pole, gain = (warped - 1) / (warped + 1), 1 / (warped + 1)
    return np.asarray(lfilter([gain, gain], [1.0, -pole], samples, axis=1), dtype=np.float64)


def placed(parts: Samples, azimuths_deg: Sequence[float], spatial: Spatial, rate: int) -> Samples:
    """Distant sources without a room, ``parts`` of shape ``(sources, samples)``, level with two channels.

    Delays are whole samples.
    """
    angles = np.radians(np.asarray(azimuths_deg))
    towards = FAR_M * np.stack([np.cos(angles), np.sin(angles), np.zeros(len(angles))])
    return np.concatenate([
        _placed(parts, one, rate) for one in arrivals(spatial, towards, np.full(len(angles), FAR_M))
    ])  # fmt: skip


def _placed(parts: Samples, heard: Arrivals, rate: int) -> Samples:
    first = FAR_M - HEAD_RADIUS_M - MICROPHONE_DISTANCE_M / 2
    delays = np.rint((heard.way_m - first) * (rate / SOUND_M_S)).astype(np.int64)
    length = parts.shape[1]
    bright, dull = np.zeros((1, length)), np.zeros((1, length))
    for index, delay in enumerate(delays):
        late = parts[index, : max(0, length - delay)] * on_grid(heard.level[index], 24)
        if heard.brightness is None:
            bright[0, delay:] += late
        else:
            share = on_grid(heard.brightness[index], 24)
            bright[0, delay:] += late * share
            dull[0, delay:] += late * (1 - share)
    if heard.brightness is None:
        return bright
    whole, exponent = integers(bright + _dulled(dull, rate), PLACED_BITS)
    return np.asarray(np.ldexp(whole, exponent))
