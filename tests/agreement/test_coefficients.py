"""Coefficients against scipy, tests of two metrics by how often they reject what is true."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from bench.agreement.coefficients import (
    MANY,
    errors_p,
    fisher_p,
    kendall,
    pearson,
    ranks_within,
    spearman,
    williams_p,
    within,
)

PAIRS = some.lists(some.tuples(some.integers(-5, 5), some.integers(0, 100)), min_size=3, max_size=40)


@given(PAIRS)
def test_coefficients_are_those_of_scipy_ties_included(pairs):
    one, two = np.array(pairs, dtype=float).T
    if not np.ptp(one) or not np.ptp(two):
        assert all(math.isnan(f(one, two)) for f in (pearson, spearman, kendall))
        return
    assert pearson(one, two) == pytest.approx(stats.pearsonr(one, two).statistic, abs=1e-9)
    assert spearman(one, two) == pytest.approx(stats.spearmanr(one, two).statistic, abs=1e-9)
    assert kendall(one, two) == pytest.approx(stats.kendalltau(one, two).statistic, abs=1e-9)


def test_kendall_of_many_points_is_the_same():
    random = np.random.default_rng(0)
    one = random.integers(0, 50, MANY + 1).astype(float)
    two = one + random.integers(0, 60, MANY + 1)
    assert kendall(one, two) == pytest.approx(stats.kendalltau(one, two).statistic, abs=1e-12)


def test_fewer_than_three_points_have_no_correlation():
    two = np.array([1.0, 2.0])
    assert all(math.isnan(f(two, two)) for f in (pearson, spearman, kendall))


@given(some.lists(some.tuples(some.integers(0, 3), some.integers(-4, 4), some.integers(0, 9)), min_size=1, max_size=40))
def test_correlations_within_groups_are_those_of_each_group(rows):
    groups, one, two = np.array(rows).T
    one, two = one.astype(float), two.astype(float)
    plain = within(one, two, groups, 4)
    ranked = within(ranks_within(one, groups), ranks_within(two, groups), groups, 4)
    for group in range(4):
        here = groups == group
        for found, known in ((plain, pearson), (ranked, spearman)):
            expected = known(one[here], two[here])
            assert found[group] == pytest.approx(expected, abs=1e-7, nan_ok=True)


def test_tests_of_two_metrics_reject_the_truth_as_often_as_they_say():
    random = np.random.default_rng(1)
    n, draws, dependent, independent, spread = 40, 1500, 0, 0, 0
    for _ in range(draws):
        ears, shared = random.normal(size=n), random.normal(size=n)
        one, two = (0.6 * ears + 0.5 * shared + 0.6 * random.normal(size=n) for _ in range(2))
        r_one, r_two = pearson(one, ears), pearson(two, ears)
        dependent += williams_p(r_one, r_two, pearson(one, two), n) < 0.05
        other = random.normal(size=n)
        r_other = pearson(0.6 * other + 0.8 * random.normal(size=n), other)
        r_alone = pearson(0.6 * ears + 0.8 * random.normal(size=n), ears)
        independent += fisher_p(r_alone, r_other, n) < 0.05
        spread += errors_p(*(float(np.std(random.normal(size=n), ddof=1)) for _ in range(2)), n - 1) < 0.05
    for rejected in (dependent, independent, spread):
        assert 0.035 < rejected / draws < 0.066  # 0.05 within 2.8 standard errors


def test_no_test_where_there_is_nothing_to_test():
    assert math.isnan(williams_p(0.5, 0.4, 1.0, 20))
    assert math.isnan(williams_p(0.5, 0.4, 0.2, 3))
    assert math.isnan(fisher_p(1.0, 0.4, 20))
    assert math.isnan(errors_p(0.0, 1.0, 20))
    assert errors_p(2.0, 2.0, 20) == 1.0
