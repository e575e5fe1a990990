"""PLCMOS on the ONNX model of the ``speechmos`` package, with the features made here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from bench.domain import Identity
from bench.metrics.base import Quantity, Signal
from bench.metrics.mos.base import Predictor, adapted
from bench.metrics.mos.onnx import PACKAGES, packaged, session, short_hash

Array = NDArray[np.float64]

MODEL = "plcmos_models/plcmos_v2.onnx"
SIZE, HOP = 512, 256  # samples of a frame, Hamming; plcmos.py of microsoft/PLC-Challenge
RATERS, EMBEDDING = 15, 64  # imagined listeners and numbers that describe one, same source
SEED = 0

JOINED = "onnx::Gemm_350"  # the model's tensor (1, 128): what it heard, then what it thinks of the listener
LAYERS = ("dense1", "dense2.0", "dense2.1", "dense2.2", "dense2.3", "dense3")  # what comes after it
INNER = (JOINED, *(f"{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")))
LEAK = 0.1  # of its rectifiers


class Plcmos(Predictor):
    """PLCMOS v2: ``plcmos``, what listeners of concealed packet loss would say; MOS, 1 to 5, higher is better.

    Speech; 16 kHz; mean over channels. The network imagines a listener from 64 random numbers; the published code
    draws 15 afresh at every call, so its value moves by some 0.01. Here the 15 are drawn once, from seed 0, and are
    the same for all clips.

    Raises:
        MetricUndefined: shorter than 1 s, or the degraded signal silent.
    Blind spots:
        Trained on gaps and their concealment, not on codecs: steady damage without interruptions hardly moves it,
        and white noise alone has 3.5. It does not know the reference, and sees nothing above 8 kHz.
    Source:
        Diener et al., "PLCMOS", Interspeech 2023, arXiv:2305.15127; github.com/microsoft/PLC-Challenge.
    """

    licence = "MIT (package speechmos)"
    quantities = (Quantity("plcmos", "MOS", higher_is_better=True, low=1.0, high=5.0),)

    def __init__(self) -> None:
        self._model = packaged(MODEL)
        details = f"v2 {short_hash(self._model)}, {RATERS} raters of seed {SEED}"
        self.identity = Identity("plcmos", adapted(*PACKAGES), details)

    def predict(self, signal: Signal) -> Sequence[float]:
        heard, _ = _joined(self._model, log_power(signal), raters()[:1])
        imagined, layers = _last_layers(self._model)
        values = np.hstack([np.broadcast_to(heard, imagined.shape), imagined])
        for weight, bias in layers[:-1]:
            values = values @ weight.T + bias
            values = np.where(values < 0, LEAK * values, values)
        weight, bias = layers[-1]
        opinions = 1 + 4 / (1 + np.exp(-(values @ weight.T + bias)))
        return [float(opinions.mean())]


@lru_cache(maxsize=1)
def raters() -> NDArray[np.float32]:
    """The imagined listeners, shape ``(RATERS, EMBEDDING)``."""
    return np.random.default_rng(SEED).standard_normal((RATERS, EMBEDDING)).astype(np.float32)


@lru_cache(maxsize=1)
def _last_layers(model: Path) -> tuple[Array, list[tuple[Array, Array]]]:
    """What the network makes of every rater, and the weights and biases of the layers that join it with the clip.

    Only they know the rater; what is before them takes nearly all the time, and is done once for a clip.
    """
    silence = np.zeros((16, SIZE // 2 + 1))
    imagined = [_joined(model, silence, rater[np.newaxis])[1] for rater in raters()]
    feed = _feed(silence, raters()[:1])
    parts = [part.astype(np.float64) for part in _session(model).run(list(INNER[1:]), feed)]
    return np.vstack(imagined), list(zip(parts[::2], parts[1::2], strict=True))


def _joined(model: Path, features: Array, rater: NDArray[np.float32]) -> tuple[Array, Array]:
    """What the network keeps of a clip and of a rater, each of shape ``(1, EMBEDDING)``."""
    (joined,) = _session(model).run([JOINED], _feed(features, rater))
    heard, imagined = np.split(joined.astype(np.float64), 2, axis=1)
    return heard, imagined


def _feed(features: Array, rater: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    return {"degraded_audio": features.astype(np.float32)[np.newaxis, np.newaxis], "rater_embed": rater}


def _session(model: Path) -> Any:
    return session(model, "the PLCMOS v2 model", INNER)


def log_power(signal: Signal) -> Array:
    """A twentieth of the natural logarithm of power, shape ``(frames, SIZE // 2 + 1)``.

    The first frame ends with sample ``HOP``; bins of exactly zero lie 120 dB below the least other one.
    """
    count = -(-(len(signal) + HOP) // HOP)
    padded = np.pad(signal, (HOP, (count - 1) * HOP + SIZE - HOP - len(signal)))
    frames = sliding_window_view(padded, SIZE)[::HOP] * scipy.signal.windows.hamming(SIZE, sym=False)
    power = np.square(np.abs(scipy.fft.rfft(frames)))
    zero = power == 0
    least = power[~zero].min()
    logarithm: Array = np.log(np.where(zero, least * 1e-12, power)) / 20
    return logarithm
