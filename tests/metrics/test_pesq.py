from importlib.metadata import version

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.errors import AudioError, MetricUndefined

pesq = pytest.importorskip("pesq", reason="pip install 'codecbench[metrics]'")

from bench.metrics.pesq import PesqNb, PesqWb  # noqa: E402

MODES = [(PesqWb, "wb"), (PesqNb, "nb")]


@pytest.mark.parametrize(("make", "mode"), MODES)
def test_golden(make, mode, real_data, expected):
    """The package's own test, ludlows/PESQ test_pesq.py."""
    reference = audio.read(real_data("expected/pesq/speech.wav"))
    degraded = audio.read(real_data("expected/pesq/speech_bab_0dB.wav"))
    metric = make()
    values = metric.score(metric.prepare(reference), degraded)
    assert values == {f"pesq_{mode}": expected("pesq", "speech.wav", mode)}


@pytest.mark.parametrize(("make", "mode"), MODES)
def test_equals_the_package_on_the_same_signals(make, mode, speech, noisy):
    metric = make()
    (value,) = metric.score(metric.prepare(speech), noisy).values()
    reference, degraded = speech.at(16_000).samples[0], noisy.at(16_000).samples[0]
    assert value == pesq.pesq(16_000, reference, degraded, mode)
    assert value != pesq.pesq(16_000, degraded, reference, mode)


@pytest.mark.parametrize(("make", "mode"), MODES)
def test_a_silent_degraded_signal_has_no_value(make, mode, speech):
    metric = make()
    prepared = metric.prepare(speech)
    for gain in (0.0, 1e-6):  # at 1e-6 the package alone answers more than 4.5
        with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
            metric.score(prepared, Audio(gain * speech.samples, speech.rate))


def test_a_clip_that_could_overrun_the_package_is_refused(speech):
    """40 s of 67 bursts end the process by a segmentation fault in pesq 0.0.4."""
    with pytest.raises(MetricUndefined, match=r"too long: 20\.0 s; pesq_wb takes up to 20 s"):
        PesqWb().prepare(Audio(np.tile(speech.samples, 6)[:, : 20 * speech.rate + 1], speech.rate))


def test_the_longest_clip_holds_no_more_utterances_than_the_package():
    """Shorter bursts or pauses are no utterances of their own. Of 52 in 21 s the value is wrong; more crash it."""

    def bursts(seconds):
        """0.2 s every 0.41 s; of the degraded version some come early or late."""
        rng = np.random.default_rng(1)
        burst = 0.1 * rng.standard_normal(3200)
        pair = 1e-5 * rng.standard_normal((2, 16_000 * seconds))
        starts = np.arange(0, pair.shape[1] - 4000, 6560)
        for index, start in enumerate(starts):
            pair[0, start : start + 3200] += burst
            late = max(0, start + (0, 600, -500, 300)[index % 4])
            pair[1, late : late + 3200] += burst
        (value,) = PesqWb().score(PesqWb().prepare(Audio(pair[:1], 16_000)), Audio(pair[1:], 16_000)).values()
        return len(starts), value

    assert bursts(20) == (49, pytest.approx(bursts(12)[1], abs=0.1))


def test_a_missing_piece_is_no_pair(speech):
    """100 samples that are missing at 16 kHz cost up to 0.19: lengths are made equal before."""
    reference = speech.at(16_000)
    with pytest.raises(AudioError, match="expected the same"):
        PesqWb().score(PesqWb().prepare(reference), reference.with_length(reference.length - 100))


def test_no_utterance_is_undefined_with_the_package_s_reason():
    click = np.zeros((1, 48_000), np.float32)
    click[0, 0] = 1
    metric = PesqNb()
    with pytest.raises(MetricUndefined, match="No utterances detected"):
        metric.score(metric.prepare(Audio(click, 16_000)), Audio(click, 16_000))


@pytest.mark.parametrize("error", [pesq.OutOfMemoryError(b"no memory"), pesq.PesqError()])
def test_no_failure_of_the_package_becomes_a_number(error, speech, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(pesq, "pesq", fail)
    with pytest.raises(MetricUndefined, match="PESQ has no value: "):
        PesqWb().score(PesqWb().prepare(speech), speech)


@pytest.mark.parametrize("value", [float("nan"), -1.0, 0.0])
def test_a_return_value_out_of_range_is_undefined(value, speech, monkeypatch):
    monkeypatch.setattr(pesq, "pesq", lambda *_: value)
    with pytest.raises(MetricUndefined, match="returned"):
        PesqWb().score(PesqWb().prepare(speech), speech)


def test_the_identity_says_which_pesq():
    assert "without Corrigendum 2" in str(PesqWb().identity)
    assert "16 kHz input" in str(PesqNb().identity)
    assert f"pesq {version('pesq')}" in str(PesqWb().identity)
