"""Codecs with a residual quantiser: one encode, of which every lower bitrate is a prefix, and the bytes they send.

Byte layout inside the container of :mod:`bench.codecs.framing`. Its codec header is::

    1   uint8   codebooks K
    1   uint8   bits per code B
    1   uint8   1 where each segment has a scale, else 0

and its packets are the segments of the clip, in order, each::

    4   float32, little endian: the segment's scale, where there is one
    then the codes, frame by frame, within a frame from the first codebook to the last, B bits each, most significant
    bit first; the last byte is filled with zero bits

The number of frames follows from the packet's length, so a frame has at least as many bits as a byte. Payload are the
codes and the scales, without the filling.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.base import Codec
from bench.codecs.codes import WIDEST_CODE, Codes, Segment, pack_bits, unpack_bits
from bench.domain import Encoded, EntropyRate
from bench.errors import CodecError

if TYPE_CHECKING:
    from bench.codecs.entropy import EntropyCoder

_HEAD = struct.Struct("<BBB")
_SCALE = struct.Struct("<f")


class ResidualCodec(Codec):
    """Base of codecs with a residual quantiser. Subclasses say how audio becomes codes and back.

    Attributes:
        books: codebooks of each bitrate in bit/s.
        delay_samples: by how much what :meth:`synthesise` gives is late; :meth:`decode` takes it away.
    """

    scalable = True
    exposes_codes = True
    books: Mapping[int, int]
    delay_samples: int = 0

    def possible_bps(self, sample_rate: int, channels: int) -> tuple[int, ...]:
        return tuple(self.books)

    def quantise(self, audio: Audio, books: int) -> Codes:
        """The codes of ``audio`` in the first ``books`` codebooks."""
        raise NotImplementedError

    def synthesise(self, codes: Codes, length: int, channels: int) -> Audio:
        """The waveform of ``codes``, ``length`` samples of ``channels``."""
        raise NotImplementedError

    def quantise_batch(self, audios: Sequence[Audio], books: int) -> list[Codes]:
        """:meth:`quantise` of clips of one length and channel count."""
        return [self.quantise(audio, books) for audio in audios]

    def synthesise_batch(self, batch: Sequence[Codes], length: int, channels: int) -> list[Audio]:
        """:meth:`synthesise` of the codes of clips of one length."""
        return [self.synthesise(codes, length, channels) for codes in batch]

    def require(self, codes: Codes, books: int, bits: int, segments: int | None = None) -> None:
        """Raise CodecError where ``codes`` are of more codebooks than ``books``, of other codes, or in other pieces."""
        if codes.bits_per_code != bits or codes.books > books:
            raise CodecError(
                f"{self.identity.name}: the bitstream has {codes.books} codebooks of {codes.bits_per_code} bits; these "
                f"weights have {books} of {bits}. Decode it with the weights that it was coded with."
            )
        got = len(codes.segments)
        if segments not in (None, got):
            raise CodecError(f"{self.identity.name}: the bitstream is damaged: expected {segments} segment, got {got}.")

    def encode(self, audio: Audio, bitrates_bps: Sequence[int | None]) -> dict[int | None, Encoded]:
        return self.encode_batch([audio], bitrates_bps)[0]

    def encode_batch(
        self, audios: Sequence[Audio], bitrates_bps: Sequence[int | None]
    ) -> list[dict[int | None, Encoded]]:
        wanted = {bitrate: self.books[bitrate or 0] for bitrate in bitrates_bps}
        delay = self.delay_samples
        coded = self.quantise_batch(audios, max(wanted.values()))
        return [
            {bitrate: pack(audio, codes.prefix(books), delay) for bitrate, books in wanted.items()}
            for audio, codes in zip(audios, coded, strict=True)
        ]

    def codes(self, encoded: Encoded) -> Codes:
        return codes_of(encoded)

    def entropy_coders(self) -> Mapping[str, EntropyCoder]:
        """Lossless coders for its codes, by the name of their columns in the tables: ``adaptive`` or ``lm``."""
        from bench.codecs.entropy.adaptive import Adaptive

        return {"adaptive": Adaptive()}

    def entropy_rate(self, coder: str, encoded: Encoded) -> EntropyRate:
        from bench.codecs.entropy import measured

        return measured(self.entropy_coders()[coder], codes_of(encoded))

    def decode(self, encoded: Encoded) -> Audio:
        return self.decode_batch([encoded])[0]

    def decode_batch(self, streams: Sequence[Encoded]) -> list[Audio]:
        unpacked = [framing.unpack(stream) for stream in streams]
        length = unpacked[0].length + max(unpacked[0].delay, 0)
        heard = self.synthesise_batch([codes_of(stream) for stream in streams], length, unpacked[0].channels)
        return [stream.cut(one.samples) for stream, one in zip(unpacked, heard, strict=True)]


def pack(audio: Audio, codes: Codes, delay: int = 0) -> Encoded:
    """``codes`` of ``audio`` as a stream; ``delay`` is what the decoder has to take away."""
    packets = [
        (_SCALE.pack(codes.scales[index]) if codes.scales else b"") + pack_bits(segment.T, codes.bits_per_code)
        for index, segment in enumerate(codes.segments)
    ]
    if codes.books * codes.bits_per_code < 8:
        raise CodecError(
            f"expected frames of at least 8 bits, got {codes.books} codebooks of {codes.bits_per_code} bits: the "
            "number of frames would not follow from the length of a packet. Take more codebooks."
        )
    bits = sum(segment.size for segment in codes.segments) * codes.bits_per_code + 32 * len(codes.scales)
    header = _HEAD.pack(codes.books, codes.bits_per_code, bool(codes.scales))
    return framing.pack(audio, packets, delay=delay, header=header, payload_bits=bits)


def codes_of(encoded: Encoded) -> Codes:
    """The codes in a stream of :func:`pack`.

    Raises:
        CodecError: the bytes are not such a stream.
    """
    stream = framing.unpack(encoded)
    if len(stream.header) != _HEAD.size:
        raise CodecError(
            f"the bitstream is damaged: expected a header of {_HEAD.size} bytes of a residual quantiser, got "
            f"{len(stream.header)}."
        )
    books, bits, scaled = _HEAD.unpack(stream.header)
    if not stream.packets:
        raise CodecError("the bitstream is damaged: it has no packets.")
    if books * bits < 8 or bits > WIDEST_CODE:
        raise CodecError(f"the bitstream is damaged: it says that it has {books} codebooks of {bits} bits.")
    side = _SCALE.size if scaled else 0
    if min(map(len, stream.packets)) < side:
        raise CodecError("the bitstream is damaged: a packet ends within its scale.")
    scales = tuple(float(_SCALE.unpack_from(packet)[0]) for packet in stream.packets) if scaled else ()
    segments = tuple(_segment(packet[side:], books, bits) for packet in stream.packets)
    return Codes(segments, bits, scales)


def _segment(data: bytes, books: int, bits: int) -> Segment:
    frames = 8 * len(data) // (books * bits)
    return np.ascontiguousarray(unpack_bits(data, bits, frames * books).reshape(frames, books).T)
