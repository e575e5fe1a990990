"""Simulated rooms: image sources of a shoebox, heard by microphones or by two ears."""

from __future__ import annotations

import math

import numpy as np

from bench.datasets import receivers, rooms
from bench.datasets.exact import Samples
from bench.datasets.receivers import SOUND_M_S, Spatial
from bench.datasets.rooms import Room

IDENTITY = "image sources 1"  # part of the cache key; raised whenever the same room gives other samples
REACH = 0.75  # of the reverberation time: images that come later are 45 dB down
FADE = 0.05  # of the response, at its end
RUMBLE_HZ = 20.0


def simulate(rt60_s: float, spatial: Spatial, rate: int, rng: np.random.Generator) -> Room:
    """A shoebox room that decays in ``rt60_s``, with a talker and a receiver at random places.

    Longer reverberation makes a larger room (floor about 12 m x 9 m per second of it), as in life. Walls absorb
    equally at all frequencies, as much as Eyring's formula asks; an exponential weight then corrects the decay, so
    that the measured T20 is ``rt60_s``. The receiver looks in a random direction.

    Source:
        Allen and Berkley, "Image method for efficiently simulating small-room acoustics", JASA 65, 1979.
    """
    shape = np.array([12.0, 9.0, 5.5]) * rt60_s * rng.uniform(0.85, 1.15, 3)
    dimensions = np.maximum(shape, [3.0, 2.5, 2.3]).round(2)
    ear, mouth = (place.round(3) for place in rooms.places(dimensions, rng))
    facing_deg = round(float(rng.uniform(0, 360)), 2)
    to_source, strength = images(dimensions, mouth - ear, ear, rt60_s)
    turned = _turned(to_source, facing_deg)
    length = round(REACH * rt60_s * rate) + 2 * receivers.TAPS
    heard = _finished(receivers.response(receivers.arrivals(spatial, turned, strength), rate, length), rate)
    silence = np.zeros((heard.shape[0], round((1 - REACH) * rt60_s * rate)))  # shows that the end is no noise floor
    whole = rooms.without_delay(np.concatenate([heard, silence], axis=1))
    response, measured = rooms.with_decay(whole, rt60_s, rate)
    width, depth, height = map(float, dimensions)
    x, y, _ = _turned((mouth - ear)[:, None], facing_deg)[:, 0]
    return Room(
        (width, depth, height),
        response,
        measured,
        distance_m=round(math.dist(mouth, ear), 3),
        azimuth_deg=round(math.degrees(math.atan2(y, x)), 2),
    )


def images(dimensions_m: Samples, to_mouth_m: Samples, ear_m: Samples, rt60_s: float) -> tuple[Samples, Samples]:
    """Where the sources seem to be, as seen from the receiver, shape ``(3, count)``, and their strength at 1 m."""
    width, depth, height = map(float, dimensions_m)
    volume, surface = width * depth * height, 2 * (width * depth + depth * height + height * width)
    kept = math.exp(-0.161 * volume / (surface * rt60_s) / 2)  # of the amplitude, at each wall (Eyring)
    reach = REACH * rt60_s * SOUND_M_S
    mouth, lines, counts = ear_m + to_mouth_m, [], []
    for axis, side in enumerate(dimensions_m):
        order = np.arange(-math.ceil(reach / side) - 1, math.ceil(reach / side) + 2)
        mirrored = np.where(order % 2 == 0, mouth[axis], side - mouth[axis])
        lines.append(order * side + mirrored - ear_m[axis])
        counts.append(np.abs(order))
    x, y, z = np.meshgrid(*lines, indexing="ij", sparse=True)
    inside = x * x + y * y + z * z <= reach * reach
    found = np.stack([np.broadcast_to(line, inside.shape)[inside] for line in (x, y, z)])
    i, j, k = np.meshgrid(*counts, indexing="ij", sparse=True)
    walls = (i + j + k)[inside]
    powers = np.cumprod(np.concatenate([[1.0], np.full(int(walls.max()), kept)]))
    return found, powers[walls]


def _turned(vectors: Samples, facing_deg: float) -> Samples:
    """``vectors`` as seen by somebody who faces ``facing_deg``."""
    cos, sin = math.cos(math.radians(facing_deg)), math.sin(math.radians(facing_deg))
    return np.stack([cos * vectors[0] + sin * vectors[1], cos * vectors[1] - sin * vectors[0], vectors[2]])


def _finished(heard: Samples, rate: int) -> Samples:
    """Without the pressure that images of one sign build up, which no room keeps; and with an end that fades."""
    from scipy.signal import lfilter

    pole = 1 - 2 * math.pi * RUMBLE_HZ / rate
    out = np.asarray(lfilter([1.0, -1.0], [1.0, -pole], heard, axis=1), dtype=np.float64)
    fade = round(FADE * out.shape[1])
    out[:, out.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade)
    return out
