import math

import numpy as np
import pytest

from bench.audio import Audio
from bench.domain import Identity
from bench.errors import AudioError, MetricUndefined, NotApplicable
from bench.metrics.base import Domain, Metric, Quantity, mean_over_channels
from bench.metrics.distortion import SiSdr, Snr


@pytest.fixture
def stereo(speech):
    return Audio(np.concatenate([speech.samples, speech.samples[:, ::-1]]), speech.rate)


def test_another_length_or_rate_is_no_pair(speech):
    metric = Snr()
    prepared = metric.prepare(speech)
    with pytest.raises(AudioError, match="expected the same"):
        metric.score(prepared, speech.with_length(speech.length - 1))
    with pytest.raises(AudioError, match="expected the same"):
        metric.score(prepared, Audio(speech.samples, speech.rate // 2))


class LevelOfMix(Metric):
    identity = Identity("level_of_mix", "1")
    quantities = (Quantity("level", "dB", True),)
    domain = Domain(channels="mixdown")

    def prepare_channel(self, reference, rate):
        return np.mean(reference**2)

    def score_channel(self, state, degraded, rate):
        return {"level": 10 * math.log10(np.mean(degraded**2) / state)}


@pytest.mark.parametrize("make", [Snr, LevelOfMix])
def test_another_number_of_channels_is_not_applicable(make, speech, stereo):
    metric = make()
    with pytest.raises(NotApplicable, match="2 channels and the degraded signal 1"):
        metric.score(metric.prepare(stereo), speech)
    with pytest.raises(NotApplicable, match="1 channels and the degraded signal 2"):
        metric.score(metric.prepare(speech), stereo)
    assert metric.score(metric.prepare(stereo), Audio(0.5 * stereo.samples, stereo.rate))


def test_nan_and_infinite_samples_are_no_signal(speech):
    for bad in (math.nan, math.inf):
        samples = speech.samples.copy()
        samples[0, 100] = bad
        with pytest.raises(AudioError, match="the reference: 1 samples are NaN"):
            Snr().prepare(Audio(samples, speech.rate))
        with pytest.raises(AudioError, match="the degraded signal: 1 samples are NaN"):
            Snr().score(Snr().prepare(speech), Audio(samples, speech.rate))


def test_a_silent_channel_is_named(stereo):
    samples = stereo.samples.copy()
    samples[1] = 0
    with pytest.raises(MetricUndefined, match="channel 2 of the reference is silent"):
        SiSdr().prepare(Audio(samples, stereo.rate))


def test_a_perfect_channel_does_not_hide_a_destroyed_one():
    with pytest.raises(MetricUndefined, match="no mean over an infinite"):
        mean_over_channels([math.inf, -3.0])
    assert mean_over_channels([math.inf, math.inf]) == math.inf
    assert mean_over_channels([1.0, 2.0]) == 1.5


class LevelOfAll(Metric):
    """How many channels it was given, and the level of all of them against the reference's."""

    identity = Identity("level_of_all", "1")
    quantities = (Quantity("channels", "", True), Quantity("level", "dB", True))
    domain = Domain(channels="joint")

    def prepare_programme(self, reference, rate):
        return np.mean(reference**2)

    def score_programme(self, state, degraded, rate):
        return {"channels": float(len(degraded)), "level": 10 * math.log10(np.mean(degraded**2) / state)}


def test_a_joint_metric_gets_all_channels_at_once(speech, stereo):
    for clip in (speech, stereo):
        metric = LevelOfAll()
        prepared = metric.prepare(clip)
        values = metric.score(prepared, Audio(0.5 * clip.samples, clip.rate))
        assert len(prepared.states) == 1
        assert values == {"channels": clip.channels, "level": pytest.approx(-6.0206, abs=1e-4)}
    with pytest.raises(NotApplicable, match="2 channels and the degraded signal 1"):
        metric.score(prepared, speech)


def test_a_joint_metric_needs_one_channel_that_is_not_silent(stereo):
    one_side = Audio(stereo.samples * np.array([[1.0], [0.0]], np.float32), stereo.rate)
    assert LevelOfAll().score(LevelOfAll().prepare(one_side), stereo)["level"] == pytest.approx(3.01, abs=0.01)
    with pytest.raises(MetricUndefined, match="the reference is silent"):
        LevelOfAll().prepare(Audio(0 * stereo.samples, stereo.rate))
