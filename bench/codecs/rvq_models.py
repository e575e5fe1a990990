"""Residual-quantiser models of the transformers package besides EnCodec: DAC, Mimi, X-Codec, Higgs Audio.

A :class:`Family` says how one class of models is called, a codec which of them it is and what it sends. Bitrates are
those of k codebooks: k codes of B bits for every hop of samples, rounded to whole bit/s (half a bit up). The models are
called without their feature extractors; clips are padded with zeros to whole hops where a model would drop the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs.base import Network
from bench.codecs.codes import Codes
from bench.codecs.residual import ResidualCodec
from bench.domain import Identity
from bench.errors import CodecError, MissingRequirement
from bench.models import weights
from bench.models.device import CPU, Device, in_batches, placed
from bench.models.pretrained import load_model, require_codebooks
from bench.models.weights import find as find_weights

if TYPE_CHECKING:
    from torch import Tensor

STREAM = 1
"""Changes when the bytes of the same codes, or the audio of the same bytes, change."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model sends: ``books`` codes of ``bits`` for every ``hop`` samples of ``rate`` Hz."""

    rate: int
    hop: int
    books: int
    bits: int

    def bitrates(self) -> Mapping[int, int]:
        """Bitrate in bit/s of the first 1, 2, ... codebooks.

        >>> dict(Shape(24_000, 1920, 3, 11).bitrates())
        {138: 1, 275: 2, 413: 3}
        """
        one = Fraction(self.rate * self.bits, self.hop)
        return MappingProxyType({math.floor(k * one + Fraction(1, 2)): k for k in range(1, self.books + 1)})


@dataclass(frozen=True)
class Family:
    """How the models of one class of transformers are called.

    Attributes:
        model_class: its name in transformers.
        title: its name in messages.
        encode: ``(model, samples of shape (rows, 1, n), books)`` to codes, shape ``(rows, at least books, frames)``.
        decode: ``(model, codes of shape (rows, books, frames))`` to samples, shape ``(rows, ..., n)``.
        tables: the codebooks of a model.
        shape: ``(hop, books, codes in a book)`` of a model.
        networks: its convolutional networks by name, each with the channels of its input; attention is left out, as
            it sees a whole clip.
        whole_hops: a clip has to be a whole number of hops.
        unused: parameters that only training reads.
    """

    model_class: str
    title: str
    encode: Callable[[Any, Tensor, int], Tensor]
    decode: Callable[[Any, Tensor], Tensor]
    tables: Callable[[Any], Sequence[Tensor]]
    shape: Callable[[Any], tuple[int, int, int]]
    networks: Callable[[Any], Mapping[str, tuple[Any, int]]]
    whole_hops: bool = True
    unused: tuple[str, ...] = ()


# The hop is worked out from the strides: the configuration files of DAC on the hub state 512 for all three models, and
# some state another sampling rate, which is why rates are not compared.
DAC = Family(
    "DacModel",
    "DAC",
    lambda model, samples, books: model.encode(samples, n_quantizers=books).audio_codes,
    lambda model, codes: model.decode(audio_codes=codes).audio_values,
    lambda model: [quantizer.codebook.weight for quantizer in model.quantizer.quantizers],
    lambda model: (
        math.prod(model.config.downsampling_ratios),
        model.config.n_codebooks,
        model.config.codebook_size,
    ),
    lambda model: {"encoder": (model.encoder, 1), "decoder": (model.decoder, model.config.hidden_size)},
)
MIMI = Family(
    "MimiModel",
    "Mimi",
    lambda model, samples, books: model.encode(samples, num_quantizers=books).audio_codes,
    lambda model, codes: model.decode(codes).audio_values,
    lambda model: [
        layer.codebook.embed_sum
        for part in (
            model.quantizer.semantic_residual_vector_quantizer,
            model.quantizer.acoustic_residual_vector_quantizer,
        )
        for layer in part.layers
    ],
    lambda model: (
        round(model.config.sampling_rate / model.config.frame_rate),
        model.config.num_quantizers,
        model.config.codebook_size,
    ),
    lambda model: {
        "encoder": (model.encoder.encoder_seanet, 1),
        "decoder": (model.decoder.decoder_seanet, model.config.hidden_size),
    },
    whole_hops=False,
)
XCODEC = Family(
    "XcodecModel",
    "X-Codec",
    lambda model, samples, books: model.encode(samples).audio_codes,
    lambda model, codes: model.decode(codes).audio_values,
    lambda model: [quantizer.codebook.embed for quantizer in model.quantizer.quantizers],
    lambda model: (model.config.hop_length, model.config.num_quantizers, model.config.codebook_size),
    lambda model: {
        "acoustic encoder": (model.acoustic_encoder, 1),
        "semantic encoder": (model.encoder_semantic, model.config.semantic_hidden_size),
        "decoder": (model.acoustic_decoder, model.config.acoustic_model_config.hidden_size),
    },
    unused=("semantic_model.masked_spec_embed",),
)
HIGGS = replace(XCODEC, model_class="HiggsAudioV2TokenizerModel", title="the Higgs Audio tokenizer")


class RvqModel(ResidualCodec):
    """One model of a :class:`Family`.

    Args:
        weights: a folder with config.json and model.safetensors, or a repository of the hub that was fetched before.
        delay_samples: by how much the decoded audio is late (negative: early); ``auto`` measures it with the probe
            signal at the highest bitrate, which needs a model that keeps the waveform.
    """

    name: ClassVar[str]
    repository: ClassVar[str]
    family: ClassVar[Family]
    shape: ClassVar[Shape]
    channels = (1,)
    on_device = True
    takes_batches = True

    def __init__(self, weights: str = "", delay_samples: int | Literal["auto"] = 0) -> None:
        self._found = find_weights(self.name, weights or self.repository)
        self._delay = delay_samples
        self.identity = Identity(
            self.name,
            f"transformers {version('transformers')}",
            f"torch {version('torch')} float32 weights {self._found.short} stream {STREAM}",
        )

    def __init_subclass__(cls) -> None:
        cls.sample_rates = (cls.shape.rate,)
        cls.books = cls.shape.bitrates()
        cls.bitrates_bps = tuple(cls.books)

    @property
    def delay_samples(self) -> int:  # type: ignore[override]  # a constant elsewhere
        """The delay in samples, measured at first use where that is asked for."""
        if self._delay == "auto":
            self._delay = self._measured_delay()
        return self._delay

    @property
    def model(self) -> Any:
        """The model, loaded at first use and shared by all instances with the same weights."""
        model = _model(self._found, self.family, self.device)
        got = self.family.shape(model)
        expected = (self.shape.hop, self.shape.books, 2**self.shape.bits)
        if got != expected:
            raise MissingRequirement(
                f"{self.name}: expected weights with a hop of {expected[0]} samples and {expected[1]} codebooks of "
                f"{expected[2]}, got a hop of {got[0]} and {got[1]} codebooks of {got[2]} from {self._found.path}. To "
                f"get the right ones: codecbench weights fetch {self.name}"
            )
        return model

    def networks(self) -> Mapping[str, Network]:
        frames = -(-self.shape.rate // self.shape.hop)
        return {
            name: Network(module, (1, channels, frames * self.shape.hop if channels == 1 else frames))
            for name, (module, channels) in self.family.networks(self.model).items()
        }

    def facts(self) -> Mapping[str, str]:
        shape = self.shape
        listed = [module for module, _ in self.family.networks(self.model).values()]
        rest = _count(self.model) - sum(map(_count, listed))
        return {
            "frame rate": f"{shape.rate / shape.hop:g} Hz ({shape.hop} samples)",
            "codebooks": f"{shape.books} of {2**shape.bits} vectors",
            "bits per frame": f"{shape.bits} for each codebook",
            "besides": f"{rest:,} parameters of attention, projections and quantisers",
        }

    def files(self) -> Sequence[Path]:
        return tuple(self._found.path / name for name in weights.MODEL_FILES)

    def quantise_batch(self, audios: Sequence[Audio], books: int) -> list[Codes]:
        delay = max(self.delay_samples, 0)
        return self._quantised([audio.with_length(audio.length + delay) for audio in audios], books)

    def synthesise_batch(self, batch: Sequence[Codes], length: int, channels: int) -> list[Audio]:
        import torch

        model = self.model
        for codes in batch:
            self.require(codes, self.shape.books, self.shape.bits, segments=1)
        heard: list[Audio] = []
        segments = [codes.segments[0].astype(np.int64) for codes in batch]
        for tensor, count in in_batches(segments, length / self.shape.rate, self.device):
            with torch.inference_mode():
                decoded = self.family.decode(model, tensor)
            samples = decoded.reshape(len(tensor), 1, -1)[:count].cpu().numpy().astype(np.float32)
            heard += [Audio(one, self.shape.rate) for one in samples]
        if heard[0].length + self.shape.hop <= length:
            raise CodecError(f"{self.name}: the decoder gave {heard[0].length} samples, expected {length}.")
        return [one.with_length(length) for one in heard]  # with strides of 5 the decoder of DAC ends 8 samples early

    def _quantised(self, audios: Sequence[Audio], books: int) -> list[Codes]:
        import torch

        hop, length = self.shape.hop, audios[0].length
        if self.family.whole_hops:
            length = -(-length // hop) * hop
        signals = [audio.with_length(length).samples for audio in audios]
        found: list[Codes] = []
        for tensor, count in in_batches(signals, length / self.shape.rate, self.device):
            with torch.inference_mode():
                codes = self.family.encode(self.model, tensor, books).cpu()
            rows = codes[:count, :books].numpy()
            found += [Codes((np.ascontiguousarray(row, np.int32),), self.shape.bits) for row in rows]
        return found

    def _measured_delay(self) -> int:
        signal = probe(self.shape.rate)
        try:
            codes = self._quantised([signal], self.shape.books)
            return measured_delay(signal, self.synthesise_batch(codes, signal.length, 1)[0])
        except CodecError as error:
            raise CodecError(f"{self.name}: {error} State `delay_samples` as a number.") from None


class Dac16(RvqModel):
    """DAC at 16 kHz: 50 frames a second of up to 12 codes of 10 bits."""

    name, repository, family = "dac_16khz", "descript/dac_16khz", DAC
    shape = Shape(16_000, 320, 12, 10)


class Dac24(RvqModel):
    """DAC at 24 kHz: 75 frames a second of up to 32 codes of 10 bits."""

    name, repository, family = "dac_24khz", "descript/dac_24khz", DAC
    shape = Shape(24_000, 320, 32, 10)


class Dac44(RvqModel):
    """DAC at 44.1 kHz: 86.13 frames a second of up to 9 codes of 10 bits."""

    name, repository, family = "dac_44khz", "descript/dac_44khz", DAC
    shape = Shape(44_100, 512, 9, 10)


class Mimi(RvqModel):
    """Mimi: 24 kHz, causal, 12.5 frames a second of up to 32 codes of 11 bits, the first of them semantic."""

    name, repository, family = "mimi", "kyutai/mimi", MIMI
    shape = Shape(24_000, 1920, 32, 11)


class XCodec(RvqModel):
    """X-Codec: 16 kHz, 50 frames a second of up to 8 codes of 10 bits, each from the whole clip."""

    name, repository, family = "xcodec", "hf-audio/xcodec-hubert-librispeech", XCODEC
    shape = Shape(16_000, 320, 8, 10)


class HiggsAudio(RvqModel):
    """The tokenizer of Higgs Audio 2: 24 kHz, 25 frames a second of up to 8 codes of 10 bits."""

    name, repository, family = "higgs_audio", "bosonai/higgs-audio-v2-tokenizer", HIGGS
    shape = Shape(24_000, 960, 8, 10)


def _count(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@lru_cache(maxsize=2)
def _model(found: weights.Weights, family: Family, device: Device = CPU) -> Any:
    """The model with these weights, checked to be whole."""
    if found.path.is_file():
        raise MissingRequirement(
            f"{found.path}: {family.title} is read from a folder with config.json and model.safetensors, not from a "
            "single file; name that folder with the option `weights`."
        )
    model = load_model(family.model_class, found, family.title, family.unused)
    require_codebooks(family.tables(model), str(found.path))
    return placed(model, device)
