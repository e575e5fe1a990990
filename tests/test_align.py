"""The probe is what it says; a delay is found to the sample, and only where there is one to find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.align import compensate, envelope_delay, measured_delay, probe
from bench.audio import Audio
from bench.errors import CodecError
from tests.conftest import noise


@given(delay=st.integers(-2_000, 2_000), rate=st.sampled_from([8_000, 24_000, 48_000]), channels=st.integers(1, 2))
@settings(max_examples=30)
def test_any_delay_is_found(delay: int, rate: int, channels: int) -> None:
    signal = probe(rate, channels)
    late = np.roll(np.pad(signal.samples, ((0, 0), (4_000, 4_000))), delay, axis=1)[:, 4_000:-4_000]
    rough = late + np.random.default_rng(0).standard_normal(late.shape).astype(np.float32) * 0.005
    assert measured_delay(signal, Audio(rough, rate)) == delay


def delayed(signal: Audio, delay: int, gain: float = 1.0) -> Audio:
    """``signal`` with silence in place of what moved out of it."""
    padded = np.pad(signal.samples, ((0, 0), (max(delay, 0), max(-delay, 0))))
    return Audio(gain * padded[:, max(-delay, 0) :][:, : signal.length], signal.rate)


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_the_probe_has_the_spectrum_and_the_rhythm_of_speech(rate: int) -> None:
    signal = probe(rate)
    assert (signal.channels, signal.length, signal.rate) == (1, 3 * rate, rate)
    assert np.max(np.abs(signal.samples)) == pytest.approx(0.5)
    frequency = np.fft.rfftfreq(signal.length, 1 / rate)
    power = np.abs(np.fft.rfft(signal.samples[0].astype(float))) ** 2

    def level_db(low: float, high: float) -> float:
        return float(10 * np.log10(power[(low <= frequency) & (frequency < high)].mean()))

    assert level_db(200, 325) == pytest.approx(level_db(325, 450), abs=1)
    assert level_db(950, 1050) - level_db(1900, 2100) == pytest.approx(9, abs=1)
    assert level_db(200, 450) - level_db(950, 1050) == pytest.approx(9, abs=1)
    assert level_db(200, 450) - level_db(10, 130) > 20
    loudness = np.abs(signal.samples[0].astype(float))
    rhythm = np.abs(np.fft.rfft(loudness - loudness.mean()))[: 3 * 20]
    assert np.argmax(rhythm) / 3 == pytest.approx(4)
    assert loudness.reshape(-1, rate // 80).mean(axis=1).min() > 0.1 * loudness.mean()


def test_the_probe_is_another_for_each_seed_and_channel() -> None:
    assert np.array_equal(probe(8_000).samples, probe(8_000, 1, 0).samples)
    stereo = probe(8_000, 2).samples
    assert np.corrcoef([*stereo, probe(8_000, 1, 1).samples[0]]) == pytest.approx(np.eye(3), abs=0.1)


@pytest.mark.parametrize("gain", [0.003, 1.0, 30.0])
def test_noise_has_no_delay(gain: float) -> None:
    signal = probe(16_000)
    assert measured_delay(signal, delayed(signal, 7, gain)) == 7
    assert measured_delay(delayed(signal, 7, gain), signal) == -7
    other = Audio(gain * noise(16_000, 3.0, seed=9).samples, 16_000)
    for first, second in ((signal, other), (other, signal)):
        with pytest.raises(
            CodecError, match=r"^the delay cannot be measured: .* does not resemble the original\. Listen"
        ):
            measured_delay(first, second)


@pytest.mark.parametrize("length", [0, 1, 48_000])
def test_silence_has_no_delay(length: int) -> None:
    with pytest.raises(CodecError, match="does not resemble"):
        measured_delay(probe(16_000), Audio(np.zeros((1, length), np.float32), 16_000))


def test_a_delay_is_sought_so_far_and_no_further() -> None:
    signal = noise(1_000, 3.0)
    for delay in (-40, 40):
        assert measured_delay(signal, delayed(signal, delay), longest_s=0.04) == delay
    for delay in (-41, 41):
        with pytest.raises(CodecError, match="does not resemble"):
            measured_delay(signal, delayed(signal, delay), longest_s=0.04)
    assert measured_delay(signal, delayed(signal, 500)) == 500
    with pytest.raises(CodecError, match="does not resemble"):
        measured_delay(signal, delayed(signal, 501))


@pytest.mark.parametrize(("length", "place"), [(10, 9), (10, -9), (11, 0), (2, 1), (1, 0)])
def test_short_and_odd_lengths_have_delays(length: int, place: int) -> None:
    samples = np.zeros((1, length), np.float32)
    samples[0, -1 if place < 0 else 0] = 1
    signal = Audio(samples, 8_000)
    assert measured_delay(signal, delayed(signal, place)) == place
    assert measured_delay(signal, delayed(signal, place).with_length(length + 1)) == place


@pytest.mark.parametrize("delay_s", [-0.09, -0.03, 0.0, 0.05])
def test_another_voice_with_the_same_rhythm_has_the_delay_of_the_rhythm(delay_s: float) -> None:
    rate = 8_000
    rhythm = np.convolve(np.random.default_rng(1).random(3 * rate) > 0.9993, np.hanning(rate // 10), "same")
    one, other = (Audio(rhythm * noise(rate, 3.0, 2, seed).samples, rate) for seed in (2, 3))
    late = delayed(other, round(delay_s * rate))
    with pytest.raises(CodecError, match="does not resemble"):
        measured_delay(one, late)
    assert envelope_delay(one, late) == pytest.approx(delay_s * rate, abs=0.004 * rate)
    assert envelope_delay(one.part(0, 2 * rate), late) == pytest.approx(delay_s * rate, abs=0.004 * rate)


def test_the_rhythm_is_sought_as_far_as_a_vocoder_may_be_late() -> None:
    rate = 8_000
    click = np.zeros((1, rate), np.float32)
    click[0, rate // 2] = 1
    assert abs(envelope_delay(Audio(click, rate), delayed(Audio(click, rate), 800))) == 800
    assert envelope_delay(Audio(click, rate), delayed(Audio(click, rate), 1_000), longest_s=0.2) == 1_000
    with pytest.raises(CodecError, match="does not resemble"):
        envelope_delay(Audio(click, rate), delayed(Audio(click, rate), 1_000))


def test_a_pair_is_made_comparable() -> None:
    reference = noise(44_100, 1.0, 2)
    coded = reference.at(48_000)
    back = compensate(coded, reference)
    assert (back.rate, back.samples.shape) == (44_100, reference.samples.shape)
    for length in (44_092, 44_108):
        assert compensate(reference.with_length(length), reference).length == 44_100


@pytest.mark.parametrize("shape", [(1, 44_100), (2, 44_091), (2, 44_109)])
def test_another_length_or_channel_count_is_an_error(shape: tuple[int, int]) -> None:
    got = f"got {shape[0]} of {shape[1]}."
    with pytest.raises(CodecError, match=f"^expected 2 channels of 44100 samples at 44100 Hz, {got}$"):
        compensate(Audio(np.zeros(shape, np.float32), 44_100), noise(44_100, 1.0, 2))
