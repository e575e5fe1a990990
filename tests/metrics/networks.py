"""Small random networks that listen, saved in the layout of the real ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import (
    GenerationConfig,
    Wav2Vec2FeatureExtractor,
    WavLMConfig,
    WavLMForXVector,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperTokenizer,
)

LANGUAGES = ("en", "de")
SYLLABLES = [f"{space}{first}{vowel}" for space in ("Ġ", "") for first in "bdgklmnprst" for vowel in ("a", "o", "ee")]
SPECIAL = [
    "<|endoftext|>",
    "<|startoftranscript|>",
    *(f"<|{language}|>" for language in LANGUAGES),
    "<|translate|>",
    "<|transcribe|>",
    "<|notimestamps|>",
]
SECONDS = 2
"""The length of the pieces that the small Whisper takes."""


def whisper(
    folder: Path, seed: int = 0, multilingual: bool = True, words: int = 24, syllables: Sequence[str] = SYLLABLES
) -> Path:
    """A Whisper that hears ``words`` of its ``syllables``; which ones depends on the sound at each place.

    Its decoder looks at the sound much more than at its own words, so that a small change of the sound changes few.
    """
    torch.manual_seed(seed)
    tokens = {token: index for index, token in enumerate([*syllables, *SPECIAL])}
    config = WhisperConfig(
        vocab_size=len(tokens),
        num_mel_bins=80,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        d_model=32,
        max_source_positions=50 * SECONDS,
        max_target_positions=words + 4,
        decoder_start_token_id=tokens["<|startoftranscript|>"],
        bos_token_id=tokens["<|endoftext|>"],
        eos_token_id=tokens["<|endoftext|>"],
        pad_token_id=tokens["<|endoftext|>"],
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = WhisperForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1:
                parameter.mul_(_strength(name))
        model.model.decoder.embed_positions.weight.normal_(0, 1)
    settings = {
        "decoder_start_token_id": tokens["<|startoftranscript|>"],
        "eos_token_id": tokens["<|endoftext|>"],
        "pad_token_id": tokens["<|endoftext|>"],
        "no_timestamps_token_id": tokens["<|notimestamps|>"],
        "suppress_tokens": [tokens[token] for token in SPECIAL],
        "max_length": words + 4,
        "is_multilingual": multilingual,
        "return_timestamps": False,
    }
    if multilingual:
        settings["lang_to_id"] = {f"<|{language}|>": tokens[f"<|{language}|>"] for language in LANGUAGES}
        settings["task_to_id"] = {task: tokens[f"<|{task}|>"] for task in ("translate", "transcribe")}
    model.generation_config = GenerationConfig(**settings)
    model.save_pretrained(folder)
    WhisperFeatureExtractor(chunk_length=SECONDS).save_pretrained(folder)
    (folder / "normalizer.json").write_text(json.dumps({"colour": "color"}))
    tokenizer = WhisperTokenizer(
        vocab={token: tokens[token] for token in syllables},
        merges=[],
        normalizer_file=str(folder / "normalizer.json"),
        additional_special_tokens=SPECIAL[1:],
    )
    tokenizer.save_pretrained(folder)
    return folder


def _strength(name: str) -> float:
    if "encoder_attn" in name:
        return 15.0
    if "decoder.layers" in name:
        return 0.1
    return 8.0 if "encoder" in name else 1.0


def wavlm(folder: Path, seed: int = 0) -> Path:
    """A WavLM for speaker verification."""
    torch.manual_seed(seed)
    config = WavLMConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        tdnn_dim=(16, 16, 16, 16, 48),
        xvector_output_dim=16,
        num_labels=4,
    )
    WavLMForXVector(config).eval().save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(folder)
    return folder
