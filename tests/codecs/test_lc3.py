"""LC3: exact bits of frames, both frame durations, and another build of the library as the judge."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bench import audio, codecs
from bench.align import measured_delay, probe
from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.bits import count_bits
from bench.errors import CodecError, ConfigError

pytest.importorskip("lc3")


@pytest.mark.parametrize("duration", [10, 7.5])
@pytest.mark.parametrize(
    ("rate", "channels", "bitrate"), [(16_000, 1, 24_000), (24_000, 2, 64_000), (48_000, 1, 64_000)]
)
def test_bits_and_alignment(duration: float, rate: int, channels: int, bitrate: int) -> None:
    signal, options = probe(rate, channels), {"frame_duration_ms": duration}
    encoded = codecs.make("lc3", options).encode(signal, [bitrate])[bitrate]
    frame_bytes = channels * round(bitrate / channels * duration / 8_000 - 0.49)
    assert {len(packet) for packet in framing.unpack(encoded).packets} == {frame_bytes}
    decoded = codecs.make("lc3", {}).decode(encoded)  # the frame duration is in the bytes
    assert measured_delay(signal, decoded) == 0
    assert encoded.bps(3.0) == pytest.approx(bitrate, rel=0.03)


@pytest.mark.parametrize(
    ("duration", "channels", "bitrate", "said"),
    [
        (10, 1, 15_999, "does 16000 to 320000 bit/s, not 15999: a frame of 10 ms has 20 to 400 bytes a channel"),
        (10, 2, 16_000, "32000 to 640000"),
        (7.5, 1, 16_000, "21334 to 426667"),
        (10, 1, None, "needs a bitrate"),
    ],
)
def test_the_floor_is_refused_with_its_reason(duration: float, channels: int, bitrate: int | None, said: str) -> None:
    codec = codecs.make("lc3", {"frame_duration_ms": duration})
    assert said in codec.refusal(bitrate, 48_000, channels)


def test_options_and_damage_are_said() -> None:
    with pytest.raises(ConfigError, match=r"expected frame_duration_ms to be one of 7\.5, 10, got 5"):
        codecs.make("lc3", {"frame_duration_ms": 5})
    signal = probe(16_000).part(0, 1_600)
    with pytest.raises(CodecError, match="no frame duration"):
        codecs.make("lc3", {}).decode(framing.pack(signal, [b"x" * 40]))
    with pytest.raises(CodecError, match="decoding failed"):
        codecs.make("lc3", {}).decode(framing.pack(signal, [b"x" * 5], header=struct.pack("<H", 10_000)))


def test_full_scale_and_beyond_are_coded() -> None:
    loud = Audio(np.full((2, 48_000), 1.2, np.float32), 48_000)
    encoded = codecs.make("lc3", {}).encode(loud, [128_000])[128_000]
    assert codecs.make("lc3", {}).decode(encoded).samples.mean() > 0.8


@pytest.mark.skipif(shutil.which("dlc3") is None, reason="needs dlc3 of liblc3-tools")
def test_an_independent_decoder_agrees(tmp_path: Path) -> None:
    signal = probe(48_000)
    encoded = codecs.make("lc3", {}).encode(signal, [64_000])[64_000]
    packets = framing.unpack(encoded).packets
    header = struct.pack("<9H", 0xCC1C, 18, 480, 640, 1, 1_000, 0, signal.length & 0xFFFF, signal.length >> 16)
    stored = header + b"".join(struct.pack("<H", len(packet)) + packet for packet in packets)
    assert count_bits("lc3", stored) == encoded.payload_bits
    (tmp_path / "a.lc3").write_bytes(stored)
    subprocess.run(["dlc3", tmp_path / "a.lc3", tmp_path / "a.wav"], check=True, capture_output=True)
    theirs, ours = audio.read(tmp_path / "a.wav"), codecs.make("lc3", {}).decode(encoded)
    assert theirs.length == ours.length
    np.testing.assert_allclose(theirs.samples, ours.samples, atol=2e-3)
