"""DNSMOS on the ONNX models of the ``speechmos`` package, with the features made here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import Quantity, Signal
from bench.metrics.mos.base import Predictor, adapted
from bench.metrics.mos.onnx import PACKAGES, packaged, session, short_hash
from bench.metrics.spectral import mel_filters

RATE = 16_000
WINDOW_S = 9.01  # dnsmos_local.py of microsoft/DNS-Challenge
WINDOW = 144_160  # samples of it: what the P.835 network takes
HOP = 16_000  # samples between windows, same source

FRAME, FRAME_HOP, BANDS = 321, 160, 120  # features of the P.808 network, same source
RANGE_DB = 80.0  # features further below the loudest are raised to this, same source

P835 = "dnsmos_models/sig_bak_ovr.onnx"
P808 = "dnsmos_models/model_v8.onnx"

# From the raw outputs to the scale of the listening test, highest power first, same source.
SCALE_SIG = (-0.08397278, 1.22083953, 0.0052439)
SCALE_BAK = (-0.13166888, 1.60915514, -0.39604546)
SCALE_OVRL = (-0.06766283, 1.11546468, 0.04602535)


class Dnsmos(Predictor):
    """DNSMOS: what listeners of noise suppressors would say of the degraded signal alone; higher is better.

    ``dnsmos_sig`` (speech), ``dnsmos_bak`` (background) and ``dnsmos_ovrl`` (overall) predict the three questions of
    ITU-T P.835, ``dnsmos_p808`` the one of P.808; MOS, nominally 1 to 5. Speech; 16 kHz; mean over channels. The
    models of the ``speechmos`` package and the procedure of its authors: windows of 9.01 s every second, as many as
    fit into the whole seconds of the clip, and their mean. A shorter clip is doubled until it is 9.01 s long, so 2 s
    become 16 s; a clip of 10 s is one window and its last 0.99 s do not count. Of a clip longer than 16 s the windows
    that start after 7 to 23 s (and 119 to 122 s) are left out, as a rounding error of the published code does: values
    are those that everybody reports.

    Raises:
        MetricUndefined: shorter than 1 s, or the degraded signal silent.
    Blind spots:
        Trained on noise suppressors, not on codecs: Opus at 24 kbit/s was rated above its own reference (3.38 to
        3.33). It does not know the reference, so other words, another voice or a dull but clean sound can score
        high. It sees nothing above 8 kHz.
    Source:
        Reddy et al., "DNSMOS P.835", ICASSP 2022, arXiv:2110.01763, and "DNSMOS", ICASSP 2021, arXiv:2010.15258;
        dnsmos_local.py of github.com/microsoft/DNS-Challenge.
    """

    licence = "MIT (package speechmos)"
    quantities = (
        Quantity("dnsmos_sig", "MOS", higher_is_better=True, high=5.0),
        Quantity("dnsmos_bak", "MOS", higher_is_better=True, high=5.0),
        Quantity("dnsmos_ovrl", "MOS", higher_is_better=True, high=5.0),
        Quantity("dnsmos_p808", "MOS", higher_is_better=True),
    )

    def __init__(self) -> None:
        self._p835, self._p808 = packaged(P835), packaged(P808)
        self.identity = Identity(
            "dnsmos",
            adapted(*PACKAGES),
            f"P.835 {short_hash(self._p835)}, P.808 {short_hash(self._p808)}, windows of 9.01 s every 1 s",
        )

    def predict(self, signal: Signal) -> Sequence[float]:
        windows, counts = distinct_windows(signal)
        scores = np.array([self._window(window.astype(np.float32)) for window in windows], np.float64)
        mean: Sequence[float] = np.average(scores, axis=0, weights=counts).tolist()
        return mean

    def _window(self, window: NDArray[np.float32]) -> list[float]:
        """The four scores of one window."""
        p835, p808 = session(self._p835, "the DNSMOS P.835 model"), session(self._p808, "the DNSMOS P.808 model")
        sig, bak, ovrl = p835.run(None, {"input_1": window[np.newaxis]})[0][0].astype(np.float64)
        features = log_mel(window[:-FRAME_HOP].astype(np.float64)).astype(np.float32)
        opinion = p808.run(None, {"input_1": features[np.newaxis]})[0][0][0]
        return [
            float(np.polyval(SCALE_SIG, sig)),
            float(np.polyval(SCALE_BAK, bak)),
            float(np.polyval(SCALE_OVRL, ovrl)),
            float(opinion),
        ]


def distinct_windows(signal: Signal) -> tuple[list[Signal], list[int]]:
    """The windows of the published procedure, each content once, and how often it occurs there.

    Windows of a repeated clip that start a whole number of clips apart are equal: 2 s need two of seven.
    """
    repeated = signal
    while len(repeated) < WINDOW:
        repeated = np.tile(repeated, 2)
    hops = int(len(repeated) // RATE - WINDOW_S) + 1
    starts = [HOP * hop for hop in range(hops) if _counts(hop)]
    phases = [start % len(signal) if len(repeated) > len(signal) else start for start in starts]
    occurrences = {phase: phases.count(phase) for phase in phases}
    return [repeated[phase : phase + WINDOW] for phase in occurrences], list(occurrences.values())


def _counts(hop: int) -> bool:
    """Whether the published code keeps this window: its end is a rounded float, and a sample too few drops it."""
    return int((hop + WINDOW_S) * RATE) - hop * RATE == WINDOW


def log_mel(signal: Signal) -> NDArray[np.float64]:
    """Mel powers in dB re their maximum, +40, / 40: shape ``(frames, BANDS)``."""
    padded = np.pad(signal, FRAME // 2)
    frames = sliding_window_view(padded, FRAME)[::FRAME_HOP] * scipy.signal.windows.hann(FRAME, sym=False)
    power = np.square(np.abs(scipy.fft.rfft(frames)))
    mel = np.maximum(power @ mel_filters(RATE, FRAME, BANDS, 0.0, slaney=True), 1e-10)
    decibels = 10 * np.log10(mel / mel.max())
    scaled: NDArray[np.float64] = (np.maximum(decibels, -RANGE_DB) + 40) / 40
    return scaled
