"""A signal with its levels in decibels, and slices of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.metrics.visqol.gammatone import Filterbank

Array = NDArray[np.float64]

FLOOR_DB = -45.0  # absolute; google/visqol, misc_audio.cc
RANGE_DB = 45.0  # below the loudest band of either signal in the same frame; google/visqol, misc_audio.cc
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Slice:
    """``zeros`` zeros and then the samples ``start`` to ``stop`` of a signal."""

    start: int
    stop: int
    zeros: int = 0

    def __len__(self) -> int:
        return self.zeros + self.stop - self.start

    def of(self, signal: Array) -> Array:
        taken = signal[self.start : self.stop]
        return np.concatenate([np.zeros(self.zeros), taken]) if self.zeros else taken

    def part(self, first: int, count: int) -> Slice:
        """``count`` samples from the one numbered ``first``; before number 0 lie zeros."""
        zeros = min(max(0, self.zeros - first), count)
        start = self.start + max(0, first - self.zeros)
        return Slice(start, start + count - zeros, zeros)


@dataclass(frozen=True, slots=True)
class Sound:
    """``signal``, shape ``(samples,)``, with its ``levels`` in dB, shape ``(bands, frames)``."""

    signal: Array
    rate: int
    bank: Filterbank
    levels: Array

    @property
    def hop_s(self) -> float:
        return self.bank.hop / self.rate

    def patch_slice(self, start: int, frames: int) -> Slice:
        """The samples of a patch of ``frames`` frames from frame ``start`` on.

        As in google/visqol the limits go through seconds and are cut to samples, which loses one now and then; the
        last sample of a signal belongs to no patch; and what a patch lacks at the end comes as zeros before it.
        """
        start_s, length = start * self.hop_s, len(self.signal)
        stop = (start_s + self.hop_s * frames) * self.rate
        return Slice(int(start_s * self.rate), min(length - 1, int(stop)), max(0, int(stop - length)))

    def levels_of(self, piece: Slice) -> Array:
        """Levels of a slice in dB; columns of those of the whole signal where the slice starts on the hop grid."""
        first, off_grid = divmod(piece.start, self.bank.hop)
        if off_grid or piece.zeros:
            return decibels(self.bank, piece.of(self.signal))
        return self.levels[:, first : first + self.bank.frames(len(piece))]


def listen(signal: Array, rate: int, bank: Filterbank) -> Sound:
    """``signal`` with its levels."""
    return Sound(signal, rate, bank, decibels(bank, signal))


def decibels(bank: Filterbank, signal: Array) -> Array:
    """Levels in dB, not below the absolute floor; shape ``(bands, frames)``.

    They are 10 times the logarithm of an amplitude, in the papers' implementation too.
    """
    floored: Array = np.maximum(10 * np.log10(np.maximum(bank.levels(signal), EPS)), FLOOR_DB)
    return floored


def above_common_floor(reference: Array, degraded: Array) -> tuple[Array, Array]:
    """Both raised to the floor that the louder one sets in each frame, less the lowest value that is left.

    The shapes are ``(..., bands, frames)``, equal but for the frames; what only one of them has gets no such floor.
    """
    reference, degraded = reference.copy(), degraded.copy()
    common = min(reference.shape[-1], degraded.shape[-1])
    heads = reference[..., :common], degraded[..., :common]
    floor = np.maximum(*(head.max(axis=-2, keepdims=True) for head in heads)) - RANGE_DB
    for head in heads:
        np.maximum(head, floor, out=head)
    lowest = np.minimum(*(both.min(axis=(-2, -1), keepdims=True) for both in (reference, degraded)))
    return reference - lowest, degraded - lowest
