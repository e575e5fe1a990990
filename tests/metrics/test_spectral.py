"""Oracles: torch and torchaudio, which share no code with ours, and closed forms."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.audio import Audio
from bench.metrics.spectral import (
    LogSpectralDistance,
    MelDistance,
    MelDistanceEncodec,
    StftDistance,
    mel_filters,
)


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="pip install 'codecbench[neural]'")


@pytest.fixture(scope="module")
def torchaudio(torch):
    return pytest.importorskip("torchaudio", reason="pip install 'codecbench[neural]'", exc_type=(ImportError, OSError))


def score(metric, reference, degraded):
    (value,) = metric.score(metric.prepare(reference), degraded).values()
    return value


def tensors(torch, metric, *signals):
    return [torch.from_numpy(signal.at(metric.domain.sample_rate).samples[0].astype(np.float64)) for signal in signals]


@pytest.mark.parametrize(("bands", "size"), [(5, 32), (80, 512), (320, 2048), (64, 32)])
@pytest.mark.parametrize("rate", [24_000, 44_100])
def test_mel_filters_are_those_of_torchaudio(torchaudio, bands, size, rate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of bands without a bin
        slaney = torchaudio.functional.melscale_fbanks(size // 2 + 1, 0.0, rate / 2, bands, rate, "slaney", "slaney")
        htk = torchaudio.functional.melscale_fbanks(size // 2 + 1, 64.0, rate / 2, bands, rate, None, "htk")
    np.testing.assert_allclose(mel_filters(rate, size, bands, 0.0, slaney=True), slaney, atol=1e-6)
    np.testing.assert_allclose(mel_filters(rate, size, bands, 64.0, slaney=False), htk, atol=1e-4)


def test_mel_distance_by_torch(torch, torchaudio, speech, noisy):
    metric = MelDistance()
    signals = tensors(torch, metric, speech, noisy)
    expected = 0.0
    for size, bands in zip((32, 64, 128, 256, 512, 1024, 2048), (5, 10, 20, 40, 80, 160, 320), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transform = torchaudio.transforms.MelSpectrogram(
                44_100, size, hop_length=size // 4, n_mels=bands, power=1, norm="slaney", mel_scale="slaney"
            ).double()
        one, other = (transform(signal).clamp(min=1e-5).log10() for signal in signals)
        expected += float((one - other).abs().mean())
    assert score(metric, speech, noisy) == pytest.approx(expected, rel=1e-5)


def test_mel_distance_encodec_by_torch(torch, torchaudio, speech, noisy):
    metric = MelDistanceEncodec()
    signals = tensors(torch, metric, speech, noisy)
    terms = []
    for size in (32, 64, 128, 256, 512, 1024, 2048):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transform = torchaudio.transforms.MelSpectrogram(
                24_000, size, hop_length=size // 4, n_mels=64, f_min=64.0, normalized=True, center=False
            ).double()
        side = (size - size // 4) // 2
        mels = []
        for signal in signals:
            padded = torch.nn.functional.pad(signal[None], (side, side), "reflect")
            padded = torch.nn.functional.pad(padded, (0, -(padded.shape[1] - size) % (size // 4)))
            mels.append(transform(padded))
        logs = [torch.log10(1e-5 + mel) for mel in mels]
        terms += [(mels[0] - mels[1]).abs().mean(), ((logs[0] - logs[1]) ** 2).mean()]
    assert score(metric, speech, noisy) == pytest.approx(float(sum(terms)) / len(terms), rel=1e-5)


def test_stft_distance_by_torch(torch, speech, noisy):
    metric = StftDistance()
    signals = tensors(torch, metric, speech, noisy)
    expected = 0.0
    for size, hop, window in ((1024, 120, 600), (2048, 240, 1200), (512, 50, 240)):
        hann = torch.hann_window(window, dtype=torch.float64)
        spectra = [torch.stft(signal, size, hop, window, hann, return_complex=True) for signal in signals]
        reference, degraded = (s.abs().square().clamp(min=1e-7).sqrt() for s in spectra)
        expected += float((degraded - reference).norm() / reference.norm())
        expected += float((degraded.log() - reference.log()).abs().mean())
    assert score(metric, speech, noisy) == pytest.approx(expected / 3, rel=1e-9)
    assert score(metric, noisy, speech) != pytest.approx(expected / 3, rel=1e-3)


def test_log_spectral_distance_by_torch(torch, speech, noisy):
    hann = torch.hann_window(2048, dtype=torch.float64)
    reference, degraded = (
        torch.stft(torch.from_numpy(s.samples[0].astype(np.float64)), 2048, 512, 2048, hann, return_complex=True)
        .abs()
        .square()
        for s in (speech, noisy)
    )
    floor = 1e-8 * reference.max()
    difference = 10 * (reference.clamp(min=floor) / degraded.clamp(min=floor)).log10()
    expected = difference.square().mean(0).sqrt().mean()
    assert score(LogSpectralDistance(), speech, noisy) == pytest.approx(float(expected), rel=1e-9)


def test_a_gain_is_its_decibels():
    """White noise has no bin near the floor: the distance is the gain."""
    noise = Audio(0.1 * np.random.default_rng(0).standard_normal((1, 44_100)), 44_100)
    quieter = Audio(noise.samples / 2, noise.rate)
    assert score(LogSpectralDistance(), noise, quieter) == pytest.approx(20 * math.log10(2), abs=1e-3)
    loud, half = (Audio(1000 * signal.samples, signal.rate) for signal in (noise, quieter))  # far above the floor
    assert score(MelDistance(), loud, half) == pytest.approx(7 * math.log10(2), rel=1e-3)


@pytest.mark.parametrize("gain", [0.1, 10.0])
def test_log_spectral_distance_does_not_depend_on_the_level_of_the_pair(gain, speech, noisy):
    louder = [Audio(gain * signal.samples, signal.rate) for signal in (speech, noisy)]
    expected = score(LogSpectralDistance(), speech, noisy)
    assert score(LogSpectralDistance(), *louder) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("make", [MelDistance, MelDistanceEncodec, StftDistance, LogSpectralDistance])
def test_blocks_do_not_show(make, speech, noisy, monkeypatch):
    expected = score(make(), speech, noisy)
    monkeypatch.setattr("bench.metrics.spectral.BLOCK", 5000)
    assert score(make(), speech, noisy) == pytest.approx(expected, rel=1e-12)


@settings(max_examples=15, deadline=None)
@given(length=st.integers(2400, 6000), rate=st.sampled_from([8000, 11_025, 16_000, 44_100, 48_000]))
def test_any_length_and_rate_has_a_distance(length, rate):
    rng = np.random.default_rng(length)
    reference = Audio(0.1 * rng.standard_normal((1, length)), rate)
    degraded = Audio(reference.samples + 0.01 * rng.standard_normal((1, length)), rate)
    for make in (MelDistance, MelDistanceEncodec, StftDistance, LogSpectralDistance):
        assert score(make(), reference, reference) == 0
        assert 0 < score(make(), reference, degraded) < math.inf
