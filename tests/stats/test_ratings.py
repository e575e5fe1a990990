"""Means of ratings: other listeners, other clips, or both."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from bench.stats import clustered_error, t_interval, two_way_interval


def test_one_value_per_listener_is_the_t_interval():
    values = np.random.default_rng(0).normal(size=12)
    error, k = clustered_error(values, range(12))
    known = scipy_stats.ttest_1samp(values, 0).confidence_interval()
    assert t_interval(values.mean(), error, k) == pytest.approx((known.low, known.high))


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
