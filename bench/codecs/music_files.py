"""Payload of files that music coders write: what a decoder reads, without the container around it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from bench.errors import CodecError

_MP4_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def musepack_bits(data: bytes) -> int:
    """The audio packets (AP) of a Musepack file of stream version 8, without their keys and sizes."""
    if not data.startswith(b"MPCK"):
        raise CodecError("the bitstream is no Musepack file of stream version 8: expected it to start with MPCK.")
    bits, position = 0, 4
    while position < len(data):
        key = data[position : position + 2]
        size, start = _musepack_size(data, position + 2)
        end = position + size  # the size counts the key and itself
        if not start <= end <= len(data):
            raise CodecError(f"the Musepack bitstream is damaged: packet {key!r} ends after the file does.")
        if key == b"AP":
            bits += 8 * (end - start)
        position = end
    return bits


def mp4_bits(data: bytes) -> int:
    """The samples (coded frames) of all tracks of an MP4 file, from its table of sample sizes (ISO/IEC 14496-12)."""
    tables = list(_mp4_boxes(data, b"stsz"))
    if not tables:
        raise CodecError("the bitstream is no MP4 file with samples: it has no table of sample sizes.")
    total = 0
    for table in tables:
        if len(table) < 12:
            raise CodecError("the MP4 bitstream is damaged: its table of sample sizes is too short.")
        _, size, count = struct.unpack_from(">III", table)
        if not size and len(table) < 12 + 4 * count:
            raise CodecError(f"the MP4 bitstream is damaged: expected {count} sample sizes.")
        total += size * count if size else sum(struct.unpack_from(f">{count}I", table, 12))
    return 8 * total


def lc3_bits(data: bytes) -> int:
    """The frames of a file of the LC3 and LC3plus programs: a header that tells its length, then length and frame."""
    if len(data) < 4 or data[:2] != b"\x1c\xcc":
        raise CodecError("the bitstream is no LC3 file: expected it to start with 0xCC1C.")
    (position,) = struct.unpack_from("<H", data, 2)
    bits = 0
    while position + 2 <= len(data):
        (size,) = struct.unpack_from("<H", data, position)
        position += 2 + size
        if position > len(data):
            raise CodecError("the LC3 bitstream ends within a frame.")
        bits += 8 * size
    return bits


def _musepack_size(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    while position < len(data):
        byte = data[position]
        position += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position
    raise CodecError("the Musepack bitstream ends within a packet header.")


def _mp4_boxes(data: bytes, wanted: bytes) -> Iterator[bytes]:
    """What is in the boxes of type ``wanted``, at any depth of the track tables."""
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if size == 1 and position + 16 <= len(data):
            (size,), header = struct.unpack_from(">Q", data, position + 8), 16
        end = position + size if size else len(data)
        if (size and size < header) or end > len(data):
            raise CodecError(f"the MP4 bitstream is damaged: box {kind!r} has {size} bytes.")
        inside = data[position + header : end]
        if kind == wanted:
            yield inside
        elif kind in _MP4_PARENTS:
            yield from _mp4_boxes(inside, wanted)
        position = end
