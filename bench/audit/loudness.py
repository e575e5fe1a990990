"""Integrated loudness after ITU-R BS.1770-5, at any sample rate."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.audit.frames import blocks_of

TABLE_RATE = 48_000
SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
"""Numerator and denominator of stage 1 at 48 kHz: BS.1770-5, Annex 1, Table 1."""
HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
"""Stage 2 at 48 kHz: BS.1770-5, Annex 1, Table 2."""

OFFSET_DB = -0.691  # BS.1770-5, Annex 1, equation 2
STEP_S = 0.1  # blocks of 400 ms overlap by 75 %: four steps make a block
STEPS_PER_BLOCK = 4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
SURROUND_GAIN = 1.41  # BS.1770-5, Annex 1, Table 3
SURROUND = {5: (3, 4), 6: (4, 5)}  # left and right surround in files of L R C (LFE) Ls Rs
LFE = {6: (3,)}


def loudness_lufs(samples: NDArray[np.float32], rate: int) -> float | None:
    """Gated loudness of the whole signal in LUFS; None below 400 ms, or where every block is under -70 LUFS.

    Args:
        samples: shape ``(channels, samples)``. Five and six channels are taken for L R C (LFE) Ls Rs; in any other
            number all channels weigh the same.
    Source:
        ITU-R BS.1770-5 (2023), Annex 1. The filters are tabled for 48 kHz; at other rates they are the same
        analogue filters, transformed anew, so that the weighting of a frequency stays.
    """
    step = round(STEP_S * rate)
    weights = _channel_weights(samples.shape[0])
    power = _step_power(samples, rate, step) @ weights
    if len(power) < STEPS_PER_BLOCK:
        return None
    blocks = np.convolve(power, np.full(STEPS_PER_BLOCK, 1 / STEPS_PER_BLOCK), "valid")
    loud = blocks[blocks > _power_of(ABSOLUTE_GATE_LUFS)]
    if not loud.size:
        return None
    gate = float(loud.mean()) * 10 ** (RELATIVE_GATE_LU / 10)
    return _lufs_of(float(loud[loud > gate].mean()))


@lru_cache(maxsize=16)
def k_weighting(rate: int) -> NDArray[np.float64]:
    """The two stages of the K filter at ``rate`` as second-order sections, shape ``(2, 6)``."""
    return np.stack([_at_rate(*SHELF, rate), _at_rate(*HIGH_PASS, rate)])


def _at_rate(numerator: tuple[float, ...], denominator: tuple[float, ...], rate: int) -> NDArray[np.float64]:
    """A filter of 48 kHz at another rate: back through the bilinear transform, and forth at the new rate.

    With ``s = (z - 1) / (z + 1)`` a section ``c0 + c1/z + c2/z^2`` is ``(c0 - c1 + c2) s^2 + 2 (c0 - c2) s +
    (c0 + c1 + c2)``. The pole frequency is kept where it is in Hz (it is what the frequencies are warped around).
    """
    analogue = [np.array([c0 - c1 + c2, 2 * (c0 - c2), c0 + c1 + c2]) for c0, c1, c2 in (numerator, denominator)]
    warped = math.sqrt(analogue[1][2] / analogue[1][0])
    ratio = warped / math.tan(math.atan(warped) * TABLE_RATE / rate)
    sections = []
    for second, first, constant in analogue:
        second, first = second * ratio**2, first * ratio
        sections.append(np.array([second + first + constant, 2 * (constant - second), second - first + constant]))
    both: NDArray[np.float64] = np.concatenate(sections) / sections[1][0]
    return both


def _step_power(samples: NDArray[np.float32], rate: int, step: int) -> NDArray[np.float64]:
    """Mean square of the K-weighted signal in steps of 100 ms, shape ``(steps, channels)``."""
    from scipy.signal import sosfilt

    sections = k_weighting(rate)
    state = np.zeros((len(sections), samples.shape[0], 2))
    powers = [np.zeros((0, samples.shape[0]))]
    for block in blocks_of(samples, step):
        weighted, state = sosfilt(sections, block.astype(np.float64), axis=1, zi=state)
        whole = block.shape[1] // step
        steps = weighted[:, : whole * step].reshape(samples.shape[0], whole, step)
        powers.append(np.einsum("cfn,cfn->fc", steps, steps) / step)
    return np.concatenate(powers)


def _channel_weights(channels: int) -> NDArray[np.float64]:
    weights = np.ones(channels)
    weights[list(SURROUND.get(channels, ()))] = SURROUND_GAIN
    weights[list(LFE.get(channels, ()))] = 0.0
    return weights


def _lufs_of(power: float) -> float:
    return OFFSET_DB + 10 * math.log10(power)


def _power_of(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_DB) / 10))
