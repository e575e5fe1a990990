"""What the first bytes of a file say: plain audio headers, and what is no audio at all."""

from __future__ import annotations

import struct
from typing import NamedTuple

PCM, FLOAT = 1, 3  # format tags of WAVE
SAMPLE_BYTES = {PCM: (2, 3, 4), FLOAT: (4, 8)}


class Header(NamedTuple):
    """Rate in Hz, channels, samples per channel."""

    rate: int
    channels: int
    samples: int


def plain_header(head: bytes, size: int) -> Header | None:
    """The header of an ordinary WAV or FLAC file; None leaves everything else to the library that decodes it.

    It is there because a folder of 100 000 files is read for its hashes anyway: no file is opened twice.

    Args:
        head: the first bytes of the file.
        size: of the whole file.
    """
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return _wave(head, size)
    if head.startswith(b"fLaC") and len(head) >= 42:
        return _flac(head)
    return None


def _wave(head: bytes, size: int) -> Header | None:
    place, layout = 12, None
    while place + 8 <= len(head):
        name, length = head[place : place + 4], struct.unpack_from("<I", head, place + 4)[0]
        place += 8
        if name == b"fmt " and place + 16 <= len(head):
            layout = struct.unpack_from("<HHIIHH", head, place)
        elif name == b"data":
            if layout is None:
                return None
            tag, channels, rate, _, block, bits = layout
            ordinary = bits % 8 == 0 and bits // 8 in SAMPLE_BYTES.get(tag, ()) and block == channels * bits // 8
            whole = place + length <= size and block and length % block == 0
            return Header(rate, channels, length // block) if ordinary and whole and rate and length else None
        place += length + (length & 1)
    return None


def _flac(head: bytes) -> Header | None:
    if head[4] & 0x7F or head[5:8] != b"\x00\x00\x22":  # the first block is STREAMINFO, 34 bytes (RFC 9639, 8.2)
        return None
    bits = int.from_bytes(head[18:26], "big")  # 20 bits rate, 3 channels - 1, 5 sample size - 1, 36 samples
    header = Header(bits >> 44, (bits >> 41 & 7) + 1, bits & (1 << 36) - 1)
    return header if header.rate and header.samples else None


def not_audio(head: bytes) -> str:
    """What a file that should be audio is instead, by its first bytes; "" where they do not tell.

    >>> not_audio(b"<!DOCTYPE html><html><title>404</title>")
    'this is an HTML page, perhaps a failed download'
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")) or (text.startswith(b"<") and b"<html" in text):
        return "this is an HTML page, perhaps a failed download"
    if text.startswith(b"<?xml"):
        return "this is an XML text, perhaps the error message of a server"
    if text.startswith(b"version https://git-lfs"):
        return "this is a Git LFS pointer, not the file itself; `git lfs pull` fetches it"
    if text.startswith((b'{"', b'[{"', b"{\n", b"{\r", b"{ ", b"{}")):
        return "this is a JSON text, perhaps the error message of a server"
    archives = {b"PK\x03\x04": "ZIP", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip"}
    for mark, kind in archives.items():
        if head.startswith(mark):
            return f"this is a {kind} archive; unpack it first"
    if len(head) >= 64 and not any(head):
        return f"the first {len(head)} bytes are zero, perhaps a download that did not finish"
    return ""
