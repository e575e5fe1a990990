"""ViSQOL through the ``visqol-python`` package: slow, and an oracle for our own.

The package logs what it drops; nothing of that is needed here, as rates and lengths are right before it is called.
"""

from __future__ import annotations

import logging
import math
from functools import cached_property
from importlib.metadata import version
from typing import Any, ClassVar

from bench.domain import Identity
from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active

ADAPTER = "1"  # raise it when a change here can change a value

logging.getLogger("visqol").addHandler(logging.NullHandler())


class _Reference(Metric):
    options: ClassVar[dict[str, Any]]

    def _compare(self, reference: Signal, degraded: Signal, rate: int) -> Any:
        """The package's SimilarityResult."""
        require_active(degraded, "the degraded signal")
        try:
            return self._api.measure_from_arrays(reference, degraded, rate)
        except ValueError as error:  # too short after its own alignment, or nothing alike to match
            raise MetricUndefined(f"ViSQOL has no value: {error}") from error

    @cached_property
    def _api(self) -> Any:
        from visqol import VisqolApi

        api = VisqolApi()
        api.create(**self.options)
        return api


class VisqolReferenceAudio(_Reference):
    """ViSQOL in audio mode by ``visqol-python``: ``visqol_reference_audio``, MOS-LQO, higher is better.

    The same measure as ``visqol_audio``, 48 kHz and mono mix too, computed by the package. It takes about nine times
    the time of a condition and is here to compare with.

    Raises:
        MetricUndefined: shorter than 0.96 s (one patch), either signal silent, or nothing to match.

    Blind spots:
        Those of ``visqol_audio``. Release 3.8.0 of the package aligns by another envelope than google/visqol and so
        misses 8 of its 22 published values, of both modes together, by 0.0001 to 0.028.

    Source:
        Chinen et al., "ViSQOL v3", QoMEX 2020, arXiv:2004.09584; the package ``visqol-python``.
    """

    quantities = (Quantity("visqol_reference_audio", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),)
    domain = Domain(sample_rate=48_000, channels="mixdown", minimum_s=0.96)  # 45 frames of 80 ms every 20 ms
    options: ClassVar[dict[str, Any]] = {"mode": "audio"}

    def __init__(self) -> None:
        self.identity = Identity("visqol_reference_audio", _version(), "48 kHz, mono mix, nu-SVR mapping")

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        return {"visqol_reference_audio": _finite(self._compare(state, degraded, rate).moslqo)}


class VisqolReferenceSpeech(_Reference):
    """ViSQOL in speech mode by ``visqol-python`` with both of its mappings; MOS-LQO, higher is better.

    The same measures as ``visqol_speech_exponential`` and ``visqol_speech_lattice``, 16 kHz and mono mix too, computed
    by the package. It is slow and is here to compare with.

    Raises:
        MetricUndefined: shorter than 0.64 s (one patch), either signal silent, or nothing to match.

    Blind spots:
        Those of ``visqol_speech_lattice``. Release 3.8.0 of the package aligns by another envelope than google/visqol
        and so misses 8 of its 22 published values, of both modes together, by 0.0001 to 0.028.

    Source:
        Chinen et al., "ViSQOL v3", QoMEX 2020, arXiv:2004.09584; the package ``visqol-python``.
    """

    quantities = (
        Quantity("visqol_reference_speech_exponential", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
        Quantity("visqol_reference_speech_lattice", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
    )
    domain = Domain(SPEECH, sample_rate=16_000, channels="mixdown", minimum_s=0.64)  # 29 frames of 80 ms every 20 ms
    options: ClassVar[dict[str, Any]] = {"mode": "speech", "use_lattice_model": False}

    def __init__(self) -> None:
        self.identity = Identity(
            "visqol_reference_speech",
            _version(),
            f"16 kHz, mono mix, exponential and lattice mappings (ai-edge-litert {version('ai-edge-litert')})",
        )

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        from visqol.visqol_core import alter_for_similarity_extremes

        result = self._compare(state, degraded, rate)
        features = (result.fvnsim, result.fvnsim10, result.fstdnsim, result.fvdegenergy)
        lattice = alter_for_similarity_extremes(result.vnsim, self._lattice.predict_quality(*features))
        return {
            "visqol_reference_speech_exponential": _finite(result.moslqo),
            "visqol_reference_speech_lattice": _finite(lattice),
        }

    @cached_property
    def _lattice(self) -> Any:
        from visqol.visqol_manager import VisqolManager

        manager = VisqolManager()
        manager.init(use_speech_mode=True, use_lattice_model=True)
        return manager.quality_mapper


def _version() -> str:
    return f"{ADAPTER} (visqol-python {version('visqol-python')})"


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise MetricUndefined(f"ViSQOL has no value: the package returned {value}.")
    return value
