"""What the predictors share: they listen to the degraded signal alone, and answer with all quantities at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active

ADAPTER = "1"  # raise it when a change here or in a predictor's module can change a value

MINIMUM_S = 1.0
"""Seconds; the networks were trained on sentences, and less than this hardly holds a word."""


def adapted(*packages: str) -> str:
    """The version of a predictor that rests on ``packages``."""
    return f"{ADAPTER} ({', '.join(f'{name} {version(name)}' for name in packages)})"


class Predictor(Metric):
    """A network that gives every quantity from one look at the degraded signal.

    ``predict(signal) -> values`` gets float64 samples at ``domain.sample_rate`` and answers in the order of
    ``quantities``.
    """

    domain = Domain(SPEECH, sample_rate=16_000, minimum_s=MINIMUM_S)
    reference_free = True

    def score_channel(self, state: Any, degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        return named(self.quantities, self.predict(degraded))

    def predict(self, signal: Signal) -> Sequence[float]:
        raise NotImplementedError


def named(quantities: Sequence[Quantity], values: Sequence[float]) -> dict[str, float]:
    """``values`` by the names of their quantities; MetricUndefined where one is not finite."""
    found = {quantity.name: float(value) for quantity, value in zip(quantities, values, strict=True)}
    if not all(map(math.isfinite, found.values())):
        listed = ", ".join(f"{name} = {value}" for name, value in found.items())
        raise MetricUndefined(f"the network has no finite answer: {listed}.")
    return found
