"""The Frechet distance against closed forms and scipy's matrix square root; its bias, extrapolated; its intervals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from bench import audio, codecs
from bench.audio import Audio
from bench.errors import MetricUndefined
from bench.metrics.sets.base import Arrays, Member
from bench.metrics.sets.frechet import Moments, extrapolated, frechet_distance
from bench.metrics.sets.interval import jackknife
from bench.metrics.sets.log_mel import FrechetLogMel
from tests.conftest import noise

DIMS = 6


def gaussian(seed: int, dims: int = DIMS, rank: int | None = None) -> Moments:
    random = np.random.default_rng(seed)
    factor = random.standard_normal((dims, rank or 2 * dims))
    return Moments(random.standard_normal(dims), factor @ factor.T)


def test_commuting_covariances_have_a_closed_form() -> None:
    random = np.random.default_rng(0)
    turn, _ = np.linalg.qr(random.standard_normal((DIMS, DIMS)))
    first, second = random.uniform(0.1, 3, DIMS), random.uniform(0.1, 3, DIMS)
    means = random.standard_normal((2, DIMS))
    expected = np.square(means[0] - means[1]).sum() + np.square(np.sqrt(first) - np.sqrt(second)).sum()
    found = frechet_distance(
        Moments(means[0], turn @ np.diag(first) @ turn.T), Moments(means[1], turn @ np.diag(second) @ turn.T)
    )
    assert found == pytest.approx(expected, rel=1e-12)


@given(st.integers(0, 10_000))
def test_as_with_the_matrix_square_root_of_scipy(seed: int) -> None:
    first, second = gaussian(seed), gaussian(seed + 1)
    root = scipy.linalg.sqrtm(first.covariance @ second.covariance).real
    expected = np.square(first.mean - second.mean).sum() + np.trace(first.covariance + second.covariance - 2 * root)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(second, first) == pytest.approx(frechet_distance(first, second), rel=1e-10)


@pytest.mark.parametrize("rank", [DIMS, 2])
def test_equal_moments_are_at_distance_zero_even_without_full_rank(rank: int) -> None:
    same = gaussian(5, rank=rank)
    scaled = Moments(1e3 * same.mean, 1e6 * same.covariance)
    assert frechet_distance(scaled, scaled) < 1e-11 * np.trace(scaled.covariance)


def test_moments_are_those_of_numpy() -> None:
    data = np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32) + 1000
    moments = Moments.of(data)
    assert np.allclose(moments.mean, data.mean(axis=0, dtype=float))
    assert np.allclose(moments.covariance, np.cov(data.astype(float), rowvar=False), rtol=1e-9)


def paired(frames: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A set and its degraded version: half the signal, a shift and independent noise; of eight dimensions."""
    reference = random.standard_normal((frames, 8))
    return reference, 0.5 * reference + 0.4 * random.standard_normal((frames, 8)) + 0.1


def test_the_extrapolation_takes_the_bias_of_small_sets_away() -> None:
    truth = frechet_distance(Moments(np.zeros(8), np.eye(8)), Moments(np.full(8, 0.1), 0.41 * np.eye(8)))
    random = np.random.default_rng(2)
    plain, infinite = [], []
    for _ in range(40):
        reference, degraded = paired(64, random)
        plain.append(frechet_distance(Moments.of(reference), Moments.of(degraded)))
        infinite.append(extrapolated(reference, degraded, plain[-1]).value)
    error = np.std(infinite) / np.sqrt(40)
    assert np.mean(plain) > truth + 5 * error  # or the test would show nothing
    assert abs(np.mean(infinite) - truth) < 4 * error


def test_the_extrapolation_is_seeded_and_says_what_it_fitted() -> None:
    reference, degraded = paired(160, np.random.default_rng(3))
    whole = frechet_distance(Moments.of(reference), Moments.of(degraded))
    found = extrapolated(reference, degraded, whole)
    assert found == extrapolated(reference, degraded, whole)
    assert found.details["frames"] == [160, 80, 160 / 3, 40, 32]
    assert found.details["distances"][0] == whole
    assert extrapolated(reference, reference, 0.0).value == pytest.approx(0, abs=1e-12)


def members(frames: int) -> list[Member]:
    random = np.random.default_rng(4)
    sides = [random.standard_normal((frames, 32)) for _ in range(2)]
    return [Member({"embeddings": sides[0]}, {"embeddings": sides[1]})]


def test_too_few_frames_have_no_value() -> None:
    measure = FrechetLogMel()
    with pytest.raises(MetricUndefined, match="32 frames of 32 dimensions: their covariance has not full rank"):
        measure.values(members(32), ["fad_log_mel"])
    some = measure.values(members(33), ["fad_log_mel", "fad_log_mel_inf"])
    assert some["fad_log_mel"].value > 0
    assert np.isnan(some["fad_log_mel_inf"].value)
    assert "needs 128" in some["fad_log_mel_inf"].reason
    assert set(measure.values(members(200), ["fad_log_mel"])) == {"fad_log_mel"}


def test_the_jackknife_of_a_mean_over_clusters() -> None:
    data, sources = [3.0, 5.0, 4.0, 4.0, 7.0, 7.0], ["a", "a", "b", "b", "c", "c"]

    def mean(places: list[int]) -> dict[str, float]:
        return {"mean": float(np.mean([data[place] for place in places]))}

    low, high = jackknife(sources, mean, mean([*range(6)]))["mean"]
    of_means = np.array([4.0, 4.0, 7.0])
    reach = 4.30265 * of_means.std(ddof=1) / np.sqrt(3)  # Student's 0.975 quantile with 2 degrees of freedom
    assert (low, high) == pytest.approx((5 - reach, 5 + reach), rel=1e-5)
    assert np.isnan(jackknife(["a"] * 6, mean, mean([*range(6)]))["mean"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("clips", [4, 10, 40])
def test_the_interval_covers_what_it_should(clips: int) -> None:
    random = np.random.default_rng(clips)
    found, intervals = [], []

    def one() -> Member:
        reference = random.standard_normal(8) + random.standard_normal((30, 8))
        own = random.uniform(0.6, 1) * reference + 0.3 * random.standard_normal(8)
        return Member({"embeddings": own + 0.3 * random.standard_normal((30, 8))}, {"embeddings": reference})

    for _ in range(200):
        drawn = [one() for _ in range(clips)]

        def value(places: list[int], drawn: list[Member] = drawn) -> dict[str, float]:
            sides = [[getattr(drawn[p], side)["embeddings"] for p in places] for side in ("reference", "degraded")]
            return {"d": frechet_distance(*(Moments.of(np.concatenate(side)) for side in sides))}

        whole = value([*range(clips)])
        found.append(whole["d"])
        intervals.append(jackknife([f"{i:02}" for i in range(clips)], value, whole)["d"])
    low, high = np.array(intervals).T
    assert 0.88 <= np.mean((low <= np.mean(found)) & (np.mean(found) <= high)) <= 0.99


def test_a_full_scale_sine_is_0_db_and_silence_the_floor() -> None:
    time = np.arange(48_000) / 48_000
    levels = FrechetLogMel().embed(Audio(np.sin(2 * np.pi * 984.375 * time)[None].astype(np.float32), 48_000))
    assert levels.shape == (45, 32)
    assert 10 * np.log10((10 ** (levels / 10)).sum(axis=1)) == pytest.approx(1.76, abs=0.05)  # three bins of Hann
    assert (FrechetLogMel().embed(Audio(np.zeros((2, 4096), np.float32), 48_000)) == -80).all()
    with pytest.raises(MetricUndefined, match="too short"):
        FrechetLogMel().embed(noise(48_000, 0.04))


def fad(references: list[Arrays], decoded: list[Arrays]) -> float:
    pairs = [Member(*sides) for sides in zip(decoded, references, strict=True)]
    return FrechetLogMel().values(pairs, ["fad_log_mel"])["fad_log_mel"].value


def test_on_real_music_it_falls_with_the_bitrate(real_data: Callable[[str], Path]) -> None:
    names = ["sms_cello-double.wav", "sonicpi_ambi_piano.flac", "was_coolloop7.wav", "sms_singing-female.wav"]
    clips = [audio.read(real_data(f"music/{name}")).mixed_to(1).at(48_000).quantised() for name in names]
    measure, codec = FrechetLogMel(), codecs.make("opus", {})
    references = [measure.of_audio(clip) for clip in clips]
    coded = [codec.encode(clip, (6_000, 16_000, 32_000, 96_000)) for clip in clips]
    found = [fad(references, [measure.of_audio(codec.decode(streams[rate])) for streams in coded]) for rate in coded[0]]
    assert found == sorted(found, reverse=True)
    assert found[0] > 20 * found[-1]
    assert fad(references, references) < 1e-6
