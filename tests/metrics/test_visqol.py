import logging

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.errors import MetricUndefined

pytest.importorskip("visqol", reason="pip install 'codecbench[metrics]'")
pytest.importorskip("ai_edge_litert", reason="pip install 'codecbench[metrics]'")

from bench.metrics.visqol import VisqolAudio, VisqolSpeech

TOLERANCE = 1e-4  # of google/visqol's own conformance test

AUDIO = {
    "strauss48_stereo": "strauss48_stereo_lp35",
    "sopr48_stereo": "sopr48_stereo_256kbps_aac",
    "harpsichord48_stereo": "harpsichord48_stereo_96kbps_mp3",
    "castanets48_stereo": "castanets48_stereo",
    "contrabassoon48_stereo": "contrabassoon48_stereo_24kbps_aac",
}
ENVELOPE = (
    "visqol-python 3.8.0 aligns by a Hilbert envelope, google/visqol by a rectified signal: other lags are found. "
    "Off by "
)


def as_the_tool_does(metric, reference, degraded):
    """Whole files mixed to mono at their own rate; the conformance pairs differ in length by up to 0.1 s."""
    reference, degraded = audio.read(reference).mixed_to(1), audio.read(degraded).mixed_to(1)
    assert reference.rate == degraded.rate
    state = metric.prepare_channel(reference.samples[0].astype(np.float64), reference.rate)
    return metric.score_channel(state, degraded.samples[0].astype(np.float64), reference.rate)


@pytest.fixture(scope="module")
def contrabassoon(real_data):
    names = ("contrabassoon48_stereo", AUDIO["contrabassoon48_stereo"])
    return as_the_tool_does(VisqolAudio(), *(real_data(f"expected/visqol/{name}.wav") for name in names))[
        "visqol_audio"
    ]


@pytest.fixture(scope="module")
def ca01(real_data):
    """Fed at the file's 48 kHz without resampling, as the published values were made."""
    names = ("CA01_01", "transcoded_CA01_01")
    return as_the_tool_does(VisqolSpeech(), *(real_data(f"expected/visqol/{name}.wav") for name in names))


@pytest.mark.parametrize("reference", [name for name in AUDIO if name != "contrabassoon48_stereo"])
def test_audio_golden(reference, real_data, expected):
    """google/visqol, conformance.h."""
    files = (real_data(f"expected/visqol/{name}.wav") for name in (reference, AUDIO[reference]))
    value = as_the_tool_does(VisqolAudio(), *files)["visqol_audio"]
    assert value == pytest.approx(expected("visqol_audio", reference, "audio"), abs=TOLERANCE)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason=ENVELOPE + "-1.2e-4.")
def test_audio_golden_contrabassoon(contrabassoon, expected):
    assert contrabassoon == pytest.approx(expected("visqol_audio", "contrabassoon", "audio"), abs=TOLERANCE)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason=ENVELOPE + "+1.06e-3.")
def test_speech_golden_exponential(ca01, expected):
    value = ca01["visqol_speech_exponential"]
    assert value == pytest.approx(expected("visqol_speech", "CA01", "exponential"), abs=TOLERANCE)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason=ENVELOPE + "+2.38e-3.")
def test_speech_golden_lattice(ca01, expected):
    value = ca01["visqol_speech_lattice"]
    assert value == pytest.approx(expected("visqol_speech", "CA01", "lattice"), abs=TOLERANCE)


def test_regression_of_the_package_where_it_misses(contrabassoon, ca01):
    """Regression: what visqol-python 3.8.0 gives, golden nowhere."""
    assert contrabassoon == pytest.approx(2.346751, abs=1e-5)
    assert ca01["visqol_speech_exponential"] == pytest.approx(3.375563, abs=1e-5)
    assert ca01["visqol_speech_lattice"] == pytest.approx(3.315300, abs=1e-5)


def test_regression_at_the_working_rate_of_speech(real_data):
    """Regression: resampling CA01 to 16 kHz first, as we do, moves the values by +0.005 and -0.014."""
    metric = VisqolSpeech()
    reference, degraded = (audio.read(real_data(f"expected/visqol/{n}.wav")) for n in ("CA01_01", "transcoded_CA01_01"))
    values = metric.score(metric.prepare(reference), degraded)
    assert values["visqol_speech_exponential"] == pytest.approx(3.380567, abs=1e-3)
    assert values["visqol_speech_lattice"] == pytest.approx(3.301245, abs=1e-3)


def test_the_lattice_value_is_that_of_the_package_s_own_lattice_mode(speech, noisy):
    from visqol import VisqolApi

    metric, api = VisqolSpeech(), VisqolApi()
    ours = metric.score(metric.prepare(speech), noisy)
    reference, degraded = speech.at(16_000).samples[0], noisy.at(16_000).samples[0]
    for lattice, quantity in ((True, "visqol_speech_lattice"), (False, "visqol_speech_exponential")):
        api.create(mode="speech", use_lattice_model=lattice)
        assert ours[quantity] == api.measure_from_arrays(reference, degraded, 16_000).moslqo
    assert "exponential and lattice" in str(metric.identity)


def test_stereo_is_mixed_not_interleaved(speech, noisy):
    metric = VisqolAudio()
    reference, degraded = speech.part(0, 60_000), noisy.part(0, 60_000)
    stereo = Audio(np.concatenate([degraded.samples, reference.samples]), reference.rate)
    mixed = Audio((degraded.samples + reference.samples) / 2, reference.rate)
    prepared = metric.prepare(reference.mixed_to(2))
    assert metric.score(prepared, stereo) == pytest.approx(metric.score(prepared, mixed.mixed_to(2)), abs=1e-6)


@pytest.mark.parametrize("make", [VisqolAudio, VisqolSpeech])
def test_the_shortest_clip_is_stated(make, speech):
    metric = make()
    shortest = round(metric.domain.minimum_s * speech.rate)
    clip = speech.part(0, shortest)
    assert all(np.isfinite(list(metric.score(metric.prepare(clip), clip).values())))
    with pytest.raises(MetricUndefined, match="too short"):
        metric.prepare(speech.part(0, shortest - 1))


@pytest.mark.parametrize("make", [VisqolAudio, VisqolSpeech])
def test_silence_has_no_value_and_no_log_line_escapes(make, speech, capfd):
    metric = make()
    clip = speech.part(0, speech.rate)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(clip), Audio(0 * clip.samples, clip.rate))
    logging.getLogger("visqol").warning("dropping a patch")
    assert "dropping" not in capfd.readouterr().err
