"""Pairs of conditions, all at once, ABX and AB."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.stats import holm, mean_ci, sign_flip_p
from listening_test.analysis.choices import by_listener, choices, wilson
from listening_test.analysis.comparisons import COLUMNS, both, cells, comparisons, pooled_p
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.variance import ROWS, omnibus, residual_skewness
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


def test_every_column_of_a_pair_by_hand():
    """Listeners' differences of b less a: 10, 20, 12, 30, -4; of the clips of x only the first was rated twice."""
    nan = math.nan
    ratings = of_listeners(
        {
            "v": {"a": [50.0, 60.0], "b": [60.0, 70.0], "reference": [100.0, 100.0]},
            "w": {"a": [40.0, 50.0], "b": [60.0, 70.0], "reference": [100.0, 100.0]},
            "x": {"a": [58.0, nan], "b": [70.0, 10.0], "reference": [90.0, 100.0]},
            "y": {"a": [20.0, 30.0], "b": [50.0, 60.0], "reference": [100.0, 100.0]},
            "z": {"a": [64.0, 54.0], "b": [60.0, 50.0], "reference": [100.0, 100.0]},
        }
    )
    table = comparisons(ratings, seed=3, draws=200)
    assert list(table.columns) == list(COLUMNS)
    keys = [("systems", "b", "a"), ("hidden_reference", "reference", "a"), ("hidden_reference", "reference", "b")]
    assert list(table[["family", "better", "worse"]].itertuples(index=False, name=None)) == keys
    row = table.iloc[0]
    differences = np.array([10.0, 20, 12, 30, -4])
    assert (row["difference"], row["n_listeners"]) == (pytest.approx(13.6), 5)
    found = stats.ttest_1samp(differences, 0)
    assert (row["t_low"], row["t_high"]) == pytest.approx(tuple(found.confidence_interval()))
    assert row["p_permutation"] == pytest.approx(4 / 32)  # sums of 68 and more: all, or all but -4; and mirrored
    assert row["p_permutation_holm"] == row["p_permutation"], "the family has one pair"
    assert row["p_wilcoxon"] == pytest.approx(4 / 32)  # ranks 2 to 5 against 1, likewise
    assert row["effect_dz"] == pytest.approx(13.6 / differences.std(ddof=1))
    assert row["rank_biserial"] == pytest.approx((14 - 1) / 15)
    high, low = [65, 65, 70, 55, 55], [55, 45, 58, 25, 59]
    assert row["cliffs_delta"] == pytest.approx(np.sign(np.subtract.outer(high, low)).mean())
    assert row["p_attachment3"] == pytest.approx(pooled_p(high, low, 3, 200))
    against = table.iloc[1:]
    assert against["p_permutation_holm"].tolist() == pytest.approx(holm(against["p_permutation"].tolist()))
    assert against["p_wilcoxon_holm"].tolist() == pytest.approx(holm(against["p_wilcoxon"].tolist()))
    assert list(table.index) == [0, 1, 2]


def test_a_pair_reads_alike_from_both_ends():
    """Whatever the names say, the better one is first and everything speaks of it."""
    scores = {f"L{who}": (40.0 + who, 55.0 + 3 * who) for who in range(5)}
    one = of_listeners({who: {"a": [low], "b": [high]} for who, (low, high) in scores.items()})
    two = of_listeners({who: {"b": [low], "a": [high]} for who, (low, high) in scores.items()})
    [first], [second] = (comparisons(table, 0, 1000).to_dict("records") for table in (one, two))
    assert (first.pop("better"), first.pop("worse")) == ("b", "a")
    assert (second.pop("better"), second.pop("worse")) == ("a", "b")
    assert first == second
    assert (first["rank_biserial"], first["cliffs_delta"]) == (1, 1)
    assert first["p_permutation"] == 2 / 32
    low, high = zip(*scores.values(), strict=True)
    drawn = [set(chosen) for chosen in combinations((*low, *high), 5)]
    gaps = [np.median(sorted(chosen)) - np.median(sorted({*low, *high} - chosen)) for chosen in drawn]
    as_far = np.greater_equal(gaps, np.median(high) - np.median(low))
    assert first["p_attachment3"] == pytest.approx(as_far.mean()), "of all 252 ways to draw 5 of 10"


def test_a_pair_that_is_equal_or_differs_by_one_number():
    same = of_listeners({who: {"a": [50.0], "b": [50.0]} for who in "xyz"})
    [row] = comparisons(same, 0, 100).to_dict("records")
    assert (row["better"], row["worse"], row["difference"], row["effect_dz"]) == ("a", "b", 0, 0)
    assert (row["t_low"], row["t_high"], row["p_permutation"], row["p_wilcoxon"]) == (0, 0, 1, 1)
    alone = of_listeners({"x": {"a": [50.0], "b": [40.0]}})
    [row] = comparisons(alone, 0, 100).to_dict("records")
    assert (row["family"], row["better"], row["worse"], row["difference"]) == ("systems", "a", "b", 10)
    assert all(math.isnan(row[name]) for name in COLUMNS[5:])
    assert comparisons(same[same["condition"] == "a"], 0).empty


def test_both_are_the_clips_of_a_listener_with_both():
    ratings = of_listeners({"x": {"a": [50.0, 60.0], "b": [70.0, math.nan]}, "y": {"b": [1.0]}})
    assert both(cells(ratings), "b", "a").to_dict("index") == {("x", "t00"): {"b": 70.0, "a": 50.0}}
    assert both(cells(ratings), "a", "none").empty
    again = as_ratings([rating("x", "t", "a", score, replicate=index) for index, score in enumerate((10, 30))])
    assert cells(again)["a"].tolist() == [20.0]


def test_all_systems_at_once_to_the_last_column():
    """One listener lacks a system; sums of squares by hand for the others."""
    scores = {"v": (50, 60, 70), "w": (40, 52, 58), "x": (60, 61, 77), "y": (30, 45, 40)}
    ratings = of_listeners(
        {
            **{who: dict(zip("abc", ([float(one)] for one in of), strict=True)) for who, of in scores.items()},
            "z": {"a": [50.0], "b": [60.0]},
        }
    )
    table = omnibus(ratings)
    assert list(table.columns) == list(ROWS)
    assert table["test"].tolist() == ["rm-ANOVA", "rm-ANOVA", "Friedman"]
    assert table["effect"].tolist() == ["condition", "condition x clip", "condition"]
    assert table["note"].tolist() == ["on the listeners' means", "one clip only", "effect size: Kendall's W"]
    assert table["n_listeners"].tolist() == [4, 4, 4]
    assert table["left_out"].tolist() == [1, 1, 1]
    values = np.array(list(scores.values()), dtype=float)
    residuals = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    between = 4 * np.square(values.mean(axis=0) - values.mean()).sum()
    within = np.square(residuals).sum()
    anova, _, friedman = table.to_dict("records")
    assert anova["statistic"] == pytest.approx((between / 2) / (within / 6))
    assert anova["p"] == pytest.approx(stats.f.sf(anova["statistic"], 2, 6))
    assert (anova["df1"], anova["df2"]) == (2, 6)
    assert anova["effect_size"] == pytest.approx(between / (between + within))
    # ranks: a is always the last, c is the first of three listeners: sums 4, 9, 11
    assert friedman["statistic"] == pytest.approx(12 / (4 * 3 * 4) * (16 + 81 + 121) - 3 * 4 * 4)
    assert friedman["p"] == pytest.approx(stats.chi2.sf(6.5, 2))
    assert friedman["effect_size"] == pytest.approx(6.5 / (4 * 2))
    assert friedman["df1"] == 2
    assert math.isnan(friedman["df2"])
    skewness = stats.skew(residuals.ravel(), bias=False)
    assert residual_skewness(ratings) == pytest.approx(skewness)


def test_two_ways_at_once_to_the_last_column():
    """Three conditions on four clips by five listeners, one of whom lacks a clip."""
    ratings = counted(panel(listeners=6, clips=4))
    lacking = (ratings["listener"] == "L05") & (ratings["clip"] == "t03")
    table = omnibus(ratings[~lacking]).set_index("note")
    rows = table.loc["on the single ratings"].set_index("effect")
    assert list(rows.index) == ["condition", "clip", "condition x clip"]
    assert set(rows["test"]) == {"rm-ANOVA"}
    assert (set(rows["n_listeners"]), set(rows["left_out"])) == ({5}, {1})
    assert rows[["df1", "df2"]].to_numpy().tolist() == [[2, 8], [3, 12], [6, 24]]
    for row in rows.to_dict("records"):
        part = row["statistic"] * row["df1"]
        assert row["p"] == pytest.approx(stats.f.sf(row["statistic"], row["df1"], row["df2"]))
        assert row["effect_size"] == pytest.approx(part / (part + row["df2"]))
        assert row["p_gg"] == pytest.approx(
            stats.f.sf(row["statistic"], row["epsilon_gg"] * row["df1"], row["epsilon_gg"] * row["df2"])
        )
        assert row["epsilon_gg"] <= row["epsilon_hf"] <= 1
    assert table.loc["on the listeners' means", ["n_listeners", "left_out"]].tolist() == [6, 0]


def test_two_systems_have_no_friedman_test_and_a_row_of_why():
    rows = omnibus(counted(panel(systems={"a": 50.0, "b": 60.0}, clips=1))).to_dict("records")
    assert [row["note"] for row in rows] == [
        "on the listeners' means", "one clip only", "fewer than three systems: see the pairs",
    ]  # fmt: skip
    assert (rows[2]["test"], rows[2]["df1"], rows[2]["n_listeners"]) == ("Friedman", 1, 8)
    none = omnibus(counted(panel(systems={"a": 50.0}))).to_dict("records")
    assert [(row["test"], row["effect"]) for row in none] == [("rm-ANOVA", "condition"), ("Friedman", "condition")]
    assert [(row["n_listeners"], row["left_out"]) for row in none] == [(8, 0)] * 2
    three = counted(panel(listeners=3))
    assert "on the listeners' means" in set(omnibus(three)["note"])
    assert not math.isnan(residual_skewness(three))


def test_every_column_of_answers_by_hand():
    """Of two pairs: x, y and z are right 4, 3 and 1 of 4 times about the one; 4, 4 and 4 about the other."""
    won = {"x": (4, 4), "y": (3, 4), "z": (1, 4)}
    ratings = pd.concat([answers("abx", won), answers("abx", dict.fromkeys("xyz", (4, 4))).assign(condition="better")])
    table = choices(as_ratings(ratings), seed=2)
    assert list(table.columns) == [
        "condition", "against", "n", "n_listeners", "share", "low", "high", "ci_low", "ci_high", "p", "p_holm",
        "p_sign", "p_sign_holm",
    ]  # fmt: skip
    better, codec = table.to_dict("records")
    assert (codec["condition"], codec["against"], codec["n"], codec["n_listeners"]) == ("codec", "reference", 12, 3)
    assert codec["share"] == pytest.approx(8 / 12)
    assert (codec["low"], codec["high"]) == pytest.approx(wilson(8, 12))
    given = np.array([1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0], dtype=float)
    interval = mean_ci(given, np.repeat(["x", "y", "z"], 4), 2)
    assert (codec["ci_low"], codec["ci_high"]) == pytest.approx((max(0, interval.low), min(1, interval.high)))
    assert codec["p"] == pytest.approx((495 + 220 + 66 + 12 + 1) / 4096)  # 8 to 12 of 12
    assert codec["p_sign"] == pytest.approx(4 / 8)  # two or three of three
    assert (better["share"], better["p"], better["p_sign"]) == (1, pytest.approx(1 / 4096), pytest.approx(1 / 8))
    assert (better["ci_low"], better["ci_high"], better["high"]) == (1, 1, pytest.approx(1))
    assert (better["p_holm"], better["p_sign_holm"]) == (pytest.approx(2 / 4096), pytest.approx(2 / 8))
    assert (codec["p_holm"], codec["p_sign_holm"]) == (codec["p"], codec["p_sign"])
    own = by_listener(as_ratings(ratings))
    assert list(own.columns) == ["listener", "condition", "against", "n", "share", "low", "high", "p", "p_holm"]
    assert own[["listener", "condition", "n", "share"]].to_numpy().tolist() == [
        ["x", "better", 4, 1.0], ["x", "codec", 4, 1.0], ["y", "better", 4, 1.0],
        ["y", "codec", 4, 0.75], ["z", "better", 4, 1.0], ["z", "codec", 4, 0.25],
    ]  # fmt: skip
    assert own["p_holm"].tolist() == pytest.approx(holm(own["p"].tolist()))
    assert (own.loc[3, "low"], own.loc[3, "high"]) == pytest.approx(wilson(3, 4))


def test_preference_is_two_sided_and_all_ties_decide_nothing():
    [row] = choices(answers("ab", {"x": (4, 4), "y": (2, 4)}), 0).to_dict("records")
    assert row["p"] == pytest.approx(2 * (28 + 8 + 1) / 256)  # 6 to 8 of 8, and mirrored
    assert row["p_sign"] == 1, "one of one, two-sided"
    [row] = choices(answers("ab", {"x": (2, 4), "y": (2, 4)}), 0).to_dict("records")
    assert row["p_sign"] == 1
    assert by_listener(answers("ab", {"x": (4, 4)})).loc[0, "p"] == pytest.approx(2 / 16)
