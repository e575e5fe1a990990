"""The parts of ViSQOL, each against the plain form of what it does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba", reason="pip install 'codecbench[metrics]'")

from bench.metrics.visqol.alignment import best_lag, correlation_size, delayed, envelope, envelope_spectrum, overlap
from bench.metrics.visqol.gammatone import filterbank
from bench.metrics.visqol.patches import even_starts, voice_activity, voiced_starts
from bench.metrics.visqol.pooling import PatchScore, pooled
from bench.metrics.visqol.search import best_offsets
from bench.metrics.visqol.similarity import WINDOW, nsim, smoothed
from bench.metrics.visqol.spectrogram import Slice, above_common_floor, decibels, listen

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("length", [2, 255, 256, 1000, 1001])
def test_the_envelope_is_what_a_real_transform_gives_back(length):
    """Padded to a power of two, one side doubled but for its ends, and the imaginary part of the result lost."""
    signal = RNG.standard_normal(length) + 0.3
    size = 2 ** int(np.ceil(np.log2(length)))
    spectrum = np.fft.rfft(signal - signal.mean(), size)
    spectrum[1:-1] *= 2
    expected = np.abs(np.fft.irfft(spectrum, size)[:length]) + signal.mean()
    np.testing.assert_allclose(envelope(signal), expected, atol=1e-13)


@given(st.integers(-90, 90), st.integers(50, 130), st.integers(0, 2**32 - 1))
def test_the_lag_is_the_peak_of_the_whole_correlation(shift, of_degraded, seed):
    rng = np.random.default_rng(seed)
    reference = rng.standard_normal(100)
    degraded = np.resize(np.roll(reference, shift), of_degraded) + 0.1 * rng.standard_normal(of_degraded)
    longest = max(len(reference), len(degraded))
    first, second = (np.pad(envelope(x), (0, longest - len(x))) for x in (reference, degraded))
    expected = int(np.argmax(np.correlate(first, second, "full"))) - (longest - 1)
    size = correlation_size(longest)
    spectra = (envelope_spectrum(signal, size) for signal in (reference, degraded))
    assert best_lag(*spectra, size, (len(reference), len(degraded))) == (expected if abs(expected) <= 50 else 0)


@given(st.integers(-40, 40), st.integers(60, 140))
def test_the_overlap_is_what_both_have_after_the_shift(lag, of_degraded):
    """Against cutting the signals themselves: zeros at the start go only where the reference is not the longer one."""
    reference, degraded = np.arange(100.0), 1000 + np.arange(float(of_degraded))
    shifted = delayed(degraded, lag)
    expected = reference[: len(shifted)], shifted[:100]
    if lag > 0 and len(shifted) > 100:
        expected = reference[lag:], shifted[lag:100]
    first, first_degraded, count = overlap(100, of_degraded, lag, 16_000)
    whole = Slice(0, 100), Slice(0, of_degraded)
    np.testing.assert_array_equal(whole[0].part(first, count).of(reference), expected[0])
    np.testing.assert_array_equal(whole[1].part(first_degraded, count).of(degraded), expected[1])


def test_a_part_of_a_slice_with_zeros_before_it():
    signal = np.arange(1.0, 11)
    piece = Slice(4, 8, zeros=3)
    np.testing.assert_array_equal(piece.of(signal), [0, 0, 0, 5, 6, 7, 8])
    assert len(piece) == 7
    for first in range(-2, 6):
        for count in range(1, 8 - max(0, first)):
            whole = np.concatenate([np.zeros(2), piece.of(signal)])
            np.testing.assert_array_equal(piece.part(first, count).of(signal), whole[first + 2 :][:count])


def test_slices_on_the_hop_grid_have_the_columns_of_the_whole():
    bank = filterbank(16_000, 21, 8000.0)
    sound = listen(0.1 * RNG.standard_normal(16_000), 16_000, bank)
    on_grid = Slice(5 * bank.hop, 5 * bank.hop + 6401)
    off_grid = Slice(5 * bank.hop - 1, 5 * bank.hop + 6399)
    for piece in (on_grid, off_grid):
        np.testing.assert_allclose(sound.levels_of(piece), decibels(bank, piece.of(sound.signal)), atol=1e-12)
    assert np.shares_memory(sound.levels_of(on_grid), sound.levels)
    assert not np.shares_memory(sound.levels_of(off_grid), sound.levels)


def test_patches_of_a_signal_become_slices_of_their_length():
    sound = listen(0.1 * RNG.standard_normal(16_000), 16_000, filterbank(16_000, 21, 8000.0))
    for start in range(26):
        piece = sound.patch_slice(start, 20)
        assert abs(piece.start - 320 * start) <= 1
        assert abs(len(piece) - 6400) <= 1
    beyond = sound.patch_slice(40, 20)
    assert beyond == Slice(12_800, 15_999, 3200)


def test_the_common_floor():
    reference, degraded = np.full((2, 3), -45.0), np.full((2, 2), -45.0)
    reference[0, 0], degraded[1, 1], reference[0, 2] = 10.0, 5.0, -20.0
    floored, other = above_common_floor(reference, degraded)
    np.testing.assert_array_equal(floored, [[55, 5, 25], [10, 5, 0]])  # less the lowest, -45 dB
    np.testing.assert_array_equal(other, [[10, 5], [10, 50]])


def test_the_window_goes_on_at_the_borders():
    values = RNG.standard_normal((3, 4, 5))
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)), mode="edge")
    expected = [[[(WINDOW * p[b : b + 3, f : f + 3]).sum() for f in range(5)] for b in range(4)] for p in padded]
    np.testing.assert_allclose(smoothed(values), expected, atol=1e-14)
    assert WINDOW.sum() == pytest.approx(1, abs=1e-14)


def test_nsim_of_an_identical_pair_and_of_flat_patches():
    patch = 20 * RNG.random((1, 6, 9))
    np.testing.assert_allclose(nsim(patch, patch), 1, atol=1e-9)
    assert (nsim(0 * patch, 0 * patch) == 1).all()
    assert nsim(patch, patch[:, ::-1]).mean() < 0.9
    np.testing.assert_allclose(nsim(0 * patch + 2, 0 * patch + 1), (4 + 1e-4) / (5 + 1e-4), atol=1e-9)


def test_the_search_finds_the_best_ordered_path():
    """Against NSIM of every patch at every offset, patches that end beyond the signal filled with zeros."""
    degraded = np.maximum(0, np.cumsum(RNG.standard_normal((5, 40)), axis=1)) * 4
    starts = np.array([3, 11, 19, 27])
    references = np.stack([degraded[:, [2, 10, 21, 30][i] : [2, 10, 21, 30][i] + 8] for i in range(4)])
    references += 0.1 * RNG.standard_normal(references.shape)
    offsets, lost = best_offsets(references, starts, degraded)
    assert offsets.tolist() == [2, 10, 21, 30]
    assert not lost.any()
    padded = np.pad(degraded, ((0, 0), (0, 7)))
    found = np.array([[nsim(r[None], padded[None, :, o : o + 8]).mean() for o in range(40)] for r in references])
    total = found[0]
    for row in found[1:]:
        before = np.concatenate([[-np.inf], np.maximum.accumulate(total)[:-1]])
        total = np.maximum(row + before, total)
    assert found[np.arange(4), offsets].sum() == pytest.approx(total.max(), abs=1e-12)


def test_a_patch_without_room_after_its_predecessor_is_lost():
    reference = 10 * RNG.random((2, 4, 6))
    offsets, lost = best_offsets(reference, np.array([0, 6]), np.pad(reference[0, :, :1], ((0, 0), (0, 0))))
    assert offsets.tolist() == [0, 0]
    assert lost.tolist() == [False, True]


def test_where_patches_begin():
    assert even_starts(44, 30).tolist() == []
    assert even_starts(45, 30).tolist() == [14]
    assert even_starts(76, 30).tolist() == [14, 44]
    assert even_starts(75, 30).tolist() == [14]
    loud = np.ones(20_000)
    assert voiced_starts(28, 20, loud, 320).tolist() == []
    assert voiced_starts(49, 20, loud, 320).tolist() == [9, 29]


def test_silence_is_voice_for_two_chunks_more():
    signal = np.concatenate([np.ones(40), np.zeros(60), 0.15 * np.ones(10), 0.16 * np.ones(10), np.zeros(30)])
    active = voice_activity(signal, 0, 15, 10)
    assert active.astype(int).tolist() == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0]
    assert voice_activity(-signal - 1, 0, 15, 10).all()
    assert voice_activity(0 * signal, 0, 5, 10).tolist() == [True, True, False, False, False]


def test_pooled_deviations_are_those_of_all_frames():
    rows = [RNG.random((2, frames)) for frames in (20, 20, 20)]
    scores = [PatchScore(r.mean(axis=1), r.std(axis=1, ddof=1), r.max(axis=1), len(r[0]) * 0.02 - 1e-9) for r in rows]
    joined = np.concatenate(rows, axis=1)
    found = pooled(scores, 0.02)
    np.testing.assert_allclose(found.means, joined.mean(axis=1))
    np.testing.assert_allclose(found.deviations, joined.std(axis=1, ddof=1))
    np.testing.assert_allclose(found.worst, np.min([s.means for s in scores], axis=0))
    many = pooled(scores * 10, 0.02)
    np.testing.assert_allclose(many.worst, np.min([s.means for s in scores], axis=0))
    assert found.overall == pytest.approx(joined.mean())
