"""Ogg files (RFC 3533): their packets, and serial numbers that do not change from one encode to the next."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from bench.errors import CodecError

_HEADER = 27
_SERIAL = slice(14, 18)
_CHECKSUM = slice(22, 26)
_BITS_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def packets(data: bytes) -> list[bytes]:
    """Every packet of the file, the headers of the codec too.

    Raises:
        CodecError: no Ogg file, or one with headers only.
    """
    found: list[bytes] = []
    partial = b""
    for page in _pages(data):
        position = _HEADER + page[26]
        for size in page[_HEADER:position]:
            partial += page[position : position + size]
            position += size
            if size < 255:
                found.append(partial)
                partial = b""
    if len(found) < 3:
        raise CodecError(f"the Ogg bitstream holds {len(found)} packets; expected headers and audio.")
    return found


def numbered(data: bytes) -> bytes:
    """The file with the serial numbers 1, 2, ... in place of those that the encoder has drawn at random.

    They are the container's. With them, two encodes of one clip give different bytes.

    Raises:
        CodecError: no Ogg file.
    """
    numbers: dict[bytes, bytes] = {}
    whole = bytearray()
    for found in _pages(data):
        page = bytearray(found)
        serial = bytes(page[_SERIAL])
        page[_SERIAL] = numbers.setdefault(serial, (len(numbers) + 1).to_bytes(4, "little"))
        page[_CHECKSUM] = bytes(4)
        page[_CHECKSUM] = _checksum(page).to_bytes(4, "little")
        whole += page
    return bytes(whole)


def _pages(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        if data[position : position + 4] != b"OggS" or position + _HEADER > len(data):
            raise CodecError(f"byte {position} of the bitstream is no Ogg page.")
        segments = data[position + _HEADER : position + _HEADER + data[position + 26]]
        end = position + _HEADER + len(segments) + sum(segments)
        yield data[position:end]
        position = end


def _checksum(page: bytes | bytearray) -> int:
    """The CRC of a page: the polynomial of zlib's, with the highest bit first, from 0 and not inverted."""
    register = zlib.crc32(page.translate(_BITS_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{register:032b}"[::-1], 2)
