"""Anchors and defects are what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from bench import codecs
from bench.audio import Audio
from bench.codecs import framing
from bench.codecs.controls import Pcm, lowpass_taps
from bench.errors import CodecError
from tests.conftest import noise


def through(name: str, signal: Audio, **options: object) -> Audio:
    encoded = codecs.make(name, options).encode(signal, [None])[None]
    return codecs.make(name, options).decode(encoded)


@pytest.mark.parametrize(
    ("edge", "rate"),
    [
        (edge, rate)
        for edge in (3_500, 7_000)
        for rate in (11_025, 16_000, 44_100, 48_000, 96_000)
        if rate >= 2 * edge + 2_000
    ],
)
def test_the_anchor_keeps_the_mask_of_bs1534(edge: int, rate: int) -> None:
    taps = lowpass_taps(edge, rate)
    response = 20 * np.log10(np.abs(np.fft.rfft(taps, 1 << 17)) + 1e-12)
    frequency = np.fft.rfftfreq(1 << 17, 1 / rate)
    assert np.abs(response[frequency <= edge]).max() < 0.1
    assert response[frequency >= edge + 500].max() < -25
    assert response[frequency >= edge + 1_000].max() < -50
    assert len(taps) % 2 == 1
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-18)


def test_1201_taps_at_48_khz() -> None:
    assert len(lowpass_taps(3_500, 48_000)) == 1_201


def test_an_anchor_without_room_is_refused() -> None:
    assert "needs a clip of at least 16000 Hz" in codecs.make("lowpass_7000", {}).refusal(None, 8_000, 1)


def test_passthrough_is_exact_to_24_bits() -> None:
    signal = noise(44_100, 0.2, 6).quantised()
    np.testing.assert_array_equal(through("passthrough", signal).samples, signal.samples)


def test_a_shift_is_one_sample() -> None:
    signal = noise(48_000, 0.1).quantised()
    np.testing.assert_array_equal(through("one_sample_shift", signal).samples[0, 1:], signal.samples[0, :-1])


def test_gain_is_6_db() -> None:
    signal = noise(48_000, 0.1)
    np.testing.assert_allclose(through("gain_minus_6db", signal).samples, signal.samples / 2, atol=1e-6)


def test_the_right_channel_is_destroyed_at_its_level() -> None:
    signal = noise(48_000, 1.0, 2).quantised()
    out = through("right_channel_destroyed", signal).samples
    np.testing.assert_array_equal(out[0], signal.samples[0])
    assert abs(np.corrcoef(out[1], signal.samples[1])[0, 1]) < 0.02
    assert np.isclose(np.std(out[1]), np.std(signal.samples[1]), rtol=0.02)
    assert "codes 2 channels" in codecs.make("right_channel_destroyed", {}).refusal(None, 48_000, 1)


@pytest.mark.parametrize("bits", [2, 8, 13, 16, 24])
def test_pcm_has_the_noise_of_its_bits(bits: int) -> None:
    time = np.arange(48_000) / 48_000
    signal = Audio((0.45 * np.sin(2 * np.pi * 997 * time))[None].astype(np.float32), 48_000)
    encoded = Pcm(bits).encode(signal, [None])[None]
    assert encoded.payload_bits == bits * 48_000
    error = Pcm(bits).decode(encoded).samples.astype(np.float64) - signal.samples
    assert np.abs(error).max() <= 2.0**-bits * 1.001 + 6e-8
    if 8 <= bits <= 16:  # uniform quantiser: power of the error is step^2 / 12
        assert np.isclose(np.mean(error**2), (2.0 ** (1 - bits)) ** 2 / 12, rtol=0.1)


@pytest.mark.parametrize("packets", [[bytes(31)], [bytes(29)], [bytes(30)] * 2])
def test_pcm_of_another_length_is_refused(packets: list[bytes]) -> None:
    with pytest.raises(CodecError, match="expected one packet of 10 values of 24 bits"):
        Pcm(24).decode(framing.pack(noise(8_000, 10 / 8_000), packets))
