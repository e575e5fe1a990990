"""Long signals in pieces: blocks that bound the memory, and the power of short frames."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.audio import resample

BLOCK = 1 << 20
"""Samples per channel that a measure looks at in one go; what it needs besides the signal does not grow with it."""

MONO_RATE = 8_000
MONO_LONGEST_S = 60.0

NOTHING_DB = -120.0
"""Level given to digital silence; below the step of a 16-bit and the noise of a 20-bit file."""


def blocks_of(samples: NDArray[np.float32], multiple: int = 1) -> Iterator[NDArray[np.float32]]:
    """``samples`` in consecutive pieces whose lengths, but for the last, are multiples of ``multiple``."""
    size = max(1, BLOCK // multiple) * multiple
    for start in range(0, samples.shape[1], size):
        yield samples[:, start : start + size]


def frame_power(samples: NDArray[np.float32], frame: int) -> NDArray[np.float64]:
    """Variance of whole frames of ``frame`` samples, mean over all channels; one frame where there is less.

    Each frame is taken around its own mean, so an offset is no sound, wherever it begins; that of a constant is 0.
    """
    frame = min(frame, samples.shape[1])
    powers = []
    for block in blocks_of(samples, frame):
        whole = block.shape[1] // frame
        frames = block[:, : whole * frame].reshape(samples.shape[0], whole, frame).astype(np.float64)
        frames -= frames.mean(axis=2, keepdims=True)
        powers.append(np.einsum("cfn,cfn->f", frames, frames) / (frame * samples.shape[0]))
    return np.concatenate(powers)


def decibels(power: float) -> float:
    """A mean square in dB re full scale (a square wave is 0, a sine -3.01); silence is -120."""
    return max(NOTHING_DB, 10 * math.log10(power)) if power > 0 else NOTHING_DB


def mono_8k(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The first minute as one channel at 8 kHz: enough to know a recording and its room by.

    The mean of the channels; the first channel where they cancel out.
    """
    samples = samples[:, : round(MONO_LONGEST_S * rate)]
    mono: NDArray[np.float32] = samples.mean(axis=0)
    if float(np.square(mono).mean()) < 1e-4 * float(np.square(samples[0]).mean()):
        mono = samples[0]
    return mono if rate == MONO_RATE else resample(mono[None], rate, MONO_RATE)[0]
