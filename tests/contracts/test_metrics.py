"""What every metric in the table promises, whichever it is."""

import math
import random
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from bench import audio, contracts, metrics
from bench.audio import Audio
from bench.domain import CATEGORIES
from bench.errors import MetricUndefined, MissingRequirement
from bench.explain.about import about
from bench.explain.sections import BLIND_SPOTS, DEFINITION, SOURCE
from bench.metrics.base import SPEECH

RATE, SECONDS = 16_000, 1.57
CEILING = {
    "si_sdr": math.inf,
    "snr": math.inf,
    "pesq_wb": 4.6439,
    "pesq_nb": 4.5486,
    "stoi": 1,
    "estoi": 1,
    "visqol_audio": 4.7321,
    "visqol_audio_per_channel": 4.7321,
    "visqol_reference_audio": 4.7321,
    "visqol_reference_speech_exponential": 5,
    "visqol_reference_speech_lattice": None,
    "visqol_speech_exponential": 5,
    "visqol_speech_lattice": None,  # depends on the clip, 3.57 to 4.81 on 68 real ones
    "mel_distance": 0,
    "mel_distance_encodec": 0,
    "stft_distance": 0,
    "log_spectral_distance": 0,
    "sdr": math.inf,
    "si_snr": math.inf,
    "segmental_snr": 35,
    "fw_segmental_snr": 35,
    "loudness_difference": 0,
    "bandwidth_hz": None,  # of the degraded signal alone
    "bandwidth_difference": 0,
    "clipped_samples_share": 0,
    "squim_mos": None,  # depends on the weights
    "mcd": 0,
    "f0_correlation": 1,
    "f0_rmse": 0,
    "f0_rmse_hz": 0,
    "voicing_error": 0,
    "wer": 0,
    "cer": 0,
    "speaker_similarity": 1,
}
VOICE = ("mcd", "f0_correlation", "f0_rmse", "f0_rmse_hz", "voicing_error")
SEMANTIC = tuple(entry.name for entry in metrics.SEMANTIC)

JUDGED_ALONE = {entry.name for entry in metrics.MOS} - {"squim_mos"}
"""Metrics without a reference; what they promise is in test_reference_free.py."""

SLOW = {entry.name for entry in metrics.REFERENCE}

FULL_REFERENCE = [entry for entry in metrics.TABLE if entry.name not in JUDGED_ALONE]


def each(entries):
    """A parameter ``name`` for every entry."""
    marks = dict.fromkeys(SLOW, pytest.mark.slow)
    return pytest.mark.parametrize(
        "name", [pytest.param(entry.name, marks=marks.get(entry.name, ())) for entry in entries]
    )


FIRST = {entry.target: entry.name for entry in reversed(FULL_REFERENCE)}
"""The first quantity of each metric, by its class."""

of_every_quantity = each(FULL_REFERENCE)
of_every_metric = each(entry for entry in FULL_REFERENCE if FIRST[entry.target] == entry.name)


@pytest.fixture(autouse=True)
def _weights_of_semantic_metrics(name, request):
    if name in SEMANTIC:
        request.getfixturevalue("semantic_networks")


def speech_like(rate=RATE, seconds=SECONDS, seed=0):
    """Voiced syllables with pauses and hiss, shape ``(samples,)``; another voice for every seed."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(rate * seconds)) / rate
    phase = 2 * np.pi * np.cumsum(110 + 17 * seed + 30 * np.sin(2 * np.pi * 0.7 * time)) / rate
    voiced = sum(np.sin(k * phase) / k for k in range(1, 25))
    syllables = 0.4 + 0.6 * np.abs(np.sin(2 * np.pi * (1.3 + 0.2 * seed) * time + 0.5))
    phrase = np.sin(np.pi * np.minimum(1, time / (0.9 * seconds))) ** 0.3
    return 0.1 * phrase * (syllables * voiced + (1 - syllables) * rng.standard_normal(len(time)))


def mono(samples, rate=RATE):
    return Audio(np.atleast_2d(samples), rate)


def with_noise(clip, snr_db, seed=9):
    noise = np.random.default_rng(seed).standard_normal(clip.samples.shape)
    gain = np.sqrt(np.mean(clip.samples**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    return Audio(clip.samples + gain * noise, clip.rate)


def destroyed_of(name, channel):
    """What stands for a lost channel: noise, or what a metric reacts to that measures one property only."""
    if name == "clipped_samples_share":
        return np.clip(16 * channel, -1, 1)
    if name.startswith("bandwidth"):
        return mono(channel).at(8_000).at(RATE).samples[0]
    return 0.1 * np.random.default_rng(3).standard_normal(len(channel))


@cache
def metric_of(name):
    if problem := metrics.registry.missing(name):
        pytest.skip(problem)
    try:
        return metrics.load(name)()
    except MissingRequirement as error:
        pytest.skip(str(error))


@cache
def prepared_clip(target):
    """The reference side of ``CLIP``; that a state can be used again is tested below."""
    return metric_of(target).prepare(CLIP)


@cache
def scores_of_noisy(target):
    return metric_of(target).score(prepared_clip(target), NOISY)


def score(name, reference, degraded):
    metric = metric_of(name)
    first = FIRST[metrics.registry.entry(name).target]
    if reference is CLIP and degraded is NOISY:
        return scores_of_noisy(first)[name]
    return metric.score(prepared_clip(first) if reference is CLIP else metric.prepare(reference), degraded)[name]


def quantity(name):
    (found,) = (q for q in metric_of(name).quantities if q.name == name)
    return found


def assert_no_better(name, worse, better):
    sign = 1 if quantity(name).higher_is_better else -1
    assert sign * worse <= sign * better + 1e-9


CLIP = mono(speech_like())
NOISY = with_noise(CLIP, 15)


@of_every_metric
@pytest.mark.parametrize("rule", contracts.metric_rules.METRIC_RULES, ids=lambda rule: rule.__name__)
def test_the_public_contract(name, rule):
    metric_of(name)
    rule(metrics.load(name))


@of_every_quantity
def test_it_says_what_it_is(name):
    metric = metric_of(name)
    assert metric.identity.name
    assert metric.identity.version
    assert len({q.name for q in metric.quantities}) == len(metric.quantities)
    assert quantity(name).low < quantity(name).high
    assert set(metric.domain.categories) <= set(CATEGORIES)
    speech_only = (
        name.startswith(("pesq", "stoi", "estoi", "visqol_speech", "visqol_reference_speech", "fw_"))
        or name in VOICE + SEMANTIC
    )
    if name != "squim_mos":  # clean speech alone
        assert metric.domain.categories == (SPEECH if speech_only else CATEGORIES)
    assert type(metric).__doc__


@of_every_metric
def test_its_docstring_explains_it(name):
    """`codecbench metrics explain` prints these sections."""
    found = about(name).text
    for heading in (DEFINITION, BLIND_SPOTS, SOURCE):
        assert len(" ".join(found.get(heading, []))) >= 15, heading


@of_every_metric
def test_it_gives_exactly_its_quantities(name):
    metric = metric_of(name)
    values = scores_of_noisy(name)
    assert list(values) == [q.name for q in metric.quantities]
    assert all(type(value) is float for value in values.values())


@of_every_quantity
def test_the_reference_comes_first(name):
    """Which of the two is the reference is checked by direct calls in tests/metrics; here, that the order matters."""
    dropped = NOISY.samples.copy()
    dropped[:, 9000:17_000] *= 1e-3
    if metric_of(name).narrow:
        dropped = np.clip(8 * dropped, -1, 1)
    forward, backward = score(name, CLIP, mono(dropped)), score(name, mono(dropped), CLIP)
    if metric_of(name).reference_free:
        assert forward == score(name, NOISY, mono(dropped))
    elif metric_of(name).symmetric:
        assert forward == pytest.approx(backward, rel=1e-6)
    else:
        assert forward != pytest.approx(backward, rel=1e-6)


@of_every_quantity
def test_an_identical_pair_gives_the_ceiling(name):
    value = score(name, CLIP, CLIP)
    if CEILING[name] is not None:
        assert value == pytest.approx(CEILING[name], abs=1e-4)
    if not metric_of(name).reference_free:
        assert_no_better(name, score(name, CLIP, NOISY), value)


@of_every_quantity
def test_a_destroyed_right_channel_shows(name):
    left, right = speech_like(), speech_like(seed=1)
    noise = destroyed_of(name, right)
    reference = Audio(np.stack([left, right]), RATE)
    coded = with_noise(reference, 25)
    destroyed = Audio(np.stack([coded.samples[0], noise]), RATE)
    better = score(name, reference, coded)
    try:
        worse = score(name, reference, destroyed)
    except MetricUndefined:  # such as the pitch of noise
        return
    assert worse != pytest.approx(better, rel=1e-3)
    assert_no_better(name, worse, better)


@of_every_quantity
def test_a_perfect_left_channel_does_not_hide_a_destroyed_right_one(name):
    left, right = speech_like(), speech_like(seed=1)
    noise = destroyed_of(name, right)
    reference = Audio(np.stack([left, right]), RATE)
    try:
        value = score(name, reference, Audio(np.stack([reference.samples[0], noise]), RATE))
    except MetricUndefined:
        return
    assert value != pytest.approx(score(name, reference, reference), rel=1e-3)


@of_every_quantity
def test_stereo_follows_the_stated_policy(name):
    reference = Audio(np.stack([speech_like(), speech_like(seed=1)]), RATE)
    degraded = Audio(
        np.concatenate([with_noise(mono(c), s).samples for c, s in zip(reference.samples, (20, 5), strict=True)]), RATE
    )
    if metric_of(name).domain.channels == "joint":
        expected = score(name, mono(reference.samples[::-1]), mono(degraded.samples[::-1]))
    elif metric_of(name).domain.channels == "mixdown":
        expected = score(name, reference.mixed_to(1), degraded.mixed_to(1))
    else:
        pairs = zip(reference.samples, degraded.samples, strict=True)
        expected = np.mean([score(name, mono(r), mono(d)) for r, d in pairs])
    assert score(name, reference, degraded) == pytest.approx(expected, rel=1e-6)


@of_every_metric
def test_a_silent_reference_is_undefined(name):
    """Of a metric without a reference, a silent degraded signal is."""
    silence = mono(0 * CLIP.samples)
    if metric_of(name).reference_free:
        assert score(name, silence, CLIP) == score(name, CLIP, CLIP)
        with pytest.raises(MetricUndefined, match="silent"):
            score(name, CLIP, silence)
    else:
        with pytest.raises(MetricUndefined, match="silent"):
            metric_of(name).prepare(silence)


@of_every_quantity
def test_silence_is_no_better_than_noise(name):
    try:
        value = score(name, CLIP, mono(0 * CLIP.samples))
    except MetricUndefined as error:
        assert "silent" in str(error)  # noqa: PT017
    else:
        assert math.isfinite(value)
        assert_no_better(name, value, score(name, CLIP, NOISY))


@of_every_metric
def test_a_score_does_not_depend_on_the_ones_before(name):
    metric = metric_of(name)
    prepared = metric.prepare(CLIP)
    first = metric.score(prepared, NOISY)
    metric.score(prepared, with_noise(CLIP, 0))
    assert metric.score(prepared, NOISY) == first
    assert type(metric)().score(type(metric)().prepare(CLIP), NOISY) == first


@of_every_quantity
def test_more_noise_is_not_better(name):
    """Of a narrow metric: more overdrive, or a lower low-pass."""
    # of pitch two steps: the frames that some noise makes hardest are voiced no more and drop out of the comparison
    steps = (30, 0) if name.startswith("f0_") else (30, 15, 0)
    damages = [[with_noise(CLIP, snr_db) for snr_db in steps]]
    if metric_of(name).narrow:
        damages = [
            [mono(np.clip(gain * CLIP.samples, -1, 1)) for gain in (1, 4, 16)],
            [mono(CLIP.at(rate).at(RATE).samples) for rate in (16_000, 12_000, 8_000)],
        ]
    reacted = False
    for damaged in damages:
        values = [score(name, CLIP, signal) for signal in damaged]
        for better, worse in pairwise(values):
            assert_no_better(name, worse, better)
        reacted |= values[-1] != values[0]
    assert reacted


@of_every_metric
@pytest.mark.parametrize(("rate", "length"), [(8000, 10_007), (22_050, 30_011), (96_000, 120_011)])
def test_any_rate_and_length(name, rate, length):
    metric, clip = metric_of(name), mono(speech_like(rate, 1.3)[:length], rate)
    values = metric.score(metric.prepare(clip), with_noise(clip, 20))
    assert all(q.low <= values[q.name] <= q.high for q in metric.quantities)


@of_every_metric
@pytest.mark.parametrize("length", [1, RATE // 100])
def test_a_very_short_clip_is_undefined(name, length):
    with pytest.raises(MetricUndefined, match="too short"):
        metric_of(name).prepare(mono(CLIP.samples[:, 4000 : 4000 + length]))


@of_every_metric
@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.25, 0.41, 0.5, 0.64, 0.96])
def test_a_short_clip_has_values_or_none_at_all(name, seconds):
    metric, clip = metric_of(name), CLIP.part(4000, 4000 + round(RATE * seconds))
    try:
        values = metric.score(metric.prepare(clip), with_noise(clip, 20))
    except MetricUndefined:
        assert seconds < 1
    else:
        assert all(q.low <= values[q.name] <= q.high for q in metric.quantities)


@of_every_metric
def test_global_random_state_is_left_alone(name):
    metric = metric_of(name)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    metric.score(metric.prepare(CLIP), NOISY)
    assert (np.random.get_state()[1] == before[0]).all()  # noqa: NPY002
    assert random.getstate() == before[1]


@of_every_quantity
def test_a_gain_of_minus_6_db(name):
    quieter = [Audio(signal.samples / 2, RATE) for signal in (CLIP, NOISY)]
    if name == "snr":
        assert score(name, CLIP, quieter[0]) == pytest.approx(6.0206, abs=1e-4)
    elif name == "si_sdr":
        assert score(name, CLIP, quieter[1]) == pytest.approx(score(name, CLIP, NOISY), abs=1e-9)
    elif name in ("loudness_difference", "segmental_snr"):
        assert score(name, CLIP, quieter[0]) == pytest.approx(6.0206, abs=1e-4)
    elif name in SEMANTIC:
        assert_no_better(name, score(name, CLIP, with_noise(CLIP, 0)), score(name, CLIP, quieter[0]))
    elif name.endswith("distance") or name == "mel_distance_encodec":
        assert score(name, CLIP, quieter[0]) > 0.01
    else:
        assert score(name, CLIP, quieter[1]) == pytest.approx(score(name, CLIP, NOISY), abs=1e-3)


@of_every_quantity
def test_values_of_real_coded_audio_lie_in_the_stated_range(name, real_data):
    folder = real_data("decoded/hilcodec")
    for kind in {"speech", "music"} & set(metric_of(name).domain.categories):
        reference = audio.read(folder / f"{kind}_ref.wav", 0.3, 2.3)
        for condition in ("encodec_3kbps", "descript_9kbps"):
            value = score(name, reference, audio.read(folder / f"{kind}_{condition}.wav", 0.3, 2.3))
            assert math.isfinite(value)
            assert quantity(name).low <= value <= quantity(name).high
