"""Bits in files of other programs: hand-made files whose bits are known, and what is damaged."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import numpy as np
import pytest

from bench.align import probe
from bench.codecs.bits import count_bits
from bench.errors import CodecError


def storage(magic: bytes, frames: list[tuple[int, int]]) -> bytes:
    """``frames`` as ``(ToC byte, payload bytes)``."""
    return magic + b"".join(bytes([toc]) + bytes(size) for toc, size in frames)


def test_amr_speech_silence_and_lost_frames() -> None:
    wide = [(2 << 3 | 4, 32), (8 << 3 | 4, 60), (9 << 3 | 4, 5), (15 << 3 | 4, 0)]
    assert count_bits("amr", storage(b"#!AMR-WB\n", wide)) == 253 + 477 + 40
    narrow = [(7 << 3 | 4, 31), (0 << 3 | 4, 12), (8 << 3 | 4, 5)]
    assert count_bits("amr", storage(b"#!AMR\n", narrow)) == 244 + 95 + 39


@pytest.mark.parametrize(
    ("rate", "index", "bits"),  # golden: bitrate x 20 ms, 3GPP TS 26.445, annex A
    [(7_200, 1, 144), (8_000, 2, 160), (9_600, 3, 192), (13_200, 4, 264), (16_400, 5, 328), (24_400, 6, 488),
     (32_000, 7, 640), (48_000, 8, 960), (64_000, 9, 1_280), (96_000, 10, 1_920), (128_000, 11, 2_560)],
)  # fmt: skip
def test_evs_primary_frames(rate: int, index: int, bits: int) -> None:
    assert bits * 50 == rate
    data = storage(b"#!EVS_MC1.0\n\0\0\0\1", [(index, bits // 8)] * 3 + [(12, 6), (15, 0)])
    assert count_bits("evs_mime", data) == 3 * bits + 48


def test_evs_in_amr_wb_io_mode_has_the_bits_of_amr_wb() -> None:
    data = storage(b"#!EVS_MC1.0\n\0\0\0\1", [(0x20 | 0x10 | 2, 32), (0x20 | 9, 5)])
    assert count_bits("evs_mime", data) == 253 + 40


def test_codec2_and_gsm_frames_without_filling() -> None:
    header = b"\xc0\xde\xc2\x01\x00"
    assert count_bits("codec2", header + bytes([0, 0]) + bytes(8 * 5)) == 5 * 64
    assert count_bits("codec2", header + bytes([4, 0]) + bytes(7 * 5)) == 5 * 52
    assert count_bits("codec2", header + bytes([8, 0]) + bytes(4 * 5)) == 5 * 28
    assert count_bits("gsm", (b"\xd4" + bytes(32)) * 4) == 4 * 260


def test_musepack_audio_packets_are_payload_and_the_rest_is_not() -> None:
    large = bytes(300)  # a size of two bytes
    data = b"MPCK" + b"SH\x08" + bytes(5) + b"AP\x0d" + bytes(10) + b"AP" + bytes([0x82, 0x30]) + large + b"SE\x03"
    assert 2 + 2 + len(large) == 2 << 7 | 0x30
    assert count_bits("musepack", data) == 8 * (10 + 300)


def test_mp4_samples_are_the_packets() -> None:
    """Judged by the packets that the muxer was given."""
    import av

    buffer, sizes = io.BytesIO(), []
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44_100)
        stream.layout, stream.bit_rate = "mono", 64_000
        samples = probe(44_100).samples
        for start in range(0, samples.shape[1], 1_024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, start : start + 1_024]), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 44_100, start, Fraction(1, 44_100)
            packets = stream.encode(frame)
            sizes += [packet.size for packet in packets]
            container.mux(packets)
        packets = stream.encode(None)
        sizes += [packet.size for packet in packets]
        container.mux(packets)
    assert count_bits("mp4", buffer.getvalue()) == 8 * sum(sizes)
    constant = struct.pack(">I4sIII", 20, b"stsz", 0, 100, 7)
    for name in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        constant = struct.pack(">I4s", 8 + len(constant), name) + constant
    assert count_bits("mp4", constant) == 8 * 700


def test_lc3_frames_without_header_and_lengths() -> None:
    frames = b"".join(struct.pack("<H", size) + bytes(size) for size in (40, 40, 20))
    assert count_bits("lc3", struct.pack("<HH", 0xCC1C, 20) + bytes(16) + frames) == 800


@pytest.mark.parametrize(
    ("counter", "data", "said"),
    [
        ("amr", b"RIFF", "no AMR file"),
        ("amr", b"#!AMR\n" + bytes([9 << 3]), "no frame type 9"),
        ("amr", b"#!AMR-WB\n" + bytes([2 << 3, 1]), "ends within a frame"),
        ("evs_mime", b"#!EVS_MC1.0\n", "no EVS file"),
        ("evs_mime", b"#!EVS_MC1.0\n\0\0\0\2", "of 1 channel, got 2"),
        ("evs_mime", b"#!EVS_MC1.0\n\0\0\0\1\x0d", "no frame type 13"),
        ("codec2", bytes(64), r"must end in \.c2"),
        ("codec2", b"\xc0\xde\xc2\x01\x00\x07\x00", "got 7"),
        ("codec2", b"\xc0\xde\xc2\x01\x00\x00\x00abc", "3 of 8 bytes"),
        ("gsm", bytes(33), "begin with 0xD"),
        ("gsm", b"\xd0" * 34, "no GSM"),
        ("musepack", b"MP+", "start with MPCK"),
        ("musepack", b"MPCKAP\x20abc", "ends after the file does"),
        ("musepack", b"MPCKAP\xff", "within a packet header"),
        ("mp4", b"RIFF" + bytes(8), "damaged|no table"),
        ("mp4", struct.pack(">I4sIII", 20, b"free", 0, 1, 1), "no table of sample sizes"),
        ("mp4", struct.pack(">I4s", 9_999, b"moov"), "has 9999 bytes"),
        ("lc3", b"RIFF", "no LC3 file"),
        ("lc3", struct.pack("<HHH", 0xCC1C, 4, 50) + bytes(10), "within a frame"),
    ],
)
def test_a_damaged_file_is_an_error(counter: str, data: bytes, said: str) -> None:
    with pytest.raises(CodecError, match=said):
        count_bits(counter, data)
