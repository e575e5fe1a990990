"""Codes of a residual quantiser: what they are, and their bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.errors import CodecError

WIDEST_CODE = 16
Segment = NDArray[np.int32]
"""Codes of one piece of audio, shape ``(books, frames)``; the first book is the coarsest."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What a residual-quantiser codec sends for one clip.

    ``scales`` holds the loudness that each segment was divided by, where the codec sends one; else nothing.
    """

    segments: tuple[Segment, ...]
    bits_per_code: int
    scales: tuple[float, ...] = ()

    def prefix(self, books: int) -> Codes:
        """The first ``books`` codebooks: what the same codec sends at a lower bitrate."""
        return Codes(tuple(segment[:books] for segment in self.segments), self.bits_per_code, self.scales)

    @property
    def books(self) -> int:
        return len(self.segments[0])


def pack_bits(codes: NDArray[np.integer], bits: int) -> bytes:
    """``codes``, of any shape, in C order, up to 31 ``bits`` each, highest first; the last byte is filled with zeros.

    Raises:
        CodecError: a code that does not fit.
    """
    flat = np.ascontiguousarray(codes).reshape(-1)
    if flat.size and (int(flat.min()) < 0 or int(flat.max()) >> bits):
        raise CodecError(f"expected codes from 0 to {2**bits - 1}, got {flat.min()} to {flat.max()}.")
    whole = _whole(bits)
    octets = flat.astype(whole).view(np.uint8).reshape(-1, whole.itemsize)
    if bits % 8 == 0:
        return octets[:, whole.itemsize - bits // 8 :].tobytes()
    return np.packbits(np.unpackbits(octets, axis=1)[:, 8 * whole.itemsize - bits :]).tobytes()


def unpack_bits(data: bytes, bits: int, count: int) -> NDArray[np.int32]:
    """The inverse of :func:`pack_bits` for ``count`` codes.

    Raises:
        CodecError: there are fewer bytes than that.
    """
    needed = -(-count * bits // 8)
    if len(data) < needed:
        raise CodecError(f"the bitstream is damaged: expected {needed} bytes of codes, got {len(data)}.")
    whole, packed = _whole(bits), np.frombuffer(data, np.uint8, needed)
    octets = np.zeros((count, whole.itemsize), np.uint8)
    if bits % 8 == 0:
        octets[:, whole.itemsize - bits // 8 :] = packed.reshape(count, bits // 8)
    else:
        ones = np.zeros((count, 8 * whole.itemsize), np.uint8)
        ones[:, ones.shape[1] - bits :] = np.unpackbits(packed, count=count * bits).reshape(count, bits)
        octets = np.packbits(ones, axis=1)
    return octets.view(whole).reshape(-1).astype(np.int32)


def _whole(bits: int) -> np.dtype[np.unsignedinteger]:
    """The integers in which codes of so many bits fit."""
    return np.dtype(">u2" if bits <= 16 else ">u4")
