"""Means of ratings: other listeners, other clips, or both."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench.stats import clustered_error, mean_ci, t_interval, two_way_interval


@pytest.mark.parametrize(("listeners", "level"), [(2, 0.95), (12, 0.95), (12, 0.8)])
def test_one_value_per_listener_is_the_t_interval(listeners, level):
    values = np.random.default_rng(0).normal(size=listeners)
    error, k = clustered_error(values, range(listeners))
    known = scipy_stats.ttest_1samp(values, 0).confidence_interval(level)
    assert t_interval(values.mean(), error, k, level) == pytest.approx((known.low, known.high))
    if level == 0.95:
        assert t_interval(values.mean(), error, k) == t_interval(values.mean(), error, k, level)


def crossed(listener_sd, clip_sd, listeners=6, clips=4):
    random = np.random.default_rng(listeners)
    who, what = np.repeat(range(listeners), clips), np.tile(range(clips), listeners)
    values = random.normal(0, listener_sd, listeners)[who] + random.normal(0, clip_sd, clips)[what]
    return 60 + values + random.normal(size=len(who)), who, what


def half_width(error, units):
    return error * scipy_stats.t.ppf(0.975, units - 1)


def test_two_ways_are_those_of_an_econometric_package():
    sm = pytest.importorskip("statsmodels.api", reason="pip install 'codecbench[listen]'")
    for values, who, what in (crossed(9, 3, 12, 3), crossed(8, 8, 12, 5)):
        groups = np.column_stack([who, what])
        fit = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": groups})
        reach = half_width(fit.bse[0], min(len(set(who)), len(set(what))))
        assert two_way_interval(values, who, what) == pytest.approx((values.mean() - reach, values.mean() + reach))


def test_the_interval_for_both_is_never_narrower_than_that_for_one():
    """Where listeners (or clips) differ by less than chance, the two ways together would promise too much."""
    values, who, what = crossed(8, 0)
    values -= np.array([values[what == clip].mean() for clip in range(4)])[what]
    for first, second in ((who, what), (what, who)):
        low, high = two_way_interval(values, first, second)
        assert (high - low) / 2 == pytest.approx(half_width(clustered_error(values, who)[0], 4))


def test_equal_ratings_have_no_error_at_all():
    assert clustered_error([0.1] * 7, range(7)) == (0.0, 7)
    assert two_way_interval([0.1] * 6, [1, 1, 2, 2, 3, 3], [1, 2] * 3) == pytest.approx((0.1, 0.1), abs=1e-15)


def test_order_and_names_change_nothing():
    random = np.random.default_rng(1)
    values, listeners, clips = random.normal(size=60), np.repeat(range(10), 6), np.tile(range(6), 10)
    order = random.permutation(60)
    known = two_way_interval(values, listeners, clips)
    assert two_way_interval(values[order], listeners[order], clips[order]) == known
    assert two_way_interval(values, [f"p{one}" for one in listeners], clips) == pytest.approx(known, rel=1e-12)


def test_one_listener_or_one_clip_has_no_interval():
    assert all(math.isnan(bound) for bound in two_way_interval([1, 2], ["a", "a"], [0, 1]))
    assert all(math.isnan(bound) for bound in two_way_interval([1, 2], ["a", "b"], [0, 0]))


def normal(random, who, what):
    return (
        60
        + random.normal(0, 8, who.max() + 1)[who]
        + random.normal(0, 8, what.max() + 1)[what]
        + random.normal(0, 8, len(who))
    )


def scores(random, who, what):
    """Whole numbers up to 100, clips skewed to the left: a good codec that fails on some."""
    hard = 8 * (2 - random.gamma(2, size=what.max() + 1)) / math.sqrt(2)
    raw = 75 + random.normal(0, 8, who.max() + 1)[who] + hard[what] + random.normal(0, 8, len(who))
    return raw.clip(0, 100).round()


def coverage(draw, listeners, clips, trials=1500):
    who, what = np.repeat(np.arange(listeners), clips), np.tile(np.arange(clips), listeners)
    random = np.random.default_rng(listeners * clips)
    truth = 60.0
    if draw is scores:  # one clip of each of 400 000 other listeners
        truth = float(draw(random, np.arange(400_000), np.arange(400_000)).mean())
    hits = 0
    for _ in range(trials):
        low, high = two_way_interval(draw(random, who, what), who, what)
        hits += low <= truth <= high
    return hits / trials


@pytest.mark.slow
@pytest.mark.parametrize("draw", [normal, scores])
@pytest.mark.parametrize(("listeners", "clips"), [(12, 12), (20, 12), (20, 20)])
def test_coverage_of_the_two_way_interval(draw, listeners, clips):
    assert 0.93 <= coverage(draw, listeners, clips) <= 0.97


def test_an_error_over_clusters_by_hand():
    """Mean 6 of 3, 5 | 4 | 12: sums of residues -4, -2 and 6, so the error is sqrt(3 / 2 * 56) / 4."""
    error, k = clustered_error([3, 4, 5, 12], ["x", "y", "x", "z"])
    assert (error, k) == (pytest.approx(math.sqrt(3 / 2 * (16 + 4 + 36)) / 4), 3)
    assert clustered_error([5, 3, 12, 4], ["x", "x", "z", "y"]) == (error, k)
    assert clustered_error([[3, 4], [5, 12]], [["x", "y"], ["x", "z"]]) == (error, k)


def test_students_interval_by_hand():
    """Quantiles of 0.975 and 0.95 of one, two and ten degrees of freedom as tables have them."""
    assert t_interval(10.0, 2.0, 2) == pytest.approx((10 - 2 * 12.7062, 10 + 2 * 12.7062), abs=1e-3)
    assert t_interval(10.0, 2.0, 3) == pytest.approx((10 - 2 * 4.30265, 10 + 2 * 4.30265), abs=1e-4)
    assert t_interval(0.0, 1.0, 11, level=0.9) == pytest.approx((-1.81246, 1.81246), abs=1e-4)
    assert all(map(math.isnan, t_interval(10.0, 2.0, 1)))


def test_names_that_join_alike_are_two_cells():
    """Listener a|b with clip c, and listener a with clip b|c."""
    values, names = [1.0, 5.0, 2.0, 9.0], (["a|b", "a", "a|b", "a"], ["c", "b|c", "d", "e"])
    plain = ([0, 1, 0, 1], [0, 1, 2, 3])
    assert two_way_interval(values, *names) == pytest.approx(two_way_interval(values, *plain))


def test_balanced_listeners_are_a_t_test_of_their_means():
    given = np.random.default_rng(0).normal(60, 8, (7, 5))
    means = given.mean(axis=1)
    error, k = clustered_error(given.ravel(), np.repeat(np.arange(7), 5))
    expected = scipy_stats.t.interval(0.95, 6, means.mean(), scipy_stats.sem(means))
    assert t_interval(means.mean(), error, k) == pytest.approx(expected)


def test_the_two_way_interval_without_interaction_is_the_sum_of_both_variances():
    """Scores are listener plus clip, so crossings add only what both have already."""
    listeners, clips = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    values = 10.0 * listeners + 10.0 * clips
    low, high = two_way_interval(values, listeners, clips)
    by_listener, by_clip, by_cell = (
        clustered_error(values, names)[0] for names in (listeners, clips, np.arange(len(values)))
    )
    reach = scipy_stats.t.ppf(0.975, 3) * math.sqrt(by_listener**2 + by_clip**2 - by_cell**2)
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach))


@pytest.mark.parametrize(("listeners", "clips"), [(8, 6), (20, 10)])
def test_intervals_over_listeners_cover_as_stated(listeners, clips):
    """The truth is the mean over these clips for all listeners there are; 95 % +- 2 %."""
    random, trials = np.random.default_rng(5), 2000
    bias = random.normal(0, 10, (trials, listeners, 1))
    given = 60 + bias + random.normal(0, 8, (trials, listeners, clips))
    who = np.repeat(np.arange(listeners), clips)
    inside = 0
    for one in given:
        error, k = clustered_error(one.ravel(), who)
        low, high = t_interval(one.mean(), error, k)
        inside += low <= 60 <= high
    assert 0.93 <= inside / trials <= 0.97


def test_bootstrap_intervals_over_listeners_cover_as_stated():
    random, trials = np.random.default_rng(6), 1000
    who = np.repeat(np.arange(12), 6)
    inside = 0
    for _ in range(trials):
        given = 60 + np.repeat(random.normal(0, 10, 12), 6) + random.normal(0, 8, 72)
        interval = mean_ci(given, who, seed=1, draws=2000)
        inside += interval.low <= 60 <= interval.high
    assert 0.93 <= inside / trials <= 0.97


@pytest.mark.parametrize(("listeners", "clips"), [(20, 12), (12, 12)])
def test_two_way_intervals_cover_other_clips(listeners, clips):
    random, trials = np.random.default_rng(7), 1500
    who, what = np.repeat(np.arange(listeners), clips), np.tile(np.arange(clips), listeners)
    inside = narrow = 0
    for _ in range(trials):
        given = 60 + random.normal(0, 8, listeners)[who] + random.normal(0, 8, clips)[what]
        given = given + random.normal(0, 8, len(who))
        low, high = two_way_interval(given, who, what)
        inside += low <= 60 <= high
        error, k = clustered_error(given, who)
        below, above = t_interval(given.mean(), error, k)
        narrow += below <= 60 <= above
    assert 0.93 <= inside / trials <= 0.985  # degrees of freedom of the smaller number are on the safe side
    assert narrow / trials < 0.9  # who speaks of other clips needs the two-way interval
