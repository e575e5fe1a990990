"""Lyra v2 (SoundStream, arXiv:2107.03312) on the three TFLite models of its release 1.3.2.

A packet holds the codes of one 20 ms frame: 46 stages of a residual quantiser, 4 bits each, the first in the highest
bits, so that the packet of a lower bitrate is the first bytes of that of a higher one. The models keep a state that
cannot be reset: every clip gets interpreters of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec
from bench.codecs.codes import pack_bits, unpack_bits
from bench.domain import Encoded, Identity
from bench.errors import CodecError, MissingRequirement
from bench.models.weights import WeightFile, folder_of, require_files

FRAME = 320
STAGES = 46
BITS_PER_STAGE = 4

_SOURCE = "https://raw.githubusercontent.com/google/lyra/47698dadf0010abff6a848e02642f55f806d4842/lyra/model_coeffs"
WEIGHTS = tuple(
    WeightFile(name, f"{_SOURCE}/{name}", sha256, size)
    for name, sha256, size in (
        ("soundstream_encoder.tflite", "237da0b16226fb0a68d49551c81bebf614e42142af72764448359f68581e88f1", 1_779_200),
        ("quantizer.tflite", "841ee05989687d32d1f616a8ad1419fc7eda37599d3c05c7cf5a0d60ccf8ac5c", 329_012),
        ("lyragan.tflite", "50e7839cda4f30599a3a34cfaddcd9c98449b049eee884e1a74295780448ad06", 1_475_160),
    )
)


class LyraV2(Codec):
    """Lyra v2 at 16 kHz, mono: 50 packets a second of 8, 15 or 23 bytes.

    Args:
        weights: folder with the three models; empty takes ``CODECBENCH_LYRA_V2`` or where they are fetched to.
    """

    name = "lyra_v2"
    sample_rates = (16_000,)
    channels = (1,)
    packet_bytes: Mapping[int, int] = MappingProxyType({3_200: 8, 6_000: 15, 9_200: 23})
    bitrates_bps = tuple(packet_bytes)
    scalable = True
    algorithmic_delay_s = 0.02  # a frame; the networks are causal

    def __init__(self, weights: str = "") -> None:
        self._folder = folder_of(self.name, weights)
        models = require_files(self.name, self._folder, WEIGHTS)
        self.identity = Identity(
            self.name, f"ai-edge-litert {version('ai-edge-litert')}", f"weights {models[:12]} stream 1"
        )

    def possible_bps(self, sample_rate: int, channels: int) -> tuple[int, ...]:
        return self.bitrates_bps

    def encode(self, audio: Audio, bitrates_bps: Sequence[int | None]) -> dict[int | None, Encoded]:
        packets = self._packets(audio)
        sizes = {bitrate: self.packet_bytes[bitrate or 0] for bitrate in bitrates_bps}
        return {bitrate: framing.pack(audio, [packet[:size] for packet in packets]) for bitrate, size in sizes.items()}

    def decode(self, encoded: Encoded) -> Audio:
        stream = framing.unpack(encoded)
        quantiser = self._interpreter("quantizer").get_signature_runner("decode")
        vocoder = _Model(self._interpreter("lyragan"))
        frames = []
        for packet in stream.packets:
            indices = np.full((STAGES, 1, 1), -1, np.int32)  # -1: a stage that was not sent
            stages = 8 * len(packet) // BITS_PER_STAGE
            if not 0 < stages <= STAGES:
                raise CodecError(
                    f"{self.name}: the bitstream is damaged: a packet has {len(packet)} bytes, not 1 to 23."
                )
            indices[:stages, 0, 0] = unpack_bits(packet, BITS_PER_STAGE, stages)
            frames.append(vocoder(quantiser(encoding_indices=indices)["output_0"]))
        return stream.cut(np.concatenate(frames, axis=1))

    def facts(self) -> dict[str, str]:
        return {"frames": "50 a second", "quantiser": f"{STAGES} residual stages of {BITS_PER_STAGE} bits"}

    def files(self) -> tuple[Path, ...]:
        return tuple(self._folder / file.name for file in WEIGHTS)

    def _packets(self, audio: Audio) -> list[bytes]:
        """The packets of the highest bitrate."""
        encoder = _Model(self._interpreter("soundstream_encoder"))
        quantiser = self._interpreter("quantizer").get_signature_runner("encode")
        packets = []
        for start in range(0, audio.length, FRAME):
            features = encoder(audio.part(start, start + FRAME).with_length(FRAME).samples)
            coded = quantiser(input_frames=features, num_quantizers=np.int32(STAGES))
            packets.append(pack_bits(coded["output_0"][:, 0, 0], BITS_PER_STAGE))
        return packets

    def _interpreter(self, model: str) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        path = self._folder / f"{model}.tflite"
        try:
            interpreter = Interpreter(str(path), num_threads=1)
        except ValueError as error:
            raise MissingRequirement(
                f"{self.name}: {path} is no TFLite model ({error}). To get it: codecbench weights fetch {self.name}"
            ) from None
        interpreter.allocate_tensors()
        return interpreter


class _Model:
    """An interpreter with one input and one output."""

    def __init__(self, interpreter: Any) -> None:
        self._interpreter = interpreter
        (self._input,), (self._output,) = interpreter.get_input_details(), interpreter.get_output_details()

    def __call__(self, value: NDArray[np.float32]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._input["index"], value)
        self._interpreter.invoke()
        output: NDArray[np.float32] = self._interpreter.get_tensor(self._output["index"])
        return output
