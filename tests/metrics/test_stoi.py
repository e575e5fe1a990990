import warnings

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.stoi import RATE, Stoi
from tests.real_pairs import real_pairs

pystoi = pytest.importorskip("pystoi", reason="pip install 'codecbench[metrics]'")


def by_pystoi(reference: Audio, degraded: Audio) -> dict[str, float]:
    state = np.random.get_state()  # noqa: NPY002 - pystoi draws from it
    try:
        pair = (reference.at(RATE).samples[0].astype(float), degraded.at(RATE).samples[0].astype(float))
        return {"stoi": pystoi.stoi(*pair, RATE), "estoi": pystoi.stoi(*pair, RATE, extended=True)}
    finally:
        np.random.set_state(state)  # noqa: NPY002


def by_us(reference: Audio, degraded: Audio) -> dict[str, float]:
    metric = Stoi()
    return metric.score(metric.prepare(reference), degraded)


def test_equals_pystoi(speech, noisy):
    assert by_us(speech, noisy) == pytest.approx(by_pystoi(speech, noisy), abs=1e-9)
    assert by_us(noisy, speech) == pytest.approx(by_pystoi(noisy, speech), abs=1e-9)
    assert by_us(speech, noisy) != pytest.approx(by_us(noisy, speech), abs=1e-3)


@pytest.mark.parametrize("length", [4100, 4352, 4353, 9999, 25_600])
def test_equals_pystoi_at_any_length(length):
    rng = np.random.default_rng(length)
    reference = Audio(0.1 * rng.standard_normal((1, length)), RATE)
    degraded = Audio(reference.samples + 0.1 * rng.standard_normal((1, length)), RATE)
    assert by_us(reference, degraded) == pytest.approx(by_pystoi(reference, degraded), abs=1e-9)


def test_equals_pystoi_where_the_degraded_signal_drops_out(speech, noisy):
    samples = noisy.at(RATE).samples.copy()
    samples[:, 8000:20_000] = 0
    dropped = Audio(samples, RATE)
    ours, theirs = by_us(speech.at(RATE), dropped), by_pystoi(speech.at(RATE), dropped)
    assert ours["stoi"] == pytest.approx(theirs["stoi"], abs=1e-9)
    assert ours["estoi"] == pytest.approx(theirs["estoi"], abs=0.01)  # both draw noise for bands without variation


@pytest.mark.parametrize("condition", ["encodec_3kbps", "evs_5.9kbps", "descript_9kbps"])
def test_equals_pystoi_on_coded_speech(condition, real_data):
    reference = audio.read(real_data("decoded/hilcodec/speech_ref.wav"))
    degraded = audio.read(real_data(f"decoded/hilcodec/speech_{condition}.wav")).with_length(reference.length)
    assert by_us(reference, degraded) == pytest.approx(by_pystoi(reference, degraded), abs=1e-9)


@pytest.mark.slow
def test_equals_pystoi_on_every_real_pair(real_data):
    """1e-6 is asked for; pystoi at the pair's own rate, with a resampler of its own, differs by up to 0.001."""
    pairs = list(real_pairs(real_data("expected").parent))
    assert len(pairs) > 150
    for pair in pairs:
        expected = by_pystoi(pair.reference, pair.degraded)
        assert by_us(pair.reference, pair.degraded) == pytest.approx(expected, abs=1e-9), pair.name


@pytest.mark.parametrize("active", [2000, 3839, 3840, 3841, 3967, 3968, 3969, 4095, 4096, 4097, 6000])
def test_undefined_where_pystoi_warns_and_answers_with_a_stand_in(active):
    rng = np.random.default_rng(active)
    samples = np.full((1, 2 * RATE), 1e-7)
    samples[:, :active] = 0.1 * rng.standard_normal(active)
    reference = Audio(samples, RATE)
    degraded = Audio(reference.samples + 0.01 * rng.standard_normal(samples.shape), RATE)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = by_pystoi(reference, degraded)
    if caught:
        assert expected == {"stoi": 1e-5, "estoi": 1e-5}
        with pytest.raises(MetricUndefined, match="are active; STOI needs 31"):
            by_us(reference, degraded)
    else:
        assert by_us(reference, degraded) == pytest.approx(expected, abs=1e-9)


def test_too_little_activity_is_undefined():
    samples = np.full((1, 2 * RATE), 1e-5)
    samples[:, :3000] = 0.1 * np.random.default_rng(0).standard_normal(3000)
    reference = Audio(samples, RATE)
    with pytest.raises(MetricUndefined, match=r"only 2\d frames of 25.6 ms are active; STOI needs 31"):
        Stoi().prepare(reference)


def test_a_silent_degraded_signal_has_no_value(speech):
    metric = Stoi()
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(speech), Audio(0 * speech.samples, speech.rate))
