"""The second look at each pair of patches: its sound is aligned by itself, and the better of both comparisons stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.metrics.visqol.alignment import Spectrum, best_lag, correlation_size, envelope_spectrum, overlap
from bench.metrics.visqol.pooling import PatchScore, scored
from bench.metrics.visqol.similarity import nsim
from bench.metrics.visqol.spectrogram import Slice, Sound, above_common_floor

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PatchSounds:
    """The patches of the reference as sound."""

    starts_s: tuple[float, ...]
    pieces: tuple[Slice, ...]
    levels: tuple[Array, ...]  # dB, each (bands, frames)
    envelopes: tuple[Spectrum, ...]
    size: int  # points of the transforms


def patch_sounds(reference: Sound, starts: Iterable[int], frames: int) -> PatchSounds:
    """Patches of ``frames`` frames that begin at the frames ``starts``."""
    pieces = tuple(reference.patch_slice(start, frames) for start in starts)
    size = correlation_size(max(map(len, pieces)) + 1)  # a slice of the degraded signal can be a sample longer
    return PatchSounds(
        tuple(start * reference.hop_s for start in starts),
        pieces,
        tuple(map(reference.levels_of, pieces)),
        tuple(envelope_spectrum(piece.of(reference.signal), size) for piece in pieces),
        size,
    )


def realigned(
    reference: Sound, patches: PatchSounds, degraded: Sound, pieces: Mapping[int, Slice]
) -> dict[int, PatchScore]:
    """Scores of patches after alignment, by their number; none where less than a frame is left to compare.

    ``pieces`` are slices of the degraded signal by the number of the patch that each is matched with.
    """
    by_width: dict[int, list[tuple[int, float, Array, Array]]] = defaultdict(list)
    for number, piece in pieces.items():
        envelope = envelope_spectrum(piece.of(degraded.signal), patches.size)
        lengths = len(patches.pieces[number]), len(piece)
        lag = best_lag(patches.envelopes[number], envelope, patches.size, lengths)
        first, first_degraded, count = overlap(*lengths, lag, reference.rate)
        if count <= reference.bank.frame:
            continue
        width = reference.bank.frames(count)
        levels = patches.levels[number][:, :width]
        if first:
            levels = reference.levels_of(patches.pieces[number].part(first, count))
        start_s = patches.starts_s[number] + max(0, lag) / reference.rate
        seconds = start_s + count / reference.rate - start_s  # not count / rate: rounding decides on a frame more
        counterpart = degraded.levels_of(piece.part(first_degraded, count))
        by_width[width].append((number, seconds, levels, counterpart))
    scores: dict[int, PatchScore] = {}
    for members in by_width.values():
        numbers, durations, wanted, found = zip(*members, strict=True)
        floored, floored_degraded = above_common_floor(np.stack(wanted), np.stack(found))
        scores |= zip(numbers, scored(nsim(floored, floored_degraded), floored_degraded, durations), strict=True)
    return scores
