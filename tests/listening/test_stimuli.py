from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import freqz

from bench import audio
from bench.align import probe
from bench.audio import Audio
from bench.audit.loudness import loudness_lufs
from bench.codecs.controls import lowpass_taps
from listening_test import stimuli
from listening_test.stimuli import RATE
from tests.conftest import noise


@pytest.mark.parametrize("cutoff", [3_500, 7_000])
def test_anchors_meet_the_mask(cutoff: int) -> None:
    taps = lowpass_taps(cutoff, RATE)
    assert len(taps) == 1201
    frequency, response = freqz(taps, worN=1 << 16, fs=RATE)
    gain = 20 * np.log10(np.abs(response) + 1e-12)
    assert np.abs(gain[frequency <= cutoff]).max() <= 0.1  # BS.1534-3, 5.1: ripple +-0.1 dB
    assert gain[frequency >= cutoff + 500].max() <= -25  # at least 25 dB at 4 kHz
    assert gain[frequency >= cutoff + 1_000].max() <= -50  # at least 50 dB at 4.5 kHz


@pytest.mark.parametrize("cutoff", [3_500, 7_000, 10_000])
def test_anchors_are_aligned_to_the_sample(cutoff: int) -> None:
    impulse = np.zeros((2, 4_801), np.float32)
    impulse[:, 2_400] = 1
    filtered = stimuli.lowpass_anchor(Audio(impulse, RATE), cutoff)
    assert filtered.length == 4_801
    assert np.argmax(np.abs(filtered.samples), axis=1).tolist() == [2_400, 2_400]
    np.testing.assert_allclose(filtered.samples[:, :2_400], filtered.samples[:, :2_400:-1], atol=1e-7)


def test_an_anchor_of_noise_by_its_spectrum() -> None:
    """As a listener's analyser sees it: the file's own spectrum beside the reference's, not the taps."""
    reference = noise(RATE, 4, 2)
    anchor = stimuli.lowpass_anchor(reference, 3_500)
    power = [(np.abs(np.fft.rfft(one.samples.astype(np.float64), axis=1)) ** 2) for one in (reference, anchor)]
    frequency = np.fft.rfftfreq(reference.length, 1 / RATE)

    def gain(low: float, high: float) -> float:
        band = (frequency >= low) & (frequency < high)
        return float(10 * np.log10(power[1][:, band].sum() / power[0][:, band].sum()))

    assert abs(gain(100, 3_400)) < 0.1
    assert gain(4_000, 4_100) < -25
    assert gain(4_500, 24_000) < -50


def test_mono_of_any_rate_is_played_in_both_channels_at_48_khz() -> None:
    played = stimuli.for_playing(noise(16_000, 1.0))
    assert (played.rate, played.channels, played.length) == (48_000, 2, 48_000)
    assert np.array_equal(played.samples[0], played.samples[1])


def test_where_an_excerpt_is_cut() -> None:
    samples = np.full((1, 10 * RATE), 0.01, np.float32)
    samples[:, 6 * RATE : 8 * RATE] = 0.5
    clip = Audio(samples, RATE)

    def start(where: str | float, seconds: float = 2, seed: int = 0) -> int:
        return stimuli.excerpt_start(clip, seconds, where, seed)

    assert start("start") == 0
    assert start("middle") == 4 * RATE
    assert abs(start("loudest") - 6 * RATE) <= 2
    assert start(3.5) == round(3.5 * RATE)
    assert start(9.5) == 8 * RATE
    assert start("middle", 12) == 0
    places = {start("random", seed=seed) for seed in range(9)}
    assert len(places) > 5
    assert max(places) <= 8 * RATE
    assert start("random", seed=3) == start("random", seed=3)


def test_fades_are_raised_cosines_and_leave_the_rest_alone() -> None:
    sound = Audio(np.ones((2, RATE), np.float32), RATE)
    faded = stimuli.faded(sound, 10).samples[0]
    assert faded[0] == faded[-1] == 0
    assert faded[240] == pytest.approx(0.5, abs=1e-6)
    assert np.all(faded[480:-480] == 1)
    assert np.all(np.diff(faded[:481]) > 0)
    assert np.array_equal(faded, faded[::-1])
    assert stimuli.faded(sound, 0) is sound


def test_loudness_is_matched() -> None:
    reference = stimuli.for_playing(probe(RATE))
    quiet = stimuli.amplified(reference, -7.5)
    gain = stimuli.match_gain_db(reference, quiet)
    assert gain == pytest.approx(7.5, abs=0.01)
    matched = stimuli.amplified(quiet, gain)
    assert loudness_lufs(matched.samples, RATE) == pytest.approx(loudness_lufs(reference.samples, RATE), abs=0.01)
    levelled = stimuli.amplified(reference, stimuli.item_gain_db(reference, -26))
    assert loudness_lufs(levelled.samples, RATE) == pytest.approx(-26, abs=0.01)
    silence = Audio(np.zeros((2, RATE), np.float32), RATE)
    assert stimuli.match_gain_db(reference, silence) == 0
    assert stimuli.amplified(reference, 0) is reference


def test_headroom() -> None:
    assert stimuli.headroom_db(1.0) == 0
    assert 1.5 * 10 ** (stimuli.headroom_db(1.5) / 20) == pytest.approx(0.9886, abs=1e-4)


def test_a_file_is_named_by_its_hash(tmp_path: Path) -> None:
    sound = noise(RATE, 0.1, 2)
    name = stimuli.save(sound, tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name == f"{name}.wav"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == name
    assert audio.info(path).subtype == "PCM_24"
    np.testing.assert_allclose(audio.read(path).samples, sound.samples, atol=2**-24)


@pytest.mark.parametrize("lag", [0, 7, -30, 480])
def test_delay_of_a_coded_waveform(lag: int) -> None:
    reference = stimuli.for_playing(probe(RATE))
    coded = reference.samples + noise(RATE, reference.seconds, 2, seed=5, level=0.02).samples
    late = Audio(np.roll(coded, lag, axis=1), RATE)
    assert stimuli.residual_delay(reference, late) == stimuli.Delay(lag, exact=True)


def test_periodic_sound_has_no_delay_by_accident() -> None:
    """A period later, a tone correlates as well as at the right place."""
    time = np.arange(2 * RATE) / RATE
    tone = np.sum([np.sin(2 * np.pi * 220 * k * time + k) / k for k in range(1, 6)], axis=0)[None] * 0.2
    noisy = Audio((tone + 0.05 * np.random.default_rng(0).standard_normal(tone.shape)).astype(np.float32), RATE)
    assert stimuli.residual_delay(Audio(tone.astype(np.float32), RATE), noisy) == stimuli.Delay(0, exact=True)


def test_a_vocoder_is_judged_by_its_envelope() -> None:
    """Noise under the envelope of the reference, 20 ms late: no waveform in common."""
    reference = probe(RATE)
    time = np.arange(reference.length) / RATE
    rhythm = 0.3 + np.abs(np.sin(2 * np.pi * 2 * (time - 0.02)))
    other = Audio((0.1 * rhythm * noise(RATE, reference.seconds, seed=8, level=0.3).samples).astype(np.float32), RATE)
    delay = stimuli.residual_delay(reference, other)
    assert delay is not None
    assert not delay.exact
    assert delay.samples / RATE == pytest.approx(0.02, abs=0.01)


def test_silence_has_no_delay() -> None:
    reference = probe(RATE)
    assert stimuli.residual_delay(reference, Audio(np.zeros_like(reference.samples), RATE)) is None


def test_speech_of_a_low_rate_codec_has_a_delay(real_data: Callable[[str], Path]) -> None:
    folder = "ratings/bernoulli_mushra/audio/stim_01"
    reference, coded, vocoded = (
        stimuli.for_playing(audio.read(real_data(f"{folder}/{name}.wav"))) for name in ("ref", "encodec_15", "prop_13")
    )
    exact, blurred = (stimuli.residual_delay(reference, one) for one in (coded, vocoded))
    assert exact == stimuli.Delay(0, exact=True)
    assert blurred is not None
    assert not blurred.exact
