"""Room impulse responses: delay, level, reverberation time, and simulated rooms. Pure functions of arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.datasets.exact import on_grid, steady
from bench.errors import DatasetError, MissingRequirement

Response = NDArray[np.float64]
"""Shape ``(channels, samples)``."""

ONSET_BELOW_PEAK_DB = 20.0  # ISO 3382-1: the response starts where it first comes near its maximum
DYNAMIC_RANGE_DB = 35.0  # ISO 3382-1: the noise lies at least 10 dB below the end of the fitted range
FRAME_S = 0.02
KNEE_DB = 6.0
EARLY_S = 0.5  # the loudest 20 ms of a response come within that of its direct sound
LEAST_DECAY_DB = 20.0  # from there to the last quarter, noise included

MICROPHONE_DISTANCE_M = 0.2
MAX_ORDER = 45
SHORTEST_S = 0.2  # below, the direct sound and a few reflections are all there is, and T20 measures no decay


def without_delay(response: Response) -> Response:
    """``response`` from its direct sound on; one cut for all channels, so that differences between ears stay."""
    envelope = np.abs(response).max(axis=0)
    onset = int(np.argmax(envelope >= envelope.max() * 10 ** (-ONSET_BELOW_PEAK_DB / 20)))
    return response[:, onset:]


def normalised(response: Response) -> Response:
    """``response`` with an energy of 1, averaged over channels, so that a sound in the room keeps about its level.

    Recorded responses come at levels that differ by tens of decibels. Level differences between channels stay.
    """
    energy = float(np.mean(np.sum(np.square(response), axis=1)))
    if not energy > 0:
        raise ValueError("the impulse response is silent")
    return response / steady(math.sqrt(energy))


def require_decay(response: Response, rate: int) -> None:
    """Raise ValueError where ``response`` cannot be that of a room: speech, noise and music are loud again and again.

    Of a room, the loudest 20 ms come within 0.5 s of the direct sound, and the last quarter lies 20 dB or more below.
    Of the measured responses we know, the noisiest falls by 24 dB; recordings of noise and speech by 6 to 19 dB.
    """
    energy = np.square(without_delay(response)).sum(axis=0)
    step = max(1, round(FRAME_S * rate))
    frames = np.array([part.mean() for part in np.split(energy, range(step, len(energy), step))])
    loudest = int(np.argmax(frames))
    tail = float(frames[-max(1, len(frames) // 4) :].mean())
    if not frames[loudest] > 0:
        raise ValueError("the impulse response is silent")
    if len(frames) > 1 and (loudest * FRAME_S > EARLY_S or tail > frames[loudest] * 10 ** (-LEAST_DECAY_DB / 10)):
        raise ValueError("expected the impulse response of a room, which decays from its direct sound on; this is none")


def reverberation_time_s(response: Response, rate: int) -> float | None:
    """RT60 in seconds from the decay between -5 and -25 dB (T20); None where noise hides that decay.

    Schroeder's backward integration of the squared response, summed over channels, from the direct sound to the
    knee where 20 ms frames come within 6 dB of the noise floor (the median of the last fifth of the frames). None
    where the loudest frame is less than 35 dB above that floor, as ISO 3382-1 asks for T20.

    Source:
        Schroeder, "New method of measuring reverberation time", JASA 37, 1965; ISO 3382-1:2009.
    """
    energy = np.square(without_delay(response)).sum(axis=0)
    step = max(1, round(FRAME_S * rate))
    count = len(energy) // step
    if count < 5:
        return None
    frames = energy[: count * step].reshape(count, step).mean(axis=1)
    floor = float(np.median(frames[-(count // 5) :]))
    if floor > frames.max() * 10 ** (-DYNAMIC_RANGE_DB / 10):
        return None
    near_floor = np.flatnonzero(frames < floor * 10 ** (KNEE_DB / 10))
    knee = int(near_floor[0]) * step if near_floor.size else len(energy)
    if knee == 0:
        return None
    remaining = np.cumsum(energy[:knee][::-1])[::-1]
    remaining = remaining[: np.count_nonzero(remaining)]
    decay_db = 10 * np.log10(remaining / remaining[0])
    first, last = int(np.argmax(decay_db <= -5)), int(np.argmax(decay_db <= -25))
    if last - first < 2:
        return None
    slope = float(np.polyfit(np.arange(first, last) / rate, decay_db[first:last], 1)[0])
    return steady(-60 / slope)


@dataclass(frozen=True, slots=True)
class Room:
    """A simulated room: what it is, what microphones or ears in it hear, and where the talker stands, if known."""

    dimensions_m: tuple[float, float, float]
    response: Response
    rt60_s: float
    distance_m: float | None = None
    azimuth_deg: float | None = None


def with_pyroomacoustics(rt60_s: float, channels: int, rate: int, rng: np.random.Generator) -> Room:
    """A shoebox room of pyroomacoustics that decays in ``rt60_s``; it differs in its last bits between processors.

    Longer reverberation makes a larger room (floor about 12 m x 9 m per second of it), as in life. Reflections of
    up to 45 orders come from the image-source method of pyroomacoustics with equally absorbing walls; an exponential
    weight then corrects the decay, which Sabine's formula gives only roughly, so that the measured T20 is
    ``rt60_s``. Two microphones stand 0.2 m apart.

    Source:
        Allen and Berkley, "Image method for efficiently simulating small-room acoustics", JASA 65, 1979.
    """
    pra = _pyroomacoustics()
    pra.constants.set("num_threads", 1)  # the order of additions, and so the last bit, must not depend on the machine
    shape = np.array([12.0, 9.0, 5.5]) * rt60_s * rng.uniform(0.85, 1.15, 3)
    dimensions = np.maximum(shape, [3.0, 2.5, 2.3]).round(2)
    absorption, order = pra.inverse_sabine(rt60_s, dimensions)
    room = pra.ShoeBox(dimensions, fs=rate, materials=pra.Material(absorption), max_order=min(order, MAX_ORDER))
    ear, mouth = places(dimensions, rng)
    direction = rng.uniform(0, 2 * np.pi)
    half = MICROPHONE_DISTANCE_M / 2 * np.array([np.cos(direction), np.sin(direction), 0.0])
    room.add_source(mouth)
    room.add_microphone_array(np.stack([ear - half, ear + half][:channels], axis=1) if channels > 1 else ear[:, None])
    room.compute_rir()
    heard = [np.asarray(microphone[0], dtype=np.float64) for microphone in room.rir]
    length = min(map(len, heard))
    response = without_delay(np.stack([one[:length] for one in heard]))
    width, depth, height = map(float, dimensions)
    return Room((width, depth, height), *with_decay(response, rt60_s, rate))


def simulator_identity() -> str:
    """What makes simulated rooms; MissingRequirement where it is not installed."""
    return f"pyroomacoustics {_pyroomacoustics().__version__}"


def _pyroomacoustics() -> Any:
    try:
        import pyroomacoustics
    except ImportError:
        raise MissingRequirement(
            "simulated rooms need pyroomacoustics, which cannot be imported. To get it: pip install 'codecbench[rooms]'"
        ) from None
    return pyroomacoustics


def places(dimensions: NDArray[np.float64], rng: np.random.Generator) -> tuple[Response, Response]:
    """A listener and a talker: at least 0.5 m from the walls, 0.5 m to 2.5 m apart where the room allows it."""
    low, high = np.full(3, 0.5), dimensions - 0.5
    ear = rng.uniform(low, high)
    while True:
        mouth = rng.uniform(np.maximum(low, ear - 2.5), np.minimum(high, ear + 2.5))
        if np.linalg.norm(mouth - ear) >= 0.5:
            return ear, mouth


def with_decay(response: Response, rt60_s: float, rate: int) -> tuple[Response, float]:
    """``response`` with an exponential weight that makes its T20 ``rt60_s``, and that T20 as measured."""
    seconds = np.arange(response.shape[1]) / rate
    measured = reverberation_time_s(response, rate)
    for _ in range(8):  # the fit is not quite linear in the exponent
        if measured is None or abs(measured / rt60_s - 1) < 0.01:
            break
        weight = np.exp(-3 * math.log(10) * seconds * (1 / rt60_s - 1 / measured))
        response = response * on_grid(weight, 30)
        measured = reverberation_time_s(response, rate)
    if measured is None:
        raise DatasetError(
            f"a simulated room of RT60 {rt60_s:g} s has no clear decay; raise rt60_s, or use recorded rooms."
        )
    return response, measured
