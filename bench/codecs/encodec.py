"""EnCodec (arXiv:2210.13438) on the model of the transformers package.

The model is called directly, without its feature extractor, which would pad a short clip at 48 kHz to almost twice its
bits. One clip, one call, one thread, float32, no gradients: codes at ties depend on each of these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from bench import weights
from bench.audio import Audio
from bench.codecs.base import Network
from bench.codecs.codes import Codes
from bench.codecs.entropy import EntropyCoder
from bench.codecs.residual import ResidualCodec
from bench.domain import Identity
from bench.errors import CodecError, MissingRequirement
from bench.pretrained import load_model, require_codebooks
from bench.weights import find as find_weights

STREAM = 1
"""Changes when the bytes of the same codes, or the audio of the same bytes, change."""


class Encodec(ResidualCodec):
    """Shared by both models.

    Args:
        weights: a folder with config.json and model.safetensors, an original ``.th`` checkpoint, or a repository of the
            hub that was fetched before.
        language_model: the checkpoint of its language model; entropy-coded rates are measured with it too.
    """

    name: ClassVar[str]
    repository: ClassVar[str]

    def __init__(self, weights: str = "", language_model: str = "") -> None:
        self._language_model = language_model_of(language_model)
        self._found = find_weights(self.name, weights or self.repository)
        self.identity = Identity(
            self.name,
            f"transformers {version('transformers')}",
            f"torch {version('torch')} float32 weights {self._found.short} stream {STREAM}"
            + (f" {self._language_model.identity}" if self._language_model else ""),
        )

    @property
    def model(self) -> Any:
        """The model, loaded at first use and shared by all instances with the same weights."""
        model = _model(self._found)
        expected = (self.sample_rates[0], max(self.channels))
        got = (model.config.sampling_rate, model.config.audio_channels)
        if got != expected:
            raise MissingRequirement(
                f"{self.name}: expected weights for {expected[0]} Hz and {expected[1]} channels, got weights for "
                f"{got[0]} Hz and {got[1]} channels from {self._found.path}."
            )
        if model.config.num_quantizers < max(self.books.values()):
            raise MissingRequirement(
                f"{self.name}: expected {max(self.books.values())} codebooks, got {model.config.num_quantizers} from "
                f"{self._found.path}."
            )
        return model

    def quantise(self, audio: Audio, books: int) -> Codes:
        import torch

        model = self.model
        samples = audio.mixed_to(model.config.audio_channels).samples
        bandwidth = next(rate / 1000 for rate, count in self.books.items() if count >= books)
        with torch.inference_mode():
            coded = model.encode(torch.from_numpy(samples.copy())[None], bandwidth=bandwidth)
        segments = [np.asarray(segment[0, :books], np.int32) for segment in coded.audio_codes]
        if coded.last_frame_pad_length:
            segments[-1] = segments[-1][:, : -coded.last_frame_pad_length]
        scales = tuple(float(scale) for scale in coded.audio_scales if scale is not None)
        return Codes(tuple(segments), model.bits_per_codebook, scales)

    def synthesise(self, codes: Codes, length: int, channels: int) -> Audio:
        import torch

        model = self.model
        if codes.bits_per_code != model.bits_per_codebook or codes.books > model.config.num_quantizers:
            raise CodecError(
                f"{self.name}: the bitstream has {codes.books} codebooks of {codes.bits_per_code} bits; these weights "
                f"have {model.config.num_quantizers} of {model.bits_per_codebook}."
            )
        frames = max(segment.shape[1] for segment in codes.segments)
        padding = frames - codes.segments[-1].shape[1]
        padded = [np.pad(segment, ((0, 0), (0, frames - segment.shape[1]))) for segment in codes.segments]
        scales: list[torch.Tensor | None] = [torch.tensor([[scale]]) for scale in codes.scales]
        with torch.inference_mode():
            stacked = torch.from_numpy(np.stack(padded).astype(np.int64))[:, None]
            decoded = model.decode(stacked, scales or [None], last_frame_pad_length=padding).audio_values[0]
        samples = decoded.numpy()
        if samples.shape[1] < length:
            raise CodecError(f"{self.name}: the decoder gave {samples.shape[1]} samples, expected {length}.")
        return Audio(samples[:, :length].astype(np.float32), self.sample_rates[0]).mixed_to(channels)

    def entropy_coders(self) -> Mapping[str, EntropyCoder]:
        coders = dict(super().entropy_coders())
        return coders | {"lm": self._language_model} if self._language_model else coders

    def networks(self) -> Mapping[str, Network]:
        config = self.model.config
        frames = -(-config.sampling_rate // config.hop_length)
        return {
            "encoder": Network(self.model.encoder, (1, config.audio_channels, config.sampling_rate)),
            "decoder": Network(self.model.decoder, (1, config.hidden_size, frames)),
        }

    def facts(self) -> Mapping[str, str]:
        config = self.model.config
        books = config.num_quantizers
        return {
            "frame rate": f"{config.sampling_rate / config.hop_length:g} Hz ({config.hop_length} samples)",
            "codebooks": f"{books} of {config.codebook_size} vectors of {config.codebook_dim}",
            "bits per frame": ", ".join(
                f"{count * self.model.bits_per_codebook} at {bitrate} bit/s" for bitrate, count in self.books.items()
            ),
            "quantiser": f"{books * config.codebook_size * config.codebook_dim:,} values in codebooks, no parameters",
        }

    def files(self) -> Sequence[Path]:
        place = self._found.path
        return (place,) if place.is_file() else tuple(place / name for name in weights.MODEL_FILES)


class Encodec24(Encodec):
    """EnCodec at 24 kHz, mono, causal: 75 frames a second of up to 32 codes of 10 bits."""

    name = "encodec_24khz"
    algorithmic_delay_s = math.inf  # the clip goes through the network as a whole; frame by frame it is another codec
    repository = "facebook/encodec_24khz"
    sample_rates = (24_000,)
    channels = (1,)
    books: Mapping[int, int] = MappingProxyType({1_500: 2, 3_000: 4, 6_000: 8, 12_000: 16, 24_000: 32})
    bitrates_bps = tuple(books)


class Encodec48(Encodec):
    """EnCodec at 48 kHz, stereo: segments of 1 s every 0.99 s, each with a scale, 150 frames of up to 16 codes.

    A mono clip is coded as two equal channels.
    """

    name = "encodec_48khz"
    algorithmic_delay_s = 1.0  # a segment must be there before its first frame can be coded
    repository = "facebook/encodec_48khz"
    sample_rates = (48_000,)
    channels = (1, 2)
    books: Mapping[int, int] = MappingProxyType({3_000: 2, 6_000: 4, 12_000: 8, 24_000: 16})
    bitrates_bps = tuple(books)


def language_model_of(place: str) -> EntropyCoder | None:
    """The coder with the language model at ``place``; None where none is named."""
    if not place:
        return None
    from bench.codecs.entropy.encodec_lm import EncodecLm

    return EncodecLm(place)


@lru_cache(maxsize=2)
def _model(found: weights.Weights) -> Any:
    """The model with these weights, checked to be whole."""
    if found.path.is_file():
        from bench.codecs.encodec_checkpoint import read_checkpoint

        model = read_checkpoint(found.path).eval()
    else:
        model = load_model("EncodecModel", found, "EnCodec")
    require_codebooks((layer.codebook.embed for layer in model.quantizer.layers), str(found.path))
    return model
