"""Networks of torch whose parameters are one published file: found, filled in, fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.models.device import Device, placed
from bench.models.weights import Weights, not_weights


def filled(network: Any, state: Mapping[str, Any], found: Weights, what: str, device: Device) -> Any:
    """``network`` with exactly the parameters of ``state``, ready to predict on ``device``, on one thread.

    Raises:
        MissingRequirement: a parameter is missing, unknown or of another shape, or there is no such device.
    """
    import torch

    torch.set_num_threads(1)
    try:
        network.load_state_dict(state)
    except (AttributeError, RuntimeError, TypeError) as error:
        raise not_weights(found.path, what, error) from None
    return placed(network.eval().requires_grad_(False), device)


def as_batch(values: NDArray[np.floating[Any]], device: Device) -> Any:
    """A float32 tensor on ``device`` with a dimension before those of ``values``."""
    import torch

    return torch.from_numpy(values.astype(np.float32))[None].to(device.name)
