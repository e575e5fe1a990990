"""The levels of the gammatone bank against the recursion itself."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import sosfilt

from bench import audio
from bench.metrics.visqol.gammatone import Filterbank, gammatone_sections

MODES = {"audio": (48_000, 32, 24_000.0), "speech": (16_000, 21, 8_000.0), "speech at 48 kHz": (48_000, 21, 8_000.0)}
FLOOR = 10**-4.5  # levels below are raised to it before anything is compared


def recursion(bank, signal, rate):
    """Every frame through the filters, one after the other."""
    frames = sliding_window_view(signal, bank.frame)[:: bank.hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(bank.frame) / (bank.frame - 1))
    bands = gammatone_sections(bank.centres_hz, rate)
    return np.stack([np.sqrt(np.mean(np.square(sosfilt(band, frames * window)), axis=1)) for band in bands])


def worst(found, expected):
    """The largest relative difference, of levels that count."""
    return float((np.abs(found - expected) / np.maximum(expected, FLOOR)).max())


def signals(rate):
    rng = np.random.default_rng(0)
    time = np.arange(rate // 3) / rate
    clicks = np.zeros(len(time))
    clicks[:: rate // 23] = 1.0
    yield "noise", rng.standard_normal(len(time)) * 0.1
    yield "hum", 0.5 * np.sin(2 * np.pi * 50 * time)
    yield "clicks", clicks
    yield "decay", np.exp(-20 * time) * np.sin(2 * np.pi * 440 * time)
    yield "offset", np.full(len(time), 0.3)
    yield "step to silence", np.where(time < 0.2, 0.9 * np.sin(2 * np.pi * 60 * time), 0.0)


@pytest.mark.parametrize("mode", MODES)
def test_levels_are_those_of_the_recursion(mode):
    rate, bands, highest = MODES[mode]
    bank = Filterbank(rate, bands, highest_hz=highest)
    for name, signal in signals(rate):
        assert worst(bank.levels(signal), recursion(bank, signal, rate)) < 1e-8, name


@pytest.mark.parametrize(
    "name", ["expected/visqol/castanets48_stereo.wav", "speech/vctk_p228_023.wav", "expected/visqol/CA01_01.wav"]
)
def test_levels_of_real_audio(name, real_data):
    signal = audio.read(real_data(name), duration_s=1).at(48_000).mixed_to(1).samples[0].astype(np.float64)
    bank = Filterbank(48_000, 32)
    assert worst(bank.levels(signal), recursion(bank, signal, 48_000)) < 1e-8


def test_frames_do_not_know_each_other():
    """A slice on the hop grid has the columns of the whole, to the last bits; so has a frame among other ones."""
    bank = Filterbank(16_000, 21)
    signal = np.random.default_rng(1).standard_normal(16_000) * 0.1
    whole = bank.levels(signal)
    part = bank.levels(signal[7 * bank.hop : 7 * bank.hop + 9_000])
    np.testing.assert_allclose(part, whole[:, 7 : 7 + part.shape[1]], rtol=1e-13)
    changed = signal.copy()
    changed[: bank.hop] = 5.0
    assert (bank.levels(changed)[:, 1:] == whole[:, 1:]).all()


def test_silence_and_scale():
    bank = Filterbank(16_000, 21)
    signal = np.random.default_rng(2).standard_normal(3_000)
    assert (bank.levels(np.zeros(3_000)) == 0).all()
    np.testing.assert_allclose(bank.levels(4 * signal), 4 * bank.levels(signal), rtol=1e-14)
    assert bank.levels(signal[: bank.frame]).shape == (21, 1)
