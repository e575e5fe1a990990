from __future__ import annotations

import numpy as np
import pytest

from bench.datasets import receivers, rooms, shoebox

RATE = 48_000


def ears(azimuth_deg: float, spatial: str = "binaural") -> np.ndarray:
    click = np.zeros((1, 2_000))
    click[0, 500] = 1.0
    return receivers.placed(click, [azimuth_deg], spatial, RATE)


def onset(channel: np.ndarray) -> int:
    return int(np.argmax(np.abs(channel) > 0.05 * np.abs(channel).max()))


def level_difference_db(heard: np.ndarray, frequency: float) -> float:
    spectrum = np.abs(np.fft.rfft(heard, axis=1))[:, round(frequency * heard.shape[1] / RATE)]
    return float(20 * np.log10(spectrum[0] / spectrum[1]))


@pytest.mark.parametrize("azimuth_deg", [0, 20, 45, 70, 90, 110, 160, 180, -30, -90, -150])
def test_time_difference_between_ears_is_that_of_woodworth(azimuth_deg):
    side = np.radians(min(abs(azimuth_deg), 180 - abs(azimuth_deg)))
    wanted_s = np.sign(azimuth_deg) * 0.0875 / 343 * (side + np.sin(side))
    left, right = ears(azimuth_deg)
    assert (onset(right) - onset(left)) / RATE == pytest.approx(wanted_s, abs=1.5 / RATE)


def test_the_head_shadows_high_frequencies_on_the_far_side():
    for azimuth_deg in (30, 60, 90, 120):
        heard = ears(azimuth_deg)
        low, high = level_difference_db(heard, 100), level_difference_db(heard, 5_000)
        assert 0 <= low < 1
        assert 8 < high < 22
        assert level_difference_db(ears(-azimuth_deg), 5_000) == pytest.approx(-high, abs=1e-6)
    assert level_difference_db(ears(0), 5_000) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("azimuth_deg", [-90, -40, 0, 65, 90])
def test_two_microphones_differ_in_time_alone(azimuth_deg):
    left, right = ears(azimuth_deg, "stereo")
    wanted_s = 0.2 * np.sin(np.radians(azimuth_deg)) / 343
    assert (onset(right) - onset(left)) / RATE == pytest.approx(wanted_s, abs=1.5 / RATE)
    assert np.abs(left).max() == pytest.approx(np.abs(right).max(), rel=0.01)


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
@pytest.mark.parametrize("spatial", ["mono", "stereo", "binaural"])
def test_a_simulated_room_decays_as_asked_and_starts_with_the_direct_sound(rate, spatial):
    for seed, rt60_s in enumerate((0.2, 0.45, 1.1)):
        room = shoebox.simulate(rt60_s, spatial, rate, np.random.default_rng(seed))
        assert room.response.shape[0] == (1 if spatial == "mono" else 2)
        assert room.rt60_s == pytest.approx(rt60_s, rel=0.02)
        assert rooms.reverberation_time_s(room.response, rate) == pytest.approx(rt60_s, rel=0.02)
        assert np.argmax(np.abs(room.response).max(axis=0)) < 0.02 * rate
        assert min(room.dimensions_m) >= 2.3


def test_in_a_room_the_nearer_ear_hears_first_and_more():
    nearer = 0
    for seed in range(30):
        room = shoebox.simulate(0.3, "binaural", RATE, np.random.default_rng(seed))
        if abs(np.sin(np.radians(room.azimuth_deg))) < 0.3:
            continue
        nearer += 1
        near, far = room.response if room.azimuth_deg > 0 else room.response[::-1]
        direct = round(0.0012 * RATE)
        assert onset(near[: 4 * direct]) < onset(far[: 4 * direct])
        assert np.abs(near[:direct]).max() > np.abs(far[:direct]).max()
    assert nearer > 10


def test_the_image_sources_are_those_of_pyroomacoustics():
    """Another implementation of the same method, in a room of the same walls and places."""
    pra = pytest.importorskip("pyroomacoustics")
    size, ear, mouth = np.array([6.0, 4.5, 3.0]), np.array([2.0, 2.0, 1.5]), np.array([4.0, 3.0, 1.7])
    to_source, strength = shoebox.images(size, mouth - ear, ear, 0.5)
    ours = receivers.response(receivers.arrivals("mono", to_source, strength), RATE, 9_000)[0]
    kept = np.sort(np.unique(strength))[-2]
    room = pra.ShoeBox(size, fs=RATE, materials=pra.Material(1 - kept**2), max_order=40)
    room.add_source(mouth)
    room.add_microphone(ear)
    room.compute_rir()
    theirs = room.rir[0][0]
    late = int(np.argmax(np.abs(theirs)) - np.argmax(np.abs(ours)))
    spectra = [np.fft.rfft(one[:6_000]) for one in (ours, theirs[late : late + 6_000])]
    for low, high in ((100, 500), (500, 4_000), (4_000, 16_000)):
        a, b = (spectrum[low // 8 : high // 8] for spectrum in spectra)
        likeness = np.abs(np.vdot(a, b)) / np.sqrt(np.vdot(a, a).real * np.vdot(b, b).real)
        assert likeness > (0.98 if low == 100 else 0.999), (low, high)  # theirs is without the lowest frequencies
