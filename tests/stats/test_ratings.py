"""Means of ratings: other listeners, other clips, or both."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench.stats import clustered_error, t_interval, two_way_interval


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
