"""EnCodec's original checkpoints (``encodec_24khz-*.th``, ``encodec_48khz-*.th``) as models of transformers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import MissingRequirement
from bench.models.pretrained import require_finite
from bench.models.weights import not_weights, read_tensors

if TYPE_CHECKING:
    from torch import Tensor

RENAMED = (
    (r"^(encoder|decoder)\.model\.", r"\1.layers."),
    (r"\.conv\.conv\.", ".conv."),
    (r"\.convtr\.convtr\.", ".conv."),
    (r"\.(?:conv|convtr)\.norm\.", ".norm."),
    (r"^quantizer\.vq\.layers\.(\d+)\._codebook\.", r"quantizer.layers.\1.codebook."),
    (r"\.weight_g$", ".parametrizations.weight.original0"),
    (r"\.weight_v$", ".parametrizations.weight.original1"),
)
"""From a parameter's name in the encodec package to that in transformers, applied in this order."""


def read_checkpoint(path: Path) -> Any:
    """The model in an original checkpoint; its architecture is read from the shapes of the parameters.

    Raises:
        MissingRequirement: the file is no checkpoint of EnCodec, or not whole.
    """
    import torch
    from transformers import EncodecModel

    torch.set_num_threads(1)
    what = "an original checkpoint of EnCodec"
    state = read_tensors(path, what)
    state = state.get("best_state", state)
    try:
        model = EncodecModel(_config(state))
        lacking, unknown = model.load_state_dict({renamed(key): value for key, value in state.items()}, strict=False)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise not_weights(path, what, error) from None
    if lacking or unknown:
        raise MissingRequirement(
            f"{path}: expected all weights of EnCodec, but {len(lacking)} are missing ({', '.join(lacking[:3])}) and "
            f"{len(unknown)} are unknown ({', '.join(unknown[:3])}). Download the checkpoint again."
        )
    require_finite(model, str(path))
    return model


def renamed(key: str) -> str:
    """The name of a parameter in transformers.

    >>> renamed("encoder.model.0.conv.conv.weight_g")
    'encoder.layers.0.conv.parametrizations.weight.original0'
    >>> renamed("quantizer.vq.layers.3._codebook.embed")
    'quantizer.layers.3.codebook.embed'
    """
    for pattern, replacement in RENAMED:
        key = re.sub(pattern, replacement, key)
    return key


def _config(state: Mapping[str, Tensor]) -> Any:
    """The architecture that these parameters have. Stereo models are the 48 kHz ones: normalised, in segments."""
    from transformers import EncodecConfig

    first = _kernel(state, "encoder.model.0.conv.conv")
    numbers = sorted({int(key.split(".")[2]) for key in state if re.match(r"decoder\.model\.\d+\.convtr", key)})
    ratios = [_kernel(state, f"decoder.model.{number}.convtr.convtr").shape[2] // 2 for number in numbers]
    books = len({key.split(".")[3] for key in state if key.startswith("quantizer.vq.layers.")})
    codebook = state["quantizer.vq.layers.0._codebook.embed"]
    common: dict[str, Any] = {
        "num_filters": first.shape[0],
        "audio_channels": first.shape[1],
        "hidden_size": codebook.shape[1],
        "codebook_size": codebook.shape[0],
        "upsampling_ratios": ratios,
    }
    if first.shape[1] == 1:
        return EncodecConfig(**common, target_bandwidths=[1.5, 3.0, 6.0, 12.0, 24.0][: books.bit_length() - 1])
    return EncodecConfig(
        **common,
        target_bandwidths=[3.0, 6.0, 12.0, 24.0][: books.bit_length() - 1],
        sampling_rate=48_000,
        normalize=True,
        chunk_length_s=1.0,
        overlap=0.01,
        use_causal_conv=False,
        norm_type="time_group_norm",
    )


def _kernel(state: Mapping[str, Tensor], name: str) -> Tensor:
    return state[f"{name}.weight_v"] if f"{name}.weight_v" in state else state[f"{name}.weight"]
