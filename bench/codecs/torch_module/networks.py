"""An encoder and a decoder as functions on arrays, tried out before they are trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.align import probe
from bench.codecs.torch_module.loading import Source, load_network, load_weights
from bench.errors import CodecError, MissingRequirement
from bench.models.device import CPU, Device, placed

Array = NDArray[np.float32]
SHORTEST_TRIED, LONGEST_TRIED = 2**10, 2**16
"""Samples between which a length is looked for that has more latents when it is doubled."""

MOST_HOPS = 256
"""How many hops a network may need at least."""


@dataclass(frozen=True, slots=True)
class Format:
    """What the networks take: a signal of shape ``(1, channels, samples)``; ``segment`` samples where only so many."""

    rate: int
    channels: int
    segment: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found by trying: samples of a hop, numbers in a latent, and the hops that a clip must have at least."""

    hop: int
    width: int
    shortest: int


@dataclass(frozen=True)
class Networks:
    """An encoder and a decoder."""

    form: Format
    encoder: Callable[[Any], Any]
    decoder: Callable[[Any], Any]
    device: Device = CPU

    def modules(self) -> tuple[Any, Any]:
        """Both as torch modules."""
        return as_module(self.encoder), as_module(self.decoder)

    def encode(self, samples: Array) -> Array:
        """Latents, shape ``(width, frames)``, of samples, shape ``(channels, n)``: whole segments, if it has any.

        Raises:
            CodecError: the encoder fails, or gives anything else.
        """
        size = self.form.segment or samples.shape[1]
        pieces = [self._encoded(samples[:, at : at + size]) for at in range(0, samples.shape[1], size)]
        return np.concatenate(pieces, axis=1)

    def decode(self, latents: Array) -> Array:
        """Samples, shape ``(channels, n)``.

        Raises:
            CodecError: the decoder fails, or gives anything else.
        """
        segment = self.form.segment
        size = self.frames_in_segment if segment else latents.shape[1]
        pieces = [self._decoded(latents[:, at : at + size]) for at in range(0, latents.shape[1], size)]
        if segment and any(piece.shape[1] != segment for piece in pieces):
            raise CodecError(
                f"torch_module: expected the decoder to give {segment} samples for a segment, got {pieces[0].shape[1]}."
            )
        return np.concatenate(pieces, axis=1)

    @cached_property
    def frames_in_segment(self) -> int:
        """Latents of one segment."""
        return int(self._encoded(np.zeros((self.form.channels, self.form.segment), np.float32)).shape[1])

    def _encoded(self, samples: Array) -> Array:
        latents = _called("encoder", self.encoder, samples, self.device)
        if latents.ndim != 3 or latents.shape[0] != 1 or 0 in latents.shape:
            raise CodecError(
                f"torch_module: expected the encoder to give latents of shape (1, width, frames), got {latents.shape} "
                f"for samples of shape (1, {', '.join(map(str, samples.shape))})."
            )
        return np.ascontiguousarray(latents[0])

    def _decoded(self, latents: Array) -> Array:
        samples = _called("decoder", self.decoder, latents, self.device)
        if self.form.channels == 1 and samples.ndim == 2:
            samples = samples[:, None]
        if samples.ndim != 3 or samples.shape[:2] != (1, self.form.channels):
            raise CodecError(
                f"torch_module: expected the decoder to give samples of shape (1, {self.form.channels}, n), got "
                f"{samples.shape}."
            )
        return np.ascontiguousarray(samples[0])

    def facts(self, hop: int) -> Facts:
        """Try the networks on the probe signal. ``hop`` is 0 where it is not known.

        Raises:
            CodecError: they contradict themselves, or the hop cannot be found.
        """
        signal = probe(self.form.rate, self.form.channels).samples
        hop = self.form.segment or hop or self._found_hop()
        whole = np.resize(signal, (self.form.channels, hop * max(1, round(self.form.rate / 2 / hop))))
        latents = self.encode(whole)
        if not np.array_equal(latents, self.encode(whole)):
            raise CodecError(
                "torch_module: the encoder gives other latents for the same input. It must be deterministic in "
                "evaluation mode: no noise, no dropout, no state that is kept."
            )
        heard = self.decode(latents).shape[1]
        if not 0.5 < heard / whole.shape[1] < 2:
            raise CodecError(
                f"torch_module: {whole.shape[1]} samples at {self.form.rate} Hz became {heard}; expected the same rate "
                "behind the decoder as before the encoder."
            )
        return Facts(hop, len(latents), self._shortest(hop))

    def _found_hop(self) -> int:
        """The distance of the lengths at which another frame begins."""
        length = SHORTEST_TRIED
        while not 0 < self._frames(length) < self._frames(2 * length):
            length *= 2
            if length > LONGEST_TRIED:
                raise CodecError(
                    f"torch_module: the hop cannot be found: {length} samples give {self._frames(length)} latents. "
                    "Expected one for every hop; if the encoder takes only whole hops, state the option `hop`, and "
                    f"if it takes a single length, `segment`. {self._failure(length)}"
                )
        first = self._next_frame(length, 2 * length)
        return self._next_frame(first, first + 2 * length) - first

    def _next_frame(self, low: int, high: int) -> int:
        """The smallest length with more frames than ``low`` has."""
        frames = self._frames(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._frames(middle) > frames else (middle, high)
        return high

    def _frames(self, length: int) -> int:
        """Latents of a clip of that length; 0 where the encoder fails."""
        try:
            return int(self.encode(np.zeros((self.form.channels, length), np.float32)).shape[1])
        except CodecError:
            return 0

    def _failure(self, length: int) -> str:
        try:
            self.encode(np.zeros((self.form.channels, length), np.float32))
        except CodecError as error:
            return str(error)
        return ""

    def _shortest(self, hop: int) -> int:
        hops = 1
        while hops <= MOST_HOPS:
            try:
                self.decode(self.encode(np.zeros((self.form.channels, hops * hop), np.float32)))
            except CodecError as error:
                failure = error
                hops *= 2
            else:
                return hops
        raise CodecError(f"torch_module: no clip of up to {MOST_HOPS} hops of {hop} samples can be coded: {failure}")


@lru_cache(maxsize=4)
def networks_of(
    form: Format, parts: tuple[Source, ...], weights: Path | None, _weights_sha256: str, device: Device = CPU
) -> Networks:
    """The networks of one source with methods ``encode`` and ``decode``, or of two, with weights from a file.

    Weights for two classes have names that begin with ``encoder.`` and ``decoder.``.
    """
    import torch

    torch.set_num_threads(1)
    loaded = [load_network(part) for part in parts]
    if weights is not None:
        whole = loaded[0] if len(loaded) == 1 else torch.nn.ModuleDict({"encoder": loaded[0], "decoder": loaded[1]})
        load_weights(whole, weights)
    loaded = [placed(network, device) for network in loaded]
    if len(loaded) == 2:
        return Networks(form, loaded[0], loaded[1], device)
    lacking = [name for name in ("encode", "decode") if not callable(getattr(loaded[0], name, None))]
    if lacking:
        raise MissingRequirement(
            f"torch_module, module: expected {parts[0].text} to have the methods encode and decode, but "
            f"{' and '.join(lacking)} is missing. Or name two networks with the options `encoder` and `decoder`."
        )
    return Networks(form, loaded[0].encode, loaded[0].decode, device)


def as_module(call: Callable[[Any], Any]) -> Any:
    """``call`` itself where it is a module, else a module whose ``forward`` it is."""
    import torch

    if isinstance(call, torch.nn.Module):
        return call

    class Method(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = getattr(call, "__self__", None)

        def forward(self, given: torch.Tensor) -> Any:
            return call(given)

    return Method()


def _called(what: str, network: Callable[[Any], Any], given: Array, device: Device) -> Array:
    import torch

    shape = (1, *given.shape)
    try:
        with torch.inference_mode():
            made = network(torch.from_numpy(given.copy())[None].to(device.name))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise CodecError(f"torch_module: the {what} fails on an input of shape {shape} ({reason}).") from error
    if not isinstance(made, torch.Tensor) or not made.is_floating_point():
        kind = f"a tensor of {made.dtype}" if isinstance(made, torch.Tensor) else type(made).__name__
        raise CodecError(f"torch_module: expected the {what} to give one tensor of real numbers, got {kind}.")
    values = np.asarray(made.float().cpu().numpy(), np.float32)
    if not np.isfinite(values).all():
        raise CodecError(f"torch_module: the {what} gives NaN or infinite numbers for an input of shape {shape}.")
    return values
