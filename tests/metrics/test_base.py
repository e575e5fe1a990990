import math

import numpy as np
import pytest

from bench.audio import Audio
from bench.errors import AudioError, MetricUndefined, NotApplicable
from bench.metrics.base import mean_over_channels
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


def test_another_number_of_channels_is_not_applicable(speech, stereo):
    metric = Snr()
    with pytest.raises(NotApplicable, match="2 channels and the degraded signal 1"):
        metric.score(metric.prepare(stereo), speech)


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
