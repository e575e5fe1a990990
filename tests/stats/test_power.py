from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats import mean_ci
from bench.stats.power import cautious_sd, power, sources_needed, spread, visible_difference

TRIALS = 3_000


def pilot(k, clips_each, between, within, seed=0):
    """Differences and sources: ``k`` recordings with ``clips_each`` clips, of the given standard deviations."""
    rng = np.random.default_rng(seed)
    values = between * rng.standard_normal((k, 1)) + within * rng.standard_normal((k, clips_each))
    return values.ravel(), np.repeat(np.arange(k), clips_each)


# n of pairs for a two-sided paired t-test at 5 %, from the tables of G*Power 3.1 (matched pairs, dz, alpha, power)
@pytest.mark.parametrize(("dz", "aim", "pairs"), [(0.2, 0.8, 199), (0.5, 0.8, 34), (0.8, 0.8, 15), (0.5, 0.95, 54)])
def test_as_other_programs_say(dz, aim, pairs):
    assert sources_needed(dz, 1.0, aim) == pairs


@pytest.mark.parametrize(("dz", "level"), [(0.5, 0.99), (0.8, 0.9)])
def test_another_level_needs_another_number(dz, level):
    from scipy import stats

    def found(k: int) -> float:
        threshold, shift = stats.t.ppf((1 + level) / 2, k - 1), dz * math.sqrt(k)
        return float(stats.nct.sf(threshold, k - 1, shift) + stats.nct.cdf(-threshold, k - 1, shift))

    k = sources_needed(dz, 1.0, level=level)
    assert found(k) >= 0.8 > found(k - 1)
    assert visible_difference(1.0, k, level=level) <= dz < visible_difference(1.0, k - 1, level=level)


@pytest.mark.parametrize("k", [2, 3, 5, 20, 200])
@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0, 4.0, 6.0])
def test_power_is_that_of_the_non_central_t_distribution(k, shift):
    from scipy import stats

    threshold = stats.t.ppf(0.975, k - 1)
    expected = stats.nct.sf(threshold, k - 1, shift) + stats.nct.cdf(-threshold, k - 1, shift)
    if not math.isnan(expected):
        assert power(shift / math.sqrt(k), 1.0, k) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("difference", "clips_each", "between", "within"), [(0.3, 1, 0.0, 0.5), (0.2, 4, 0.25, 0.5)])
def test_the_computed_number_sees_as_often_as_stated(difference, clips_each, between, within):
    """Experiments of the computed size: the share that a t-test over sources finds is the stated power."""
    from scipy import stats

    source_sd = math.sqrt(between**2 + within**2 / clips_each)
    k = sources_needed(difference, source_sd)
    values, _ = pilot(k * TRIALS, clips_each, between, within)
    means = difference + values.reshape(TRIALS, k, clips_each).mean(axis=2)
    found = stats.ttest_1samp(means, 0.0, axis=1).pvalue < 0.05
    error = math.sqrt(0.8 * 0.2 / TRIALS)
    assert power(difference, source_sd, k) - 3 * error < found.mean() < power(difference, source_sd, k) + 3 * error
    assert power(difference, source_sd, k) >= 0.8 > power(difference, source_sd, k - 1)


def test_the_clustered_bootstrap_sees_as_often_as_stated():
    difference, trials = 0.3, 400
    k = sources_needed(difference, math.sqrt(0.25**2 + 0.5**2 / 3))
    found = 0
    for seed in range(trials):
        values, sources = pilot(k, 3, 0.25, 0.5, seed)
        found += mean_ci(values + difference, sources, seed=0, draws=1_000).low > 0
    assert found / trials == pytest.approx(0.8, abs=3 * math.sqrt(0.8 * 0.2 / trials))


def test_the_spread_of_a_pilot_is_that_of_its_means():
    """``source_sd / sqrt(k)`` is the standard error, also where recordings give different numbers of clips."""
    rng = np.random.default_rng(1)
    sizes = np.repeat([1, 2, 6], 20)
    sources = np.repeat(np.arange(60), sizes)
    values = rng.standard_normal((2_000, 60))[:, sources] + rng.standard_normal((2_000, len(sources)))
    stated = np.mean([spread(row, sources).source_sd for row in values]) / math.sqrt(60)
    assert stated == pytest.approx(values.mean(axis=1).std(), rel=0.05)


def test_the_design_effect_is_one_for_independent_clips_and_the_size_for_copies():
    values, _ = pilot(4_000, 1, 0.0, 1.0)
    assert spread(values, np.arange(4_000)).design_effect == pytest.approx(1.0, abs=1e-9)
    assert spread(values, np.arange(4_000) // 4).design_effect == pytest.approx(1.0, abs=0.15)
    assert spread(np.repeat(values, 4), np.arange(16_000) // 4).design_effect == pytest.approx(4.0, abs=0.01)


def test_the_order_and_the_names_of_sources_do_not_matter():
    values, sources = pilot(6, 3, 1.0, 1.0)
    turned = spread(values[::-1], [f"s{source}" for source in sources[::-1]])
    assert turned == pytest.approx(spread(values, sources), rel=1e-12)


@given(st.floats(0.05, 5), st.floats(0.01, 5), st.sampled_from([0.5, 0.8, 0.95]))
def test_both_ways_agree(difference, source_sd, aim):
    k = sources_needed(difference, source_sd, aim)
    if k is None:
        return
    assert visible_difference(source_sd, k, aim) <= difference * (1 + 1e-9)
    if k > 2:
        assert visible_difference(source_sd, k - 1, aim) > difference * (1 - 1e-9)


@given(st.integers(2, 500), st.floats(0, 3), st.floats(0, 3))
def test_more_is_seen_more_often(k, one, other):
    low, high = sorted((one, other))
    assert 0.05 - 1e-4 <= power(low, 1.0, k) <= power(high, 1.0, k) + 1e-9 <= 1 + 2e-9
    assert power(high, 1.0, k) <= power(high, 1.0, k + 1) + 1e-4


def test_the_cautious_spread_covers_as_often_as_stated():
    rng = np.random.default_rng(3)
    found = [cautious_sd(row.std(ddof=1), 8) >= 1 for row in rng.standard_normal((4_000, 8))]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)


def test_pilots_that_say_nothing():
    assert math.isnan(spread([1.0, 2.0], ["a", "a"]).source_sd)
    assert math.isnan(spread([], []).mean)
    assert math.isnan(spread([1.0, math.inf], ["a", "b"]).source_sd)
    assert spread([0.1] * 3, list("abc")).source_sd == 0
    with pytest.raises(ValueError, match="NaN"):
        spread([math.nan], ["a"])
    with pytest.raises(ValueError, match="spread above 0"):
        sources_needed(1.0, 0.0)
    with pytest.raises(ValueError, match="other than 0"):
        sources_needed(0.0, 1.0)
    with pytest.raises(ValueError, match="power between 0 and 1"):
        sources_needed(1.0, 1.0, aim=1.0)
    assert sources_needed(1e-9, 1.0) is None
    assert math.isnan(visible_difference(1.0, 1))
