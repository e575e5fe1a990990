"""ViSQOL v3 through the ``visqol-python`` package.

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


class _Visqol(Metric):
    options: ClassVar[dict[str, Any]]

    def prepare_channel(self, reference: Signal, rate: int) -> Signal:
        return reference

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


class VisqolAudio(_Visqol):
    """ViSQOL in audio mode: ``visqol_audio``, MOS-LQO, 1 to 5, higher is better. 48 kHz; mono mix.

    The standard tool mixes to mono as well. An identical pair gives 4.732, the ceiling of the support-vector mapping.

    Raises:
        MetricUndefined: shorter than 0.96 s (one patch), either signal silent, or nothing to match.
    Source:
        Chinen et al., "ViSQOL v3", QoMEX 2020, arXiv:2004.09584.
    """

    quantities = (Quantity("visqol_audio", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),)
    domain = Domain(sample_rate=48_000, channels="mixdown", minimum_s=0.96)  # 45 frames of 80 ms every 20 ms
    options: ClassVar[dict[str, Any]] = {"mode": "audio"}

    def __init__(self) -> None:
        self.identity = Identity("visqol_audio", _version(), "48 kHz, mono mix, nu-SVR mapping")

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        return {"visqol_audio": _finite(self._compare(state, degraded, rate).moslqo)}


class VisqolSpeech(_Visqol):
    """ViSQOL in speech mode with both of its mappings; MOS-LQO, 1 to 5, higher is better. Speech; 16 kHz; mono mix.

    ``visqol_speech_lattice`` is the default of the standard tool, ``visqol_speech_exponential`` the older fit. They
    are different scales (1.8 and 3.7 for the same pair), computed from one comparison.

    Raises:
        MetricUndefined: shorter than 0.64 s (one patch), either signal silent, or nothing to match.
    Source:
        Chinen et al., "ViSQOL v3", QoMEX 2020, arXiv:2004.09584; the lattice came with release 3.3 of google/visqol.
    """

    quantities = (
        Quantity("visqol_speech_exponential", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
        Quantity("visqol_speech_lattice", "MOS-LQO", higher_is_better=True, low=1.0, high=5.0),
    )
    domain = Domain(SPEECH, sample_rate=16_000, channels="mixdown", minimum_s=0.64)  # 29 frames of 80 ms every 20 ms
    options: ClassVar[dict[str, Any]] = {"mode": "speech", "use_lattice_model": False}

    def __init__(self) -> None:
        self.identity = Identity(
            "visqol_speech",
            _version(),
            f"16 kHz, mono mix, exponential and lattice mappings (ai-edge-litert {version('ai-edge-litert')})",
        )

    def score_channel(self, state: Signal, degraded: Signal, rate: int) -> dict[str, float]:
        from visqol.visqol_core import alter_for_similarity_extremes

        result = self._compare(state, degraded, rate)
        features = (result.fvnsim, result.fvnsim10, result.fstdnsim, result.fvdegenergy)
        lattice = alter_for_similarity_extremes(result.vnsim, self._lattice.predict_quality(*features))
        return {
            "visqol_speech_exponential": _finite(result.moslqo),
            "visqol_speech_lattice": _finite(lattice),
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
