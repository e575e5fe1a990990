import math
from pathlib import Path

import numpy as np
import pytest

from bench import metrics
from bench.audio import Audio
from bench.domain import CATEGORIES
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


@pytest.mark.parametrize("name", [entry.name for entry in metrics.TABLE])
def test_the_documented_table_is_true(name, request):
    if name in {entry.name for entry in metrics.SEMANTIC}:
        request.getfixturevalue("semantic_networks")
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    (row,) = (line for line in page.read_text().splitlines() if line.startswith(f"| `{name}` |"))
    _, _, unit, better, _, clips, rate, stereo, length, *_ = (cell.strip() for cell in row.split("|"))
    if problem := metrics.registry.missing(name):
        pytest.skip(problem)
    metric = metrics.load(name)()
    (quantity,) = (q for q in metric.quantities if q.name == name)
    domain = metric.domain
    assert unit == (quantity.unit or "-")
    assert better == ("higher" if quantity.higher_is_better else "lower")
    assert clips == ("all" if domain.categories == CATEGORIES else "speech")
    assert rate == (f"{domain.sample_rate / 1000:g} kHz" if domain.sample_rate else "own rate")
    assert stereo == {"mixdown": "mono mix", "per_channel_mean": "mean over channels"}[domain.channels]
    upper = "s up" if math.isinf(domain.maximum_s) else f"to {domain.maximum_s:g} s"
    assert length.partition(",")[0] == f"{domain.minimum_s:g} {upper}"
