"""A user's own encoder and decoder as a codec: latents, quantised as stated, entropy-coded, decoded from the bytes.

    - name: torch_module
      label: my_autoencoder
      options:
        module: my_package.networks:Autoencoder(64)
        weights: autoencoder.pth
        sample_rate: 16000
        quantiser: {kind: uniform, step: 0.5}

Loading a class, TorchScript or an exported program runs the code in it: name only files that you trust. Files of
weights cannot run code; only tensors are read from them.

Byte layout inside the container of :mod:`bench.codecs.framing`. Its codec header is::

    4   uint32  numbers in a latent
    4   uint32  latents
    then the quantiser's: step and offset as float64 (uniform), or the number of codebooks as uint8 (kmeans)

and its one packet is the quantiser's data; see :mod:`bench.codecs.torch_module.quantisers`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any, Literal

from bench.align import measured_delay, probe
from bench.audio import MAX_RATE, MIN_RATE, Audio
from bench.codecs import framing
from bench.codecs.base import Codec, Network
from bench.codecs.codes import Codes
from bench.codecs.torch_module.loading import file_sha256, find_source
from bench.codecs.torch_module.networks import Facts, Format, Networks, networks_of
from bench.codecs.torch_module.quantisers import KMeans, Latents, quantiser_of
from bench.domain import Encoded, Identity
from bench.errors import CodecError, ConfigError

STREAM = 1
"""Changes when the bytes of the same latents, or the audio of the same bytes, change."""

_HEAD = struct.Struct("<II")
_DAMAGED = "the bitstream is damaged: it is none of torch_module with this quantiser."


class TorchModule(Codec):
    """An encoder and a decoder of a user. Clips go through them one by one, also on a GPU.

    Args:
        sample_rate: the rate that the networks were made for.
        quantiser: see :mod:`bench.codecs.torch_module.quantisers`.
        module: one network with the methods ``encode``, ``(1, channels, n)`` to ``(1, width, frames)``, and ``decode``.
        encoder, decoder: or two networks that are called so. Each of the three is a file or a class; see
            :mod:`bench.codecs.torch_module.loading`.
        weights: a file of tensors (.pth, .safetensors) for classes; for two, their names begin with ``encoder.`` and
            ``decoder.``.
        folder: where the package of a class lies, if it is not installed.
        channels: 1 or 2.
        hop: samples for one latent; 0 finds it by trying lengths.
        segment: samples of the only length that the networks take; clips are cut into such pieces.
        delay_samples: by how much the decoded audio is late; ``auto`` measures it with the probe signal.
        version: part of the identity, beside the hashes of the files: change it when other code changes.
    """

    on_device = True

    def __init__(
        self,
        sample_rate: int,
        quantiser: dict[str, Any],
        module: str = "",
        encoder: str = "",
        decoder: str = "",
        weights: str = "",
        folder: str = "",
        channels: Literal[1, 2] = 1,
        hop: int = 0,
        segment: int = 0,
        delay_samples: int | Literal["auto"] = "auto",
        version: str = "",
    ) -> None:
        if bool(module) == bool(encoder or decoder) or bool(encoder) != bool(decoder):
            raise ConfigError("torch_module: expected the option `module`, or the options `encoder` and `decoder`.")
        if not MIN_RATE <= sample_rate <= MAX_RATE or min(hop, segment) < 0:
            raise ConfigError(
                f"torch_module: expected sample_rate from {MIN_RATE} to {MAX_RATE} Hz, hop and segment from 0 on, got "
                f"sample_rate {sample_rate} Hz, hop {hop} and segment {segment}."
            )
        named = {"module": module, "encoder": encoder, "decoder": decoder}
        self._parts = tuple(find_source(option, text, folder) for option, text in named.items() if text)
        if weights and any(part.is_file for part in self._parts):
            raise ConfigError(
                "torch_module, weights: a network in a file brings its own weights; leave the option out."
            )
        self._quantiser, self._described = quantiser_of(quantiser), quantiser
        self._weights = Path(weights).expanduser() if weights else None
        self._weights_sha256 = file_sha256("weights", weights) if weights else ""
        self._form, self._hop, self._delay = Format(sample_rate, channels, segment), hop, delay_samples
        self._facts: Facts | None = None
        self.exposes_codes = isinstance(self._quantiser, KMeans)
        self.sample_rates, self.channels = (sample_rate,), (channels,)
        self.bitrates_bps = tuple(bitrate for bitrate in self._quantiser.settings if bitrate is not None)
        self.identity = Identity("torch_module", version or "unversioned", self._details(quantiser, hop, delay_samples))

    def possible_bps(self, sample_rate: int, channels: int) -> tuple[int, ...]:
        return self.bitrates_bps

    @property
    def _networks(self) -> Networks:
        """The networks, loaded at first use and shared by all instances with the same files."""
        return networks_of(self._form, self._parts, self._weights, self._weights_sha256, self.device)

    @property
    def _tried(self) -> Facts:
        """Hop and width, found at first use."""
        if self._facts is None:
            self._facts = self._networks.facts(self._hop)
        return self._facts

    def networks(self) -> Mapping[str, Network]:
        encoder, decoder = self._networks.modules()
        rate, found, segment = self._form.rate, self._tried, self._form.segment
        frames = self._networks.frames_in_segment if segment else -(-rate // found.hop)
        return {
            "encoder": Network(encoder, (1, self._form.channels, segment or frames * found.hop)),
            "decoder": Network(decoder, (1, found.width, frames)),
        }

    def facts(self) -> Mapping[str, str]:
        found = self._tried
        return {
            "frame rate": f"{self._form.rate / found.hop:g} Hz ({found.hop} samples)",
            "latents": f"{found.width} numbers",
            "quantiser": ", ".join(f"{key} {value}" for key, value in self._described.items()),
        }

    def files(self) -> Sequence[Path]:
        books = [self._quantiser.path] if isinstance(self._quantiser, KMeans) else []
        return [part.path for part in self._parts] + ([self._weights] if self._weights else []) + books

    @property
    def delay_samples(self) -> int:
        """By how much the decoded audio is late, measured at first use without the quantiser."""
        if self._delay == "auto":
            signal = probe(self._form.rate, self._form.channels)
            heard = self._decoded(self.latents(signal), signal.length)
            try:
                self._delay = measured_delay(signal, heard)
            except CodecError as error:
                raise CodecError(f"torch_module: {error} State the option `delay_samples`.") from None
        return self._delay

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        delay = self.delay_samples
        latents = self.latents(audio.with_length(audio.length + max(delay, 0)))
        coded = self._quantiser.encode(latents, bitrate_bps)
        header = _HEAD.pack(*latents.shape) + coded.header
        return framing.pack(audio, [coded.data], delay=delay, header=header, payload_bits=coded.payload_bits)

    def codes(self, encoded: Encoded) -> Codes:
        assert isinstance(self._quantiser, KMeans)
        return self._quantiser.codes(*_quantised(framing.unpack(encoded)))

    def decode(self, encoded: Encoded) -> Audio:
        stream = framing.unpack(encoded)
        try:
            latents = self._quantiser.decode(*_quantised(stream))
        except struct.error:
            raise CodecError(_DAMAGED) from None
        return stream.cut(self._decoded(latents, stream.length + max(stream.delay, 0)).samples)

    def latents(self, audio: Audio) -> Latents:
        """What the encoder gives for ``audio``, shape ``(width, frames)``, before it is quantised."""
        facts = self._tried
        hops = max(facts.shortest, -(-audio.length // facts.hop))
        latents = self._networks.encode(audio.with_length(hops * facts.hop).samples)
        if len(latents) != facts.width:
            raise CodecError(
                f"torch_module: the encoder gives latents of {len(latents)} numbers for {audio.length} samples and of "
                f"{facts.width} for others; expected one width for all lengths."
            )
        return latents

    def _decoded(self, latents: Latents, length: int) -> Audio:
        heard = Audio(self._networks.decode(latents), self._form.rate)
        if heard.length + self._tried.hop <= length:
            raise CodecError(
                f"torch_module: the decoder gave {heard.length} samples for {latents.shape[1]} latents, expected at "
                f"least {length - self._tried.hop + 1}."
            )
        return heard.with_length(length)  # decoders without padding lose a few samples at the end

    def _details(self, quantiser: dict[str, Any], hop: int, delay: int | str) -> str:
        """Everything that changes a bit of the output, as text."""
        files = [f"{part.option} {part.text} {part.sha256[:12]}" for part in self._parts]
        if self._weights_sha256:
            files.append(f"weights {self._weights_sha256[:12]}")
        if isinstance(self._quantiser, KMeans):
            files.append(f"codebooks {file_sha256('quantiser.file', str(self._quantiser.path))[:12]}")
        form = f"{self._form.rate} Hz {self._form.channels} channels segment {self._form.segment}"
        numbers = f"{form} hop {hop} delay {delay} quantiser {quantiser}"
        packages = " ".join(f"{name} {package_version(name)}" for name in ("torch", "constriction"))
        return f"{packages} float32 {' '.join(files)} {numbers} stream {STREAM}"


def _quantised(stream: framing.Stream) -> tuple[bytes, bytes, int, int]:
    """Header and data of the quantiser, numbers in a latent and latents."""
    try:
        width, frames = _HEAD.unpack_from(stream.header)
        return stream.header[_HEAD.size :], stream.packets[0], width, frames
    except (struct.error, IndexError):
        raise CodecError(_DAMAGED) from None
