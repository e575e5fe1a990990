"""Counting the payload of files that other programs write: the codec's own bits, not the file's size."""

from __future__ import annotations

import struct
from collections.abc import Callable

from bench.codecs import ogg
from bench.codecs.music_files import lc3_bits, mp4_bits, musepack_bits
from bench.codecs.speech_files import amr_bits, codec2_bits, evs_mime_bits, gsm_bits
from bench.errors import CodecError


def file_bits(data: bytes) -> int:
    """Everything in the file."""
    return 8 * len(data)


def ogg_bits(data: bytes) -> int:
    """Packets of an Ogg file (RFC 3533) without page headers and without the leading header packets.

    Opus has two header packets (RFC 7845), Vorbis three; Speex two.
    """
    found = ogg.packets(data)
    headers = 3 if found[0].startswith(b"\x01vorbis") else 2
    return 8 * sum(map(len, found[headers:]))


def g192_bits(data: bytes) -> int:
    """Soft bits of an ITU-T G.192 file: per frame a sync word, a length word, then one 16-bit word for each bit."""
    words = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])
    bits = position = 0
    while position < len(words):
        if words[position] not in (0x6B21, 0x6B20) or position + 1 >= len(words):
            raise CodecError(
                f"word {position} of the bitstream is {words[position]:#06x}; expected a G.192 frame header."
            )
        length = words[position + 1]
        if position + 2 + length > len(words):
            raise CodecError("the G.192 bitstream ends within a frame.")
        bits += length
        position += 2 + length
    return bits


COUNTERS: dict[str, Callable[[bytes], int]] = {
    "file": file_bits,
    "ogg": ogg_bits,
    "g192": g192_bits,
    "amr": amr_bits,
    "evs_mime": evs_mime_bits,
    "codec2": codec2_bits,
    "gsm": gsm_bits,
    "musepack": musepack_bits,
    "mp4": mp4_bits,
    "lc3": lc3_bits,
}


def count_bits(counter: str, data: bytes, header_bytes: int = 0) -> int:
    """Payload bits of ``data`` by the counter of that name, ``header_bytes`` at its start left out."""
    if header_bytes > len(data):
        raise CodecError(
            f"the bitstream has {len(data)} bytes, fewer than the {header_bytes} of header_bytes; lower it."
        )
    try:
        return COUNTERS[counter](data[header_bytes:])
    except CodecError as error:
        known = ", ".join(COUNTERS)
        raise CodecError(
            f"{error} Counted by `bits: {counter}`; what the encoder writes may be another of {known}."
        ) from None
