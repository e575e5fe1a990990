"""Where the reference is cut into patches: evenly in audio mode, where someone speaks in speech mode."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

SILENT_RMS = 5000.0  # of 16-bit samples, of a signal whose maximum is full scale; google/visqol, rms_vad.h


def even_starts(frames: int, patch: int) -> Indices:
    """First frame of each patch of ``patch`` frames in a spectrogram of ``frames``; empty if it is too short.

    The first half patch is left out, and so is the last one; the shortest spectrogram has one patch.
    """
    first = patch // 2
    if frames < patch + first:
        return np.empty(0, np.int64)
    return np.arange(first, max(frames - patch, first + 1), patch) - 1


def voiced_starts(frames: int, patch: int, signal: Array, hop: int) -> Indices:
    """As :func:`even_starts`, but to the very end, and only patches with an active chunk in ``signal``: at least one.

    A chunk has ``hop`` samples. The first one begins as many *samples* into the signal as the first patch does
    frames, in google/visqol too.
    """
    first = patch // 2 - 1
    count = max(0, (frames - first) // patch)
    active = voice_activity(signal, first, count * patch, hop)
    return first + patch * np.flatnonzero(active.reshape(count, patch).any(axis=1))


def voice_activity(signal: Array, start: int, chunks: int, hop: int) -> NDArray[np.bool_]:
    """Whether each of ``chunks`` chunks of ``hop`` samples is active: it is loud, or one of the two before.

    What would lie before the first chunk counts as loud, so that the first two are active.
    """
    peak = signal.max()
    scaled = signal / peak if peak != 0 else np.zeros_like(signal)
    samples = np.trunc(np.clip(scaled[start : start + chunks * hop] * 2**15, -(2**15), 2**15 - 1))
    loud = np.sqrt(np.mean(np.square(samples.reshape(chunks, hop)), axis=1)) >= SILENT_RMS
    history = np.concatenate([[True, True], loud])
    active: NDArray[np.bool_] = history[:-2] | history[1:-1] | history[2:]
    return active
