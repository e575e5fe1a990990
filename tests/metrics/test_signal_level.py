"""Loudness, bandwidth and clipping: known answers, and pyloudnorm and a table of the standard as oracles."""

import csv

import numpy as np
import pytest
from scipy import signal

from bench import audio, codecs
from bench.align import compensate
from bench.audio import Audio
from bench.errors import MetricUndefined, NotApplicable
from bench.metrics.bandwidth import Bandwidth, BandwidthDifference
from bench.metrics.clipping import ClippedSamplesShare
from bench.metrics.loudness import LoudnessDifference

RATE = 48_000


def score(metric, reference, degraded):
    (value,) = metric.score(metric.prepare(reference), degraded).values()
    return value


def white(seconds=3.0, channels=1, seed=0, rate=RATE):
    return Audio(0.1 * np.random.default_rng(seed).standard_normal((channels, round(rate * seconds))), rate)


def low_passed(clip, cutoff):
    taps = signal.firwin(1201, cutoff, window=("kaiser", 10), fs=clip.rate)
    return Audio(signal.lfilter(taps, 1, clip.samples), clip.rate)


@pytest.mark.parametrize("gain", [0.1, 0.5, 2.0])
def test_loudness_difference_of_a_gain(gain):
    clip = white()
    louder = Audio(gain * clip.samples, RATE)
    assert score(LoudnessDifference(), clip, louder) == pytest.approx(abs(20 * np.log10(gain)), abs=1e-4)
    assert score(LoudnessDifference(), louder, clip) == pytest.approx(abs(20 * np.log10(gain)), abs=1e-4)


def test_loudness_of_stereo_is_that_of_the_whole_programme():
    clip = white(channels=2)
    one_side = Audio(clip.samples * np.array([[1.0], [0.0]]), RATE)
    assert score(LoudnessDifference(), clip, one_side) == pytest.approx(3.01, abs=0.05)
    assert score(LoudnessDifference(), one_side, clip) == pytest.approx(3.01, abs=0.05)  # one silent channel is none
    moved = Audio(clip.samples * np.array([[np.sqrt(1.5)], [np.sqrt(0.5)]]), RATE)
    assert score(LoudnessDifference(), clip, moved) == pytest.approx(0, abs=0.05)
    with pytest.raises(NotApplicable, match="2 channels and the degraded signal 1"):
        score(LoudnessDifference(), clip, clip.mixed_to(1))


def test_loudness_differences_of_published_files(real_data):
    with real_data("expected/EXPECTED.csv").open() as file:
        rows = {row["degraded"]: float(row["expected"]) for row in csv.DictReader(file) if row["metric"] == "lufs"}
    quiet, loud = (f"expected/loudness/1770-2_Comp_{name}GateTest.wav" for name in ("Abs", "Rel"))
    first, second = audio.read(real_data(quiet)), audio.read(real_data(loud))
    length = min(first.length, second.length)
    assert first.rate == second.rate
    value = score(LoudnessDifference(), first.with_length(length), second.with_length(length))
    assert value == pytest.approx(rows[loud] - rows[quiet], abs=0.2)


@pytest.mark.parametrize("kind", ["speech", "noisy", "music"])
def test_loudness_difference_equals_pyloudnorm_on_real_codecs(kind, real_data):
    pyloudnorm = pytest.importorskip("pyloudnorm", reason="pip install 'codecbench[dev]'")
    folder = real_data("decoded/hilcodec")
    reference = audio.read(folder / f"{kind}_ref.wav")
    for condition in ("evs_5.9kbps", "encodec_3kbps", "descript_9kbps"):
        degraded = audio.read(folder / f"{kind}_{condition}.wav")
        first, second = (
            pyloudnorm.Meter(clip.rate, filter_class="DeMan").integrated_loudness(clip.samples.T.astype(float))
            for clip in (reference, degraded)
        )
        assert score(LoudnessDifference(), reference, degraded) == pytest.approx(abs(second - first), abs=0.02)


def test_what_has_no_loudness():
    with pytest.raises(MetricUndefined, match="too short"):
        LoudnessDifference().prepare(white(0.39))
    with pytest.raises(MetricUndefined, match="the reference has no loudness: no block of 400 ms is above -70 LUFS"):
        LoudnessDifference().prepare(Audio(2e-3 * white().samples, RATE))
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        score(LoudnessDifference(), white(), Audio(0 * white().samples, RATE))


@pytest.mark.parametrize("cutoff", [3_500, 7_000, 12_000, 20_000])
def test_bandwidth_of_a_low_pass(cutoff):
    clip = white()
    dull = low_passed(clip, cutoff).quantised()
    value = score(Bandwidth(), clip, dull)
    assert value == pytest.approx(cutoff, abs=250)
    assert score(BandwidthDifference(), clip, dull) == pytest.approx(RATE / 2 - value, abs=200)
    assert score(BandwidthDifference(), dull, clip) == score(BandwidthDifference(), clip, dull)


@pytest.mark.parametrize(("name", "cutoff"), [("lowpass_3500", 3_500), ("lowpass_7000", 7_000)])
def test_bandwidth_of_the_shipped_anchors_on_real_speech(name, cutoff, real_data):
    clip = audio.read(real_data("decoded/hilcodec/speech_ref.wav")).quantised()
    codec = codecs.make(name, {})
    rate = codec.working_rate(clip.rate)
    encoded = codec.encode(clip.at(rate), [None])[None]
    decoded = compensate(codec.decode(encoded), clip).quantised()
    assert score(Bandwidth(), clip, decoded) == pytest.approx(cutoff, abs=300)
    assert score(Bandwidth(), clip, clip) > 10_000


def test_bandwidth_is_of_the_mean_channel_and_of_the_degraded_signal_alone():
    clip = white(channels=2)
    dull = Audio(np.stack([clip.samples[0], low_passed(clip, 6_000).samples[1]]), RATE).quantised()
    assert score(Bandwidth(), clip, dull) == pytest.approx((24_000 + 6_000) / 2, abs=250)
    assert score(Bandwidth(), Audio(0 * clip.samples, RATE), dull) == score(Bandwidth(), clip, dull)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        score(Bandwidth(), clip, Audio(0 * clip.samples, RATE))
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        score(BandwidthDifference(), clip, Audio(0 * clip.samples, RATE))


def test_evs_at_its_lowest_rate_is_wide_band_and_at_the_next_super_wide_band(real_data):
    """EVS codes 50 to 8000 Hz at 5.9 kbit/s, more from 9.6 kbit/s on (3GPP TS 26.445, clause 4.3)."""
    folder = real_data("decoded/hilcodec")
    reference = audio.read(folder / "speech_ref.wav")
    low, high = (score(Bandwidth(), reference, audio.read(folder / f"speech_evs_{r}kbps.wav")) for r in ("5.9", "16.4"))
    assert low < 8_300
    assert high > 10_000


def test_overshoots_are_still_there_after_quantising():
    """A decoder's output beyond full scale reaches a metric as samples at full scale."""
    clip = white()
    overshooting = clip.samples.copy()
    overshooting[0, 100:1000:100] = [1.2, -1.2, 1.0, -1.0, 5, -5, 1.0001, -1.0001, 2]
    expected = 1e6 * 9 / clip.length
    for degraded in (Audio(overshooting, RATE), Audio(overshooting, RATE).quantised()):
        assert score(ClippedSamplesShare(), clip, degraded) == pytest.approx(expected, rel=1e-9)


def test_only_what_the_reference_did_not_clip_counts():
    clip = white()
    hot, hotter = (Audio((gain * clip.samples).clip(-1, 1), RATE) for gain in (4, 8))
    shares = [1e6 * float(np.mean(np.abs(c.samples) >= 1 - 2**-15)) for c in (hot, hotter)]
    assert 0 < shares[0] < shares[1]
    assert score(ClippedSamplesShare(), clip, hot) == pytest.approx(shares[0])
    assert score(ClippedSamplesShare(), hot, hotter) == pytest.approx(shares[1] - shares[0])
    assert score(ClippedSamplesShare(), hotter, hot) == 0
    just_below = Audio(np.full((1, RATE), 1 - 2**-14), RATE)
    assert score(ClippedSamplesShare(), clip.with_length(RATE), just_below) == 0


def test_a_clipped_recording_counts_against_a_clean_one_only(real_data):
    path = next(iter(sorted(real_data("music").glob("*coolloop7*"))))
    clip = audio.read(path, 0, 3)
    soft = Audio(0.5 * clip.samples, clip.rate)
    assert score(ClippedSamplesShare(), clip, clip) == 0
    assert score(ClippedSamplesShare(), soft, clip) > 0
