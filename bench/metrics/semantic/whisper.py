"""Whisper of the transformers package as a listener: what is said in a signal, as normalised text."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import ConfigError, MissingRequirement
from bench.metrics.base import SILENCE_DBFS, rms_dbfs
from bench.models.device import CPU, Device
from bench.models.pretrained import load_model
from bench.models.weights import Model, Weights, not_weights
from bench.registry import nearest
from bench.untrusted import parse_json

RATE = 16_000
VARIABLE = "CODECBENCH_WHISPER"
LANGUAGE_VARIABLE = "CODECBENCH_WHISPER_LANGUAGE"
WEIGHTS = Model(
    "whisper",
    "Apache-2.0",
    repository="openai/whisper-small",
    needed=(
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "normalizer.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ),
    variable=VARIABLE,
)


def chosen_language(found: Weights) -> str:
    """The language code in CODECBENCH_WHISPER_LANGUAGE, or nothing: it is then heard in each reference.

    Raises:
        ConfigError: the model does not know that language.
        MissingRequirement: generation_config.json is damaged.
    """
    language = os.environ.get(LANGUAGE_VARIABLE, "")
    known = _languages(found)
    if language and language not in known:
        raise ConfigError(
            f"{LANGUAGE_VARIABLE}: expected a language code that this Whisper knows, got {language!r}."
            f"{nearest(language, known)} Leave it empty to detect the language."
        )
    return language


def _languages(found: Weights) -> list[str]:
    path = found.path / "generation_config.json"
    try:
        settings = parse_json(path.read_text(encoding="utf-8"))
        return [token.strip("<|>") for token in settings.get("lang_to_id", {"<|en|>": 0})]
    except (ValueError, AttributeError, TypeError) as error:
        raise not_weights(path, "the settings of Whisper", error) from None


@dataclass(frozen=True)
class Listener:
    """A loaded model with its feature extractor and tokenizer. Greedy, no timestamps, no fallback temperatures."""

    model: Any
    extractor: Any
    tokenizer: Any

    def language(self, samples: NDArray[np.float32]) -> str:
        """The language of the first piece, as a code; ``en`` of a model that knows no other."""
        import torch

        if not self._multilingual:
            return "en"
        features, _ = self._features(_pieces(samples, self.extractor.n_samples)[0])
        with torch.inference_mode():
            found = int(self.model.detect_language(features, num_segment_frames=features.shape[-1])[0])
        tokens = self.model.generation_config.lang_to_id
        return str(next(token for token, number in tokens.items() if number == found)).strip("<|>")

    def text(self, samples: NDArray[np.float32], language: str) -> str:
        """What is said, shape of ``samples`` is ``(samples,)`` at 16 kHz; pieces without a sound say nothing.

        English is normalised as by Whisper's authors (numbers, spelling, contractions), other languages to
        lower-case letters without punctuation.
        """
        pieces = _pieces(samples, self.extractor.n_samples)
        said = " ".join(self._heard(piece, language) for piece in pieces if rms_dbfs(piece) >= SILENCE_DBFS)
        normalised = self.tokenizer.normalize(said) if language == "en" else self.tokenizer.basic_normalize(said)
        return " ".join(normalised.split())

    def _heard(self, piece: NDArray[np.float32], language: str) -> str:
        import torch

        features, mask = self._features(piece)
        prompt = {"language": language, "task": "transcribe"} if self._multilingual else {}
        with torch.inference_mode():
            tokens = self.model.generate(
                features, attention_mask=mask, do_sample=False, num_beams=1, return_timestamps=False, **prompt
            )
        return str(self.tokenizer.decode(tokens[0], skip_special_tokens=True))

    @property
    def _multilingual(self) -> bool:
        return bool(getattr(self.model.generation_config, "is_multilingual", False))

    def _features(self, piece: NDArray[np.float32]) -> tuple[Any, Any]:
        made = self.extractor(piece, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True)
        return made.input_features.to(self.model.device), made.attention_mask.to(self.model.device)


@lru_cache(maxsize=1)
def load(found: Weights, device: Device = CPU) -> Listener:
    """The listener with these weights, in float32 on ``device``; kept for the life of the process.

    Raises:
        MissingRequirement: files are damaged or belong to another model.
    """
    from transformers import WhisperFeatureExtractor, WhisperTokenizer
    from transformers.utils import logging

    logging.get_logger("transformers.generation.utils").setLevel(logging.ERROR)  # it warns of what Whisper itself does
    model = load_model(
        "WhisperForConditionalGeneration", found, "Whisper", unused=("proj_out.weight",), device=device
    ).float()
    try:
        extractor = WhisperFeatureExtractor.from_pretrained(found.path)
        tokenizer = WhisperTokenizer.from_pretrained(found.path)
    except Exception as error:  # noqa: BLE001  # damaged files fail in every way there is
        raise not_weights(found.path, "tokenizer and settings of Whisper", error) from None
    if extractor.sampling_rate != RATE:
        raise MissingRequirement(
            f"{found.path}: expected a Whisper for {RATE} Hz, got one for {extractor.sampling_rate} Hz. "
            f"Name other weights with {VARIABLE}."
        )
    return Listener(model, extractor, tokenizer)


def _pieces(samples: NDArray[np.float32], longest: int) -> list[NDArray[np.float32]]:
    """Equal parts of at most ``longest`` samples, so that no short rest makes the model invent words."""
    return np.array_split(samples, -(-len(samples) // longest))
