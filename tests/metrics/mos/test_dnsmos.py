"""DNSMOS against the package that its models come from, whose procedure is that of dnsmos_local.py."""

import numpy as np
import pytest

from bench.audio import Audio
from bench.metrics.mos.dnsmos import RATE, WINDOW, Dnsmos, distinct_windows, log_mel

pytest.importorskip("onnxruntime", reason="pip install 'codecbench[mos]'")
package = pytest.importorskip("speechmos.dnsmos", reason="pip install 'codecbench[mos]' librosa requests")

NAMES = {"dnsmos_sig": "sig_mos", "dnsmos_bak": "bak_mos", "dnsmos_ovrl": "ovrl_mos", "dnsmos_p808": "p808_mos"}


@pytest.mark.parametrize("seconds", [5.5, pytest.param(15, marks=pytest.mark.slow)])
def test_equals_the_package_on_real_speech(seconds, utterance):
    """5.5 s are repeated once and have two windows; seven lie in 15 s."""
    clip = utterance(seconds)
    metric, signal = Dnsmos(), Audio(clip[np.newaxis], RATE)
    values, theirs = metric.score(metric.prepare(signal), signal), package.run(clip, RATE)
    assert values == pytest.approx({ours: theirs[name] for ours, name in NAMES.items()}, abs=1e-5)
    assert 1 < values["dnsmos_ovrl"] < values["dnsmos_bak"] < 5


def test_the_features_are_those_of_the_package(utterance):
    signal = utterance(9)
    theirs = package.DNSMOS.audio_melspec(None, signal)
    np.testing.assert_allclose(log_mel(signal.astype(np.float64)), theirs, atol=2e-6)


class Recorder:
    """Stands in the place of both networks and keeps what the package hands to the first."""

    def __init__(self) -> None:
        self.windows = []

    def run(self, _, inputs):
        (given,) = inputs.values()
        if given.shape == (1, WINDOW):
            self.windows.append(given[0])
        return [np.zeros((1, 3))]


@pytest.mark.parametrize("seconds", [1, 2, 2.24, 4, 5, 7.7, 9.005, 9.01, 10, 10.01, 16.5, 26])
def test_the_windows_are_those_of_the_package(seconds):
    signal = np.random.default_rng(1).uniform(-1, 1, round(RATE * seconds)).astype(np.float32)
    theirs = package.DNSMOS.__new__(package.DNSMOS)
    theirs.onnx_sess = theirs.p808_onnx_sess = recorder = Recorder()
    theirs.audio_melspec = lambda audio: np.zeros((900, 120))
    theirs(signal, RATE, is_personalized_MOS=False)
    windows, counts = distinct_windows(signal)
    expected = {window.tobytes() for window in recorder.windows}
    assert {window.tobytes() for window in windows} == expected
    assert len(windows) == len(expected)
    assert sum(counts) == len(recorder.windows)
    for window, count in zip(windows, counts, strict=True):
        assert count == sum(np.array_equal(window, other) for other in recorder.windows)


def test_two_seconds_need_two_of_seven_windows():
    signal = np.random.default_rng(1).standard_normal(2 * RATE)
    assert distinct_windows(signal)[1] == [4, 3]
