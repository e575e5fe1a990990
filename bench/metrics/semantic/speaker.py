"""Speaker similarity: does it still sound like the same person?"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.domain import Identity
from bench.errors import MissingRequirement
from bench.metrics.base import SPEECH, Domain, Metric, Quantity, Signal, require_active
from bench.models.device import Device
from bench.models.pretrained import load_model
from bench.models.weights import Model, Weights, not_weights

RATE = 16_000
VARIABLE = "CODECBENCH_WAVLM_SV"
WEIGHTS = Model(
    "wavlm_sv",
    "CC BY-SA 3.0 (microsoft/UniSpeech)",
    repository="microsoft/wavlm-base-plus-sv",
    needed=("config.json", "model.safetensors|pytorch_model.bin", "preprocessor_config.json"),
    variable=VARIABLE,
)


class SpeakerSimilarity(Metric):
    """Speaker similarity: cosine of the speaker embeddings of both signals, 1 for the same. Higher is better.

    Embeddings (x-vectors) of WavLM Base+ fine-tuned for speaker verification, or of the weights that
    CODECBENCH_WAVLM_SV names. 16 kHz, mono mix, the whole clip at once, one thread, float32.

    Raises:
        MetricUndefined: a clip of less than 0.5 s or more than 60 s, or either signal silent.
    Blind spots:
        The embedding also hears the channel: band limits and noise lower the value without changing the voice. The
        model's page calls two clips the same speaker above 0.86, on recordings of its training kind; with a codec,
        read differences, not the threshold. What is said, and how well, does not count. Short clips give unsure
        embeddings. The model was trained on English.
    Source:
        Chen et al., "WavLM", IEEE JSTSP 16(6), 2022, arXiv:2110.13900; model microsoft/wavlm-base-plus-sv.
    """

    licence = WEIGHTS.licence
    quantities = (Quantity("speaker_similarity", "", higher_is_better=True, low=-1.0, high=1.0),)
    domain = Domain(categories=SPEECH, sample_rate=RATE, channels="mixdown", minimum_s=0.5, maximum_s=60)
    symmetric = True
    on_device = True

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        self.identity = Identity(
            "speaker_similarity",
            "1",
            f"WavLM weights {self._found.short} transformers {version('transformers')} torch {version('torch')} "
            "float32",
        )

    def prepare_channel(self, reference: Signal, rate: int) -> NDArray[np.float64]:
        return self._embedding(reference)

    def score_channel(self, state: NDArray[np.float64], degraded: Signal, rate: int) -> dict[str, float]:
        require_active(degraded, "the degraded signal")
        return {"speaker_similarity": float(np.clip(state @ self._embedding(degraded), -1, 1))}

    def _embedding(self, signal: Signal) -> NDArray[np.float64]:
        """Of unit length."""
        import torch

        extractor, model = _load(self._found, self.device)
        inputs = extractor(signal.astype(np.float32), sampling_rate=RATE, return_tensors="pt")
        with torch.inference_mode():
            embedding: NDArray[np.float64] = (
                model(inputs.input_values.to(self.device.name)).embeddings[0].cpu().double().numpy()
            )
        return embedding / np.linalg.norm(embedding)


@lru_cache(maxsize=1)
def _load(found: Weights, device: Device) -> tuple[Any, Any]:
    """Feature extractor and model, kept for the life of the process."""
    from transformers import Wav2Vec2FeatureExtractor

    model = load_model("WavLMForXVector", found, "WavLM for speaker verification", device=device).float()
    try:
        extractor = Wav2Vec2FeatureExtractor.from_pretrained(found.path)
    except Exception as error:  # noqa: BLE001  # damaged files fail in every way there is
        raise not_weights(found.path / "preprocessor_config.json", "settings of WavLM", error) from None
    if extractor.sampling_rate != RATE:
        raise MissingRequirement(
            f"{found.path}: expected a WavLM for {RATE} Hz, got one for {extractor.sampling_rate} Hz. "
            f"Name other weights with {VARIABLE}."
        )
    return extractor, model
