"""What the predictors share: they listen to the degraded signal alone, and their weights are files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import MetricUndefined
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active
from bench.models.device import CPU, Device, placed
from bench.models.weights import WeightFile, folder_of, not_weights, require_files

ADAPTER = "1"  # raise it when a change here or in a predictor's module can change a value

MINIMUM_S = 1.0
"""Seconds; the networks were trained on sentences, and less than this hardly holds a word."""


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


def located(name: str, files: Sequence[WeightFile], licence: str) -> tuple[tuple[Path, ...], str]:
    """Where the weights called ``name`` lie, in the order of ``files``, and the beginning of their hash.

    Raises:
        MissingRequirement: a file is not there; what to do.
    """
    folder = folder_of(name)
    digest = require_files(name, folder, files, option="", licence=licence)
    return tuple(folder / file.name for file in files), digest[:12]


def filled(network: Any, state: Mapping[str, Any], path: Path, what: str, device: Device = CPU) -> Any:
    """``network`` with exactly the parameters of ``state``, ready to predict on ``device``, on one thread.

    Raises:
        MissingRequirement: a parameter is missing, unknown or of another shape, or there is no such device.
    """
    import torch

    torch.set_num_threads(1)
    try:
        network.load_state_dict(state)
    except (AttributeError, RuntimeError, TypeError) as error:
        raise not_weights(path, what, error) from None
    return placed(network.eval().requires_grad_(False), device)
