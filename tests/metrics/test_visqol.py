"""ViSQOL against published values and against ``visqol-python`` with the envelope of google/visqol."""

import os

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench import audio, codecs
from bench.audio import Audio
from bench.errors import AudioError, ConfigError, MetricUndefined, MissingRequirement
from bench.scoring import score

pytest.importorskip("visqol", reason="pip install 'codecbench[metrics]'")
pytest.importorskip("ai_edge_litert", reason="pip install 'codecbench[metrics]'")

import visqol.alignment

import bench.metrics.visqol
from bench.metrics.visqol import VisqolAudio, VisqolAudioPerChannel, VisqolSpeech, mapping
from bench.metrics.visqol.alignment import envelope
from bench.metrics.visqol.comparison import AUDIO, SPEECH, compare, prepare

TOLERANCE = 1e-4  # of google/visqol's own conformance test
ORACLE_TOLERANCE = 1e-9  # largest difference on real pairs: 2e-11
LATTICE_TOLERANCE = 1e-4  # its features are rounded to float32
STOCK = visqol.alignment.upper_envelope

CODED = {
    "strauss48_stereo": "strauss48_stereo_lp35",
    "sopr48_stereo": "sopr48_stereo_256kbps_aac",
    "harpsichord48_stereo": "harpsichord48_stereo_96kbps_mp3",
    "castanets48_stereo": "castanets48_stereo",
    "contrabassoon48_stereo": "contrabassoon48_stereo_24kbps_aac",
}
MODES = {"audio": (AUDIO, 48_000), "speech": (SPEECH, 16_000)}


@pytest.fixture(scope="module")
def mono_file(real_data):
    """The samples of a conformance file mixed to mono, and its rate, as the standard tool takes them."""

    def read(name):
        clip = audio.read(real_data(f"expected/visqol/{name}.wav")).mixed_to(1)
        return clip.samples[0].astype(np.float64), clip.rate

    return read


def channel(clip, rate, start=0, stop=None):
    return clip.mixed_to(1).at(rate).samples[0, start:stop].astype(np.float64)


def by_metric(metric, reference, degraded, rate):
    return metric.score_channel(metric.prepare_channel(reference, rate), degraded, rate)


def package(mode, reference, degraded, rate, upper_envelope=envelope):
    """The result of visqol-python, aligned by ``upper_envelope``."""
    api = visqol.VisqolApi()
    api.create(mode="audio") if mode is AUDIO else api.create(mode="speech", use_lattice_model=False)
    visqol.alignment.upper_envelope = upper_envelope
    try:
        return api.measure_from_arrays(reference, degraded, rate)
    finally:
        visqol.alignment.upper_envelope = STOCK


def assert_as_the_oracle(mode, reference, degraded, rate):
    ours = compare(prepare(reference, rate, mode), degraded)
    theirs = package(mode, reference, degraded, rate)
    mapped = mapping.by_support_vectors if mode is AUDIO else mapping.by_exponential
    assert mapped(ours) == pytest.approx(theirs.moslqo, abs=ORACLE_TOLERANCE)
    features = (ours.means, theirs.fvnsim), (ours.worst, theirs.fvnsim10), (ours.energies, theirs.fvdegenergy)
    for own, other in (*features, (ours.deviations, theirs.fstdnsim)):
        np.testing.assert_allclose(own, other, rtol=0, atol=1e-7)
    if mode is SPEECH:
        features = mapping.Similarity(theirs.fvnsim, theirs.fvnsim10, theirs.fstdnsim, theirs.fvdegenergy)
        assert mapping.by_lattice(ours) == pytest.approx(mapping.by_lattice(features), abs=LATTICE_TOLERANCE)


@pytest.mark.parametrize("reference", CODED)
def test_golden_of_whole_files(reference, real_data, expected):
    """google/visqol, conformance.h: two files of unequal length, as `codecbench score` and :func:`visqol` see them."""
    clean, coded = (real_data(f"expected/visqol/{name}.wav") for name in (reference, CODED[reference]))
    wanted = pytest.approx(expected("visqol_audio", reference, "audio"), abs=TOLERANCE)
    if reference.startswith("sopr"):
        assert score(clean, coded, ["visqol_audio"]).values["visqol_audio"] == wanted
    else:
        assert bench.metrics.visqol.visqol(audio.read(clean), audio.read(coded))["visqol_audio"] == wanted


def test_speech_golden_of_whole_files(real_data, expected):
    files = (audio.read(real_data(f"expected/visqol/{name}.wav")) for name in ("CA01_01", "transcoded_CA01_01"))
    values = bench.metrics.visqol.visqol(*files, mode="speech")
    for name in ("exponential", "lattice"):
        wanted = pytest.approx(expected("visqol_speech", "CA01", name), abs=TOLERANCE)
        assert values[f"visqol_speech_{name}"] == wanted


def test_golden_of_the_other_published_cases_of_ca01(mono_file):
    """google/visqol, conformance.h; the last digits show the rounding of the identical pair."""
    (clean, rate), (coded, _) = mono_file("CA01_01"), mono_file("transcoded_CA01_01")
    assert by_metric(VisqolAudio(), clean, coded, rate)["visqol_audio"] == pytest.approx(1.765838, abs=TOLERANCE)
    perfect = compare(prepare(clean, rate, SPEECH), clean)
    assert mapping.by_lattice(perfect) == pytest.approx(4.505550, abs=TOLERANCE)
    assert mapping.by_exponential(perfect) == 5
    assert mapping.by_exponential(perfect, scaled=False) == pytest.approx(4.015861, abs=TOLERANCE)


def test_regression_at_the_working_rate_of_speech(real_data):
    """Regression: resampling CA01 to 16 kHz first, as the metric does, moves the values by -0.0019 and +0.0036."""
    metric = VisqolSpeech()
    reference, degraded = (audio.read(real_data(f"expected/visqol/{n}.wav")) for n in ("CA01_01", "transcoded_CA01_01"))
    values = metric.score(metric.prepare(reference), degraded)
    assert values["visqol_speech_exponential"] == pytest.approx(3.372563, abs=1e-3)
    assert values["visqol_speech_lattice"] == pytest.approx(3.316555, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "delay"),
    [("audio", -517), ("speech", 0), pytest.param("speech", 331, marks=pytest.mark.slow), ("speech", -517)],
)
def test_coded_and_delayed_speech(name, delay, real_data):
    mode, rate = MODES[name]
    clip = audio.read(real_data("speech/vctk_p236_023.wav"), 1, 1.5)
    codec = codecs.load("opus")()
    (encoded,) = codec.encode(clip, [12_000]).values()
    coded = codec.decode(encoded).with_length(clip.length)
    delayed = Audio(np.roll(coded.samples, delay, axis=1), clip.rate)
    assert_as_the_oracle(mode, channel(clip, rate), channel(delayed, rate), rate)


@pytest.mark.parametrize("name", MODES)
@pytest.mark.parametrize(
    ("of_reference", "of_degraded"),
    [((0, 3.0), (0, 1.7)), ((0, 3.0), (1.1, 2.6)), ((0, 1.5), (0, 3.0)), ((1.2, 2.4), (0, 3.0)), ((0, 3.0), (0, 0.1))],
    ids=["short degraded", "later part degraded", "short reference", "later part reference", "a fragment"],
)
def test_unequal_lengths(name, of_reference, of_degraded, speech, noisy):
    mode, rate = MODES[name]
    reference, degraded = (
        channel(clip, rate, *(round(rate * second) for second in part))
        for clip, part in ((speech, of_reference), (noisy, of_degraded))
    )
    assert_as_the_oracle(mode, reference, degraded, rate)


@pytest.mark.parametrize("rate", [11_025, 44_100])
def test_speech_mode_at_any_rate(rate, speech, noisy):
    assert_as_the_oracle(SPEECH, *(channel(clip, rate, 0, 5 * rate // 4) for clip in (speech, noisy)), rate)


@pytest.mark.parametrize("name", MODES)
def test_different_signals_and_dropouts(name, speech, noisy):
    mode, rate = MODES[name]
    reference, other = channel(speech, rate, 0, 3 * rate // 2), channel(noisy, rate, 5 * rate // 2)
    assert_as_the_oracle(mode, reference, other[::-1].copy(), rate)
    torn = reference.copy()
    torn[rate // 2 : rate] = 0
    assert_as_the_oracle(mode, reference, torn, rate)
    assert_as_the_oracle(mode, reference, np.concatenate([torn[:rate], reference[rate // 3 :]]), rate)


@settings(max_examples=8)
@given(st.integers(-3000, 3000), st.integers(0, 40), st.floats(0.3, 3), st.integers(0, 2**32 - 1))
def test_the_package_agrees_where_it_finds_the_same_lags(delay, snr_db, gain, seed):
    rng = np.random.default_rng(seed)
    time = np.arange(24_000) / 16_000
    clean = 0.1 * rng.standard_normal(len(time)) * np.sin(2 * np.pi * (2 + rng.random()) * time) ** 2
    degraded = gain * np.roll(clean, delay) + 10 ** (-snr_db / 20) * 0.03 * rng.standard_normal(len(time))
    stock, fixed = (package(SPEECH, clean, degraded, 16_000, each) for each in (STOCK, envelope))
    lags = [
        [(patch.ref_patch_start_time, patch.deg_patch_start_time) for patch in of.patch_sims] for of in (stock, fixed)
    ]
    assume(lags[0] == lags[1] and stock.fvdegenergy == pytest.approx(fixed.fvdegenergy))
    value = mapping.by_exponential(compare(prepare(clean, 16_000, SPEECH), degraded))
    assert value == pytest.approx(stock.moslqo, abs=ORACLE_TOLERANCE)


@pytest.mark.parametrize("make", [VisqolAudio, VisqolSpeech])
def test_a_prepared_reference_serves_any_number_of_scores(make, speech, noisy):
    metric = make()
    prepared = metric.prepare(speech)
    other = Audio(np.roll(noisy.samples, 4321, axis=1), speech.rate)
    values = [metric.score(prepared, degraded) for degraded in (noisy, other, noisy)]
    assert values[0] == values[2] != values[1]
    assert values[1] == make().score(make().prepare(speech), other)


def test_level_and_delay_do_not_count(speech, noisy):
    metric = VisqolSpeech()
    prepared = metric.prepare(speech)
    first = metric.score(prepared, noisy)
    assert metric.score(prepared, Audio(0.25 * noisy.samples, noisy.rate)) == pytest.approx(first, abs=1e-4)
    later = Audio(np.roll(noisy.samples, 4800, axis=1), noisy.rate)
    assert metric.score(prepared, later) == pytest.approx(first, abs=0.02)


def test_stereo_is_mixed_not_interleaved(speech, noisy):
    metric = VisqolAudio()
    reference, degraded = speech.part(0, 60_000), noisy.part(0, 60_000)
    stereo = Audio(np.concatenate([degraded.samples, reference.samples]), reference.rate)
    mixed = Audio((degraded.samples + reference.samples) / 2, reference.rate)
    prepared = metric.prepare(reference.mixed_to(2))
    assert metric.score(prepared, stereo) == pytest.approx(metric.score(prepared, mixed.mixed_to(2)), abs=1e-6)


def test_per_channel_is_the_mean_of_the_channels(speech, noisy):
    per_channel, mixed = VisqolAudioPerChannel(), VisqolAudio()
    reference, degraded = speech.part(0, 60_000), noisy.part(0, 60_000)
    mono = mixed.score(mixed.prepare(reference), degraded)["visqol_audio"]
    assert per_channel.score(per_channel.prepare(reference), degraded) == {"visqol_audio_per_channel": mono}
    stereo = Audio(np.concatenate([degraded.samples, reference.samples]), reference.rate)
    value = per_channel.score(per_channel.prepare(reference.mixed_to(2)), stereo)["visqol_audio_per_channel"]
    perfect = mixed.score(mixed.prepare(reference), reference)["visqol_audio"]
    assert value == pytest.approx((mono + perfect) / 2, abs=1e-9)


def test_opposite_phases_vanish_in_the_mix_but_not_per_channel(speech):
    clip = speech.part(0, 60_000)
    wide = Audio(np.concatenate([clip.samples, -clip.samples]), clip.rate)
    with pytest.raises(MetricUndefined, match="silent"):
        VisqolAudio().prepare(wide)
    metric = VisqolAudioPerChannel()
    assert metric.score(metric.prepare(wide), wide)["visqol_audio_per_channel"] == pytest.approx(4.7321, abs=1e-4)


@pytest.mark.parametrize("make", [VisqolAudio, VisqolSpeech])
def test_the_shortest_clip_is_stated(make, speech):
    metric = make()
    shortest = round(metric.domain.minimum_s * speech.rate)
    clip = speech.part(0, shortest)
    assert all(np.isfinite(list(metric.score(metric.prepare(clip), clip).values())))
    with pytest.raises(MetricUndefined, match="too short"):
        metric.prepare(speech.part(0, shortest - 1))


@pytest.mark.parametrize("make", [VisqolAudio, VisqolAudioPerChannel, VisqolSpeech])
def test_a_clip_that_would_fill_the_memory_has_no_value(make):
    """601 s; at a rate that keeps the test quick."""
    with pytest.raises(MetricUndefined, match=r"too long: 601.0 s; visqol_.* takes up to 600 s"):
        make().prepare(Audio(np.zeros((1, 601 * 100), np.float32), 100))


@pytest.mark.parametrize("make", [VisqolAudio, VisqolSpeech])
def test_a_silent_degraded_signal_has_no_value(make, speech):
    metric = make()
    clip = speech.part(0, speech.rate)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(clip), Audio(0 * clip.samples, clip.rate))


def test_what_has_no_value_says_why():
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.standard_normal(48_000)
    for mode, reference, degraded, said in (
        (SPEECH, noise[:10_239], noise, r"the reference is too short for a patch \(28 frames\)"),
        (AUDIO, noise[:43_200], noise, r"the reference is too short for a patch \(42 frames\)"),
        (AUDIO, noise[:3840], noise, "the reference has 3840 samples; it needs over 3840"),
        (AUDIO, 0 * noise, noise, "the reference is silent"),
        (AUDIO, noise, noise[:100], "the degraded signal has 100 samples"),
        (AUDIO, noise, 0 * noise, "the degraded signal is silent"),
    ):
        rate = 16_000 if mode is SPEECH else 48_000
        with pytest.raises(MetricUndefined, match=said):
            compare(prepare(reference, rate, mode), degraded)


def test_the_identity_names_what_can_change_a_value():
    identities = [str(make().identity) for make in (VisqolAudio, VisqolAudioPerChannel, VisqolSpeech)]
    assert len(set(identities)) == 3
    assert all("models of visqol-python 3." in each for each in identities)
    assert "ai-edge-litert" in identities[2]


def test_a_missing_model_file_is_named(monkeypatch):
    with pytest.raises(MissingRequirement, match=r"needs the model file other\.txt.*To get it: pip install"):
        mapping.model_file("other.txt")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingRequirement, match="which is not installed"):
        VisqolAudio()


def test_the_lattice_is_loaded_without_a_remark(capfd):
    mapping._lattice.cache_clear()
    assert mapping.by_lattice(mapping.Similarity(*[np.full(21, 0.9)] * 4)) > 1
    os.write(2, b"said afterwards")
    assert capfd.readouterr().err == "said afterwards"


def test_the_regression_is_that_of_libsvm():
    """Of the package's own mapper, which calls libsvm."""
    from visqol.quality_mapper import SvrSimilarityToQualityMapper

    mapper = SvrSimilarityToQualityMapper(str(mapping.model_file(mapping.SVR_MODEL)))
    mapper.init()
    rng = np.random.default_rng(3)
    for spread in (0.02, 0.3, 0.9):
        means = 1 - spread * rng.random(32)
        similarity = mapping.Similarity(means, means, means, means)
        assert mapping.by_support_vectors(similarity) == pytest.approx(mapper.predict_quality(means), abs=1e-9)


def test_the_standard_tool_says_what_it_cannot_take(speech):
    clip = speech.part(0, speech.rate)
    broken = clip.samples.copy()
    broken[0, 7] = np.nan
    for reference, degraded, mode, error, said in (
        (clip, clip, "sppech", ConfigError, "expected audio or speech, got 'sppech'"),
        (clip, clip.at(16_000), "speech", AudioError, "Resample one of them"),
        (clip.at(44_100), clip.at(44_100), "audio", AudioError, "expected 48000 Hz, got 44100 Hz. Resample both"),
        (clip.at(24_000), clip.at(24_000), "speech", AudioError, "expected 16000 or 48000 Hz, got 24000 Hz"),
        (Audio(broken, clip.rate), clip, "audio", AudioError, "the reference: 1 samples are NaN"),
        (clip, Audio(broken, clip.rate), "audio", AudioError, "the degraded signal: 1 samples are NaN"),
        (Audio(5e-5 * clip.samples, clip.rate), clip, "audio", MetricUndefined, "the reference is silent"),
        (clip, Audio(5e-5 * clip.samples, clip.rate), "audio", MetricUndefined, "the degraded signal is silent"),
    ):
        with pytest.raises(error, match=said):
            bench.metrics.visqol.visqol(reference, degraded, mode)


def test_a_pair_without_any_likeness_has_the_lowest_score():
    """google/visqol, visqol.cc: below a mean NSIM of 0.15 the mapping is not asked."""
    low, half = (mapping.Similarity(*[np.full(21, value)] * 4) for value in (0.149, 0.5))
    assert mapping.by_lattice(low) == mapping.by_exponential(low) == 1
    assert mapping.by_exponential(half) > 1
