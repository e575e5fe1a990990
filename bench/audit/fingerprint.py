"""Audio fingerprints: find the same recording again in another format, rate, gain, channel count, or cut a little."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 8_000
FRAME = 2_960  # 0.37 s, as in the source
HOP = 256  # 32 ms: wherever a copy starts, its frames lie within 16 ms of those of the original
BANDS = 33
LOW_HZ, HIGH_HZ = 300.0, 2_000.0
SILENT_BELOW_LOUDEST = 1e-5  # frames 50 dB under the loudest one are noise, whose bits are another matter in each copy

MOST_DIFFERENT = 0.25  # share of differing bits; Haitsma and Kalker accept 0.35, unrelated audio has about 0.5
LEAST_FRAMES = 24  # that have to agree: 0.8 s and a frame
LEAST_SHARE = 0.6  # of the frames of the shorter clip
LEAST_DISTINCT = 8  # different values among those frames: a steady tone agrees with every other
LEAST_VOTES = 2  # values shared at one offset before two clips are compared; chance alone gives one now and then
LARGE_GROUP = 8  # clips that share a value; in larger groups only neighbours are compared, so that work stays linear

Codes = NDArray[np.uint32]
"""A fingerprint: 32 bits a frame, shape ``(frames,)``; 0 marks a silent frame."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two clips that are one recording: the share of differing bits, and by how much ``second`` starts later."""

    first: str
    second: str
    different: float
    offset_s: float


def fingerprint_of(mono: NDArray[np.float32]) -> Codes:
    """The fingerprint of a mono signal at 8 kHz, shape ``(samples,)``.

    Bit ``b`` of a frame says whether the energy difference of the bands ``b`` and ``b + 1`` (33 bands from 300 Hz to
    2 kHz, as wide as hearing's) grew since the frame before. Neither gain nor what a codec leaves of the spectrum
    changes many of these signs.

    Source:
        Haitsma and Kalker, "A highly robust audio fingerprinting system", ISMIR 2002.
    """
    count = max(0, (len(mono) - FRAME) // HOP + 1)
    if count < 2:
        return np.zeros(0, dtype=np.uint32)
    energies = np.concatenate([_band_energies(mono, first, min(count, first + 512)) for first in range(0, count, 512)])
    change = np.diff(np.diff(energies, axis=1), axis=0) < 0  # bands get wider and energy E(b) - E(b+1) is minus diff
    codes: Codes = (change * (np.uint32(1) << np.arange(BANDS - 1, dtype=np.uint32))).sum(axis=1, dtype=np.uint32)
    total = energies.sum(axis=1)
    silent = total[1:] <= SILENT_BELOW_LOUDEST * total.max()
    return np.where(silent, np.uint32(0), codes)


def to_text(codes: Codes) -> str:
    """A fingerprint as text, four bytes a frame in base64."""
    return base64.b64encode(codes.astype("<u4").tobytes()).decode()


def from_text(text: str) -> Codes:
    """The fingerprint in the text of :func:`to_text`."""
    return np.frombuffer(base64.b64decode(text), dtype="<u4").astype(np.uint32)


def difference(first: Codes, second: Codes, offset: int) -> tuple[float, int]:
    """Share of differing bits, and the number of frames compared, with ``second`` moved by ``offset`` frames."""
    start, stop = max(0, offset), min(len(first), len(second) + offset)
    one, other = first[start:stop], second[start - offset : stop - offset]
    heard = (one != 0) & (other != 0)
    count = int(np.count_nonzero(heard))
    if count == 0 or len(np.unique(one[heard])) < LEAST_DISTINCT:
        return 1.0, count
    return float(np.bitwise_count(one[heard] ^ other[heard]).sum() / (32 * count)), count


def duplicates(fingerprints: Mapping[str, Codes]) -> list[Pair]:
    """Pairs of clips that are one recording, by name; of many copies, each is in a pair with at least one other.

    Only clips that share an exact value at the same offset are compared, so the work grows with the number of clips
    and not with its square. Copies of copies show as a chain of pairs; :func:`groups` joins them.
    """
    names = list(fingerprints)
    codes = [fingerprints[name] for name in names]
    found = {}
    for first, second, offset in _candidates(codes):
        if (first, second) in found:
            continue
        shorter = min(np.count_nonzero(codes[first]), np.count_nonzero(codes[second]))
        for moved in (offset, offset - 1, offset + 1):
            different, count = difference(codes[first], codes[second], moved)
            if different <= MOST_DIFFERENT and count >= max(LEAST_FRAMES, LEAST_SHARE * shorter):
                found[first, second] = Pair(names[first], names[second], different, moved * HOP / RATE)
                break
    return [found[key] for key in sorted(found)]


def groups(pairs: Sequence[Pair]) -> dict[str, list[str]]:
    """For each clip in ``pairs``, all clips that are the same recording, itself included, in one shared list."""
    of: dict[str, list[str]] = {}
    for pair in pairs:
        first, second = of.setdefault(pair.first, [pair.first]), of.setdefault(pair.second, [pair.second])
        if first is not second:
            first += second
            of.update(dict.fromkeys(second, first))
    return of


def _band_energies(mono: NDArray[np.float32], first: int, last: int) -> NDArray[np.float64]:
    """Energy in the bands of frames ``first`` to ``last``, shape ``(frames, 33)``."""
    edges = np.geomspace(LOW_HZ, HIGH_HZ, BANDS + 1) * FRAME / RATE
    part = mono[first * HOP : (last - 1) * HOP + FRAME]
    frames = np.lib.stride_tricks.sliding_window_view(part, FRAME)[::HOP]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32), axis=1)))
    energies: NDArray[np.float64] = np.add.reduceat(power, np.rint(edges).astype(int), axis=1)[:, :BANDS]
    return energies


def _candidates(codes: Sequence[Codes]) -> Iterator[tuple[int, int, int]]:
    """``(first, second, offset)`` of clips that share values, the offset with most of them first."""
    lengths = [len(one) for one in codes]
    value = np.concatenate([np.zeros(0, np.uint32), *codes])
    clip = np.repeat(np.arange(len(codes), dtype=np.int32), lengths)
    frame = np.concatenate([np.zeros(0, np.int32), *(np.arange(length, dtype=np.int32) for length in lengths)])
    heard = np.flatnonzero(value)
    order = heard[np.argsort(value[heard], kind="stable")]
    value, clip, frame = value[order], clip[order], frame[order]
    votes = []
    for step in range(1, LARGE_GROUP):
        same = (value[step:] == value[:-step]) & (clip[step:] != clip[:-step])
        places = np.flatnonzero(same)
        first, second = clip[places], clip[places + step]
        votes.append(np.stack([first, second, frame[places] - frame[places + step]], axis=1))
    if not votes:
        return
    every, count = np.unique(np.concatenate(votes), axis=0, return_counts=True)
    every, count = every[count >= LEAST_VOTES], count[count >= LEAST_VOTES]
    for index in np.argsort(-count, kind="stable"):
        yield tuple(map(int, every[index]))  # type: ignore[misc]
