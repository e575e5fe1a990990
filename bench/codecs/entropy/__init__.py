"""Lossless coding of a residual quantiser's codes: fewer bits for the same audio.

A coder gives ``bytes`` for :class:`~bench.codecs.codes.Codes` and takes them back. :func:`measured` is the only way to
an entropy-coded rate: the bytes are decoded again and compared, and the smaller of coded and plain codes counts, plus
one bit that says which.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bench.codecs.codes import Codes
from bench.domain import Identity
from bench.errors import CodecError
from bench.registry import Entry, Registry

TABLE = (
    Entry(
        "adaptive",
        "bench.codecs.entropy.adaptive:Adaptive",
        "range coder with counts that adapt, for every codec with codes",
        ("constriction",),
        "pip install 'codecbench[neural]'",
    ),
    Entry(
        "encodec_lm",
        "bench.codecs.entropy.encodec_lm:EncodecLm",
        "EnCodec's Transformer language model and arithmetic coder",
        ("torch", "encodec"),
        "pip install 'codecbench[encodec]'",
    ),
)

registry = Registry("entropy coder", "codecbench.entropy_coders", TABLE)
names = registry.names
make = registry.make


@dataclass(frozen=True, slots=True)
class Layout:
    """What the container tells a decoder: books, bits of a code, and the frames of each segment."""

    books: int
    bits_per_code: int
    frames: tuple[int, ...]

    @classmethod
    def of(cls, codes: Codes) -> Layout:
        return cls(codes.books, codes.bits_per_code, tuple(segment.shape[1] for segment in codes.segments))


class EntropyCoder(Protocol):
    """Codes to bytes and back, without loss. Scales are not part of it: they are sent as they are."""

    identity: Identity

    def compress(self, codes: Codes) -> bytes: ...

    def expand(self, data: bytes, layout: Layout) -> Codes:
        """The codes again, scales left out."""
        ...


@dataclass(frozen=True, slots=True)
class EntropyRate:
    """Payload bits with the flag and the scales, and seconds of coding and decoding. ``coded`` is false where the
    plain codes were smaller.
    """

    bits: int
    coded: bool
    encode_s: float
    decode_s: float


def measured(coder: EntropyCoder, codes: Codes) -> EntropyRate:
    """The rate of ``codes`` under ``coder``, after decoding them back.

    Raises:
        CodecError: other codes came back.
    """
    started = time.perf_counter()
    data = coder.compress(codes)
    between = time.perf_counter()
    again = coder.expand(data, Layout.of(codes))
    ended = time.perf_counter()
    pairs = zip(codes.segments, again.segments, strict=True)
    if not all(np.array_equal(sent, received) for sent, received in pairs):
        raise CodecError(f"{coder.identity.name}: other codes came back than were coded; the rate does not count.")
    plain = sum(segment.size for segment in codes.segments) * codes.bits_per_code
    coded = 8 * len(data)
    side = 1 + 32 * len(codes.scales)
    return EntropyRate(min(plain, coded) + side, coded < plain, between - started, ended - between)
