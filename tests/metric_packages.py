"""The packages that others use for what our metrics measure, called the way they are usually called.

Each function takes a mono reference and a degraded version of one rate and length, keeps nothing between two calls, and
gives values by the names of our quantities.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from bench import metrics
from bench.audio import Audio
from bench.metrics.base import Metric

Score = Callable[[Audio, Audio], dict[str, float]]


@dataclass(frozen=True)
class Comparison:
    """Quantities of one metric of ours, and what gives them elsewhere."""

    quantities: tuple[str, ...]
    package: str
    modules: tuple[str, ...]
    score: Score
    compiles: bool = False
    """Whether a first run on a machine compiles something."""
    mended: Score | None = None
    """The package without the error that explains its difference to ours."""

    @property
    def name(self) -> str:
        return ", ".join(self.quantities)

    @property
    def missing(self) -> list[str]:
        """Packages that it needs and that are not here."""
        ours = [problem for name in self.quantities if (problem := metrics.registry.missing(name))]
        return [*ours, *(module for module in self.modules if find_spec(module) is None)]

    def ours(self) -> Metric:
        """A fresh metric that gives the quantities."""
        (metric,) = metrics.make(self.quantities)
        return metric


def visqol_audio(reference: Audio, degraded: Audio) -> dict[str, float]:
    if kept := _reference_metric("audio"):
        return {"visqol_audio": _only(kept, reference, degraded, "audio")}
    result = _visqol("audio").measure_from_arrays(*_channels(reference, degraded), reference.rate)
    return {"visqol_audio": float(result.moslqo)}


def visqol_speech(reference: Audio, degraded: Audio) -> dict[str, float]:
    """Both mappings where the metric ``visqol_reference_speech...`` gives them, else the exponential one."""
    if kept := _reference_metric("speech"):
        values = kept.score(kept.prepare(reference), degraded)
        return {f"visqol_speech_{name.rpartition('_')[2]}": value for name, value in values.items()}
    result = _visqol("speech").measure_from_arrays(*_channels(reference, degraded), reference.rate)
    return {"visqol_speech_exponential": float(result.moslqo)}


def pesq_wb(reference: Audio, degraded: Audio) -> dict[str, float]:
    import pesq

    return {"pesq_wb": float(pesq.pesq(reference.rate, *_channels(reference, degraded), "wb"))}


def pesq_nb(reference: Audio, degraded: Audio) -> dict[str, float]:
    import pesq

    return {"pesq_nb": float(pesq.pesq(reference.rate, *_channels(reference, degraded), "nb"))}


def stoi(reference: Audio, degraded: Audio) -> dict[str, float]:
    import pystoi

    pair = _channels(reference, degraded)
    return {
        "stoi": float(pystoi.stoi(*pair, reference.rate)),
        "estoi": float(pystoi.stoi(*pair, reference.rate, extended=True)),
    }


def si_sdr(reference: Audio, degraded: Audio) -> dict[str, float]:
    import torch
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

    target, prediction = (torch.from_numpy(signal.samples[0].copy()) for signal in (reference, degraded))
    return {"si_sdr": float(scale_invariant_signal_distortion_ratio(prediction, target))}


def mel_distance(reference: Audio, degraded: Audio) -> dict[str, float]:
    import torch

    signals = [torch.from_numpy(signal.samples[0].copy()) for signal in (reference, degraded)]
    total = 0.0
    for transform in _mel_transforms(reference.rate):
        first, second = (transform(signal).clamp(min=1e-5).log10() for signal in signals)
        total += float((first - second).abs().mean())
    return {"mel_distance": total}


def with_the_standard_envelope(score: Score) -> Score:
    """``score`` of visqol-python, aligned by the rectified signal as google/visqol does, not by a Hilbert envelope."""

    def scored(reference: Audio, degraded: Audio) -> dict[str, float]:
        import visqol.alignment

        from bench.metrics.visqol.alignment import envelope

        its_own = visqol.alignment.upper_envelope
        visqol.alignment.upper_envelope = envelope
        try:
            return score(reference, degraded)
        finally:
            visqol.alignment.upper_envelope = its_own

    return scored


COMPARISONS = (
    Comparison(
        ("visqol_audio",),
        "visqol-python[all]",
        ("visqol", "numba"),
        visqol_audio,
        compiles=True,
        mended=with_the_standard_envelope(visqol_audio),
    ),
    Comparison(
        ("visqol_speech_exponential", "visqol_speech_lattice"),
        "visqol-python[all]",
        ("visqol", "numba"),
        visqol_speech,
        compiles=True,
        mended=with_the_standard_envelope(visqol_speech),
    ),
    Comparison(("pesq_wb",), "pesq", ("pesq",), pesq_wb),
    Comparison(("pesq_nb",), "pesq", ("pesq",), pesq_nb),
    Comparison(("stoi", "estoi"), "pystoi", ("pystoi",), stoi),
    Comparison(("si_sdr",), "torchmetrics", ("torchmetrics",), si_sdr),
    Comparison(("mel_distance",), "torchaudio, float32", ("torchaudio",), mel_distance),
)

JOB = ("visqol_audio", "pesq_wb", "stoi", "estoi", "si_sdr", "mel_distance")
"""Quantities of the whole job."""

JOB_RATES = {"pesq_wb": 16_000, "stoi": 16_000, "mel_distance": 44_100}
"""Rates at which the job hands signals to packages; the clip's own to others. STOI's resamples by itself."""


def _reference_metric(mode: str) -> Metric | None:
    """Our metric around the package, where there is one."""
    for name in metrics.names():
        if name.startswith(f"visqol_reference_{mode}"):
            return _made(name)
    return None


@lru_cache(maxsize=4)
def _made(name: str) -> Metric:
    (metric,) = metrics.make([name])
    return metric


def _only(metric: Metric, reference: Audio, degraded: Audio, part: str) -> float:
    values = metric.score(metric.prepare(reference), degraded)
    (value,) = (value for name, value in values.items() if part in name)
    return value


@lru_cache(maxsize=2)
def _visqol(mode: str) -> Any:
    from visqol import VisqolApi

    api = VisqolApi()
    api.create(mode=mode, **({"use_lattice_model": False} if mode == "speech" else {}))
    return api


@lru_cache(maxsize=2)
def _mel_transforms(rate: int) -> list[Any]:
    import torchaudio

    from bench.metrics.spectral import MelDistance

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of bands without a bin
        return [
            torchaudio.transforms.MelSpectrogram(
                rate, size, hop_length=size // 4, n_mels=bands, power=1, norm="slaney", mel_scale="slaney"
            )
            for size, bands in MelDistance.scales
        ]


def _channels(reference: Audio, degraded: Audio) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return reference.samples[0].astype(np.float64), degraded.samples[0].astype(np.float64)
