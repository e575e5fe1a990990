"""Models of the transformers package with the weights that were found, checked to be whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bench.errors import MissingRequirement
from bench.models.device import CPU, Device, placed
from bench.models.weights import Weights, not_weights
from bench.untrusted import parse_json

if TYPE_CHECKING:
    from torch import Tensor


def load_model(model_class: str, found: Weights, what: str, unused: Sequence[str] = (), device: Device = CPU) -> Any:
    """The model of that class of transformers, in float32 on ``device``, in evaluation mode and for one thread.

    Args:
        what: the model's name for messages, such as ``EnCodec``.
        unused: names of parameters that coding does not read; a file may lack them.
    Raises:
        MissingRequirement: parameters are missing or of another shape, or there is no such device.
    """
    import torch
    import transformers
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.disable_progress_bar()
    made = getattr(transformers, model_class)
    try:
        kind = parse_json((found.path / "config.json").read_text(encoding="utf-8")).get("model_type")
        if kind not in (None, made.config_class.model_type):
            raise ValueError(f"config.json says model_type {kind!r}")
        model, info = made.from_pretrained(found.path, local_files_only=True, output_loading_info=True)
    except Exception as error:  # noqa: BLE001  # damaged files fail in every way there is
        raise not_weights(found.path, f"the weights of {what}", error) from None
    if info["unexpected_keys"]:
        unknown = sorted(info["unexpected_keys"])
        raise MissingRequirement(
            f"{found.path}: expected the weights of {what}, but config.json describes another model: {len(unknown)} "
            f"parameters have no place in it ({', '.join(unknown[:3])}, ...). Fetch both files again."
        )
    lacking = sorted(set(info["missing_keys"]) - set(unused)) + sorted(str(key) for key in info["mismatched_keys"])
    if lacking:
        raise MissingRequirement(
            f"{found.path}: expected all weights of {what}, but {len(lacking)} are missing or of another shape "
            f"({', '.join(lacking[:3])}, ...); transformers would fill them with random numbers. Fetch them again."
        )
    require_finite(model, str(found.path))
    return placed(model.eval(), device)


def require_finite(model: Any, where: str) -> None:
    """Raise MissingRequirement where a parameter is no number: all codes would be equal, and nobody would see why."""
    wrong = [name for name, values in model.state_dict().items() if not bool(values.isfinite().all())]
    if wrong:
        raise MissingRequirement(
            f"{where}: expected finite numbers, but {len(wrong)} parameters hold NaN or infinities "
            f"({', '.join(wrong[:3])}, ...). Fetch the weights again."
        )


def require_codebooks(tables: Iterable[Tensor], where: str) -> None:
    """Raise MissingRequirement where codebooks are empty: every code would be 0, and nobody would notice."""
    filled = [bool(table.any()) for table in tables]
    if not all(filled):
        raise MissingRequirement(
            f"{where}: expected {len(filled)} filled codebooks, but {filled.count(False)} are empty (all zeros). These "
            "are not trained weights; fetch them again."
        )
