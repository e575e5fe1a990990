"""Payload of the files that speech coders write: the bits that the codec made, by the tables of the standards.

A byte that tells a frame's type (ToC), the filling of a last byte and file headers are container.
"""

from __future__ import annotations

from collections.abc import Mapping

from bench.errors import CodecError

AMR_NB_BITS = dict(enumerate((95, 103, 118, 134, 148, 159, 204, 244, 39))) | {15: 0}
"""Bits of a frame by its type: 3GPP TS 26.101; 8 is comfort noise, 15 nothing."""

AMR_WB_BITS = dict(enumerate((132, 177, 253, 285, 317, 365, 397, 461, 477, 40))) | {14: 0, 15: 0}
"""3GPP TS 26.201; 9 is comfort noise, 14 a lost frame, 15 nothing."""

EVS_BITS = dict(enumerate((56, 144, 160, 192, 264, 328, 488, 640, 960, 1_280, 1_920, 2_560, 48))) | {14: 0, 15: 0}
"""EVS Primary modes 2.8 to 128 kbit/s: 3GPP TS 26.445, annex A; 12 is comfort noise, 14 a lost frame, 15 nothing."""

CODEC2_BITS = {0: 64, 1: 48, 2: 64, 3: 56, 4: 52, 5: 48, 8: 28}
"""Bits of a frame by the mode in the file header: 3200, 2400, 1600, 1400, 1300, 1200 and 700C."""

GSM_BITS = 260
"""Bits of a frame of GSM 06.10 full rate; files hold them in 33 bytes behind a nibble 0xD."""

_AMR_MAGIC, _AMR_WB_MAGIC, _EVS_MAGIC = b"#!AMR\n", b"#!AMR-WB\n", b"#!EVS_MC1.0\n"
_CODEC2_MAGIC = b"\xc0\xde\xc2"
_CODEC2_HEADER = 7  # magic, version (2 bytes), mode, flags


def amr_bits(data: bytes) -> int:
    """Speech bits of an AMR or AMR-WB storage file of one channel (RFC 4867, clause 5)."""
    for magic, table, name in ((_AMR_WB_MAGIC, AMR_WB_BITS, "AMR-WB"), (_AMR_MAGIC, AMR_NB_BITS, "AMR")):
        if data.startswith(magic):
            return _storage_bits(data, len(magic), table, name)
    raise CodecError("the bitstream is no AMR file: expected it to start with #!AMR or #!AMR-WB.")


def evs_mime_bits(data: bytes) -> int:
    """Speech bits of an EVS storage file of one channel (3GPP TS 26.445, annex A), Primary and AMR-WB IO."""
    start = len(_EVS_MAGIC) + 4
    if not data.startswith(_EVS_MAGIC) or len(data) < start:
        raise CodecError("the bitstream is no EVS file: expected it to start with #!EVS_MC1.0 and a channel count.")
    channels = int.from_bytes(data[start - 4 : start], "big")
    if channels != 1:
        raise CodecError(f"expected an EVS file of 1 channel, got {channels}.")
    bits, position = 0, start
    while position < len(data):
        toc = data[position]
        table, name = (AMR_WB_BITS, "AMR-WB IO") if toc & 0x20 else (EVS_BITS, "EVS")
        frame = _table_bits(toc & 0x0F, table, name)
        bits, position = bits + frame, _after(data, position + 1, frame, name)
    return bits


def codec2_bits(data: bytes) -> int:
    """Bits of a Codec 2 file with header: whole frames of its mode, without the filling of each frame's last byte."""
    if not data.startswith(_CODEC2_MAGIC) or len(data) < _CODEC2_HEADER:
        raise CodecError("the bitstream is no Codec 2 file with a header: the file's name must end in .c2.")
    mode = data[5]
    if mode not in CODEC2_BITS:
        raise CodecError(f"expected a Codec 2 mode of {sorted(CODEC2_BITS)}, got {mode}.")
    frame_bytes = -(-CODEC2_BITS[mode] // 8)
    frames, rest = divmod(len(data) - _CODEC2_HEADER, frame_bytes)
    if rest:
        raise CodecError(f"the Codec 2 bitstream ends within a frame: {rest} of {frame_bytes} bytes.")
    return frames * CODEC2_BITS[mode]


def gsm_bits(data: bytes) -> int:
    """Bits of a file of GSM 06.10 frames of 33 bytes."""
    frames, rest = divmod(len(data), 33)
    if rest or any(byte >> 4 != 0xD for byte in data[::33]):
        raise CodecError("the bitstream is no GSM 06.10 file: expected frames of 33 bytes that begin with 0xD.")
    return frames * GSM_BITS


def toc_bits(toc: int, table: Mapping[int, int], name: str) -> int:
    """Speech bits of the frame that follows a ToC byte of RFC 4867 (padding, type in 4 bits, quality, padding)."""
    return _table_bits(toc >> 3 & 0x0F, table, name)


def _storage_bits(data: bytes, position: int, table: Mapping[int, int], name: str) -> int:
    bits = 0
    while position < len(data):
        frame = toc_bits(data[position], table, name)
        bits, position = bits + frame, _after(data, position + 1, frame, name)
    return bits


def _table_bits(kind: int, table: Mapping[int, int], name: str) -> int:
    if kind not in table:
        raise CodecError(f"the {name} bitstream is damaged: there is no frame type {kind}.")
    return table[kind]


def _after(data: bytes, start: int, bits: int, name: str) -> int:
    end = start + -(-bits // 8)
    if end > len(data):
        raise CodecError(f"the {name} bitstream ends within a frame.")
    return end
