from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.datasets import exact, mixing, noises
from bench.datasets.rooms import normalised, reverberation_time_s, with_pyroomacoustics, without_delay

RATE = 16_000
seeds = st.integers(0, 2**32)


def speech_like(seconds: float = 2.0, seed: int = 0) -> np.ndarray:
    """Bursts of noise, 0.3 s on and 0.2 s off, at -20 dBFS where it is on."""
    count = round(seconds * RATE)
    on = (np.arange(count) / RATE) % 0.5 < 0.3
    return (0.1 * np.random.default_rng(seed).standard_normal(count) * on)[None]


def decay(rt60_s: float, seconds: float, seed: int = 0, noise_db: float = -math.inf) -> np.ndarray:
    rng, t = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    noise = mixing.amplitude(noise_db) * rng.standard_normal(len(t)) if noise_db > -math.inf else 0
    return (rng.standard_normal(len(t)) * 10 ** (-3 * t / rt60_s) + noise)[None]


def test_active_level_leaves_pauses_out():
    speech = speech_like()
    assert mixing.active_level_dbfs(speech, RATE) == pytest.approx(-20, abs=0.1)
    assert mixing.decibels(mixing.power(speech)) == pytest.approx(-22.2, abs=0.1)
    assert mixing.active_level_dbfs(np.concatenate([speech, 0 * speech], axis=1), RATE) == pytest.approx(-20, abs=0.1)


def test_a_click_does_not_hide_the_speech():
    speech = speech_like()
    speech[0, 6_000] = 1.0
    assert mixing.active_level_dbfs(speech, RATE) == pytest.approx(-20, abs=1.5)


def test_silence_has_no_level():
    assert mixing.active_level_dbfs(np.zeros((2, RATE)), RATE) == -math.inf
    assert mixing.active_level_dbfs(np.zeros((1, 0)), RATE) == -math.inf


@given(st.floats(-60, 20), seeds)
def test_active_level_follows_gain(gain_db, seed):
    speech = speech_like(1, seed)
    change = mixing.active_level_dbfs(speech * mixing.amplitude(gain_db), RATE) - mixing.active_level_dbfs(speech, RATE)
    assert change == pytest.approx(gain_db, abs=1e-5)


@given(seeds, st.integers(1, 3), st.floats(1e-5, 1e3), st.integers(1, 300))
def test_a_normalised_response_has_energy_one_at_any_level(seed, channels, level, length):
    response = np.random.default_rng(seed).standard_normal((channels, length))
    scaled = normalised(level * response)
    assert np.sum(scaled**2) / channels == pytest.approx(1)
    assert np.allclose(scaled, normalised(response))
    assert np.allclose(scaled[0] * response[-1], scaled[-1] * response[0])


def test_a_silent_response_is_refused():
    with pytest.raises(ValueError, match="silent"):
        normalised(np.zeros((1, 10)))


@given(seeds, st.integers(0, 5_000))
def test_the_delay_of_the_direct_sound_goes_and_that_between_ears_stays(seed, delay):
    response = np.zeros((2, 6_000))
    response[0, delay], response[1, delay + 7] = 1.0, 0.8
    response += 1e-3 * np.random.default_rng(seed).standard_normal(response.shape)
    cut = without_delay(response)
    assert np.argmax(np.abs(cut[0])) == 0
    assert np.argmax(np.abs(cut[1])) == 7
    assert cut.shape[1] == 6_000 - delay


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("noise_db", [-math.inf, -60.0, -45.0])
def test_rt60_of_a_known_decay(rt60_s, noise_db):
    response = np.concatenate([np.zeros((1, 700)), decay(rt60_s, 2 * rt60_s, noise_db=noise_db)], axis=1)
    assert reverberation_time_s(response, RATE) == pytest.approx(rt60_s, rel=0.08)


def test_rt60_is_none_where_noise_hides_the_decay():
    assert reverberation_time_s(decay(0.5, 2, noise_db=-25), RATE) is None
    assert reverberation_time_s(np.ones((1, RATE)), RATE) is None
    assert reverberation_time_s(np.ones((1, 100)), RATE) is None


def test_reverberated_speech_keeps_its_length_and_starts_at_once():
    impulse = np.zeros((1, 100))
    impulse[0, 10] = 1.0
    response = np.array([[1.0, 0.5], [0.0, 0.25]])
    heard = exact.convolve(impulse, response)
    expected = np.zeros((2, 100))
    expected[0, 10:12], expected[1, 10:12] = (1, 0.5), (0, 0.25)
    assert np.allclose(heard, expected, atol=1e-12)


@given(st.integers(1, 4_000), st.integers(1, 9_000), seeds)
def test_noise_is_cut_or_looped_to_the_length(available, length, seed):
    noise = np.random.default_rng(seed).uniform(0.5, 1, (2, available))
    fitted = mixing.fit_length(noise, length, np.random.default_rng(seed), RATE)
    assert fitted.shape == (2, length)
    assert fitted.min() > 0.49  # the cross-fade leaves no hole
    assert np.array_equal(fitted, mixing.fit_length(noise, length, np.random.default_rng(seed), RATE))


def test_a_loop_has_no_jump():
    noise = np.linspace(-1, 1, 5_000)[None]
    looped = mixing.fit_length(noise, 40_000, np.random.default_rng(0), RATE)
    assert np.abs(np.diff(looped)).max() < 0.02


@settings(deadline=None)
@given(st.floats(-10, 40), seeds, st.sampled_from(["pink", "hum_fan", "speech_shaped", "babble"]), st.integers(1, 2))
def test_the_snr_asked_is_the_snr_heard(snr_db, seed, kind, channels):
    rng, speech = np.random.default_rng(seed), speech_like(1, seed)
    noise = {
        "pink": lambda: noises.pink(channels, RATE, RATE, rng),
        "hum_fan": lambda: noises.hum_fan(channels, RATE, RATE, rng),
        "speech_shaped": lambda: noises.speech_shaped(speech, channels, RATE, RATE, rng),
        "babble": lambda: noises.unit(
            noises.voices([speech, speech_like(0.7, seed + 1)][:channels], RATE, RATE, rng)[0]
        ),
    }[kind]()
    assert noise.shape == (channels, RATE)
    assert mixing.power(noise) == pytest.approx(1, abs=1e-4)
    noise = noise * mixing.amplitude(
        mixing.active_level_dbfs(speech, RATE) - mixing.decibels(mixing.power(noise)) - snr_db
    )
    active = np.abs(speech[0]) > 0  # an independent reckoning: where the bursts are
    heard = 10 * np.log10(np.mean(speech[0, active] ** 2) / np.mean(noise**2))
    assert heard == pytest.approx(snr_db, abs=0.1)


def test_spectra_of_simulated_noise():
    rng = np.random.default_rng(0)

    def slope(noise, low, high):
        spectrum = np.abs(np.fft.rfft(noise[0])) ** 2
        band = [spectrum[int(f) * 8 : int(f * 1.4) * 8].mean() for f in (low, high)]
        return 10 * np.log10(band[1] / band[0]) / np.log2(high / low)

    assert slope(noises.pink(1, 8 * RATE, RATE, rng), 100, 3_200) == pytest.approx(-3, abs=0.3)
    assert slope(noises.hum_fan(1, 8 * RATE, RATE, rng), 1_500, 5_000) == pytest.approx(-6, abs=1)
    voice = noises.pink(1, 8 * RATE, RATE, rng)
    assert slope(noises.speech_shaped(voice, 1, 8 * RATE, RATE, rng), 100, 3_200) == pytest.approx(-3, abs=0.5)


@given(st.floats(0, 50), st.integers(1, 2))
def test_the_ceiling_holds(peak, channels):
    samples = peak * np.sin(np.arange(1, 99) * np.ones((channels, 1)))
    limited, gain_db = mixing.below_ceiling(samples)
    assert np.abs(limited).max() <= 0.99 + 1e-12
    assert np.allclose(limited, samples * mixing.amplitude(gain_db))
    assert (gain_db == 0) == (np.abs(samples).max() <= 0.99)


def test_channels():
    stereo = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert mixing.with_channels(stereo, 1).tolist() == [[2.0, 4.0]]
    assert mixing.with_channels(stereo[:1], 2).tolist() == [[1.0, 2.0]] * 2
    assert mixing.with_channels(np.concatenate([stereo, stereo + 9]), 2).tolist() == stereo.tolist()


@pytest.mark.parametrize(("rt60_s", "channels"), [(0.2, 1), (0.3, 2), (0.5, 1), (1.3, 2)])
def test_rooms_of_pyroomacoustics(rt60_s, channels):
    pytest.importorskip("pyroomacoustics")
    for seed in range(2):
        room = with_pyroomacoustics(rt60_s, channels, 48_000, np.random.default_rng(seed))
        again = with_pyroomacoustics(rt60_s, channels, 48_000, np.random.default_rng(seed))
        assert room.response.shape[0] == channels
        assert np.array_equal(room.response, again.response)
        assert room.rt60_s == pytest.approx(rt60_s, rel=0.03)
        assert min(room.dimensions_m) >= 2.3
        if channels == 2:
            assert not np.array_equal(*room.response)
