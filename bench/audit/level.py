"""Level, offset, silence and clipping of a signal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio, clipped_samples
from bench.audit.frames import NOTHING_DB, blocks_of, decibels, frame_power

SILENT_DBFS = -70.0  # frames under it are silence: 15 dB above the noise of a good room, 20 under soft speech
FRAME_S = 0.02
FLAT_RUN = 3  # equal samples in a row at a channel's extreme
FLAT_DROP = (
    4 * 2**-15
)  # beside a rounded peak of 16 bits the signal falls by at most 2.8 steps, beside a cut one by more


@dataclass(frozen=True, slots=True)
class Level:
    """``dc`` is the largest mean of a channel in units of full scale; the shares and times are of 20 ms frames.

    An offset counts for ``peak_dbfs`` and ``dc`` only: nobody hears it.
    """

    peak_dbfs: float
    rms_dbfs: float
    dc: float
    silence_share: float
    leading_silence_s: float
    trailing_silence_s: float
    clipped_samples: int


def level_of(samples: NDArray[np.float32], rate: int) -> Level:
    """Measure ``samples``, shape ``(channels, samples)``, at least one sample."""
    peak, sums, squares = 0.0, np.zeros(samples.shape[0]), np.zeros(samples.shape[0])
    for block in blocks_of(samples):
        peak = max(peak, float(np.abs(block).max()))
        sums += block.sum(axis=1, dtype=np.float64)
        squares += np.einsum("cn,cn->c", block, block, dtype=np.float64)
    mean = sums / samples.shape[1]
    powers = frame_power(samples, max(1, round(FRAME_S * rate)))
    loud = np.flatnonzero(powers > 10 ** (SILENT_DBFS / 10))
    count, frame_s = len(powers), min(FRAME_S, samples.shape[1] / rate)
    return Level(
        peak_dbfs=max(NOTHING_DB, 20 * math.log10(peak)) if peak > 0 else NOTHING_DB,
        rms_dbfs=decibels(float(np.mean(squares / samples.shape[1] - mean**2))),
        dc=float(np.abs(mean).max()),
        silence_share=1 - len(loud) / count,
        leading_silence_s=frame_s * (int(loud[0]) if len(loud) else count),
        trailing_silence_s=frame_s * (count - 1 - int(loud[-1]) if len(loud) else count),
        clipped_samples=clipped(samples, rate),
    )


def clipped(samples: NDArray[np.float32], rate: int) -> int:
    """Samples that were cut off: runs at full scale, or flat tops of a file that was made softer after clipping.

    A flat top is a run of three or more equal samples at the highest or lowest value of its channel with a corner
    beside it; a rounded peak, whose neighbours are within a few steps of 16 bits, is none. Where at least as many such
    runs lie elsewhere, samples were held for longer (converted up without a filter, or in 8 bits), and not cut off.
    """
    at_full_scale = sum(clipped_samples(Audio(block, rate)) for block in blocks_of(samples))
    return max(at_full_scale, sum(_flat_topped(channel) for channel in samples))


def _flat_topped(channel: NDArray[np.float32]) -> int:
    extremes = [extreme for extreme in (channel.max(), channel.min()) if extreme]
    flat: list[int] = []
    for extreme in extremes:
        places = np.flatnonzero(channel == extreme)
        if len(places) < FLAT_RUN:
            continue
        runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        long = (run for run in runs if len(run) >= FLAT_RUN)
        flat += [len(run) for run in long if _has_corner(channel, int(run[0]), int(run[-1]))]
    return sum(flat) if flat and _held_elsewhere(channel, extremes) < len(flat) else 0


def _held_elsewhere(channel: NDArray[np.float32], extremes: Sequence[np.float32]) -> int:
    """How many runs with a corner lie at other values than ``extremes`` and 0, which is what gates leave."""
    found = 0
    for block in blocks_of(channel[None]):
        samples = block[0]
        jumps = np.diff(samples)
        ends = np.concatenate([[0], np.flatnonzero(jumps) + 1, [len(samples)]])
        corner = np.concatenate([[False], np.abs(jumps[ends[1:-1] - 1]) > FLAT_DROP, [False]])
        value = samples[ends[:-1]]
        held = (np.diff(ends) >= FLAT_RUN) & (corner[:-1] | corner[1:]) & (value != 0)
        found += int(np.count_nonzero(held & ~np.isin(value, extremes)))
    return found


def _has_corner(channel: NDArray[np.float32], first: int, last: int) -> bool:
    beside = [channel[index] for index in (first - 1, last + 1) if 0 <= index < len(channel)]
    return any(abs(float(channel[first]) - float(value)) > FLAT_DROP for value in beside)
