"""What every metric in the table promises that judges the degraded signal alone; each class once."""

import random
from functools import cache

import numpy as np
import pytest

from bench import audio, contracts, metrics
from bench.audio import Audio
from bench.errors import AudioError, MetricUndefined, MissingRequirement, NotApplicable
from bench.metrics.base import SPEECH
from tests.contracts.test_metrics import CLIP, JUDGED_ALONE, NOISY, RATE, mono, speech_like

SLOW = {"bench.metrics.mos.dnsmos:Dnsmos": pytest.mark.slow}  # half a second of processor time a window
TARGETS = {entry.target: entry.name for entry in metrics.TABLE if entry.name in JUDGED_ALONE}

pytestmark = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=SLOW.get(target, ())) for target, name in TARGETS.items()]
)


@cache
def metric_of(name):
    if problem := metrics.registry.missing(name):
        pytest.skip(problem)
    try:
        return metrics.load(name)()
    except MissingRequirement as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("rule", contracts.metric_rules.METRIC_RULES, ids=lambda rule: rule.__name__)
def test_the_public_contract(name, rule):
    metric_of(name)
    rule(metrics.load(name))


def test_it_says_what_it_is(name):
    metric = metric_of(name)
    assert metric.reference_free
    assert metric.identity.name
    assert metric.identity.version
    assert metric.domain.categories == SPEECH
    assert metric.domain.channels == "per_channel_mean"
    for section in ("Raises:", "Blind spots:", "Source:"):
        assert section in type(metric).__doc__
    table = [entry.name for entry in metrics.TABLE if entry.target == metrics.registry.entry(name).target]
    assert [quantity.name for quantity in metric.quantities] == table


def test_music_is_not_its_business(name):
    with pytest.raises(NotApplicable, match="not of music"):
        metric_of(name).require("music")


def test_the_reference_does_not_matter(name):
    metric = metric_of(name)
    values = metric.score(metric.prepare(CLIP), NOISY)
    assert list(values) == [quantity.name for quantity in metric.quantities]
    assert all(type(value) is float for value in values.values())
    assert metric.score(metric.prepare(mono(0 * CLIP.samples)), NOISY) == values
    with pytest.raises(AudioError, match="expected the same"):
        metric.score(metric.prepare(CLIP.part(0, CLIP.length - 1)), NOISY)


def test_stereo_is_the_mean_over_channels(name):
    metric = metric_of(name)
    alone = [metric.score(metric.prepare(clip), clip) for clip in (CLIP, NOISY)]
    stereo = Audio(np.concatenate([CLIP.samples, NOISY.samples]), RATE)
    both = metric.score(metric.prepare(stereo), stereo)
    assert both == pytest.approx({key: (alone[0][key] + alone[1][key]) / 2 for key in both})


def test_a_silent_channel_is_undefined(name):
    metric = metric_of(name)
    half = Audio(np.concatenate([CLIP.samples, 0 * CLIP.samples]), RATE)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(half), half)


@pytest.mark.parametrize("seconds", [0.1, 0.99])
def test_a_short_clip_is_undefined(name, seconds):
    with pytest.raises(MetricUndefined, match=r"too short: .* needs 1\.0 s"):
        metric_of(name).prepare(CLIP.part(0, round(RATE * seconds)))


@pytest.mark.parametrize(("rate", "length"), [(8000, 10_007), (22_050, 30_011), (96_000, 120_011)])
def test_any_rate_and_length(name, rate, length):
    metric, clip = metric_of(name), mono(speech_like(rate, 1.5)[:length], rate)
    values = metric.score(metric.prepare(clip), clip)
    assert all(q.low <= values[q.name] <= q.high for q in metric.quantities)


def test_global_random_state_is_left_alone(name):
    metric = metric_of(name)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    first = metric.score(metric.prepare(CLIP), NOISY)
    assert (np.random.get_state()[1] == before[0]).all()  # noqa: NPY002
    assert random.getstate() == before[1]
    assert type(metric)().score(metric.prepare(CLIP), NOISY) == first


def test_coded_speech_is_worse_than_its_original(name, real_data):
    metric = metric_of(name)
    folder = real_data("decoded/hilcodec")
    values = []
    for kind in ("ref", "encodec_3kbps"):
        clip = audio.read(folder / f"speech_{kind}.wav")
        values.append(metric.score(metric.prepare(clip), clip)[name])
    assert 5 > values[0] > values[1] > 1
