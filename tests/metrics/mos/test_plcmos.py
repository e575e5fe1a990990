import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.metrics.mos.plcmos import Plcmos, log_power, raters

pytest.importorskip("onnxruntime", reason="pip install 'codecbench[mos]'")
package = pytest.importorskip("speechmos.plcmos", reason="pip install 'codecbench[mos]'")


@pytest.fixture(scope="module")
def theirs():
    return package.PLCMOS()


@pytest.mark.parametrize("name", ["clean", "plc_good", "plc_poor"])
def test_golden(name, real_data):
    """The values in the README of microsoft/PLC-Challenge, made with random raters: EXPECTED.csv allows 0.05."""
    rows = [line.split(",") for line in real_data("expected/EXPECTED.csv").read_text().splitlines()]
    (expected,) = (float(row[4]) for row in rows if row[0] == "plcmos_v2" and row[2].endswith(f"/{name}.wav"))
    clip = audio.read(real_data(f"expected/plcmos/{name}.wav"))
    metric = Plcmos()
    assert metric.score(metric.prepare(clip), clip)["plcmos"] == pytest.approx(expected, abs=0.05)


def test_equals_the_package_with_the_same_raters(theirs, utterance, monkeypatch):
    clip = utterance(3)
    drawn = iter(raters())
    monkeypatch.setattr(package.np.random, "normal", lambda size: next(drawn).reshape(size))
    metric, signal = Plcmos(), Audio(clip[np.newaxis], 16_000)
    expected = theirs.get_mos(clip)
    assert metric.score(metric.prepare(signal), signal)["plcmos"] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("length", [16_000, 16_001, 48_255])
def test_the_features_are_those_of_the_package(length, theirs, utterance):
    clip = utterance(4)[:length].astype(np.float64)
    clip[2000:5000] = 0
    np.testing.assert_allclose(log_power(clip), theirs.stft_transform(clip), atol=1e-9)
