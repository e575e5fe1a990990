"""Models of the transformers package with the weights that were found, checked to be whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from bench.codecs.weights import Weights
from bench.errors import MissingRequirement

if TYPE_CHECKING:
    from torch import Tensor


def load_model(model_class: str, found: Weights, what: str, unused: Sequence[str] = ()) -> Any:
    """The model of that class of transformers, in evaluation mode and for one thread.

    Args:
        what: the model's name for messages, such as ``EnCodec``.
        unused: names of parameters that coding does not read; a file may lack them.
    Raises:
        MissingRequirement: parameters are missing or of another shape.
    """
    import torch
    import transformers
    from transformers.utils import logging

    torch.set_num_threads(1)
    logging.disable_progress_bar()
    model, info = getattr(transformers, model_class).from_pretrained(
        found.path, local_files_only=True, output_loading_info=True
    )
    lacking = sorted(set(info["missing_keys"]) - set(unused)) + sorted(str(key) for key in info["mismatched_keys"])
    if lacking:
        raise MissingRequirement(
            f"{found.path}: expected all weights of {what}, but {len(lacking)} are missing or of another shape "
            f"({', '.join(lacking[:3])}, ...); transformers would fill them with random numbers. Fetch them again."
        )
    return model.eval()


def require_codebooks(tables: Iterable[Tensor], where: str) -> None:
    """Raise MissingRequirement where codebooks are empty: every code would be 0, and nobody would notice."""
    filled = [bool(table.any()) for table in tables]
    if not all(filled):
        raise MissingRequirement(
            f"{where}: expected {len(filled)} filled codebooks, but {filled.count(False)} are empty (all zeros). These "
            "are not trained weights; fetch them again."
        )
