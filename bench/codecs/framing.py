"""The container of codecs that are measured in memory: packets, and what their decoder must be told beside them.

Byte layout, little endian::

    4   magic "cbs1"
    4   uint32  sample rate in Hz
    1   uint8   channels
    8   uint64  samples per channel of the clip
    4   int32   delay: samples that the decoder's output starts late (early where negative)
    2   uint16  length E of the codec header, then E bytes (such as OpusHead or AudioSpecificConfig)
    then per packet: its length as LEB128 (7 bits a byte, low bits first), then its bytes

Only the packets are payload; all else is counted as container.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.audio import MAX_RATE, MIN_RATE, Audio
from bench.domain import Encoded
from bench.errors import CodecError

MAGIC = b"cbs1"
LONGEST_DELAY_S = 10
"""What is beyond is damage: the zeros that stand for an early start would take memory."""
_HEAD = struct.Struct("<4sIBQiH")


@dataclass(frozen=True, slots=True)
class Stream:
    """An unpacked container."""

    rate: int
    channels: int
    length: int
    delay: int
    header: bytes
    packets: list[bytes]

    def cut(self, decoded: NDArray[np.generic]) -> Audio:
        """The decoder's output, shape ``(channels, samples)``, without its delay and at the clip's length."""
        end = self.delay + self.length
        if decoded.shape[0] != self.channels or not 0 <= end <= decoded.shape[1]:
            raise CodecError(
                f"the decoder gave {decoded.shape[0]} channels of {decoded.shape[1]} samples; "
                f"expected {self.channels} of at least {end} ({self.length} after a delay of {self.delay})."
            )
        aligned = (
            decoded[:, self.delay : end] if self.delay >= 0 else np.pad(decoded[:, :end], ((0, 0), (-self.delay, 0)))
        )
        return Audio(aligned.astype(np.float32), self.rate)


def pack(
    audio: Audio,
    packets: Sequence[bytes],
    *,
    delay: int = 0,
    header: bytes = b"",
    payload_bits: int | None = None,
    decoder_drops: int = 0,
) -> Encoded:
    """The packets of ``audio`` as one stream.

    ``delay`` is what :meth:`Stream.cut` cuts off, ``decoder_drops`` what the decoder has cut off by itself before.
    ``payload_bits`` defaults to all bits of all packets.
    """
    parts = [_HEAD.pack(MAGIC, audio.rate, audio.channels, audio.length, delay, len(header)), header]
    for packet in packets:
        parts += [_leb128(len(packet)), packet]
    bits = 8 * sum(map(len, packets)) if payload_bits is None else payload_bits
    return Encoded(b"".join(parts), bits, delay + decoder_drops)


def unpack(encoded: Encoded) -> Stream:
    """The inverse of :func:`pack`.

    Raises:
        CodecError: the bytes are not such a stream, or end early.
    """
    data = encoded.stream
    if len(data) < _HEAD.size or not data.startswith(MAGIC):
        raise CodecError(
            f"the bitstream is damaged: expected {_HEAD.size} bytes that begin with {MAGIC!r}, got {len(data)} "
            f"that begin with {data[:4]!r}."
        )
    _, rate, channels, length, delay, header_length = _HEAD.unpack_from(data)
    if not MIN_RATE <= rate <= MAX_RATE or not channels or abs(delay) > LONGEST_DELAY_S * rate:
        raise CodecError(
            f"the bitstream is damaged: it says that it holds {length} samples of {channels} channels at {rate} Hz, "
            f"{delay} samples late."
        )
    position = _HEAD.size + header_length
    header = data[_HEAD.size : position]
    packets = []
    while position < len(data):
        size, position = _read_leb128(data, position)
        if position + size > len(data):
            raise CodecError(f"the bitstream is damaged: a packet of {size} bytes ends after the stream does.")
        packets.append(data[position : position + size])
        position += size
    return Stream(rate, channels, length, delay, header, packets)


def _leb128(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _read_leb128(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data):
            raise CodecError("the bitstream is damaged: it ends within a packet length.")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position
