from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.align import probe
from bench.codecs.codes import Codes, pack_bits, unpack_bits
from bench.codecs.residual import codes_of, pack
from bench.errors import CodecError


@given(st.integers(1, 24), st.data())
def test_bits_come_back(bits: int, data: st.DataObject) -> None:
    codes = np.array(data.draw(st.lists(st.integers(0, 2**bits - 1), max_size=200)), np.int64)
    packed = pack_bits(codes, bits)
    assert len(packed) == -(-len(codes) * bits // 8)
    assert unpack_bits(packed, bits, len(codes)).tolist() == codes.tolist()


def test_the_first_code_stands_in_the_top_bits() -> None:
    assert pack_bits(np.array([0b1100000011, 1]), 10) == bytes([0b11000000, 0b11000000, 0b00010000])


@pytest.mark.parametrize("wrong", [-1, 1024])
def test_a_code_that_does_not_fit_is_an_error(wrong: int) -> None:
    with pytest.raises(CodecError, match="expected codes from 0 to 1023"):
        pack_bits(np.array([3, wrong]), 10)


def test_too_few_bytes_are_an_error() -> None:
    with pytest.raises(CodecError, match="expected 13 bytes of codes, got 12"):
        unpack_bits(b"\0" * 12, 10, 10)


@given(
    st.integers(1, 8), st.integers(2, 12), st.lists(st.integers(1, 30), min_size=1, max_size=4), st.booleans(),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_codes_and_scales_come_back_from_the_stream(
    books: int, bits: int, frames: list[int], scaled: bool, seed: int
) -> None:
    books = max(books, -(-8 // bits))  # a frame is longer than the filling of the last byte
    rng = np.random.default_rng(seed)
    segments = tuple(rng.integers(0, 2**bits, (books, count)).astype(np.int32) for count in frames)
    scales = tuple(float(np.float32(value)) for value in rng.random(len(frames))) if scaled else ()
    encoded = pack(probe(24_000).part(0, 100), Codes(segments, bits, scales))
    found = codes_of(encoded)
    assert [one.tolist() for one in found.segments] == [one.tolist() for one in segments]
    assert (found.scales, found.bits_per_code) == (scales, bits)
    assert encoded.payload_bits == sum(frames) * books * bits + 32 * len(scales)


def test_frames_shorter_than_a_byte_are_refused() -> None:
    with pytest.raises(CodecError, match="at least 8 bits, got 1 codebooks of 4 bits"):
        pack(probe(24_000).part(0, 100), Codes((np.zeros((1, 3), np.int32),), 4))


def test_a_prefix_is_the_first_codebooks() -> None:
    codes = Codes((np.arange(12, dtype=np.int32).reshape(4, 3),), 10)
    assert codes.prefix(2).segments[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (codes.books, codes.prefix(2).books) == (4, 2)
