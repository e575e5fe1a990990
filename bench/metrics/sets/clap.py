"""The Frechet audio distance on embeddings of CLAP."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.sets.frechet import FrechetDistance, fad_quantities, of_network
from bench.models.device import Device
from bench.models.pretrained import load_model
from bench.models.weights import Model, Weights

WEIGHTS = Model("clap", "Apache-2.0", repository="laion/clap-htsat-unfused", variable="CODECBENCH_CLAP")
RATE = 48_000
WINDOW = 10 * RATE
HOP = 5 * RATE


class FrechetClap(FrechetDistance):
    """Frechet audio distance on embeddings of CLAP, the model of text and audio. Lower is closer.

    Windows of 10 s every 5 s (48 kHz, mono mix) are embedded as the 512 outputs of the audio side, projected into the
    space that audio and text share, of unit length. What is shorter than a window is repeated to fill it, as in
    training; a rest under 5 s is left out. The references are those of the same clips: values compare within a run.

    Raises:
        MetricUndefined: no more than 512 windows in the set, about three quarters of an hour.

    Blind spots:
        An embedding of 10 s says what is heard, hardly how well: pauses, single clicks and stereo escape it, and so
        does all above 14 kHz. It compares distributions, not clips.

    Source:
        Gui et al., ICASSP 2024, arXiv:2311.01616, for CLAP in place of VGGish; Wu et al., ICASSP 2023,
        arXiv:2211.06687, for the model.
    """

    licence = WEIGHTS.licence
    on_device = True
    quantities = fad_quantities("fad_clap", "-", "CLAP embeddings")

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        self.identity = of_network("fad_clap", self._found, "transformers", "torch")

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        import torch

        model, extractor = _model(self._found, self.device)
        signal = audio.mixed_to(1).at(RATE).samples[0]
        if not len(signal):
            raise MetricUndefined("the clip has no samples; fad_clap needs at least one.")
        starts = range(0, max(len(signal) - WINDOW, 0) + 1, HOP)
        windows = [signal[start : start + WINDOW] for start in starts]
        found = []
        for window in windows:  # one at a time: what is embedded does not depend on its neighbours
            features = extractor(window, sampling_rate=RATE, return_tensors="pt")["input_features"]
            with torch.inference_mode():
                heard = model.audio_model(input_features=features.to(self.device.name))
                projected = model.audio_projection(heard.pooler_output)
                found.append(torch.nn.functional.normalize(projected, dim=-1)[0].cpu().numpy())
        return np.stack(found)


@lru_cache(maxsize=1)
def _model(found: Weights, device: Device) -> tuple[Any, Any]:
    from transformers import ClapFeatureExtractor

    extractor = ClapFeatureExtractor(
        feature_size=64, sampling_rate=RATE, max_length_s=10, frequency_min=50, frequency_max=14_000,
        truncation="rand_trunc", padding="repeatpad",
    )  # fmt: skip
    return load_model("ClapModel", found, "CLAP", device=device), extractor
