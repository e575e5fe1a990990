"""Whether the melody of speech survives: pitch contours of reference and degraded signal, frame by frame."""

from __future__ import annotations

import numpy as np

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active
from bench.metrics.pitch import RATE, Track, track

NEEDED = 10
"""Voiced frames of 10 ms without which there is no value."""

TRACKER = f"autocorrelation {RATE} Hz 75-600 Hz"


LEAST_SPREAD = 1.0
"""Cents of standard deviation; what varies less is the tracker's rounding, and its correlation is noise."""


class PitchContour(Metric):
    """Differences of pitch: ``f0_rmse`` in cents and ``f0_rmse_hz``. Lower is better.

    Over the 10 ms frames that are voiced in both signals: the root mean square of 1200 log2(degraded / reference), and
    that of the difference in Hz. F0 from 75 to 600 Hz is found by our own tracker after Boersma (1993) with the
    standard thresholds of Praat, at 16 kHz. No time warping. Mean over channels.

    Raises:
        MetricUndefined: fewer than 10 frames (0.1 s) are voiced in the reference, or in both signals; either signal is
            silent.
    Blind spots:
        Frames that lost or gained their voicing are left out: read them with `voicing_error`. A few octave errors of
        the tracker (1200 cents each; creaky voice, several speakers) outweigh all the rest. Pitch is not timbre: a
        robot with the right melody scores perfectly.
    Source:
        Boersma, IFA Proceedings 17, 1993; the quantities as in VERSA and Codec-SUPERB, but without time warping.
    """

    identity = Identity("pitch_contour", "2", TRACKER)
    symmetric = True
    quantities = (
        Quantity("f0_rmse", "cents", higher_is_better=False, low=0.0),
        Quantity("f0_rmse_hz", "Hz", higher_is_better=False, low=0.0),
    )
    domain = Domain(categories=SPEECH, sample_rate=RATE)

    def prepare_channel(self, reference: Signal, rate: int) -> Track:
        return _voiced_track(reference)

    def score_channel(self, state: Track, degraded: Signal, rate: int) -> dict[str, float]:
        reference, hz = _voiced_in_both(state, degraded)
        cents = 1200 * np.log2(hz / reference)
        return {
            "f0_rmse": float(np.sqrt(np.mean(np.square(cents)))),
            "f0_rmse_hz": float(np.sqrt(np.mean(np.square(hz - reference)))),
        }


class PitchCorrelation(Metric):
    """Correlation of pitch contours: Pearson's ``f0_correlation`` of F0 in Hz, -1 to 1. Higher is better.

    Over the 10 ms frames that are voiced in both signals, with the tracker of `f0_rmse`: 16 kHz, 75 to 600 Hz. No time
    warping. Mean over channels.

    Raises:
        MetricUndefined: fewer than 10 frames (0.1 s) are voiced in the reference, or in both signals; a contour is flat
            (its standard deviation is below 1 cent); either signal is silent.
    Blind spots:
        A melody that is shifted or stretched in pitch correlates perfectly: read it with `f0_rmse`. Frames that lost or
        gained their voicing are left out: read it with `voicing_error`. The less a voice varies, the more the tracker's
        own errors decide.
    Source:
        As for `f0_rmse`.
    """

    identity = Identity("pitch_correlation", "1", TRACKER)
    symmetric = True
    quantities = (Quantity("f0_correlation", "", higher_is_better=True, low=-1.0, high=1.0),)
    domain = Domain(categories=SPEECH, sample_rate=RATE)

    def prepare_channel(self, reference: Signal, rate: int) -> Track:
        return _voiced_track(reference)

    def score_channel(self, state: Track, degraded: Signal, rate: int) -> dict[str, float]:
        reference, hz = _voiced_in_both(state, degraded)
        spread = min(float(np.std(1200 * np.log2(contour))) for contour in (reference, hz))
        if spread < LEAST_SPREAD:
            raise MetricUndefined(f"a pitch contour is flat ({spread:.2f} cents), so there is no correlation.")
        return {"f0_correlation": float(np.clip(np.corrcoef(reference, hz)[0, 1], -1, 1))}


class VoicingError(Metric):
    """Voicing decisions that differ: the share of all 10 ms frames that are voiced in one signal only. Lower is better.

    The decisions are those of the tracker of `f0_rmse`: 16 kHz, 75 to 600 Hz. Mean over channels.

    Raises:
        MetricUndefined: fewer than 10 frames (0.1 s) of the reference are voiced. A silent degraded signal is
            unvoiced, and has a value.
    Blind spots:
        Most differences lie at the edges of voiced stretches, where the decision hangs on a threshold. Pauses count as
        agreement, so a clip with long pauses scores better. It does not know which pitch was found.
    Source:
        As for `f0_rmse`; the quantity is the voicing decision error of Nakatani et al., Speech Communication 50, 2008.
    """

    identity = Identity("voicing", "1", TRACKER)
    symmetric = True
    quantities = (Quantity("voicing_error", "", higher_is_better=False, low=0.0, high=1.0),)
    domain = Domain(categories=SPEECH, sample_rate=RATE)

    def prepare_channel(self, reference: Signal, rate: int) -> Track:
        return _voiced_track(reference)

    def score_channel(self, state: Track, degraded: Signal, rate: int) -> dict[str, float]:
        return {"voicing_error": float(np.mean(state.voiced != track(degraded).voiced))}


def _voiced_in_both(state: Track, degraded: Signal) -> tuple[Signal, Signal]:
    """F0 of the reference and of the degraded signal in the frames where both are voiced, in Hz."""
    require_active(degraded, "the degraded signal")
    other = track(degraded)
    both = state.voiced & other.voiced
    if (count := int(both.sum())) < NEEDED:
        raise MetricUndefined(f"only {count} frames of 10 ms are voiced in both signals; needed are {NEEDED}.")
    return state.hz[both], other.hz[both]


def _voiced_track(reference: Signal) -> Track:
    found = track(reference)
    if (count := int(found.voiced.sum())) < NEEDED:
        raise MetricUndefined(f"only {count} frames of 10 ms of the reference are voiced; needed are {NEEDED}.")
    return found
