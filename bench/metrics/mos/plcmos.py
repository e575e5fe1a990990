"""PLCMOS on the ONNX model of the ``speechmos`` package, with the features made here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import Quantity, Signal
from bench.metrics.mos.base import ADAPTER, Predictor
from bench.metrics.mos.onnx import packaged, session, short_hash, versions

MODEL = "plcmos_models/plcmos_v2.onnx"
SIZE, HOP = 512, 256  # samples of a frame, Hamming; plcmos.py of microsoft/PLC-Challenge
RATERS, EMBEDDING = 15, 64  # imagined listeners and numbers that describe one, same source
SEED = 0


class Plcmos(Predictor):
    """PLCMOS v2: ``plcmos``, what listeners of concealed packet loss would say; MOS, 1 to 5, higher is better.

    Speech; 16 kHz; mean over channels. The network imagines a listener from 64 random numbers; the published code
    draws 15 afresh at every call, so its value moves by some 0.01. Here the 15 are drawn once, from seed 0, and are
    the same for all clips.

    Raises:
        MetricUndefined: shorter than 1 s, or the degraded signal silent.
    Blind spots:
        Trained on gaps and their concealment, not on codecs: a steady loss of quality without interruptions is
        outside of what it has heard. It does not know the reference, and sees nothing above 8 kHz.
    Source:
        Diener et al., "PLCMOS", Interspeech 2023, arXiv:2305.15127; github.com/microsoft/PLC-Challenge.
    """

    quantities = (Quantity("plcmos", "MOS", higher_is_better=True, low=1.0, high=5.0),)

    def __init__(self) -> None:
        self._model = packaged(MODEL)
        self.identity = Identity(
            "plcmos", f"{ADAPTER} ({versions()})", f"v2 {short_hash(self._model)}, {RATERS} raters of seed {SEED}"
        )

    def predict(self, signal: Signal) -> Sequence[float]:
        network = session(self._model, "the PLCMOS model")
        features = log_power(signal).astype(np.float32)[np.newaxis, np.newaxis]
        opinions = [
            float(network.run(None, {"degraded_audio": features, "rater_embed": rater[np.newaxis]})[0])
            for rater in raters()
        ]
        return [sum(opinions) / RATERS]


@lru_cache(maxsize=1)
def raters() -> NDArray[np.float32]:
    """The imagined listeners, shape ``(RATERS, EMBEDDING)``."""
    return np.random.default_rng(SEED).standard_normal((RATERS, EMBEDDING)).astype(np.float32)


def log_power(signal: Signal) -> NDArray[np.float64]:
    """A twentieth of the natural logarithm of power, shape ``(frames, SIZE // 2 + 1)``.

    The first frame ends with sample ``HOP``; bins of exactly zero lie 120 dB below the least other one.
    """
    count = -(-(len(signal) + HOP) // HOP)
    padded = np.pad(signal, (HOP, (count - 1) * HOP + SIZE - HOP - len(signal)))
    frames = sliding_window_view(padded, SIZE)[::HOP] * scipy.signal.windows.hamming(SIZE, sym=False)
    power = np.square(np.abs(scipy.fft.rfft(frames)))
    zero = power == 0
    least = power[~zero].min()
    logarithm: NDArray[np.float64] = np.log(np.where(zero, least * 1e-12, power)) / 20
    return logarithm
