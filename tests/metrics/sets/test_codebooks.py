"""Usage, entropy and perplexity of codebooks against scipy and closed forms; tokens as they were sent."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from bench import codecs
from bench.align import probe
from bench.errors import MetricUndefined
from bench.metrics.sets.base import Member, Value
from bench.metrics.sets.codebooks import Codebooks

QUANTITIES = [quantity.name for quantity in Codebooks.quantities]


def measured(*clips: np.ndarray, bits: int = 4, seconds: float = 2.0) -> dict[str, Value]:
    measure = Codebooks()
    return measure.values([Member(measure.of_codes(tokens, bits, seconds)) for tokens in clips], QUANTITIES)


def test_two_books_over_two_clips() -> None:
    first = np.array([[0, 0, 1, 1], [3, 3, 3, 3]], np.int32)
    second = np.array([[2, 2, 5, 5], [3, 3, 3, 3]], np.int32)
    found = measured(first, second)
    assert found["codebook_usage"].value == pytest.approx((4 / 16 + 1 / 16) / 2)
    assert found["codebook_entropy"].value == 1.0  # the mean of 2 and 0
    assert found["codebook_perplexity"].value == 2.5  # the mean of 4 and 1
    assert found["codebook_perplexity"].details == {"codebooks": [4.0, 1.0]}
    assert found["codebook_entropy_corrected"].value == pytest.approx(1 + 3 / (2 * 8 * np.log(2)) / 2)
    assert found["tokens_per_second"].value == 16 / 4
    assert found["bits_per_token"].value == 4
    assert {value.items for value in found.values()} == {16}


def test_entropy_is_that_of_scipy_and_the_correction_helps() -> None:
    random = np.random.default_rng(0)
    shares = random.dirichlet(np.ones(64))
    truth = scipy.stats.entropy(shares, base=2)
    plain, corrected = [], []
    for _ in range(30):
        tokens = random.choice(64, (1, 300), p=shares).astype(np.int32)
        found = measured(tokens, bits=6)
        assert found["codebook_entropy"].value == pytest.approx(scipy.stats.entropy(np.bincount(tokens[0]), base=2))
        plain.append(found["codebook_entropy"].value)
        corrected.append(found["codebook_entropy_corrected"].value)
    assert truth - np.mean(plain) > 0.1
    assert abs(truth - np.mean(corrected)) < 0.03


def test_no_tokens_have_no_value() -> None:
    with pytest.raises(MetricUndefined, match="no tokens"):
        measured(np.zeros((2, 0), np.int32))


def test_the_codes_of_a_codec_are_those_it_sends() -> None:
    codec = codecs.make("toy_rvq", {})
    signal = probe(24_000).part(0, 48_000)
    for bitrate, encoded in codec.encode(signal, codec.bitrates_bps).items():
        codes = codec.codes(encoded)
        found = measured(np.concatenate(codes.segments, axis=1), bits=codes.bits_per_code, seconds=signal.seconds)
        sent = found["tokens_per_second"].value * found["bits_per_token"].value
        assert sent == encoded.payload_bits / signal.seconds == pytest.approx(bitrate or 0, rel=0.02)
    assert not codecs.make("opus", {}).exposes_codes
