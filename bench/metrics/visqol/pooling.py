"""From patches to features of the whole signal, by band."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WORST = 0.1  # the share of patches that count as the worst; google/visqol, visqol.cc


@dataclass(frozen=True, slots=True)
class PatchScore:
    """How alike one pair of patches is, by band, and how long the part of the reference is."""

    means: Array  # NSIM, mean over frames
    deviations: Array  # NSIM, sample standard deviation over frames
    energies: Array  # the degraded patch in dB above the floor, mean over frames
    seconds: float

    @property
    def overall(self) -> float:
        return float(self.means.mean())


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two signals are, by band, lowest first."""

    means: Array  # NSIM, mean over patches
    worst: Array  # NSIM, mean over the worst tenth of the patches, which differs between bands
    deviations: Array  # NSIM, standard deviation over the frames of all patches
    energies: Array  # the degraded signal in dB above the floor, mean over patches

    @property
    def overall(self) -> float:
        """NSIM, mean over bands."""
        return float(self.means.mean())


def scored(similarity: Array, degraded: Array, seconds: Sequence[float]) -> list[PatchScore]:
    """One score for each patch of ``similarity``; it and ``degraded`` have the shape ``(patches, bands, frames)``."""
    means, deviations, energies = similarity.mean(axis=-1), similarity.std(axis=-1, ddof=1), degraded.mean(axis=-1)
    return list(map(PatchScore, means, deviations, energies, seconds))


def lost(patch: PatchScore) -> PatchScore:
    """What a patch without a counterpart counts for."""
    return replace(patch, means=np.zeros_like(patch.means))


def pooled(patches: Sequence[PatchScore], hop_s: float) -> Similarity:
    """The features of all ``patches``; standard deviations are pooled over patches of any length."""
    means = np.stack([patch.means for patch in patches])
    worst = np.sort(means, axis=0)[: max(1, int(len(patches) * WORST))]
    overall = means.mean(axis=0)
    frames, squares = 0, np.zeros_like(overall)
    for patch in patches:
        count = math.ceil(patch.seconds / hop_s)
        frames += count
        squares += (count - 1) * patch.deviations * patch.deviations
        squares += count * patch.means * patch.means
    variance = (squares - overall * overall * frames) / (frames - 1)
    energies = np.mean([patch.energies for patch in patches], axis=0)
    return Similarity(overall, worst.mean(axis=0), np.sqrt(np.maximum(variance, 0)), energies)
