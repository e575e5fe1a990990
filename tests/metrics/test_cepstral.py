"""Mel-cepstral distortion against SPTK and closed forms."""

import numpy as np
import pytest
import scipy.signal

from bench import audio
from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.cepstral import DECIBELS, NFFT, ORDER, RATE, WARPING, MelCepstralDistortion, mel_cepstra

POLE = 0.5


def mcd(reference: Audio, degraded: Audio) -> float:
    metric = MelCepstralDistortion()
    return metric.score(metric.prepare(reference), degraded)["mcd"]


def one_pole_cepstrum(pole: float) -> np.ndarray:
    """Mel-cepstral coefficients 1 up of 1 / (1 - pole / z): on the warped axis it is a pole and a zero."""
    order = np.arange(1, ORDER + 1)
    warped = (pole - WARPING) / (1 - pole * WARPING)
    return (warped**order - (-WARPING) ** order) / order


def one_pole_power(pole: float) -> np.ndarray:
    return 1 / np.abs(1 - pole * np.exp(-2j * np.pi * np.arange(NFFT // 2 + 1) / NFFT)) ** 2


@pytest.mark.parametrize("pole", [0.5, 0.9, -0.7])
def test_the_mel_cepstrum_of_a_known_filter(pole):
    coefficients = mel_cepstra(one_pole_power(pole)[np.newaxis])[0]
    assert coefficients[0] == pytest.approx(-np.log(1 - pole * WARPING), abs=1e-9)
    assert coefficients[1:] == pytest.approx(one_pole_cepstrum(pole), abs=1e-9)


def test_the_mel_cepstrum_equals_that_of_sptk():
    pysptk = pytest.importorskip("pysptk", reason="pip install 'codecbench[dev]'")
    power = np.exp(np.random.default_rng(0).standard_normal((20, NFFT // 2 + 1)))
    expected = [pysptk.sp2mc(frame, ORDER, WARPING) for frame in power]
    assert mel_cepstra(power) == pytest.approx(np.array(expected), abs=1e-12)


def test_a_known_filter_gives_a_known_distortion():
    """Of white noise, so that nothing lies below the floor; framing leaves a little of the filter's memory."""
    noise = Audio(0.05 * np.random.default_rng(1).standard_normal((1, 2 * RATE)), RATE)
    filtered = Audio(scipy.signal.lfilter([1.0], [1.0, -POLE], noise.samples), RATE)
    closed_form = DECIBELS * np.linalg.norm(one_pole_cepstrum(POLE))
    assert mcd(noise, filtered) == pytest.approx(closed_form, rel=0.02)


def test_gain_does_not_count(speech, noisy):
    assert mcd(speech, Audio(noisy.samples / 4, noisy.rate)) == pytest.approx(mcd(speech, noisy), abs=1e-3)


def test_pauses_of_the_reference_do_not_count(speech):
    quiet = speech.at(RATE).samples.copy()
    quiet[:, 20_000:40_000] = 0
    noise = 0.003 * np.random.default_rng(2).standard_normal(20_000)
    noisy_pause = quiet.copy()
    noisy_pause[:, 20_000:40_000] += noise
    noisy_speech = quiet.copy()
    noisy_speech[:, :20_000] += noise
    reference = Audio(quiet, RATE)
    assert mcd(reference, Audio(noisy_pause, RATE)) < 0.1 * mcd(reference, Audio(noisy_speech, RATE))


def test_a_silent_degraded_signal_has_no_value(speech):
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        mcd(speech, Audio(0 * speech.samples, speech.rate))


def test_real_codecs_stand_in_the_order_of_their_rates_and_near_world(real_data):
    """WORLD's envelopes are smoother: its values are others, but tell the same."""
    pytest.importorskip("pysptk", reason="pip install 'codecbench[dev]'")
    reference = audio.read(real_data("decoded/hilcodec/speech_ref.wav"))
    reference_by_world = by_world(reference)
    values = {}
    for codec in ("descript_3", "descript_9", "encodec_3", "encodec_9", "evs_5.9", "evs_16.4"):
        degraded = audio.read(real_data(f"decoded/hilcodec/speech_{codec}kbps.wav")).with_length(reference.length)
        values[codec] = mcd(reference, degraded), apart(reference_by_world, by_world(degraded))
    for ours, world in values.values():
        assert 0.75 * world < ours < world
    for worse, better in (("descript_3", "descript_9"), ("encodec_3", "encodec_9"), ("evs_5.9", "evs_16.4")):
        assert values[worse][0] > values[better][0]


def by_world(signal: Audio) -> tuple[np.ndarray, np.ndarray]:
    """Mel-cepstra of CheapTrick's envelopes and the energies of the frames in dB."""
    pyworld = pytest.importorskip("pyworld", reason="pip install 'codecbench[dev]'")
    import pysptk

    samples = np.ascontiguousarray(signal.at(RATE).samples[0].astype(np.float64))
    coarse, times = pyworld.dio(samples, RATE)
    envelope = pyworld.cheaptrick(samples, pyworld.stonemask(samples, coarse, times, RATE), times, RATE)
    return pysptk.sp2mc(envelope, ORDER, WARPING)[:, 1:], 10 * np.log10(envelope.sum(axis=1))


def apart(reference: tuple[np.ndarray, np.ndarray], degraded: tuple[np.ndarray, np.ndarray]) -> float:
    """The formula of the metric on what :func:`by_world` gives."""
    (expected, energy), (found, _) = reference, degraded
    return float(DECIBELS * np.linalg.norm(expected - found, axis=1)[energy > energy.max() - 40].mean())
