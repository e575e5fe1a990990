"""Oracles: values of other people's code, closed forms, and the definition written as a loop over frames."""

import math

import numpy as np
import pytest

from bench import audio
from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.segmental import FwSegmentalSnr, SegmentalSnr

GOLDEN = [  # SNRseg and fwSNRseg of pysepm-evo 0.1.1, after Loizou's comp_snr.m and comp_fwseg.m: own rate, 16 kHz
    ("speech", "evs_5.9kbps", 3.61681264, 10.69753075),
    ("speech", "encodec_3kbps", 4.53473293, 10.48006878),
    ("speech", "descript_9kbps", 3.97416730, 17.58714218),
    ("noisy", "evs_16.4kbps", 5.18032518, 15.75962468),
    ("noisy", "hil_9kbps", 4.21335999, 16.07689178),
]


def score(metric, reference, degraded):
    (value,) = metric.score(metric.prepare(reference), degraded).values()
    return value


def mono(samples, rate=16_000):
    return Audio(np.atleast_2d(samples), rate)


def white(samples=16_000, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(samples)


@pytest.mark.parametrize(("kind", "condition", "segmental", "weighted"), GOLDEN)
def test_golden_on_real_codecs(kind, condition, segmental, weighted, real_data):
    folder = real_data("decoded/hilcodec")
    pair = audio.read(folder / f"{kind}_ref.wav"), audio.read(folder / f"{kind}_{condition}.wav")
    assert score(SegmentalSnr(), *pair) == pytest.approx(segmental, abs=1e-7)
    assert score(FwSegmentalSnr(), *pair) == pytest.approx(weighted, abs=1e-4)  # the resampler may change


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_segmental_snr_is_the_mean_over_frames(rate):
    reference, noise = white(rate), white(rate, 1) * np.logspace(-3, 1, rate)
    signals = mono(reference, rate), mono(reference + noise, rate)
    first, second = (signal.samples[0].astype(float) for signal in signals)
    width, hop = round(0.03 * rate), math.floor(0.0075 * rate)
    values = []
    for start in range(0, rate - width - hop + 1, hop):
        window = np.sin(np.pi * np.arange(1, width + 1) / (width + 1)) ** 2
        s, e = window * first[start : start + width], window * (second - first)[start : start + width]
        values.append(min(35.0, max(-10.0, 10 * math.log10((s @ s) / (e @ e)))))
    assert min(values) == -10
    assert max(values) == 35
    assert score(SegmentalSnr(), *signals) == pytest.approx(np.mean(values), abs=1e-9)


@pytest.mark.parametrize(
    ("gain", "expected"), [(1.1, 20), (0.9, 20), (0.5, 6.0206), (1.001, 35), (5, -10), (-1, -6.0206)]
)
def test_the_same_snr_in_every_frame(gain, expected):
    assert score(SegmentalSnr(), mono(white()), mono(gain * white())) == pytest.approx(expected, abs=1e-3)


def test_frames_weigh_alike_however_loud():
    reference = white(32_000)
    reference[16_000:] *= 0.01
    degraded = reference.copy()
    degraded[:16_000] *= 1.1  # 20 dB
    degraded[16_000:] *= 1.5  # 6.02 dB
    assert score(SegmentalSnr(), mono(reference), mono(degraded)) == pytest.approx((20 + 6.02) / 2, abs=0.2)


@pytest.mark.parametrize("make", [SegmentalSnr, FwSegmentalSnr])
def test_silent_frames_of_the_reference_do_not_count(make):
    reference, degraded = white(32_000), white(32_000) + 0.1 * white(32_000, 1)
    whole = score(make(), mono(reference), mono(degraded))
    reference[16_000:] = 0
    assert score(make(), mono(reference), mono(degraded)) == pytest.approx(
        whole, abs=1
    )  # counted, half of the frames would have -10
    assert score(make(), mono(reference), mono(reference)) == 35


@pytest.mark.parametrize("make", [SegmentalSnr, FwSegmentalSnr])
def test_a_click_at_the_end_is_in_no_frame(make):
    click = np.zeros(16_000)
    click[-1] = 1
    with pytest.raises(MetricUndefined, match="no frame of the reference is above -80 dBFS"):
        make().prepare(mono(click))


def test_two_tones_of_which_one_is_half_as_loud():
    """Scaled to a sum of 1, one has 2/3 and the other 1/3 instead of a half: an error of a third in every band."""
    time = np.arange(32_000) / 16_000
    low, high = (0.1 * np.sin(2 * np.pi * hertz * time) for hertz in (400.0, 2446.71))
    value = score(FwSegmentalSnr(), mono(low + high), mono(low + 0.5 * high))
    assert value == pytest.approx(20 * math.log10(3), abs=0.6)


def test_the_level_does_not_matter_to_the_weighted_one():
    reference, degraded = mono(white()), mono(white() + 0.3 * white(seed=1))
    value = score(FwSegmentalSnr(), reference, degraded)
    assert score(FwSegmentalSnr(), reference, mono(0.1 * degraded.samples)) == pytest.approx(value, abs=1e-4)
    assert score(FwSegmentalSnr(), reference, mono(-reference.samples)) == 35


def test_a_lost_frame_has_0_db():
    degraded = white(32_000)
    degraded[16_000:] = 0
    assert score(FwSegmentalSnr(), mono(white(32_000)), mono(degraded)) == pytest.approx(35 / 2, abs=0.2)
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        score(FwSegmentalSnr(), mono(white()), mono(0 * white()))


def test_a_silent_decoded_signal_has_no_value():
    clip = Audio(0.1 * np.random.default_rng(0).standard_normal((1, 16_000)), 16_000)
    metric = SegmentalSnr()
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        metric.score(metric.prepare(clip), Audio(np.zeros((1, 16_000)), 16_000))
