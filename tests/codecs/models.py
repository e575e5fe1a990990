"""EnCodec models with random weights and filled codebooks, saved as the real ones are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import EncodecConfig, EncodecModel

STEREO: dict[str, Any] = {
    "target_bandwidths": [3.0, 6.0, 12.0, 24.0],
    "sampling_rate": 48_000,
    "audio_channels": 2,
    "normalize": True,
    "chunk_length_s": 1.0,
    "overlap": 0.01,
    "use_causal_conv": False,
    "norm_type": "time_group_norm",
}


def encodec_model(rate: int, seed: int = 0, **changes: Any) -> EncodecModel:
    """A random model for 24 or 48 kHz; small unless ``num_filters=32, hidden_size=128`` ask for the real size."""
    torch.manual_seed(seed)
    small = {"num_filters": 4, "hidden_size": 16}
    config = EncodecConfig(**{**small, **(STEREO if rate == 48_000 else {}), **changes})
    model = EncodecModel(config).eval()
    with torch.inference_mode():
        latents = model.encoder(torch.randn(1, config.audio_channels, config.sampling_rate) * 0.1)[0].T
    spread = latents.std(dim=0)
    for index, layer in enumerate(model.quantizer.layers):  # transformers leaves them at zero
        noise = torch.randn(config.codebook_size, config.hidden_size)
        layer.codebook.embed.copy_(noise * spread * 0.8**index + (latents.mean(dim=0) if index == 0 else 0))
    return model


def saved(folder: Path, rate: int, **changes: Any) -> Path:
    """The same as a folder of weights."""
    encodec_model(rate, **changes).save_pretrained(folder)
    return folder
