"""Residual-quantiser models with random weights: the real frame rates and codebooks, but few channels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

NARROW_DAC = {"encoder_hidden_size": 8, "decoder_hidden_size": 48}
RATIOS = {320: [2, 4, 5, 8], 512: [2, 4, 8, 8]}
HUBERT = {
    "model_type": "hubert",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}


def model_of(name: str, seed: int = 0) -> Any:
    """A narrow model for the codec of that name."""
    torch.manual_seed(seed)
    model = {"dac": _dac, "mimi": _mimi, "xcodec": _xcodec, "higgs": _higgs}[name.partition("_")[0]](name).eval()
    with torch.inference_mode():
        for part in model.modules():
            if isinstance(part, nn.Conv1d | nn.ConvTranspose1d | nn.Linear) and "weight" in part._parameters:
                fan = part.weight[0].numel() if isinstance(part, nn.Conv1d | nn.Linear) else part.weight.shape[0]
                nn.init.normal_(part.weight, std=1.2 / fan**0.5)
            for table in ("embed", "embed_sum"):  # transformers leaves codebooks at zero
                if table in part._buffers:
                    part._buffers[table].copy_(torch.randn_like(part._buffers[table]))
            if isinstance(part, nn.Embedding):
                nn.init.normal_(part.weight)
    return model


def saved(folder: Path, name: str, seed: int = 0) -> Path:
    """The same as a folder of weights."""
    model_of(name, seed).save_pretrained(folder)
    return folder


def _dac(name: str) -> Any:
    from transformers import DacConfig, DacModel

    rate, hop, books = {
        "dac_16khz": (16_000, 320, 12),
        "dac_24khz": (24_000, 320, 32),
        "dac_44khz": (44_100, 512, 9),
    }[name]
    ratios = RATIOS[hop]
    return DacModel(DacConfig(**NARROW_DAC, downsampling_ratios=ratios, n_codebooks=books, sampling_rate=rate))


def _mimi(_: str) -> Any:
    from transformers import MimiConfig, MimiModel

    return MimiModel(
        MimiConfig(
            num_filters=4,
            hidden_size=32,
            vector_quantization_hidden_dimension=16,
            codebook_dim=16,
            num_hidden_layers=1,
            intermediate_size=32,
            num_attention_heads=2,
            num_key_value_heads=2,
            upsample_groups=32,
        )
    )


def _acoustic(ratios: list[int]) -> dict[str, Any]:
    return {
        "model_type": "dac",
        "encoder_hidden_size": 4,
        "decoder_hidden_size": 32,
        "hidden_size": 16,
        "downsampling_ratios": ratios,
        "upsampling_ratios": ratios,
    }


def _xcodec(_: str) -> Any:
    from transformers import XcodecConfig, XcodecModel

    return XcodecModel(XcodecConfig(acoustic_model_config=_acoustic([8, 5, 4, 2]), semantic_model_config=dict(HUBERT)))


def _higgs(_: str) -> Any:
    from transformers import HiggsAudioV2TokenizerConfig, HiggsAudioV2TokenizerModel

    return HiggsAudioV2TokenizerModel(
        HiggsAudioV2TokenizerConfig(
            target_bandwidths=[0.5, 1, 1.5, 2],
            acoustic_model_config=_acoustic([8, 5, 4, 2, 3]),
            semantic_model_config=dict(HUBERT),
        )
    )
