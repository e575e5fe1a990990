"""The Frechet audio distance as it was published first: on embeddings of VGGish."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.networks import filled
from bench.metrics.sets.frechet import FrechetDistance, fad_quantities, of_network
from bench.metrics.spectral import triangles
from bench.models.device import Device
from bench.models.pretrained import require_finite
from bench.models.weights import Model, WeightFile, Weights, read_tensors

FILE = "vggish-10086976.pth"
WEIGHTS = Model(
    "vggish",
    "Apache-2.0",
    (WeightFile(FILE, f"https://github.com/harritaylor/torchvggish/releases/download/v0.1/{FILE}", FILE[7:15], 0),),
)

RATE = 16_000
WINDOW, HOP, FFT = 400, 160, 512
BANDS, LOWEST_HZ, HIGHEST_HZ = 64, 125.0, 7500.0
OFFSET = 0.01
PATCH = 96  # frames of 10 ms
HIDDEN = 4096
CHANNELS = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool")


class FrechetVggish(FrechetDistance):
    """Frechet audio distance on embeddings of VGGish. Lower is closer.

    Each patch of 0.96 s (without overlap, 16 kHz, mono mix) is embedded as the 128 outputs of the last layer of VGGish,
    before an activation and without PCA or quantisation, as the usual implementations for PyTorch do. The references
    are those of the same clips, not a corpus of studio music as in many papers: values compare within a run.

    Raises:
        MetricUndefined: no more than 128 patches in the set, about two minutes; a clip under 0.975 s is left out.

    Blind spots:
        It does not hear above 7.5 kHz, nor what is shorter than a patch, nor stereo; it compares distributions, not
        clips.
        VGGish was trained to name sounds: it hears noise and reverberation better than the quality of a codec, and
        its agreement with listeners on music is weak (Gui et al., arXiv:2311.01616).

    Source:
        Kilgour et al., Interspeech 2019, arXiv:1812.08466; Hershey et al., ICASSP 2017, arXiv:1609.09430, for VGGish.
    """

    licence = WEIGHTS.licence
    on_device = True
    quantities = fad_quantities("fad_vggish", "-", "VGGish embeddings")

    def __init__(self) -> None:
        self._found = WEIGHTS.find()
        self.identity = of_network("fad_vggish", self._found, "torch")

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        import torch

        patches = patches_of(audio.mixed_to(1).at(RATE).samples[0])
        if not len(patches):
            raise MetricUndefined(f"the clip is too short: {audio.seconds:.3f} s; fad_vggish needs 0.975 s.")
        with torch.inference_mode():
            inputs = torch.from_numpy(patches)[:, None].to(self.device.name)
            found: NDArray[np.float32] = _network(self._found, self.device)(inputs).cpu().numpy()
        return found


def patches_of(signal: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """The input of VGGish: log-mel patches of a signal at 16 kHz, shape ``(patches, 96, 64)``; the rest is dropped."""
    if len(signal) < WINDOW:
        return np.zeros((0, PATCH, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(signal.astype(np.float64), WINDOW)[::HOP]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(WINDOW + 1)[:-1], FFT, axis=1))
    levels = np.log(magnitudes @ _mel_bands() + OFFSET).astype(np.float32)
    count = len(levels) // PATCH
    return levels[: count * PATCH].reshape(count, PATCH, BANDS)


@lru_cache(maxsize=1)
def _mel_bands() -> NDArray[np.float64]:
    """Triangles on the mel scale of HTK, peak 1, shape ``(bins, bands)``; the bin at 0 Hz counts nowhere."""
    low, high, *bins = 1127 * np.log1p(np.array([LOWEST_HZ, HIGHEST_HZ, *np.fft.rfftfreq(FFT, 1 / RATE)]) / 700)
    weights = triangles(np.array(bins), np.linspace(low, high, BANDS + 2))
    weights[0] = 0
    return weights


def build_network() -> Any:
    """VGGish without weights: patches of shape ``(n, 1, 96, 64)`` to embeddings of shape ``(n, 128)``."""
    from torch import nn

    layers: list[Any] = []
    width = 1
    for item in CHANNELS:
        if isinstance(item, int):
            layers += [nn.Conv2d(width, item, 3, padding=1), nn.ReLU()]
            width = item
        else:
            layers.append(nn.MaxPool2d(2))

    class Vggish(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(*layers)
            self.embeddings = nn.Sequential(
                nn.Linear(512 * 6 * 4, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 128)
            )

        def forward(self, patches: Any) -> Any:
            maps = self.features(patches)
            return self.embeddings(maps.permute(0, 2, 3, 1).flatten(1))  # its authors' order: channels last

    return Vggish()


@lru_cache(maxsize=1)
def _network(found: Weights, device: Device) -> Any:
    what = "the weights of VGGish"
    network = filled(build_network(), read_tensors(found.path, what), found, what, device)
    require_finite(network, str(found.path))
    return network
