"""Pairs of conditions, all at once, ABX and AB."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.stats import holm, sign_flip_p
from listening_test.analysis.choices import by_listener, choices, wilson
from listening_test.analysis.comparisons import cells, comparisons, pooled_p
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.variance import omnibus, residual_skewness
from tests.listening.analysis.made import of_listeners, panel, rating


def test_sign_flips_by_hand():
    """Sums of +-1 +-2 +-3 as far from 0 as 6: two of eight; as 4: (3+2-1) and its mirror, too, so four."""
    assert sign_flip_p([1, 2, 3], 0) == pytest.approx(2 / 8)
    assert sign_flip_p([-1, 2, 3], 0) == pytest.approx(4 / 8)
    assert sign_flip_p([0, 0, 0], 0) == 1
    assert sign_flip_p([3], 0) == 1


def test_p_values_are_uniform_without_a_difference():
    random = np.random.default_rng(3)
    p = [sign_flip_p(random.normal(0, 5, 16), seed, draws=999) for seed in range(400)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.085
    p = [pooled_p(random.normal(0, 5, 12), random.normal(0, 5, 12), seed, draws=499) for seed in range(200)]
    assert 0.01 <= np.mean(np.array(p) <= 0.05) <= 0.1


def test_the_pooled_test_is_one_sided_and_blind_for_pairs():
    low = np.arange(20, 80, 5.0)
    high = low + 4  # everybody hears it, by less than people differ
    assert pooled_p(high, low, 0) > 0.1
    assert sign_flip_p(high - low, 0) < 0.001
    assert pooled_p(low, high + 60, 0) > 0.9
    assert pooled_p(high + 60, low, 0) < 0.001
    assert pooled_p([5, 5], [5, 5], 0) == 1


def test_a_pair_is_a_paired_t_test_of_listeners():
    ratings = counted(panel(listeners=9))
    table = comparisons(ratings, 0, draws=2000)
    row = table[(table["better"] == "c") & (table["worse"] == "a")].iloc[0]
    wide = cells(ratings).groupby("listener").mean()
    found = stats.ttest_rel(wide["c"], wide["a"])
    assert (row["t_low"], row["t_high"]) == pytest.approx(tuple(found.confidence_interval()))
    assert row["p_wilcoxon"] == pytest.approx(stats.wilcoxon(wide["c"] - wide["a"]).pvalue)
    assert row["n_listeners"] == 9


def test_families_and_the_direction():
    table = comparisons(counted(panel()), 0, draws=500)
    assert len(table) == 3 + 3
    assert (table["difference"] >= 0).all()
    assert set(table.loc[table["family"] == "hidden_reference", "better"]) == {"reference"}
    own = table[table["family"] == "systems"]
    assert own["p_permutation_holm"].tolist() == pytest.approx(holm(own["p_permutation"].tolist()))


def test_comparisons_do_not_depend_on_the_order_of_rows():
    ratings = counted(panel())
    shuffled = ratings.sample(frac=1, random_state=2)
    one, two = comparisons(ratings, 4, draws=500), comparisons(shuffled, 4, draws=500)
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_only_what_both_were_rated_on_is_compared():
    """Listener x rated b on one clip only; there the difference is 10, whatever the other clips of a say."""
    nan = math.nan
    ratings = of_listeners(
        {
            "x": {"a": [50.0, 0.0, 0.0], "b": [60.0, nan, nan]},
            "y": {"a": [50.0, 50.0, 50.0], "b": [60.0, 60.0, 60.0]},
            "z": {"a": [50.0, 50.0, 50.0]},
        }
    )
    [row] = comparisons(ratings, 0).to_dict("records")
    assert (row["better"], row["difference"], row["n_listeners"]) == ("b", 10, 2)
    assert row["effect_dz"] == math.inf


def test_pairs_that_nobody_or_one_person_rated_stay_as_rows():
    nan = math.nan
    ratings = of_listeners({"x": {"a": [50.0, nan], "b": [nan, 60.0]}, "y": {"a": [50.0, nan], "c": [40.0, nan]}})
    table = comparisons(ratings, 0)
    assert table["n_listeners"].tolist() == [0, 1, 0]
    assert table["p_permutation"].isna().all()
    assert table["p_permutation_holm"].isna().all()


def test_rm_anova_and_friedman_as_statsmodels_and_scipy_say():
    from statsmodels.stats.anova import AnovaRM

    ratings = counted(panel(listeners=10))
    table = omnibus(ratings).set_index(["effect", "note"])["statistic"]
    systems = ratings[ratings["role"] == "system"]
    means = systems.groupby(["listener", "condition"], as_index=False)["score"].mean()
    expected = AnovaRM(means, "score", "listener", within=["condition"]).fit().anova_table["F Value"].iloc[0]
    assert table["condition", "on the listeners' means"] == pytest.approx(expected)
    both = AnovaRM(systems, "score", "listener", within=["condition", "clip"]).fit().anova_table["F Value"]
    found = [table[effect, "on the single ratings"] for effect in ("condition", "clip", "condition x clip")]
    assert found == pytest.approx(both.tolist())
    wide = means.pivot_table(index="listener", columns="condition", values="score")
    friedman = stats.friedmanchisquare(*wide.to_numpy().T).statistic
    assert table["condition", "effect size: Kendall's W"] == pytest.approx(friedman)


def test_both_corrections_for_sphericity_as_published():
    """Field, "Discovering Statistics Using SPSS", chapter on repeated measures: eight people, four foods."""
    foods = {
        "insect": [8, 9, 6, 5, 8, 7, 10, 12],
        "kangaroo": [7, 5, 2, 3, 4, 5, 2, 6],
        "eye": [1, 2, 3, 1, 5, 6, 7, 8],
        "grub": [6, 5, 8, 9, 8, 7, 2, 1],
    }
    eaten = {f"L{who}": {food: [values[who]] for food, values in foods.items()} for who in range(8)}
    row = omnibus(of_listeners(eaten)).iloc[0]
    assert (round(row["statistic"], 2), row["df1"], row["df2"]) == (3.79, 3, 21)
    assert (round(row["epsilon_gg"], 3), round(row["epsilon_hf"], 3)) == (0.533, 0.666)
    assert (round(row["p"], 3), round(row["p_gg"], 3), round(row["p_hf"], 3)) == (0.026, 0.063, 0.048)


def test_corrections_as_pingouin_has_them():
    import pingouin

    ratings = counted(panel(listeners=9, seed=2, systems={"a": 60, "b": 63, "c": 65, "d": 70}))
    means = ratings[ratings["role"] == "system"].pivot_table(index="listener", columns="condition", values="score")
    row = omnibus(ratings).iloc[0]
    assert row["epsilon_gg"] == pytest.approx(pingouin.epsilon(means, correction="gg"))
    assert row["epsilon_hf"] == pytest.approx(pingouin.epsilon(means, correction="hf"))
    assert row["p"] < row["p_hf"] < row["p_gg"]


def test_what_cannot_be_tested_says_why():
    notes = omnibus(counted(panel(listeners=2)))["note"]
    assert set(notes) == {"fewer than three listeners rated every system"}
    assert set(omnibus(counted(panel(systems={"a": 50.0})))["note"]) == {"fewer than two systems"}
    equal = of_listeners({name: {"a": [50.0] * 4, "b": [60.0] * 4} for name in "xyz"})
    assert set(omnibus(equal)["note"]) == {"no spread between listeners"}
    assert math.isnan(residual_skewness(equal))
    full = counted(panel(listeners=6, clips=6))
    blocks = full[(full["listener"].str[-1] != full["clip"].str[-1]).to_numpy()]  # everybody lacks another clip
    notes = omnibus(blocks)["note"].tolist()
    assert "not every listener rated every system on every clip" in notes


def answers(kind: str, won: dict[str, tuple[int, int]]) -> pd.DataFrame:
    return as_ratings(
        rating(who, f"t{i}", "codec", float(i < right), test_type=kind, against="reference")
        for who, (right, of) in won.items()
        for i in range(of)
    )


def test_abx_is_a_one_sided_binomial_test():
    ratings = answers("abx", {"x": (9, 10), "y": (5, 10)})
    [row] = choices(ratings, 0).to_dict("records")
    assert (row["n"], row["share"]) == (20, 0.7)
    assert row["p"] == pytest.approx(stats.binomtest(14, 20, alternative="greater").pvalue)
    table = by_listener(ratings).set_index("listener")
    assert table.loc["x", "p"] == pytest.approx(11 / 1024)  # 10 + 1 ways of 1024
    assert table.loc["x", "p_holm"] == pytest.approx(22 / 1024)
    assert table.loc["y", "p"] > 0.5


def test_ab_has_wilsons_interval_and_a_sign_test_over_listeners():
    won = {"v": (3, 4), "w": (4, 4), "x": (3, 4), "y": (2, 4), "z": (1, 4)}
    [row] = choices(answers("ab", won), 0).to_dict("records")
    assert (row["n"], row["share"], row["n_listeners"]) == (20, 0.65, 5)
    assert (row["low"], row["high"]) == pytest.approx((0.4329, 0.8188), abs=1e-4)  # by hand from Wilson's formula
    assert row["p_sign"] == pytest.approx(stats.binomtest(3, 4).pvalue)  # y is tied
    assert row["ci_low"] < 0.65 < row["ci_high"]


def test_wilson_as_statsmodels_says():
    from statsmodels.stats.proportion import proportion_confint

    assert wilson(7, 31) == pytest.approx(proportion_confint(7, 31, method="wilson"))
    assert all(map(math.isnan, wilson(0, 0)))
