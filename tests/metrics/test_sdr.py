"""Oracles: mir_eval and fast_bss_eval, which share no code with ours, and closed forms."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import audio
from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.distortion import SiSdr
from bench.metrics.sdr import TAPS, Sdr, SiSnr


def score(metric, reference, degraded):
    (value,) = metric.score(metric.prepare(reference), degraded).values()
    return value


def of_mir_eval(reference, degraded):
    separation = pytest.importorskip("mir_eval.separation", reason="pip install 'codecbench[dev]'")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # mir_eval 0.9 is to lose it
        sdr, *_ = separation.bss_eval_sources(reference[None], degraded[None], compute_permutation=False)
    return float(sdr[0])


def mono(samples, rate=16_000):
    return Audio(np.atleast_2d(samples), rate)


def white(samples=16_000, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(samples)


@pytest.mark.parametrize("name", ["01_0", "01_1", "06_0", "06_1"])
def test_equals_mir_eval_on_its_own_fixtures(name, real_data):
    reference = audio.read(real_data(f"expected/mir_eval/ref{name}.wav"))
    degraded = audio.read(real_data(f"expected/mir_eval/est{name}.wav"))
    values = [
        of_mir_eval(*pair) for pair in zip(reference.samples.astype(float), degraded.samples.astype(float), strict=True)
    ]
    assert score(Sdr(), reference, degraded) == pytest.approx(np.mean(values), abs=1e-9)


@pytest.mark.parametrize("kind", ["speech", "noisy", "music"])
@pytest.mark.parametrize("condition", ["evs_5.9kbps", "encodec_9kbps", "descript_9kbps"])
def test_equals_other_implementations_on_real_codecs(kind, condition, real_data):
    fast_bss_eval = pytest.importorskip("fast_bss_eval", reason="pip install 'codecbench[dev]'")
    folder = real_data("decoded/hilcodec")
    reference, degraded = audio.read(folder / f"{kind}_ref.wav"), audio.read(folder / f"{kind}_{condition}.wav")
    value = score(Sdr(), reference, degraded)
    pair = reference.samples[0].astype(float), degraded.samples[0].astype(float)
    assert value == pytest.approx(of_mir_eval(*pair), abs=1e-7)
    assert value == pytest.approx(float(fast_bss_eval.sdr(pair[0][None], pair[1][None])[0]), abs=1e-7)


@settings(max_examples=15)
@given(samples=st.integers(8_000, 12_000), snr_db=st.floats(-10, 60))
def test_noise_at_a_known_snr(samples, snr_db):
    """White noise lies in the span of 512 delayed copies by that share of its energy."""
    reference, noise = white(samples), white(samples, 1) * 10 ** (-snr_db / 20)
    share = TAPS / samples
    ratio = (noise @ noise) / (reference @ reference)
    expected = 10 * math.log10((1 + share * ratio) / ((1 - share) * ratio))
    assert score(Sdr(), mono(reference), mono(reference + noise)) == pytest.approx(expected, abs=1)


def test_what_a_filter_of_512_taps_can_do_is_forgiven():
    reference = np.concatenate([white(), np.zeros(2 * TAPS)])
    filtered = np.convolve(reference, white(TAPS, 2))[: len(reference)]
    assert score(Sdr(), mono(reference), mono(filtered)) > 100
    late = np.roll(reference, TAPS - 1)
    assert score(Sdr(), mono(reference), mono(late)) == math.inf
    assert score(Sdr(), mono(reference), mono(np.roll(reference, TAPS))) < 0


@pytest.mark.parametrize("samples", [8_000, 3 * 3585, 3 * 3585 + 1, 12_345])
def test_every_sample_counts_whatever_the_blocks(samples):
    reference, degraded = white(samples), white(samples, 1)
    degraded[-1] = 0.9
    value = score(Sdr(), mono(reference), mono(degraded))
    pair = mono(reference).samples[0].astype(float), mono(degraded).samples[0].astype(float)
    assert value == pytest.approx(of_mir_eval(*pair), abs=1e-9)


def test_a_tone_does_not_determine_the_filter_and_has_a_value_all_the_same():
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)
    pair = mono(tone, 48_000), mono(tone + 0.01 * white(48_000), 48_000)
    value = score(Sdr(), *pair)
    assert value == pytest.approx(of_mir_eval(*(signal.samples[0].astype(float) for signal in pair)), abs=1e-3)
    assert score(Sdr(), pair[0], pair[0]) == math.inf


def test_what_has_no_sdr():
    with pytest.raises(MetricUndefined, match="too short"):
        Sdr().prepare(mono(white(7_999)))
    with pytest.raises(MetricUndefined, match="the degraded signal is silent"):
        score(Sdr(), mono(white()), mono(0 * white()))


def test_si_snr_is_si_sdr_without_the_means():
    fast_bss_eval = pytest.importorskip("fast_bss_eval", reason="pip install 'codecbench[dev]'")
    reference, degraded = mono(white() + 0.05), mono(white() + 0.3 * white(seed=1) - 0.02)
    value = score(SiSnr(), reference, degraded)
    pair = reference.samples.astype(float), degraded.samples.astype(float)
    assert value == pytest.approx(float(fast_bss_eval.si_sdr(*pair, zero_mean=True)[0]), abs=1e-9)
    assert value == pytest.approx(score(SiSnr(), mono(white()), degraded), abs=1e-4)
    assert value != pytest.approx(score(SiSdr(), reference, degraded), abs=1)


def test_si_snr_at_a_known_snr_and_of_an_offset():
    reference, noise = white(), white(seed=1)
    noise -= (noise @ reference) / (reference @ reference) * reference
    noise *= math.sqrt((reference @ reference) / (noise @ noise)) / 10
    assert score(SiSnr(), mono(reference), mono(0.5 * (reference + noise) + 0.1)) == pytest.approx(20, abs=0.01)
    for which in ("the reference", "the degraded signal"):
        pair = [mono(white()), mono(0 * white() + 0.5)]
        with pytest.raises(MetricUndefined, match=f"but for an offset, {which} is silent"):
            score(SiSnr(), *(pair[::-1] if which == "the reference" else pair))
