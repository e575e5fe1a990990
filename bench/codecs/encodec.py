"""EnCodec (arXiv:2210.13438) on the model of the transformers package.

The model is called directly, without its feature extractor, which would pad a short clip at 48 kHz to almost twice its
bits. One clip, one call, one thread, float32, no gradients: codes at ties depend on each of these. On a GPU, one call
is for as many clips of one length as the run's batches have room for, be they there or not.
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
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs.base import Network
from bench.codecs.codes import Codes
from bench.codecs.entropy import EntropyCoder
from bench.codecs.residual import ResidualCodec
from bench.domain import Identity
from bench.errors import CodecError, MissingRequirement
from bench.models import weights
from bench.models.device import CPU, Device, in_batches, placed
from bench.models.pretrained import load_model, require_codebooks
from bench.models.weights import find as find_weights

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
    on_device = True
    takes_batches = True

    def __init__(self, weights: str = "", language_model: str = "") -> None:
        self._language_model = language_model_of(language_model)
        self._found = find_weights(self.name, weights or self.repository)
        package, network = self._computed_by()
        entropy = f" {self._language_model.identity}" if self._language_model else ""
        self.identity = Identity(self.name, package, f"{network} weights {self._found.short} stream {STREAM}{entropy}")

    @staticmethod
    def _computed_by() -> tuple[str, str]:
        """The package that has the model, and what computes it: parts of the identity."""
        return f"transformers {version('transformers')}", f"torch {version('torch')} float32"

    @property
    def model(self) -> Any:
        """The model, loaded at first use and shared by all instances with the same weights."""
        model = _model(self._found, self.device)
        self._require_weights(model.config.sampling_rate, model.config.audio_channels, model.config.num_quantizers)
        return model

    def _require_weights(self, rate: int, channels: int, books: int) -> None:
        """Raise MissingRequirement where weights for so many Hz, channels and codebooks are those of another model."""
        most = max(self.books.values())
        if (rate, channels) != (self.sample_rates[0], max(self.channels)) or books < most:
            raise MissingRequirement(
                f"{self.name}: expected weights for {self.sample_rates[0]} Hz, {max(self.channels)} channels and at "
                f"least {most} codebooks, got weights for {rate} Hz, {channels} channels and {books} codebooks from "
                f"{self._found.path}. To get the right ones: codecbench weights fetch {self.name}"
            )

    def quantise(self, audio: Audio, books: int) -> Codes:
        return self.quantise_batch([audio], books)[0]

    def synthesise(self, codes: Codes, length: int, channels: int) -> Audio:
        return self.synthesise_batch([codes], length, channels)[0]

    def quantise_batch(self, audios: Sequence[Audio], books: int) -> list[Codes]:
        import torch

        model = self.model
        signals = [audio.mixed_to(model.config.audio_channels).samples for audio in audios]
        bandwidth = next(rate / 1000 for rate, count in self.books.items() if count >= books)
        found: list[Codes] = []
        for tensor, count in in_batches(signals, audios[0].seconds, self.device):
            with torch.inference_mode():
                coded = model.encode(tensor, bandwidth=bandwidth)
            segments = [segment[:count, :books].cpu() for segment in coded.audio_codes]
            scales = [scale[:count].cpu() for scale in coded.audio_scales if scale is not None]
            for row in range(count):
                codes = [np.asarray(segment[row], np.int32) for segment in segments]
                if coded.last_frame_pad_length:
                    codes[-1] = codes[-1][:, : -coded.last_frame_pad_length]
                found.append(Codes(tuple(codes), model.bits_per_codebook, tuple(float(scale[row]) for scale in scales)))
        return found

    def synthesise_batch(self, batch: Sequence[Codes], length: int, channels: int) -> list[Audio]:
        import torch

        model, rate = self.model, self.sample_rates[0]
        for codes in batch:
            self.require(codes, model.config.num_quantizers, model.bits_per_codebook)
        frames = max(segment.shape[1] for segment in batch[0].segments)
        padding = frames - batch[0].segments[-1].shape[1]
        heard: list[Audio] = []
        for tensor, count in in_batches([_padded(codes, frames) for codes in batch], length / rate, self.device):
            of_rows = [codes.scales for codes in batch[len(heard) : len(heard) + count]]
            filled = of_rows + [of_rows[0]] * (len(tensor) - count)
            scales: list[torch.Tensor | None] = [
                torch.tensor(segment)[:, None].to(self.device.name) for segment in zip(*filled, strict=True)
            ]
            with torch.inference_mode():
                given = tensor.transpose(0, 1)
                decoded = model.decode(given, scales or [None], last_frame_pad_length=padding).audio_values
            samples = decoded[:count].cpu().numpy()
            if samples.shape[2] < length:
                raise CodecError(f"{self.name}: the decoder gave {samples.shape[2]} samples, expected {length}.")
            heard += [Audio(one[:, :length].astype(np.float32), rate).mixed_to(channels) for one in samples]
        return heard

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


def _padded(codes: Codes, frames: int) -> NDArray[np.int64]:
    """The codes of all segments, shape ``(segments, books, frames)``; the last one is filled with zeros."""
    padded = [np.pad(segment, ((0, 0), (0, frames - segment.shape[1]))) for segment in codes.segments]
    return np.stack(padded).astype(np.int64)


@lru_cache(maxsize=2)
def _model(found: weights.Weights, device: Device = CPU) -> Any:
    """The model with these weights, checked to be whole."""
    if found.path.is_file():
        from bench.codecs.encodec_checkpoint import read_checkpoint

        model = read_checkpoint(found.path).eval()
    else:
        model = load_model("EncodecModel", found, "EnCodec")
    require_codebooks((layer.codebook.embed for layer in model.quantizer.layers), str(found.path))
    return placed(model, device)
