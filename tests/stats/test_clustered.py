from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats as scipy_stats

from bench.stats import clustered as stats
from bench.stats import mean_ci, widening

finite = st.floats(-1000, 1000, allow_nan=False).map(lambda x: round(x, 3))
samples = st.integers(2, 12).flatmap(lambda n: arrays(np.float64, n, elements=finite))


def test_against_scipy_where_every_cluster_is_one_value():
    values = np.random.default_rng(3).gamma(4, size=25)
    ours = mean_ci(values, np.arange(25), seed=1, draws=40_000)
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=40_000, method="percentile", rng=np.random.default_rng(2), vectorized=True
    )
    mean, factor = values.mean(), widening(25, 0.95)
    tolerance = 0.06 * theirs.standard_error
    assert ours.mean == pytest.approx(mean)
    assert ours.low == pytest.approx(mean + factor * (theirs.confidence_interval.low - mean), abs=tolerance)
    assert ours.high == pytest.approx(mean + factor * (theirs.confidence_interval.high - mean), abs=tolerance)


def test_against_scipy_with_unequal_clusters():
    """The ratio estimator: each draw is the sum of the drawn clusters over the number of values in them."""
    random = np.random.default_rng(4)
    clusters = np.repeat(np.arange(15), random.integers(1, 8, 15))
    values = random.normal(size=15)[clusters] + random.normal(size=len(clusters))
    sums, sizes = np.bincount(clusters, values), np.bincount(clusters)
    theirs = scipy_stats.bootstrap(
        (sums, sizes), lambda s, n, axis=-1: s.sum(axis) / n.sum(axis), paired=True, vectorized=True,
        n_resamples=40_000, method="percentile", rng=random,
    )  # fmt: skip
    ours = mean_ci(values, clusters, seed=0, draws=40_000)
    width = widening(15, 0.95) * (theirs.confidence_interval.high - theirs.confidence_interval.low)
    assert (ours.n, ours.n_clusters) == (len(values), 15)
    assert ours.high - ours.low == pytest.approx(width, rel=0.03)


def test_normal_data_gives_about_the_t_interval():
    values = scipy_stats.norm.ppf((np.arange(200) + 0.5) / 200)
    ours = mean_ci(values, np.arange(200), seed=0)
    half = scipy_stats.t.ppf(0.975, 199) * values.std(ddof=1) / math.sqrt(200)
    assert ours.low == pytest.approx(-half, rel=0.03)
    assert ours.high == pytest.approx(half, rel=0.03)


def test_mean_of_nothing_is_nan():
    nothing = mean_ci([], [], seed=0)
    assert math.isnan(nothing.mean)
    assert math.isnan(nothing.low)
    assert (nothing.n, nothing.n_clusters) == (0, 0)


def test_one_cluster_has_a_mean_and_no_interval():
    mean, low, high, n, n_clusters = mean_ci([1.0, 2.0, 6.0], ["a", "a", "a"], seed=0)
    assert (mean, n, n_clusters) == (3.0, 3, 1)
    assert math.isnan(low)
    assert math.isnan(high)


@pytest.mark.parametrize(
    ("values", "mean"), [([1, math.inf], math.inf), ([-math.inf, 1], -math.inf), ([math.inf, -math.inf], math.nan)]
)
def test_infinite_values_give_an_infinite_mean_and_no_interval(values, mean):
    interval = mean_ci(values, [0, 1], seed=0)
    assert interval.mean == pytest.approx(mean, nan_ok=True)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


def test_two_clusters_have_an_interval():
    """Their means are drawn together or apart, so the bounds are both of them, widened."""
    mean, low, high, n, n_clusters = mean_ci([1.0, 3.0], ["a", "b"], seed=0)
    assert (mean, n, n_clusters) == (2, 2, 2)
    assert (low, high) == pytest.approx((2 - widening(2, 0.95), 2 + widening(2, 0.95)))


def test_nan_is_refused():
    with pytest.raises(ValueError, match="NaN among the values"):
        mean_ci([1.0, math.nan], [0, 1], seed=0)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="one cluster per value"):
        mean_ci([1.0, 2.0], [0], seed=0)


def test_constant_data_has_an_interval_of_no_width():
    assert mean_ci([0.1] * 7, range(7), seed=0)[:3] == pytest.approx((0.1, 0.1, 0.1), abs=1e-15)


def test_the_seed_decides():
    values = np.random.default_rng(0).normal(size=9)
    assert mean_ci(values, range(9), seed=5) == mean_ci(values, range(9), seed=5)
    assert mean_ci(values, range(9), seed=5) != mean_ci(values, range(9), seed=6)


@pytest.mark.parametrize("draw", [np.random.Generator.normal, np.random.Generator.exponential])
def test_many_clusters_have_the_interval_that_scipy_draws(draw):
    """One cluster more than is drawn for; the limit is nearer than the noise of 40 000 draws."""
    random = np.random.default_rng(6)
    k = stats.NORMAL_FROM + 1
    clusters = np.repeat(np.arange(k), random.integers(1, 4, k))
    values = draw(random, size=k)[clusters] + draw(random, size=len(clusters))
    sums, sizes = np.bincount(clusters, values), np.bincount(clusters)
    theirs = scipy_stats.bootstrap(
        (sums, sizes), lambda s, n, axis=-1: s.sum(axis) / n.sum(axis), paired=True, vectorized=True,
        n_resamples=40_000, batch=2000, method="percentile", rng=random,
    )  # fmt: skip
    ours, mean = mean_ci(values, clusters, seed=0), values.mean()
    factor, tolerance = widening(k, 0.95), 0.05 * theirs.standard_error
    assert ours.low == pytest.approx(mean + factor * (theirs.confidence_interval.low - mean), abs=tolerance)
    assert ours.high == pytest.approx(mean + factor * (theirs.confidence_interval.high - mean), abs=tolerance)
    assert ours == mean_ci(values, clusters, seed=1), "nothing is drawn"


@pytest.mark.parametrize("k", [stats.NORMAL_FROM, stats.NORMAL_FROM + 1])
def test_constant_data_and_huge_numbers_on_both_sides_of_the_limit(k):
    assert mean_ci([0.1] * k, range(k), seed=0, draws=200)[:3] == pytest.approx((0.1, 0.1, 0.1), abs=1e-15)
    huge = mean_ci(1e200 * np.arange(k), range(k), seed=0, draws=200)
    assert 0 < huge.low < huge.mean < huge.high < math.inf


def test_small_blocks_of_draws_give_the_same_kind_of_interval(monkeypatch):
    values = np.random.default_rng(0).normal(size=50)
    whole = mean_ci(values, range(50), seed=0)
    monkeypatch.setattr(stats, "CELLS_AT_ONCE", 1000)
    assert mean_ci(values, range(50), seed=0)[:3] == pytest.approx(whole[:3], abs=1e-12)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_limit_is_skewed_as_the_sum_of_the_clusters_is(level):
    """To the first order in the skewness, which is all that is left of it, every distribution has these quantiles."""
    residues = np.random.default_rng(2).exponential(size=1600)
    residues -= residues.mean()
    sd, skewness = math.sqrt((residues**2).sum()), scipy_stats.skew(residues) / 40
    known = scipy_stats.pearson3.ppf([(1 - level) / 2, (1 + level) / 2], skewness)
    assert stats.limits(residues, 3200, level) * 3200 / sd == pytest.approx(known, abs=0.001)


@given(samples, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_row_order_has_no_influence(values, random):
    clusters = np.arange(len(values)) // 2
    order = np.array(random.sample(range(len(values)), len(values)))
    assert repr(mean_ci(values, clusters, 0, draws=200)) == repr(mean_ci(values[order], clusters[order], 0, draws=200))


@given(samples, st.floats(-100, 100), st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_shift_and_scale(values, shift, scale):
    clusters = np.arange(len(values))
    plain = np.array(mean_ci(values, clusters, 0, draws=200)[:3])
    moved = np.array(mean_ci(values * scale + shift, clusters, 0, draws=200)[:3])
    np.testing.assert_allclose(moved, plain * scale + shift, rtol=1e-7, atol=1e-7)


@given(samples, st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_copies_of_clips_from_the_same_source_do_not_narrow_the_interval(values, times):
    clusters = np.arange(len(values))
    once = mean_ci(values, clusters, 0, draws=200)
    often = mean_ci(np.tile(values, times), np.tile(clusters, times), 0, draws=200)
    np.testing.assert_allclose(often[:3], once[:3], rtol=1e-9, atol=1e-9)
    assert often.n_clusters == once.n_clusters


def mos_like(random, shape):
    return 5 - 4 * random.beta(1.5, 4, shape)


DISTRIBUTIONS = {
    "normal": (lambda random, shape: random.normal(size=shape), 0.0),
    "mos-like, skewness -0.7": (mos_like, 5 - 4 * 1.5 / 5.5),
    "gamma, skewness 1": (lambda random, shape: random.gamma(4, size=shape), 4.0),
    "exponential, skewness 2": (lambda random, shape: random.exponential(size=shape), 1.0),
}


def coverage(name: str, k: int, per_cluster: int = 1, trials: int = 3000) -> float:
    draw, truth = DISTRIBUTIONS[name]
    random = np.random.default_rng(k)
    clusters = np.repeat(np.arange(k), per_cluster)
    hits = 0
    for row in draw(random, (trials, k)):
        interval = mean_ci(np.repeat(row, per_cluster), clusters, seed=0, draws=2000)
        hits += interval.low <= truth <= interval.high
    return hits / trials


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "k", "least", "most"),
    [
        ("normal", 3, 0.93, 0.97),
        ("normal", 5, 0.93, 0.97),
        ("normal", 20, 0.93, 0.97),
        ("normal", 201, 0.93, 0.97),
        ("exponential, skewness 2", 201, 0.93, 0.97),
        ("mos-like, skewness -0.7", 5, 0.92, 0.97),
        ("mos-like, skewness -0.7", 20, 0.93, 0.97),
        ("gamma, skewness 1", 5, 0.90, 0.97),
        ("gamma, skewness 1", 20, 0.93, 0.97),
        ("exponential, skewness 2", 5, 0.86, 0.97),
        ("exponential, skewness 2", 20, 0.91, 0.97),
    ],
)
def test_coverage(name, k, least, most):
    assert least <= coverage(name, k) <= most


@pytest.mark.slow
def test_coverage_with_several_clips_per_source():
    assert 0.93 <= coverage("normal", 20, per_cluster=4) <= 0.97
