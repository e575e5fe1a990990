"""The bootstrap of a statistic that is not a mean."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench.stats import cluster_bootstrap, mean_ci


def test_rows_of_a_cluster_come_together_and_as_often_as_drawn():
    clusters = np.array(["b", "a", "b", "c", "a", "a"])
    seen = []

    def keep(rows):
        seen.append(rows)
        return 0.0

    cluster_bootstrap(clusters, keep, seed=3, draws=50)
    for rows in seen:
        counts = np.bincount(rows, minlength=6)
        for name in "abc":
            assert len(set(counts[clusters == name])) == 1
        assert sum(counts[clusters == name][0] for name in "abc") == 3
    assert len({tuple(sorted(rows)) for rows in seen}) > 5


def test_agrees_with_the_percentile_interval_of_scipy():
    values = np.random.default_rng(1).normal(size=200)
    low, high, finite = cluster_bootstrap(np.arange(200), lambda rows: values[rows].mean(), seed=0, draws=5000)
    known = scipy_stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(2))
    assert (low, high) == pytest.approx(tuple(known.confidence_interval), abs=0.01)
    assert finite == 5000


def test_is_about_the_interval_of_a_mean_for_several_clusters():
    random = np.random.default_rng(4)
    clusters = np.repeat(np.arange(40), 3)
    values = random.normal(size=40)[clusters] + random.normal(scale=0.3, size=120)
    low, high, _ = cluster_bootstrap(clusters, lambda rows: values[rows].mean(), seed=0, draws=5000)
    interval = mean_ci(values, clusters, seed=0)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=0.03)


def test_order_of_rows_and_names_of_clusters_change_nothing():
    random = np.random.default_rng(5)
    values, clusters = random.normal(size=60), random.integers(10, size=60)
    places = random.permutation(60)

    def median(given):
        return lambda rows: float(np.median(given[rows]))

    known = cluster_bootstrap(clusters, median(values), seed=1)
    assert cluster_bootstrap(clusters[places], median(values[places]), seed=1) == known
    assert cluster_bootstrap([f"clip {one}" for one in clusters], median(values), seed=1) == known


def test_failed_draws_are_counted_and_many_of_them_give_no_interval():
    random = np.random.default_rng(6)

    def fails(share):
        return lambda rows: math.nan if random.random() < share else 1.0

    low, high, finite = cluster_bootstrap(range(5), fails(0.2), seed=0)
    assert (low, high) == (1.0, 1.0)
    assert 700 < finite < 900
    low, high, finite = cluster_bootstrap(range(5), fails(0.8), seed=0)
    assert math.isnan(low)
    assert math.isnan(high)
    assert 100 < finite < 300


def test_half_of_the_draws_are_enough():
    for failed, known in ((500, (1.0, 1.0, 500)), (501, (math.nan, math.nan, 499))):
        left = [math.nan] * failed + [1.0] * (1000 - failed)
        assert cluster_bootstrap(["a", "b"], lambda rows, left=left: left.pop(), seed=0) == pytest.approx(
            known, nan_ok=True
        )
        assert not left


def test_one_cluster_has_no_interval():
    low, high, finite = cluster_bootstrap(["a", "a"], lambda rows: 1.0, seed=0)
    assert math.isnan(low)
    assert math.isnan(high)
    assert finite == 0
