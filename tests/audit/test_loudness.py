from __future__ import annotations

import csv

import numpy as np
import pytest

from bench import audio
from bench.audit.loudness import HIGH_PASS, SHELF, k_weighting, loudness_lufs


def test_the_filters_at_48_khz_are_those_of_the_table():
    found = k_weighting(48_000)
    assert found[0] == pytest.approx([*SHELF[0], *SHELF[1]], abs=1e-12)
    assert found[1] == pytest.approx([*HIGH_PASS[0], *HIGH_PASS[1]], abs=1e-12)


@pytest.mark.parametrize("rate", [22_050, 24_000, 32_000, 44_100, 48_000, 96_000])
def test_a_full_scale_sine_of_997_hz_is_at_minus_3_01_lufs(sine, rate):
    """BS.1770-5, Annex 1: 0 dBFS at 997 Hz on one front channel."""
    assert loudness_lufs(sine(997, rate), rate) == pytest.approx(-3.01, abs=0.03)


def test_two_channels_add_up(sine):
    one = sine(997, level=0.1)
    assert loudness_lufs(np.repeat(one, 2, axis=0), 48_000) == pytest.approx(-20.0, abs=0.01)
    assert loudness_lufs(np.concatenate([one, 0 * one]), 48_000) == pytest.approx(-23.01, abs=0.01)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_low_frequencies_weigh_the_same_at_every_rate(sine, rate):
    for hertz in (40, 100, 500):
        assert loudness_lufs(sine(hertz, rate), rate) == pytest.approx(loudness_lufs(sine(hertz), 48_000), abs=0.06)


def _tones(sine, *parts):
    """Stereo 1 kHz with the peak level of each part in dBFS, as the signals of EBU Tech 3341."""
    return np.repeat(np.concatenate([sine(1_000, 48_000, s, 10 ** (db / 20)) for s, db in parts], axis=1), 2, axis=0)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(20, -23)], -23.0),  # case 1
        ([(20, -33)], -33.0),  # case 2
        ([(10, -36), (60, -23), (10, -36)], -23.0),  # case 3: the relative gate
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0),  # case 4: both gates
        ([(20, -26), (20.1, -20), (20, -26)], -23.0),  # case 5
    ],
)
def test_the_signals_of_ebu_tech_3341(sine, parts, expected):
    assert loudness_lufs(_tones(sine, *parts), 48_000) == pytest.approx(expected, abs=0.1)


def test_published_values(real_data):
    with real_data("expected/EXPECTED.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "lufs"]
    assert len(rows) == 3
    for row in rows:
        signal = audio.read(real_data(row["degraded"]))
        found = loudness_lufs(signal.samples, signal.rate)
        assert found == pytest.approx(float(row["expected"]), abs=0.1), row["degraded"]


def test_what_is_too_short_or_too_soft_has_no_loudness(sine):
    assert loudness_lufs(sine(997, seconds=0.39), 48_000) is None
    assert loudness_lufs(sine(997, seconds=0.41), 48_000) is not None
    assert loudness_lufs(sine(997, level=1e-4), 48_000) is None
    assert loudness_lufs(np.zeros((2, 48_000), np.float32), 48_000) is None


def test_blocks_do_not_show(sine, monkeypatch):
    signal = sine(200, 44_100, 5.0, 0.3)
    whole = loudness_lufs(signal, 44_100)
    monkeypatch.setattr("bench.audit.frames.BLOCK", 10_000)
    assert loudness_lufs(signal, 44_100) == pytest.approx(whole, abs=1e-9)
