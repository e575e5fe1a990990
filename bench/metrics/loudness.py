"""How much louder or softer a codec makes a programme."""

from __future__ import annotations

import numpy as np

from bench.audit.loudness import loudness_lufs
from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import Domain, Metric, Programme, Quantity, require_active


class LoudnessDifference(Metric):
    """Loudness difference: how far the integrated loudness of the degraded signal is from the reference's.

    ``loudness_difference`` in LU, the absolute difference, lower is better; which of the two is louder is not said.
    K-weighted and gated at -70 LUFS and 10 LU below the mean; the gates are each signal's own. All clips; own rate,
    with the K filter transformed to it; all channels together, as one programme.

    Raises:
        MetricUndefined: shorter than 0.4 s (one block), or no block of either signal is above -70 LUFS.
    Blind spots:
        It is one number for the whole clip: parts that became louder and parts that became softer cancel out, and holes
        are gated away. It says nothing of distortion; noise counts only by what it adds to the level. A gain that
        loudness normalisation would undo counts in full.
    Source:
        ITU-R BS.1770-5 (11/2023), Annex 1.
    """

    identity = Identity("loudness_difference", "1", "BS.1770-5")
    symmetric = True
    quantities = (Quantity("loudness_difference", "LU", higher_is_better=False, low=0.0),)
    domain = Domain(channels="joint", minimum_s=0.4)

    def prepare_programme(self, reference: Programme, rate: int) -> float:
        return _loudness(reference, rate, "the reference")

    def score_programme(self, state: float, degraded: Programme, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        return {"loudness_difference": abs(_loudness(degraded, rate, "the degraded signal") - state)}


def _loudness(programme: Programme, rate: int, what: str) -> float:
    found = loudness_lufs(programme.astype(np.float32), rate)
    if found is None:
        raise MetricUndefined(f"{what} has no loudness: no block of 400 ms is above -70 LUFS.")
    return found
