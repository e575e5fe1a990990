"""Two conditions on the same clips: against scipy, by hand, and what must change nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import optimize as scipy_optimize
from scipy import stats as scipy_stats

from bench.stats import (
    DRAWS,
    cliffs_delta,
    difference,
    differences,
    holm,
    mean_ci,
    rank_biserial,
    sign_flip_p,
    wilcoxon_p,
)
from bench.stats import signs as signs_module
from bench.stats import together as together_module
from bench.stats.signs import sign_flip_ps

whole = st.integers(2, 14).flatmap(lambda n: arrays(np.float64, n, elements=st.integers(-50, 50).map(float)))


def flipped(values, draws, seed=0):
    def total(x, axis):
        return np.sum(x, axis=axis)

    return scipy_stats.permutation_test(
        (values,), total, permutation_type="samples", n_resamples=draws, vectorized=True,
        rng=np.random.default_rng(seed),
    ).pvalue  # fmt: skip


@given(whole)
@settings(max_examples=40, deadline=None)
def test_few_units_are_enumerated_as_scipy_does(values):
    values = values[:10]
    expected = flipped(values, np.inf) if values.any() else 1.0
    assert sign_flip_p(values, seed=0) == pytest.approx(expected)


def test_decimal_fractions_that_should_tie_do_tie():
    """0.1 + 0.2 is not 0.3 in floating point; as sums of signed differences they are equal all the same."""
    tenths = np.array([0.1, 0.2, -0.3, 0.4])
    assert sign_flip_p(tenths, seed=0) == sign_flip_p([1, 2, -3, 4], seed=0)


def test_drawn_signs_give_the_p_of_scipy():
    values = np.random.default_rng(1).normal(0.3, 1, size=40)
    assert sign_flip_p(values, seed=0, draws=40_000) == pytest.approx(flipped(values, 40_000), abs=0.006)


def test_drawn_signs_tend_to_the_enumerated_p():
    values = np.random.default_rng(2).normal(0.4, 1, size=13)
    assert sign_flip_p(values, seed=3, draws=8000) == pytest.approx(sign_flip_p(values, seed=3), abs=0.012)


def test_p_is_never_zero_and_not_below_the_draws_unless_by_the_limit():
    assert sign_flip_p(np.tile([-1.0, 1.0], 50), seed=0, draws=999) > 0.5
    assert sign_flip_p(np.arange(1, 101.0), seed=0, draws=999) == pytest.approx(2**-99, rel=0.01, abs=0)
    assert 0 < sign_flip_p(np.ones(100_000), seed=0) < 1e-300


def test_beyond_the_draws_p_is_a_bound_of_the_exact_one():
    """Twenty ones with three against: at most 3 of 20 signs on one side, 1351 combinations, and their mirrors."""
    exact = 2 * 1351 / 2**20
    values = np.r_[np.ones(17), -np.ones(3)]
    assert sign_flip_p(values, seed=0, draws=20_000) == pytest.approx(exact, rel=0.4)
    values = np.r_[np.ones(19), -1.0]
    exact = 2 * 21 / 2**20
    assert exact < sign_flip_p(values, seed=0, draws=1000) < 12 * exact


def test_where_the_bound_is_wide_p_is_that_of_no_draw_as_extreme():
    """The exact p is 18 of 256, so some seeds draw none of those; with the observed one counted in that is 1 of 21."""
    found = [sign_flip_p([1.0] * 7 + [-1.0], seed, draws=20) for seed in range(20)]
    assert min(found) == 1 / 21


def test_the_bound_is_the_least_of_chernoff():
    sizes = np.arange(3.0, 20.0)
    signs = np.where(sizes == 4, -1, 1)

    def exponent(t):
        return np.log(np.cosh(t * sizes)).sum() - t * (signs * sizes).sum()

    least = scipy_optimize.minimize_scalar(exponent, bounds=(0, 3), method="bounded", options={"xatol": 1e-9}).fun
    bound = sign_flip_p(signs * sizes, seed=0, draws=500)
    assert bound == pytest.approx(2 * math.exp(least), rel=1e-6)
    assert 1 < bound / sign_flip_p(signs * sizes, seed=0, draws=2**17) < 12


def test_the_seed_and_the_number_of_draws_decide():
    values = np.random.default_rng(1).normal(0.3, 1, size=40)
    found = {seed: sign_flip_p(values, seed, draws=999) for seed in (1, 2)}
    assert found[1] == sign_flip_p(values, 1, draws=999) != found[2]
    for p in found.values():
        assert p * 1000 == pytest.approx(round(p * 1000))


@pytest.mark.parametrize("draw", ["normal", "skewed"])
def test_the_normal_limit_is_the_drawn_p(draw, monkeypatch):
    random = np.random.default_rng(5)
    shape = (6, 5000)
    table = random.normal(size=shape) if draw == "normal" else random.exponential(size=shape) - 1
    columns = [row - row.mean() + z / math.sqrt(5000) for row, z in zip(table, np.linspace(0, 3, 6), strict=True)]
    limits = sign_flip_ps(columns, seed=0)
    monkeypatch.setattr(signs_module, "NORMAL_FROM", math.inf)
    drawn = sign_flip_ps(columns, seed=0, draws=5000)
    error = 4 * np.sqrt(np.array(drawn) * (1 - np.array(drawn)) / 5000) + 1 / 5000
    assert (np.abs(np.array(limits) - drawn) <= error).all()


def test_many_clusters_of_which_few_differ_are_not_taken_as_normal():
    values = np.zeros(20_000)
    values[:5] = [1, 2, 3, 4, 5]
    assert sign_flip_p(values, seed=0) == 2 / 32
    values = np.tile([1e-6, -1e-6], 10_000)
    values[:6] = 100  # 2 of 64 combinations, and then the rest decides: half of them
    assert sign_flip_p(values, seed=0, draws=2000) == pytest.approx(1 / 64, abs=0.01)


def test_one_clip_for_each_source_is_the_paired_t_test():
    random = np.random.default_rng(7)
    first = random.normal(3, 1, size=60)
    second = first + random.normal(0.25, 0.8, size=60)
    found = difference(first, second, np.arange(60), seed=0, draws=40_000)
    test = scipy_stats.ttest_rel(second, first)
    interval = test.confidence_interval()
    assert found.mean == pytest.approx((second - first).mean())
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.03)
    assert found.p == pytest.approx(test.pvalue, abs=0.006)
    assert found.p_wilcoxon == scipy_stats.wilcoxon(second - first, zero_method="pratt").pvalue
    assert found.effect_dz == pytest.approx((second - first).mean() / (second - first).std(ddof=1))


def test_the_statistic_of_the_test_is_the_estimate():
    """Source a has three clips. Signs of sources: sums 9, 1, 1 give +-11, +-9, +-9, +-7; the estimate is 11 / 5."""
    found = difference([0.0] * 5, [2.0, 3.0, 4.0, 1.0, 1.0], ["a", "a", "a", "b", "c"], seed=0)
    assert found.mean == pytest.approx(11 / 5)
    assert (found.n, found.n_clusters) == (5, 3)
    assert found.p == 2 / 8
    turned = difference([0.0] * 5, [2.0, 3.0, 4.0, -1.0, 1.0], ["a", "a", "a", "b", "c"], seed=0)
    assert turned.p == 6 / 8
    means = np.array([3.0, -1.0, 1.0])
    assert turned.rank_biserial == rank_biserial(means)
    assert turned.p_wilcoxon == wilcoxon_p(means)
    assert turned.effect_dz == pytest.approx((9 / 5) / means.std(ddof=1))


@pytest.mark.parametrize("clips", [30, 450])
def test_the_interval_is_that_of_the_mean_of_the_differences(clips):
    random = np.random.default_rng(8)
    clusters = random.integers(clips // 3, size=clips)
    first, second = random.normal(size=(2, clips))
    found, known = difference(first, second, clusters, seed=4), mean_ci(second - first, clusters, seed=4)
    assert found.mean == known.mean
    assert found[:5] == pytest.approx(known, rel=1e-9)


def test_many_clusters_have_the_interval_that_draws_tend_to(monkeypatch):
    random = np.random.default_rng(9)
    clusters = np.repeat(np.arange(1500), 2)
    values = random.exponential(size=3000) + random.normal(size=1500)[clusters]
    limit = difference(np.zeros(3000), values, clusters, seed=0)
    monkeypatch.setattr(together_module, "NORMAL_FROM", 10_000)
    drawn = difference(np.zeros(3000), values, clusters, seed=0, draws=4000)
    width = drawn.high - drawn.low
    assert (limit.low, limit.high) == pytest.approx((drawn.low, drawn.high), abs=0.025 * width)


def test_missing_values_leave_the_clip_out_and_equal_infinities_do_not_differ():
    nan, inf = math.nan, math.inf
    found = difference([1, nan, 2, inf, 5], [2, 3, nan, inf, 7], list("abcde"), seed=0)
    assert (found.mean, found.n, found.n_clusters) == (1.0, 3, 3)
    assert math.isfinite(found.low)


def test_an_infinite_difference_has_an_infinite_mean_and_nothing_else():
    found = difference([1, 2, 3], [2, math.inf, 4], list("abc"), seed=0)
    assert (found.mean, found.n, found.n_clusters) == (math.inf, 3, 3)
    assert all(math.isnan(value) for value in (found.low, found.high, *found[5:]))
    assert math.isnan(difference([1, math.inf], [math.inf, 1], [0, 1], seed=0).mean)


def test_identical_conditions_differ_by_nothing():
    values = np.random.default_rng(0).normal(size=20)
    assert difference(values, values, range(20), seed=0) == (0, 0, 0, 20, 20, 1, 1, 0, 0)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_difference_without_any_spread_is_infinitely_many_of_it(sign):
    found = difference([0.0] * 3, [sign * 0.1] * 3, range(3), seed=0)
    assert (found.effect_dz, found.rank_biserial) == (sign * math.inf, sign)


def test_clips_without_a_difference_are_ranked_as_pratt_says():
    values = np.random.default_rng(17).normal(0.7, 1.5, size=60).round()
    assert wilcoxon_p(values) == scipy_stats.wilcoxon(values, zero_method="pratt").pvalue
    assert wilcoxon_p(values) != scipy_stats.wilcoxon(values[values != 0]).pvalue


def test_nothing_and_one_cluster_have_no_test():
    none = difference([], [], [], seed=0)
    assert math.isnan(none.mean)
    assert (none.n, none.n_clusters) == (0, 0)
    one = difference([1, 2], [2, 4], ["a", "a"], seed=0)
    assert (one.mean, one.n, one.n_clusters) == (1.5, 2, 1)
    assert all(math.isnan(value) for value in (one.low, one.high, *one[5:]))


def made(random, clips=120):
    clusters = random.integers(25, size=clips)
    table = random.normal(size=(5, clips)).round(2) + random.normal(size=25)[clusters]
    table[:, random.random(clips) < 0.05] = math.nan
    table[2, random.random(clips) < 0.2] = math.nan
    return table, clusters


def test_one_call_or_several_and_any_order_of_rows_give_the_same_bits():
    random = np.random.default_rng(10)
    table, clusters = made(random)
    pairs = [(table[one], table[two]) for one in range(5) for two in range(one)]
    together = differences(pairs, clusters, seed=1)
    assert repr(together) == repr([difference(*pair, clusters, seed=1) for pair in pairs])
    order = random.permutation(len(clusters))
    assert repr(together) == repr(differences([(a[order], b[order]) for a, b in pairs], clusters[order], seed=1))
    renamed = np.array([f"source {one:03d}" for one in clusters])
    assert repr(together) == repr(differences(pairs, renamed, seed=1))


def test_clips_measured_twice_change_no_number():
    table, clusters = made(np.random.default_rng(11))
    once = difference(table[0], table[1], clusters, seed=1)
    twice = difference(np.tile(table[0], 2), np.tile(table[1], 2), np.tile(clusters, 2), seed=1)
    assert twice.n == 2 * once.n
    assert twice[:3] + twice[4:] == pytest.approx(once[:3] + once[4:])


def test_swapping_turns_the_sign_and_nothing_else():
    table, clusters = made(np.random.default_rng(12))
    there, back = difference(table[0], table[1], clusters, 1), difference(table[1], table[0], clusters, 1)
    assert back.mean == pytest.approx(-there.mean, rel=1e-12)
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.p == there.p
    assert back.p_wilcoxon == pytest.approx(there.p_wilcoxon)
    assert back.effect_dz == pytest.approx(-there.effect_dz)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="one cluster per value"):
        difference([1.0, 2.0], [1.0, 2.0], [0], seed=0)


def test_wilcoxon_of_nothing_is_one():
    assert wilcoxon_p([0, 0, 0]) == 1
    assert wilcoxon_p([1, 2, 3, 4, 5]) == pytest.approx(2 / 32)


def test_effect_sizes_against_pingouin_and_by_hand():
    pingouin = pytest.importorskip("pingouin", reason="pip install 'codecbench[listen]'")
    random = np.random.default_rng(1)
    one, two = random.normal(60, 10, 15), random.normal(55, 10, 15)
    found = pingouin.wilcoxon(one, two)
    assert rank_biserial(one - two) == pytest.approx(float(found["RBC"].iloc[0]))
    by_hand = np.mean(np.sign(one[:, None] - two[None, :]))
    assert cliffs_delta(one, two) == pytest.approx(by_hand)
    cles = float(pingouin.mwu(one, two)["CLES"].iloc[0])
    assert cliffs_delta(one, two) == pytest.approx(2 * cles - 1)
    assert cliffs_delta([3, 4], [1, 3]) == 0.75
    assert cliffs_delta([1, 3], [3, 4]) == -0.75
    assert math.isnan(cliffs_delta([], [1]))
    assert math.isnan(cliffs_delta([1], []))


def test_holm_against_pingouin():
    pingouin = pytest.importorskip("pingouin", reason="pip install 'codecbench[listen]'")
    p = [0.01, 0.5, 0.04, 0.03, 0.002, 0.9]
    assert holm(p) == pytest.approx(pingouin.multicomp(p, method="holm")[1].tolist())
    assert holm([]) == []


def test_holm_never_decreases():
    p = np.random.default_rng(13).random(50).tolist()
    corrected = np.array(holm(p))[np.argsort(p)]
    assert (np.diff(corrected) >= 0).all()
    assert corrected.max() <= 1


def coverage(draw, clusters, trials=1500):
    random = np.random.default_rng(len(clusters))
    hits = 0
    for _ in range(trials):
        first, second, truth = draw(random, clusters)
        found = difference(first, second, clusters, seed=0, draws=2000)
        hits += found.low <= truth <= found.high
    return hits / trials


def normal(random, clusters):
    k = clusters.max() + 1
    first = random.normal(size=k)[clusters] + random.normal(size=len(clusters))
    return first, first + 0.3 + random.normal(size=k)[clusters] + random.normal(size=len(clusters)), 0.3


def mos_like(random, clusters):
    """Two conditions with scores between 1 and 5, skewed to the left, and more so where quality is higher."""
    k = clusters.max() + 1
    first, second = 5 - 4 * random.beta(2, 4, k)[clusters], 5 - 4 * random.beta(1.5, 5, k)[clusters]
    truth = 4 * (2 / 6 - 1.5 / 6.5)
    return first + random.normal(0, 0.2, len(clusters)), second + random.normal(0, 0.2, len(clusters)), truth


@pytest.mark.slow
@pytest.mark.parametrize("draw", [normal, mos_like])
@pytest.mark.parametrize("clusters", [np.arange(8), np.arange(30), np.repeat(np.arange(20), 3)], ids=len)
def test_coverage_of_the_difference(draw, clusters):
    assert 0.93 <= coverage(draw, clusters) <= 0.97


@pytest.mark.slow
def test_p_is_uniform_where_nothing_differs():
    random = np.random.default_rng(15)
    clusters = np.repeat(np.arange(20), random.integers(1, 6, 20))
    found = []
    for _ in range(1500):
        first, second, _truth = normal(random, clusters)
        found.append(difference(first, second - 0.3, clusters, seed=0, draws=999).p)
    assert scipy_stats.kstest(found, "uniform").pvalue > 0.01
    assert 0.035 <= np.mean(np.array(found) <= 0.05) <= 0.065


@pytest.mark.slow
def test_a_hundred_thousand_clips_take_seconds():
    import time

    random = np.random.default_rng(16)
    sources = random.integers(15_000, size=33_000)
    values = random.normal(size=(20, 33_000))
    started = time.perf_counter()
    differences([(values[0], row) for row in values], sources, seed=0, draws=DRAWS)
    assert time.perf_counter() - started < 5
