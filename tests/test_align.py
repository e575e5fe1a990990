"""The probe finds a delay to the sample, and only where there is one to find."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.align import compensate, measured_delay, probe
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


def test_noise_has_no_delay() -> None:
    with pytest.raises(CodecError, match="does not resemble"):
        measured_delay(probe(16_000), noise(16_000, 3.0, seed=9))
    with pytest.raises(CodecError, match="does not resemble"):
        measured_delay(probe(16_000), Audio(np.zeros((1, 48_000), np.float32), 16_000))


def test_a_pair_is_made_comparable() -> None:
    reference = noise(44_100, 1.0, 2)
    coded = reference.at(48_000)
    back = compensate(coded, reference)
    assert (back.rate, back.samples.shape) == (44_100, reference.samples.shape)


@pytest.mark.parametrize("shape", [(1, 44_100), (2, 40_000)])
def test_another_length_or_channel_count_is_an_error(shape: tuple[int, int]) -> None:
    with pytest.raises(CodecError, match="expected 2 channels of 44100 samples"):
        compensate(Audio(np.zeros(shape, np.float32), 44_100), noise(44_100, 1.0, 2))
