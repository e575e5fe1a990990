from __future__ import annotations

import numpy as np
import pytest

from bench import audio
from bench.audit.level import level_of
from bench.audit.noise import noise_of
from bench.audit.stereo import stereo_of


def test_levels_of_a_sine_with_an_offset(sine):
    level = level_of(sine(1_000, level=0.5) + np.float32(0.02), 48_000)
    assert level.peak_dbfs == pytest.approx(20 * np.log10(0.52), abs=0.01)
    assert level.dc == pytest.approx(0.02, abs=1e-6)
    assert (level.silence_share, level.clipped_samples) == (0, 0)
    assert level_of(sine(1_000, level=0.5), 48_000).rms_dbfs == pytest.approx(-9.03, abs=0.01)


def test_silence_is_found_where_it_is(sine):
    tone, nothing = sine(1_000, 48_000, 1.0, 0.1), np.zeros((1, 48_000), np.float32)
    level = level_of(np.concatenate([nothing[:, :24_000], tone, nothing, nothing, tone, nothing], axis=1), 48_000)
    assert level.leading_silence_s == pytest.approx(0.5, abs=0.021)
    assert level.trailing_silence_s == pytest.approx(1.0, abs=0.021)
    assert level.silence_share == pytest.approx(3.5 / 5.5, abs=0.01)


def test_an_offset_is_silence(sine):
    constant = np.full((1, 48_000), 0.01, np.float32)
    level = level_of(constant, 48_000)
    assert level.rms_dbfs < -100
    assert (level.silence_share, level.leading_silence_s) == (1, 1)
    assert level.dc == pytest.approx(0.01)
    assert stereo_of(np.concatenate([constant, 2 * constant])) == "silent"
    assert noise_of(constant, 48_000).floor_dbfs is None


@pytest.mark.parametrize("where", [slice(None), slice(0, 48_000), slice(48_000, None)])
def test_silence_is_found_under_an_offset(sine, where):
    """Of the whole file, or of a part of it."""
    samples = np.concatenate([sine(1_000, 48_000, 1.0, 0.1), np.zeros((1, 48_000), np.float32)], axis=1)
    samples[:, where] += np.float32(0.01)
    level = level_of(samples, 48_000)
    assert level.silence_share == pytest.approx(0.5, abs=0.01)
    assert level.trailing_silence_s == pytest.approx(1.0, abs=0.021)


@pytest.mark.parametrize("factor", [3, 12])
@pytest.mark.parametrize("bits", [8, 16])
def test_held_samples_are_not_cut_off(sine, factor, bits):
    """Converted up by repetition, as old computers did."""
    steps = 2 ** (bits - 1)
    random = np.random.default_rng(1).normal(0, 0.1, 8_000)
    low = np.rint((sine(440, 8_000, 1.0, 0.5)[0] + random).clip(-0.9, 0.9) * steps) / steps
    held = np.repeat(low, factor)[None].astype(np.float32)
    assert level_of(held, 48_000).clipped_samples == 0
    assert level_of(held.clip(-0.3, 0.3) / np.float32(0.3), 48_000).clipped_samples > 1_000


@pytest.mark.parametrize("gain", [1.0, 0.5, 0.01])
def test_a_clipped_signal_is_found_at_any_level(sine, gain):
    cut = sine(440, level=1.6).clip(-1, 1) * np.float32(gain)
    share = level_of(cut, 48_000).clipped_samples / cut.size
    assert share == pytest.approx(2 / np.pi * np.arccos(1 / 1.6), rel=0.05)


@pytest.mark.parametrize("hertz", [20, 31, 50, 440, 6_000, 12_000])
@pytest.mark.parametrize("level", [0.1, 0.5, 0.99])
def test_a_rounded_peak_in_16_bits_is_not_clipped(sine, hertz, level):
    signal = np.rint(sine(hertz, 48_000, 2.0, level) * 2**15) / np.float32(2**15)
    assert level_of(signal, 48_000).clipped_samples == 0


def test_one_sample_and_silence_have_levels():
    assert level_of(np.full((1, 1), 0.5, np.float32), 8_000).peak_dbfs == pytest.approx(-6.02, abs=0.01)
    level = level_of(np.zeros((2, 100), np.float32), 8_000)
    assert (level.peak_dbfs, level.rms_dbfs, level.silence_share) == (-120, -120, 1)


def test_channels_are_told_apart(sine):
    left, right = sine(440, level=0.3)[0], sine(554, level=0.3)[0]
    soft = np.random.default_rng(0).normal(0, 3e-4, left.shape).astype(np.float32)
    named = {
        "mono": [left],
        "stereo": [left, right],
        "dual_mono": [left, left],
        "almost_dual_mono": [left, left + soft],
        "inverted": [left, -left],
        "silent_channel": [left, 0 * left],
        "silent": [0 * left, 0 * left],
    }
    assert {name: stereo_of(np.stack(channels)) for name, channels in named.items()} == {name: name for name in named}
    assert stereo_of(np.stack([left, left, left])) == "dual_mono"
    assert stereo_of(np.stack([left, 0.5 * left])) == "stereo"  # panned


def test_a_turned_channel_is_found_in_any_pair_and_at_any_gain(sine):
    left, right, other = (sine(hertz, level=0.3)[0] for hertz in (440, 554, 997))
    noise = np.random.default_rng(0).normal(0, 3e-3, left.shape).astype(np.float32)
    assert stereo_of(np.stack([left, -0.4 * left])) == "inverted"
    assert stereo_of(np.stack([left, noise - left])) == "inverted"
    assert stereo_of(np.stack([left, right, other, -right])) == "inverted"
    assert stereo_of(np.stack([left, right - 0.5 * left])) == "stereo"


def test_an_offset_changes_nothing_about_channels(sine):
    left, right = sine(440, level=0.3)[0], sine(554, level=0.3)[0]
    offset = np.float32(0.02)
    assert stereo_of(np.stack([left, left + offset])) == "almost_dual_mono"
    assert stereo_of(np.stack([left, offset - left])) == "inverted"
    assert stereo_of(np.stack([left, 0 * left + offset])) == "silent_channel"
    assert stereo_of(np.stack([left, right + offset])) == "stereo"


@pytest.mark.parametrize("dbfs", [-66, -60, -40])
def test_soft_channels_that_differ_by_rounding_are_dual_mono(sine, dbfs):
    random = np.random.default_rng(0)
    soft = np.rint(sine(440, level=10 ** (dbfs / 20) * 2**0.5)[0] * 2**15)
    steps = random.integers(-1, 2, soft.shape)
    assert stereo_of((np.stack([soft, soft + steps]) / 2**15).astype(np.float32)) == "almost_dual_mono"
    other = np.rint(sine(554, level=10 ** (dbfs / 20) * 2**0.5)[0] * 2**15)
    assert stereo_of((np.stack([soft, other]) / 2**15).astype(np.float32)) == "stereo"


def test_the_low_frequency_channel_of_5_1_may_be_silent(sine):
    channels = [sine(hertz, level=0.1)[0] for hertz in (440, 554, 659, 50, 784, 997)]
    channels[3] = 0 * channels[3]
    assert stereo_of(np.stack(channels)) == "stereo"
    assert stereo_of(np.stack([*channels[:3], channels[0], channels[4], channels[3]])) == "silent_channel"
    assert stereo_of(np.stack([channels[0]] * 3 + [channels[3]] + [channels[0]] * 2)) == "dual_mono"


def test_the_noise_floor_is_that_of_the_pauses(sine):
    random = np.random.default_rng(1)
    noise = random.normal(0, 10 ** (-60 / 20), (1, 480_000)).astype(np.float32)
    talk = sine(300, 48_000, 10.0, 0.2) * (np.arange(480_000) % 48_000 < 36_000)
    found = noise_of(talk + noise, 48_000)
    assert found.floor_dbfs == pytest.approx(-60, abs=0.5)
    assert found.range_db == pytest.approx(60 - 17, abs=1)
    assert noise_of(np.zeros((1, 9_000), np.float32), 48_000).floor_dbfs is None
    gated = noise_of(np.concatenate([talk + noise, 0 * noise], axis=1), 48_000)
    assert gated.floor_dbfs == pytest.approx(found.floor_dbfs, abs=0.5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("speech/kathleen_arctic_a0002_1592748544.wav", "dual_mono"),
        ("speech/iamf_dialog_clip_stereo.wav", "stereo"),
        ("music/sonicpi_loop_safari.flac", "stereo"),
        ("music/sonicpi_loop_mika.flac", "almost_dual_mono"),
        ("speech/vctk_p228_023.wav", "mono"),
    ],
)
def test_channels_of_real_files(real_data, name, expected):
    assert stereo_of(audio.read(real_data(name)).samples) == expected


def test_clipping_of_real_files(real_data):
    found = {}
    for name in ("music/was_coolloop7.wav", "speech/magphase_hvd_593.wav", "music/sonicpi_arovane_beat_c.flac"):
        signal = audio.read(real_data(name))
        found[name] = level_of(signal.samples, signal.rate).clipped_samples
    assert found.pop("music/was_coolloop7.wav") > 70
    assert set(found.values()) == {0}, "peaks at full scale are no clipping"
