"""The metrics that wrap ``visqol-python``."""

import logging

import numpy as np
import pytest

from bench import audio, metrics
from bench.audio import Audio
from bench.errors import MetricUndefined

pytest.importorskip("visqol", reason="pip install 'codecbench[metrics]'")
pytest.importorskip("ai_edge_litert", reason="pip install 'codecbench[metrics]'")

from bench.metrics.visqol_reference import VisqolReferenceAudio, VisqolReferenceSpeech


def of_files(metric, reference, degraded):
    """Whole files mixed to mono at their own rate; the conformance pairs differ in length by up to 0.1 s."""
    reference, degraded = audio.read(reference).mixed_to(1), audio.read(degraded).mixed_to(1)
    state = metric.prepare_channel(reference.samples[0].astype(np.float64), reference.rate)
    return metric.score_channel(state, degraded.samples[0].astype(np.float64), reference.rate)


def test_golden(real_data, expected):
    """google/visqol, conformance.h; a value that the package meets."""
    files = (real_data(f"expected/visqol/sopr48_stereo{end}.wav") for end in ("", "_256kbps_aac"))
    value = of_files(VisqolReferenceAudio(), *files)["visqol_reference_audio"]
    assert value == pytest.approx(expected("visqol_audio", "sopr", "audio"), abs=1e-4)


def test_regression_where_it_misses(real_data):
    """Regression: what visqol-python 3.8.0 gives for CA01 at 48 kHz; google/visqol has 3.374506 and 3.312923."""
    files = (real_data(f"expected/visqol/{name}.wav") for name in ("CA01_01", "transcoded_CA01_01"))
    values = of_files(VisqolReferenceSpeech(), *files)
    assert values["visqol_reference_speech_exponential"] == pytest.approx(3.375563, abs=1e-5)
    assert values["visqol_reference_speech_lattice"] == pytest.approx(3.315300, abs=1e-5)


def test_the_lattice_value_is_that_of_the_package_s_own_lattice_mode(speech, noisy):
    from visqol import VisqolApi

    metric, api = VisqolReferenceSpeech(), VisqolApi()
    ours = metric.score(metric.prepare(speech), noisy)
    reference, degraded = speech.at(16_000).samples[0], noisy.at(16_000).samples[0]
    for lattice, mapping in ((True, "lattice"), (False, "exponential")):
        api.create(mode="speech", use_lattice_model=lattice)
        expected = api.measure_from_arrays(reference, degraded, 16_000).moslqo
        assert ours[f"visqol_reference_speech_{mapping}"] == expected
    assert "exponential and lattice" in str(metric.identity)


def test_silence_has_no_value_and_no_log_line_escapes(speech, capfd):
    metric = VisqolReferenceSpeech()
    clip = speech.part(0, speech.rate)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(clip), Audio(0 * clip.samples, clip.rate))
    logging.getLogger("visqol").warning("dropping a patch")
    assert "dropping" not in capfd.readouterr().err


def test_everything_is_all_but_the_reference_implementations():
    everything = metrics.expand(["all"])
    assert "visqol_audio" in everything
    references = metrics.expand(["visqol_reference"])
    assert references == [
        "visqol_reference_audio",
        "visqol_reference_speech_exponential",
        "visqol_reference_speech_lattice",
    ]
    assert not set(references) & set(everything)
    assert set(everything) | set(references) >= set(metrics.names())
    assert metrics.expand(["all", "visqol_reference_audio"])[-1] == "visqol_reference_audio"
