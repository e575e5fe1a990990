"""The container: what goes in comes out, and damage is found."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.audio import Audio
from bench.codecs import framing
from bench.domain import Encoded
from bench.errors import CodecError

SIGNAL = Audio(np.zeros((2, 1234), np.float32), 44_100)


@given(
    packets=st.lists(st.binary(max_size=400), max_size=12),
    delay=st.integers(-1000, 100_000),
    header=st.binary(max_size=64),
)
def test_round_trip_and_counted_bits(packets: list[bytes], delay: int, header: bytes) -> None:
    encoded = framing.pack(SIGNAL, packets, delay=delay, header=header)
    stream = framing.unpack(encoded)
    assert (stream.rate, stream.channels, stream.length) == (44_100, 2, 1234)
    assert (stream.delay, stream.header, stream.packets) == (delay, header, packets)
    assert encoded.payload_bits == 8 * sum(map(len, packets))
    assert encoded.payload_bytes + encoded.container_bytes == len(encoded.stream)
    lengths = sum(1 if len(packet) < 128 else 2 for packet in packets)
    assert encoded.container_bytes == 23 + len(header) + lengths
    assert encoded.bps(2.0) == encoded.payload_bits / 2


@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_stream_or_our_error(data: bytes) -> None:
    for stream in (data, framing.MAGIC + data):
        with contextlib.suppress(CodecError):
            framing.unpack(Encoded(stream, 8))


def test_a_cut_stream_is_damaged() -> None:
    encoded = framing.pack(SIGNAL, [b"x" * 300])
    for keep in (3, 20, 30, len(encoded.stream) - 1):
        with pytest.raises(CodecError, match="damaged"):
            framing.unpack(Encoded(encoded.stream[:keep], 8))


def test_a_delay_is_cut_and_an_advance_is_filled() -> None:
    ramp = np.arange(10, dtype=np.float64)[None] / 16
    late = framing.Stream(8_000, 1, 6, 3, b"", [])
    np.testing.assert_array_equal(late.cut(ramp).samples, ramp[:, 3:9].astype(np.float32))
    early = framing.Stream(8_000, 1, 6, -2, b"", [])
    np.testing.assert_array_equal(early.cut(ramp).samples[0], [0, 0, *(ramp[0, :4])])
    with pytest.raises(
        CodecError, match=r"1 channels of 10 samples; expected 1 of at least 12 \(9 after a delay of 3\)"
    ):
        framing.Stream(8_000, 1, 9, 3, b"", []).cut(ramp)
