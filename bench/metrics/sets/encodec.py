"""The Frechet audio distance on what EnCodec's encoder gives."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.metrics.sets.frechet import FrechetDistance, fad_quantities, of_network
from bench.models.device import Device
from bench.models.pretrained import load_model
from bench.models.weights import Model, Weights

WEIGHTS = Model(
    "encodec_24khz",
    "see github.com/facebookresearch/encodec",
    repository="facebook/encodec_24khz",
    variable="CODECBENCH_ENCODEC_24KHZ",
)
RATE = 24_000


class FrechetEncodec(FrechetDistance):
    """Frechet audio distance on the latents of the encoder of EnCodec at 24 kHz. Lower is closer.

    Each frame (75 a second, 24 kHz, mono mix) is embedded as the 128 numbers that the encoder hands to the quantiser.
    The references are those of the same clips: values compare within a run.

    Raises:
        MetricUndefined: no more than 128 frames in the set.

    Blind spots:
        It favours EnCodec, whose quantiser was trained to keep these very latents: do not judge EnCodec by it. Nothing
        above 12 kHz counts, nor stereo. It compares distributions, not clips.

    Source:
        Gui et al., ICASSP 2024, arXiv:2311.01616, who tried it as an embedding; EnCodec is arXiv:2210.13438.
    """

    licence = WEIGHTS.licence
    on_device = True
    quantities = fad_quantities("fad_encodec", "-", "latents of EnCodec's encoder")

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        self.identity = of_network("fad_encodec", self._found, "transformers", "torch")

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        import torch

        samples = audio.mixed_to(1).at(RATE).samples
        with torch.inference_mode():
            signal = torch.from_numpy(samples.copy())[None].to(self.device.name)
            latents: NDArray[np.float32] = _model(self._found, self.device).encoder(signal)[0].cpu().numpy()
        return latents.T


@lru_cache(maxsize=1)
def _model(found: Weights, device: Device) -> Any:
    return load_model("EncodecModel", found, "EnCodec", device=device)
