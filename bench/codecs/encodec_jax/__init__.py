"""EnCodec in JAX: a port of our own beside the model on torch, with the same weights, bits and containers.

A compiled function serves one length, and compiling takes seconds. At 24 kHz, where every layer looks back only, clips
are padded to the next of a few lengths; at 48 kHz segments are padded to one second. Both give what the clip alone
would give: see :mod:`bench.codecs.encodec_jax.network`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs.base import Network
from bench.codecs.codes import Codes, Segment
from bench.codecs.encodec import Encodec, Encodec24, Encodec48
from bench.codecs.encodec_jax.parameters import Architecture, read_architecture, read_parameters
from bench.codecs.residual import ResidualCodec
from bench.errors import CodecError, MissingRequirement
from bench.models import weights

SHORTEST = 64
"""Frames of the shortest length that is compiled."""


@dataclass(frozen=True, slots=True)
class Model:
    """Both networks and their parameters."""

    shape: Architecture
    encoder: Any
    decoder: Any
    parameters: Any

    @property
    def books(self) -> int:
        return int(self.parameters["codebooks"].shape[0])

    @property
    def bits(self) -> int:
        return (int(self.parameters["codebooks"].shape[1]) - 1).bit_length()

    def buffer(self, frames: int) -> int:
        """The frames for which the functions are compiled that serve ``frames``."""
        segment = self.shape.segment
        return padded_frames(frames) if segment is None else -(-segment[0] // self.shape.hop)


class EncodecJax(Encodec):
    """Shared by both models.

    Args:
        weights: a folder with config.json and model.safetensors, or a repository of the hub that was fetched before.
        language_model: the checkpoint of its language model; entropy-coded rates are measured with it too.
    """

    on_device = takes_batches = False  # JAX finds its devices by itself

    @staticmethod
    def _computed_by() -> tuple[str, str]:
        return f"jax {version('jax')}", "float32"

    @property
    def model(self) -> Model:
        """The model, loaded at first use and shared by all instances with the same weights."""
        model = _model(self._found)
        self._require_weights(model.shape.sampling_rate, model.shape.audio_channels, model.books)
        return model

    def networks(self) -> Mapping[str, Network]:
        return {}  # none of torch; those of the codec on torch have the same layers

    def facts(self) -> Mapping[str, str]:
        shape, model = self.model.shape, self.model
        return {
            "frame rate": f"{shape.sampling_rate / shape.hop:g} Hz ({shape.hop} samples)",
            "codebooks": f"{model.books} of {2**model.bits} vectors of {shape.hidden_size}",
        }

    def warm_up_samples(self, length: int) -> int:
        """The whole of what is compiled for a clip of ``length``."""
        model = self.model
        hop = model.shape.hop
        return min(length, model.shape.segment[0]) if model.shape.segment else padded_frames(-(-length // hop)) * hop

    quantise_batch = ResidualCodec.quantise_batch
    synthesise_batch = ResidualCodec.synthesise_batch

    def quantise(self, audio: Audio, books: int) -> Codes:
        model = self.model
        samples = audio.mixed_to(model.shape.audio_channels).samples
        length, step = model.shape.segment or (audio.length, audio.length)
        pieces = [samples[:, start : start + length] for start in range(0, audio.length, step)]
        coded = [analyse(model, piece, books) for piece in pieces]
        scales = tuple(scale for _, _, scale in coded) if model.shape.normalize else ()
        return Codes(tuple(codes for _, codes, _ in coded), model.bits, scales)

    def synthesise(self, codes: Codes, length: int, channels: int) -> Audio:
        model = self.model
        self.require(codes, model.books, model.bits)
        scales = codes.scales or (1.0,) * len(codes.segments)
        pieces = [synthesised(model, one, scale) for one, scale in zip(codes.segments, scales, strict=True)]
        step = model.shape.segment[1] if model.shape.segment else 0
        samples = overlapped(pieces, step)
        if samples.shape[1] < length:
            raise CodecError(f"{self.name}: the decoder gave {samples.shape[1]} samples, expected {length}.")
        return Audio(samples[:, :length], self.sample_rates[0]).mixed_to(channels)


class Encodec24Jax(EncodecJax, Encodec24):
    """``encodec_24khz`` in JAX."""

    name = "encodec_24khz_jax"


class Encodec48Jax(EncodecJax, Encodec48):
    """``encodec_48khz`` in JAX."""

    name = "encodec_48khz_jax"


def analyse(model: Model, samples: NDArray[np.float32], books: int) -> tuple[NDArray[np.float32], Segment, float]:
    """Latents, shape ``(width, frames)``, codes, shape ``(books, frames)``, and scale of one segment."""
    from bench.codecs.encodec_jax import network

    length = samples.shape[1]
    frames = -(-length // model.shape.hop)
    buffer = np.zeros((model.buffer(frames) * model.shape.hop, samples.shape[0]), np.float32)
    buffer[:length] = samples.T
    latents, codes, scale = network.encode(
        model.encoder, model.parameters, buffer, length, books, normalise=model.shape.normalize
    )
    return np.asarray(latents)[:frames].T, np.asarray(codes)[:books, :frames], float(scale)


def synthesised(model: Model, codes: Segment, scale: float) -> NDArray[np.float32]:
    """The samples of one segment, shape ``(channels, frames * hop)``."""
    from bench.codecs.encodec_jax import network

    books, frames = codes.shape
    buffer = np.zeros((model.books, model.buffer(frames)), np.int32)
    buffer[:books, :frames] = codes
    made = network.decode(model.decoder, model.parameters, buffer, frames, books, np.float32(scale))
    return np.ascontiguousarray(np.asarray(made)[: frames * model.shape.hop].T)


def overlapped(pieces: list[NDArray[np.float32]], step: int) -> NDArray[np.float32]:
    """Segments that begin every ``step`` samples, faded into each other: each weighs most in its middle."""
    if len(pieces) == 1:
        return pieces[0]
    time = np.linspace(0, 1, pieces[0].shape[1] + 2, dtype=np.float32)[1:-1]
    weight = np.float32(0.5) - np.abs(time - np.float32(0.5))
    total = step * (len(pieces) - 1) + pieces[-1].shape[1]
    out, weights_sum = np.zeros((len(pieces[0]), total), np.float32), np.zeros(total, np.float32)
    for index, piece in enumerate(pieces):
        place = slice(index * step, index * step + piece.shape[1])
        out[:, place] += weight[: piece.shape[1]] * piece
        weights_sum[place] += weight[: piece.shape[1]]
    return np.asarray(out / weights_sum, np.float32)


def padded_frames(frames: int) -> int:
    """The next length that is compiled: 64, 96, 128, 192, 256, ... so that a third of the work at most is wasted.

    >>> [padded_frames(n) for n in (1, 64, 65, 97, 750)]
    [64, 64, 96, 128, 768]
    """
    size = SHORTEST
    while size < frames:
        size *= 2
    return size * 3 // 4 if size > SHORTEST and frames <= size * 3 // 4 else size


@lru_cache(maxsize=2)
def _model(found: weights.Weights) -> Model:
    """The model with these weights, checked to be whole."""
    if found.path.is_file():
        raise MissingRequirement(
            f"{found.path}: the JAX port reads a folder with config.json and model.safetensors, not a checkpoint. Name "
            "such a folder with the option `weights`, or take the codec on torch."
        )
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("NPROC", "1")  # threads of XLA on a CPU; read once, when JAX starts
    import jax.numpy as jnp

    from bench.codecs.encodec_jax.network import decoder_of, encoder_of

    shape = read_architecture(found.path)
    encoder, decoder = encoder_of(shape), decoder_of(shape)
    stored = read_parameters(found.path, [*encoder.names(), *decoder.names()])
    return Model(shape, encoder, decoder, {name: jnp.asarray(value) for name, value in stored.items()})
