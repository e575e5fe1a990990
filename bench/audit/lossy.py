"""Traces that lossy coding leaves in the decoded signal, whatever file it is in.

Codecs drop what lies above a cut-off: constant (low-pass of the encoder, 20 kHz of Opus) or from block to block
another one (bands without bits). Either way single frames end in a step, within two or three bins, with nothing above
it. Recordings fade; analogue filters and short digital ones fall over a kilohertz or more. Steep resamplers do leave
such a step, always just below the Nyquist frequency of a usual sample rate: a step there is no evidence.

Inside the band they leave holes: :mod:`bench.audit.holes`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audit.holes import HOP, Holes, holes_of
from bench.audit.spectrum import LEAST_DB, Floats, Spectrogram, spectrogram_of

LOWEST_HZ = 5_500.0
HIGHEST = 0.92  # of Nyquist: above it lies the anti-alias filter of the recording itself
BELOW_HZ = 500.0
GAP_HZ = 65.0
BEYOND_HZ = 1_000.0
FAR_BELOW_HZ = (4_000.0, 2_000.0)
STEP_DB = 10.0
ABRUPT = 0.5
LINE_DB = 50.0
ENOUGH = 0.2
ACTIVE_DB = 60.0
ONE_PLACE = 0.8
MOVING_HZ = 500.0
SAMPLE_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
RESAMPLED = (0.93, 0.985)  # of the old Nyquist: where soxr and Fourier resampling of soft treble end
COMPACT_DISC = 44_100  # its conversions to 48 kHz are common and end at up to 1.0
FOURIER_HZ = 120.0  # from the old Nyquist on: where Fourier resampling of strong treble ends
LAYER_3 = 32_000  # at 16 kHz, the last coded band of MP3 ends: too common a place to excuse
IMAGED = (1.06, 1.17)  # where images end that the short filters of swresample and of scipy's resample_poly let through
HIGHEST_IMAGED = 16_000  # old rate; images of higher ones were measured not to end in steps


@dataclass(frozen=True, slots=True)
class Traces:
    """What looks like lossy coding.

    ``evidence`` says it in words, and is empty where nothing was found. ``share`` of the active frames end in a step;
    ``edge_hz`` is the median of the frequencies at which they do, ``spread_hz`` the width of the range that holds
    the middle 80 % of them, ``step_db`` the median height. These three are None where no frame does, and stand
    also where the steps are too few, or explained by a change of the sample rate. ``holes``: what was measured of
    holes inside the band; None where the clip is too short or silent.
    """

    found: bool
    evidence: str
    share: float
    edge_hz: float | None
    spread_hz: float | None
    step_db: float | None
    holes: Holes | None


def traces_of(samples: Floats, rate: int, spectrogram: Spectrogram | None = None) -> Traces:
    """Evidence of lossy coding in ``samples``, shape ``(channels, samples)`` in [-1, 1], at ``rate`` Hz.

    Found where at least a fifth of the active frames (those with a bin within 60 dB of the loudest) end in a step,
    and the steps are not in one place that resampling explains, or where the coefficients of AAC or Vorbis show
    holes.

    It cannot find coding that keeps the whole band and leaves no holes (AAC and Vorbis at high bitrates), and takes
    recordings for coded that went through a filter as steep as a codec's: docs/audit-detectors.md has figures.

    Args:
        spectrogram: of these samples, where it has been made already.
    """
    steps, edges, frames = _steps(spectrogram or spectrogram_of(samples, rate))
    holes = holes_of(samples)
    evidence = []
    share, edge, spread, step = 0.0, None, None, None
    if len(edges):
        share = len(edges) / frames
        low, edge, high = (float(value) for value in np.percentile(edges, [10, 50, 90]))
        spread, step = high - low, float(np.median(steps))
        if share >= ENOUGH and not _resampled(edges, rate):
            place = f"at {edge / 1000:.1f} kHz"
            if spread > MOVING_HZ:
                place = f"at cut-offs that move between {low / 1000:.1f} and {high / 1000:.1f} kHz"
            evidence.append(f"{share:.0%} of the frames end in a step of {step:.0f} dB {place}")
    if holes and holes.found:
        evidence.append(
            f"cut at sample {holes.first} of every {HOP}, the spectra are uneven as cut nowhere else: "
            f"{holes.share:.0%} of the coefficients are holes ({holes.beside:.0%} beside)"
        )
    return Traces(bool(evidence), "; ".join(evidence), share, edge, spread, step, holes)


def _steps(spectrogram: Spectrogram) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Height in dB and frequency of the step at the end of each frame that has one; number of active frames.

    The height is from the mean level in dB of the half kilohertz below to the highest level anywhere above. A step
    counts if it is at least ``STEP_DB`` high and at least half of the whole fall, from 2-4 kHz below to 1 kHz above,
    and if no line stands out there by ``LINE_DB``: the window's skirt of a lone tone also falls steeply.
    """
    levels, hz = spectrogram.levels, spectrogram.hz
    loudest = levels.max(axis=1, initial=LEAST_DB)
    levels = levels[loudest > loudest.max(initial=LEAST_DB) - ACTIVE_DB]
    width, gap, beyond = (max(1, round(span / hz)) for span in (BELOW_HZ, GAP_HZ, BEYOND_HZ))
    first, last = round(LOWEST_HZ / hz), int(HIGHEST * spectrogram.rate / 2 / hz) - gap
    if not len(levels) or last <= first or first < 2 * width:
        return np.zeros(0), np.zeros(0), len(levels)
    sums = np.cumsum(levels, axis=1, dtype=np.float32)  # up to and with each bin
    highest = np.maximum.accumulate(levels[:, ::-1], axis=1)[:, ::-1]
    falls = (sums[:, first - 1 : last - 1] - sums[:, first - 1 - width : last - 1 - width]) / width
    falls -= highest[:, first + gap : last + gap]
    row = np.arange(len(levels))
    best = np.argmax(falls, axis=1)
    steps, edge = falls[row, best], best + first
    start, stop = (np.maximum(edge - round(span / hz), bound) for span, bound in zip(FAR_BELOW_HZ, (0, 1), strict=True))
    far_below = (sums[row, stop] - sums[row, start]) / (stop - start)
    whole = far_below - highest[row, np.minimum(edge + beyond, levels.shape[1] - 2)]
    near = np.take_along_axis(levels, edge[:, None] - np.arange(2 * width), axis=1)
    lines = near.max(axis=1) - np.median(near, axis=1) > LINE_DB
    sharp = (steps >= STEP_DB) & (steps >= ABRUPT * whole) & ~lines
    return steps[sharp].astype(np.float64), edge[sharp] * hz, len(levels)


def _resampled(edges: NDArray[np.float64], rate: int) -> bool:
    """Whether nearly all edges are where a conversion from a lower sample rate puts them."""
    for old in SAMPLE_RATES:
        share = edges / (old / 2)
        explained = (share >= RESAMPLED[0]) & (share <= (1.0 if old == COMPACT_DISC else RESAMPLED[1]))
        if old != LAYER_3:
            explained |= (edges >= old / 2) & (edges <= old / 2 + FOURIER_HZ)
        if old <= HIGHEST_IMAGED:
            explained |= (share >= IMAGED[0]) & (share <= IMAGED[1])
        if old < rate and np.mean(explained) >= ONE_PLACE:
            return True
    return False
