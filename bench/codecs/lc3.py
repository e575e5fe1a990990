"""LC3, the codec of Bluetooth LE Audio, through the liblc3 of lc3py's wheels."""

from __future__ import annotations

import struct
from importlib.metadata import version

import numpy as np

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec, one_of, within
from bench.domain import Encoded, Identity
from bench.errors import CodecError

FRAME_BYTES = range(20, 401)
"""Bytes of a frame of one channel: Bluetooth LC3 v1.0."""
_HEADER = struct.Struct("<H")  # frame duration in microseconds


class Lc3(Codec):
    """LC3: constant bitrate, channels coded one by one.

    Args:
        frame_duration_ms: 10 or 7.5.
    """

    sample_rates = (8_000, 16_000, 24_000, 32_000, 48_000)
    channels = (1, 2)
    bitrates_bps = (16_000, 24_000, 32_000, 48_000, 64_000, 96_000, 128_000)

    def __init__(self, frame_duration_ms: float = 10) -> None:
        one_of("lc3", "frame_duration_ms", frame_duration_ms, (7.5, 10))
        self._duration_us = round(1_000 * frame_duration_ms)
        self.algorithmic_delay_s = frame_duration_ms / 1_000 + (0.0025 if frame_duration_ms == 10 else 0.004)
        self.why_not = f"a frame of {frame_duration_ms:g} ms has {FRAME_BYTES[0]} to {FRAME_BYTES[-1]} bytes a channel"
        self.identity = Identity("lc3", f"lc3py {version('lc3py')}", "stream 1")

    def possible_bps(self, sample_rate: int, channels: int) -> range:
        sizes = (FRAME_BYTES[0], FRAME_BYTES[-1])
        return within(*(-(-8_000_000 * size * channels // self._duration_us) for size in sizes))

    def encode_one(self, audio: Audio, bitrate_bps: int | None) -> Encoded:
        import lc3

        encoders = [lc3.Encoder(self._duration_us, audio.rate) for _ in range(audio.channels)]
        samples, delay = encoders[0].get_frame_samples(), encoders[0].get_delay_samples()
        size = encoders[0].get_frame_bytes((bitrate_bps or 0) // audio.channels)
        frames = -(-(audio.length + delay) // samples)
        blocks = audio.with_length(frames * samples).samples.reshape(audio.channels, frames, samples)
        try:
            packets = [
                b"".join(encoder.encode(block.tobytes(), size) for encoder, block in zip(encoders, frame, strict=True))
                for frame in blocks.swapaxes(0, 1)
            ]
        except lc3.BaseError as error:
            raise CodecError(f"lc3: encoding failed at {bitrate_bps} bit/s ({error}).") from error
        return framing.pack(audio, packets, delay=delay, header=_HEADER.pack(self._duration_us))

    def decode(self, encoded: Encoded) -> Audio:
        import lc3

        stream = framing.unpack(encoded)
        if len(stream.header) != _HEADER.size:
            raise CodecError(
                f"lc3: the bitstream is damaged: it has no frame duration: expected 2 bytes, got {len(stream.header)}."
            )
        (duration_us,) = _HEADER.unpack(stream.header)
        try:
            decoders = [lc3.Decoder(duration_us, stream.rate) for _ in range(stream.channels)]
            frames = [
                [decoder.decode(part) for decoder, part in zip(decoders, _parts(packet, len(decoders)), strict=True)]
                for packet in stream.packets
            ]
        except (lc3.BaseError, ValueError) as error:
            raise CodecError(f"lc3: decoding failed ({error}).") from error
        decoded = np.array(frames, np.float32)  # frames, channels, samples
        return stream.cut(decoded.swapaxes(0, 1).reshape(stream.channels, -1))


def _parts(packet: bytes, channels: int) -> list[bytes]:
    size = len(packet) // channels
    return [packet[channel * size : (channel + 1) * size] for channel in range(channels)]
