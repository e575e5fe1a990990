"""Agreement of listeners, and how many are needed."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bench.errors import DatasetError
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.power import MOST, Needed, Pilot, needed, pilot, power
from listening_test.analysis.reliability import listeners, panel
from listening_test.analysis.screening import SIMULATED
from listening_test.analysis.sheets import Sheet
from listening_test.analysis.shown_power import as_json, as_sheet, sentence
from tests.listening.analysis.made import of_listeners, rating
from tests.listening.analysis.made import panel as made


def test_a_listener_who_answers_at_random_agrees_with_nobody():
    ratings = made(listeners=8, between=2, noise=4)
    random = np.random.default_rng(0)
    guesses = ratings["listener"] == "L03"
    ratings.loc[guesses, "score"] = random.uniform(0, 100, guesses.sum())
    table = listeners(ratings).set_index("listener")
    assert abs(table.loc["L03", "agreement"]) < 0.5
    assert (table["agreement"].drop("L03") > 0.9).all()


def test_agreement_is_the_correlation_with_the_mean_of_the_others():
    ratings = made(listeners=3, clips=2)
    wide = ratings.pivot_table(index=["clip", "condition"], columns="listener", values="score")
    expected = np.corrcoef(wide["L00"], wide[["L01", "L02"]].mean(axis=1))[0, 1]
    assert listeners(ratings).set_index("listener").loc["L00", "agreement"] == pytest.approx(expected)


def test_the_panel_against_pingouin_and_its_own_simulation():
    """Of cells with variance 400 and errors with variance 100, one listener has an ICC of 0.8."""
    random = np.random.default_rng(1)
    truth = random.normal(50, 20, 400)
    rows = [
        rating(f"L{who}", f"t{cell:03d}", "a", truth[cell] + random.normal(0, 10))
        for who in range(6)
        for cell in range(400)
    ]
    found = panel(as_ratings(rows), seed=0)
    assert found["icc_single"] == pytest.approx(0.8, abs=0.03)
    assert found["icc_panel"] == pytest.approx(6 * 0.8 / (1 + 5 * 0.8), abs=0.02)
    assert found["split_half"] == pytest.approx(found["icc_panel"], abs=0.02)
    assert found["icc_cells"] == 400


def test_blocks_have_no_cell_that_all_rated_but_halves():
    ratings = counted(made(listeners=6, clips=6))
    blocks = ratings[(ratings["listener"].str[-1] != ratings["clip"].str[-1]).to_numpy()]
    found = panel(blocks, 0)
    assert found["icc_cells"] == 0
    assert math.isnan(found["icc_single"])
    assert found["split_half"] > 0.9


def test_repetitions_show_repeatability():
    scores = {0: 50.0, 1: 60.0}
    rows = [rating("l", "t", "a", score, replicate=again, plays=2 * again) for again, score in scores.items()]
    [row] = listeners(as_ratings(rows)).to_dict("records")
    assert (row["repeatability"], row["n_trials"], row["never_played"]) == (10, 2, 1)


def test_one_listener_and_equal_ratings_have_no_reliability():
    found = panel(counted(made(listeners=1)), 0)
    assert math.isnan(found["split_half"])
    equal = as_ratings([rating(f"l{who}", f"t{i}", "a", 50.0) for who in range(4) for i in range(6)])
    assert math.isnan(panel(equal, 0)["icc_single"])
    assert listeners(equal)["agreement"].isna().all()


def test_power_is_that_of_the_t_test():
    """A pilot of many listeners whose differences are normal: the non-central t-distribution is the oracle."""
    random = np.random.default_rng(2)
    rows = []
    for who in range(400):
        difference = random.normal(0, 10)
        rows += [rating(f"L{who:03d}", "t", "a", 50.0), rating(f"L{who:03d}", "t", "b", 50.0 + difference)]
    known = pilot(as_ratings(rows))
    spread = math.sqrt(np.square(known.deviations[0]).mean())
    for points, count in ((5.0, 34), (8.0, 15), (3.0, 60)):
        threshold = stats.t.ppf(0.975, count - 1)
        shift = points / spread * math.sqrt(count)
        expected = stats.nct.sf(threshold, count - 1, shift) + stats.nct.cdf(-threshold, count - 1, shift)
        assert power(known, points, count, 1.0, seed=0) == pytest.approx(expected, abs=0.035)
    found = needed(known, 5.0, seed=0)
    assert found.listeners == pytest.approx(34, abs=3)
    assert found.power >= 0.8


def test_more_clips_need_fewer_listeners_until_people_differ():
    known = pilot(counted(made(listeners=30, clips=8, between=5, noise=15)))
    assert known.clips == 8
    assert known.within == pytest.approx(15 * math.sqrt(2), rel=0.1)
    assert known.between == pytest.approx(5 * math.sqrt(2), rel=0.3)
    few, same, many = (needed(known, 6.0, 0, clips=clips).listeners for clips in (2, 8, 100))
    assert few > same > many
    assert many >= needed(known, 6.0, 0, clips=10_000).listeners


def test_power_grows_with_listeners_and_is_small_without_a_difference():
    known = pilot(counted(made(listeners=12)))
    powers = [power(known, 5.0, listeners, known.clips, 0) for listeners in (4, 8, 16, 64)]
    assert powers == sorted(powers)
    assert power(known, 0.0, 20, known.clips, 0) < 0.08


def test_those_whom_screening_leaves_out_are_invited_on_top():
    ratings = made(listeners=10)
    ratings["excluded"] = ratings["listener"].isin(["L00", "L01"]).astype("boolean")
    found = needed(pilot(ratings), 5.0, 0)
    assert pilot(ratings).excluded == pytest.approx(0.2)
    assert found.invite == math.ceil(found.listeners / 0.8)


def test_pilots_that_say_nothing():
    with pytest.raises(DatasetError, match="at least three listeners"):
        pilot(counted(made(listeners=2)))
    with pytest.raises(DatasetError, match="--pair 'x': the pilot has no such condition"):
        pilot(counted(made()), ("a", "x"))
    known = pilot(counted(made()), ("a", "b"))
    assert known.pairs == (("a", "b"),)
    with pytest.raises(DatasetError, match="difference above 0"):
        needed(known, -3.0, 0)
    assert needed(known, 0.01, 0).listeners is None


def test_a_pilot_does_not_depend_on_the_order_of_rows():
    ratings = counted(made())
    shuffled: pd.DataFrame = ratings.sample(frac=1, random_state=3)
    assert needed(pilot(ratings), 5.0, 1) == needed(pilot(shuffled), 5.0, 1)


def test_a_small_pilot_says_how_little_it_knows():
    """Standard deviations of samples lie within the factors that are told, in 95 of 100."""
    said = sentence(pilot(counted(made(listeners=8)).assign(excluded=False)))
    low, high = map(float, re.search(r"known to a factor of ([\d.]+) to ([\d.]+) only", said).groups())
    assert (low, high) == (0.66, 2.04)
    samples = np.random.default_rng(0).normal(size=(4_000, 8)).std(axis=1, ddof=1)
    assert np.mean((samples * low < 1) & (samples * high > 1)) == pytest.approx(0.95, abs=0.01)


def test_agreement_and_halves_by_hand():
    """Two listeners, whose halves are one person each: r, raised by Spearman and Brown's formula."""
    one, two = [10.0, 20.0, 40.0, 80.0], [20.0, 10.0, 50.0, 60.0]
    table = as_ratings(
        rating(who, "t", f"c{place}", score)
        for who, scores in (("x", one), ("y", two))
        for place, score in enumerate(scores)
    )
    r = np.corrcoef(one, two)[0, 1]
    found = panel(table, seed=0, splits=3)
    assert list(found) == ["n_listeners", "split_half", "icc_cells", "icc_single", "icc_panel"]
    assert (found["n_listeners"], found["icc_cells"]) == (2, 4)
    assert found["split_half"] == pytest.approx(2 * r / (1 + r))
    assert math.isnan(found["icc_panel"]), "fewer than five cells"
    assert listeners(table)["agreement"].tolist() == pytest.approx([r, r])


def test_intraclass_correlations_by_hand():
    """Shrout and Fleiss, Psychological Bulletin 86(2), 1979, table 2: six targets by four judges."""
    judged = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
    table = as_ratings(
        rating(f"L{judge}", "t", f"c{target}", score)
        for target, scores in enumerate(judged)
        for judge, score in enumerate(scores)
    )
    found = panel(table, 0, splits=2)
    assert (round(found["icc_single"], 2), round(found["icc_panel"], 2)) == (0.29, 0.62)  # their table 4
    assert found["icc_cells"] == 6
    five = panel(table[table["condition"] != "c5"], 0, splits=2)
    assert five["icc_cells"] == 5
    assert not math.isnan(five["icc_single"])


def test_halves_skip_what_one_of_them_lacks():
    """Of four listeners two rated the last cell: the splits that put both into one half go without it."""
    table = made(listeners=4, clips=1)
    few = table[~((table["condition"] == "a") & table["listener"].isin(["L00", "L01"]))]
    matrix = few.pivot_table(index="condition", columns="listener", values="score")
    random, found = np.random.default_rng(7), []
    for _ in range(5):
        order = random.permutation(4)
        first, second = (matrix.iloc[:, part].mean(axis=1) for part in (order[:2], order[2:]))
        found.append(first.corr(second))
    raised = [2 * r / (1 + r) for r in found]
    assert panel(few, seed=7, splits=5)["split_half"] == pytest.approx(np.mean(raised))
    assert len({round(r, 6) for r in found}) > 1


def a_pilot() -> pd.DataFrame:
    """Differences of b less a: of u 1 and 3, of v 5 and 7, of w 6, of x 10 and 14; y is left out and z a machine."""
    nan = math.nan
    ratings = of_listeners(
        {
            "u": {"a": [50.0, 50.0], "b": [51.0, 53.0]},
            "v": {"a": [50.0, 50.0], "b": [55.0, 57.0]},
            "w": {"a": [50.0, 50.0], "b": [56.0, nan]},
            "x": {"a": [50.0, 50.0], "b": [60.0, 64.0]},
            "y": {"a": [50.0, 50.0], "b": [0.0, 0.0]},
            "z": {"a": [50.0, 50.0], "b": [0.0, 0.0]},
        }
    )
    ratings["excluded"] = ratings["listener"].isin(["y", "z"]).astype("boolean")
    ratings.loc[ratings["listener"] == "z", "reason"] = SIMULATED
    return ratings


def test_a_pilot_by_hand():
    """Means 2, 6, 6 and 12; within: squares 2 + 2 + 0 + 8 of three degrees of freedom; 7 clips of 4 people."""
    found = pilot(a_pilot())
    assert (found.pairs, found.listeners, found.clips, found.excluded) == ((("a", "b"),), 4, 1.75, 0.2)
    assert found.within == pytest.approx(math.sqrt(12 / 3))
    deviations = np.array([-4.5, -0.5, -0.5, 5.5]) * math.sqrt(4 / 3)
    assert sorted(-found.deviations[0]) == pytest.approx(sorted(deviations))
    variance = (4.5**2 + 2 * 0.5**2 + 5.5**2) / 3
    assert found.between == pytest.approx(math.sqrt(variance - 4 / 1.75))
    assert found.spread(1.75) == pytest.approx(math.sqrt(variance))
    assert found.spread(4) == pytest.approx(math.sqrt(found.between**2 + 1))


def test_a_pilot_of_several_pairs_takes_their_means():
    ratings = made(listeners=4, clips=2)
    assert pilot(ratings).pairs == (("a", "b"), ("a", "c"), ("b", "c"))
    alone = [pilot(ratings, pair) for pair in pilot(ratings).pairs]
    together = pilot(ratings)
    assert together.within == pytest.approx(math.sqrt(np.mean([one.within**2 for one in alone])))
    assert together.clips == 2
    for deviations, one in zip(together.deviations, alone, strict=True):
        assert deviations == pytest.approx(one.deviations[0])
    three = made(listeners=3)
    assert pilot(three).listeners == 3
    few = three[~((three["listener"] == "L00") & (three["condition"] == "c"))]
    assert pilot(few).pairs == (("a", "b"),), "two listeners are no pilot of a pair"


def test_pilots_that_cannot_be_are_told_to_the_letter():
    with pytest.raises(DatasetError) as told:
        pilot(made(listeners=2))
    assert str(told.value) == (
        "pilot: expected at least three listeners who rated both conditions of a pair, after screening; there are "
        "none. Ask more people, or simulate a pilot: codecbench listen simulate TEST --listeners 20 --output "
        "pilot.parquet"
    )
    with pytest.raises(DatasetError) as told:
        pilot(made(), ("anchor36", "a"))
    assert str(told.value).startswith("--pair 'anchor36': the pilot has no such condition.")
    assert "anchor35" in str(told.value)
    assert str(told.value).endswith("It has: a, anchor35, anchor70, b, c, reference.")
    with pytest.raises(DatasetError) as told:
        pilot(made().assign(test_type="ab"))
    assert str(told.value) == (
        "pilot: expected a test of type mushra, acr, dcr, got ab, whose answers are no scores. For the intervals of "
        "its answers: codecbench listen analyze"
    )


def known(*deviations: float, excluded: float = 0.0, within: float = 0.0) -> Pilot:
    values = np.array(deviations)
    between = float(np.sqrt(np.square(values).mean()))
    return Pilot((("a", "b"),), (values,), between, within, 1.0, len(values), excluded)


def test_power_without_chance():
    """Listeners who do not differ see every difference, two of them as well as many; one can see none."""
    same = known(0.0, 0.0, 0.0)
    assert power(same, 1.0, 1, 1.0, seed=0) == 0
    assert power(same, 1.0, 2, 1.0, seed=0) == 1
    assert power(same, 0.0, 8, 1.0, seed=0) == 0
    assert needed(same, 5.0, 0) == Needed(5.0, 1.0, 2, 2, 1.0)
    assert needed(known(0.0, excluded=0.4), 5.0, 0, clips=3).invite == 4
    assert needed(known(0.0, excluded=1.0), 5.0, 0).invite is None


def test_power_of_two_listeners_by_counting():
    """Of +-10 two draws are equal in a half of the tests, which find the difference; in the others t is 0.5 at most."""
    found = power(known(-10.0, 10.0), 5.0, 2, 1.0, seed=3)
    assert found == pytest.approx(0.5, abs=0.03)
    assert found == power(known(-10.0, 10.0), 5.0, 2, 1.0, seed=3)
    assert found != power(known(-10.0, 10.0), 5.0, 2, 1.0, seed=4)


def test_other_numbers_of_clips_scale_the_spread():
    """Between 3 and within 4 on one clip: 5 points; on many 3."""
    one = Pilot((("a", "b"),), (np.array([-5.0, 5.0, 5.0, -5.0]),), 3.0, 4.0, 1.0, 4, 0.0)
    wide = Pilot((("a", "b"),), (np.array([-3.0, 3.0, 3.0, -3.0]),), 3.0, 0.0, 1.0, 4, 0.0)
    assert power(one, 2.0, 12, 1e12, 0) == power(wide, 2.0, 12, 1.0, 0)
    assert power(one, 2.0, 12, 1.0, 0) < power(one, 2.0, 12, 4.0, 0)


def test_the_fewest_listeners_are_the_first_with_that_power():
    spread = known(-8.0, -3.0, 1.0, 4.0, 6.0)
    for aim in (0.5, 0.8):
        found = needed(spread, 4.0, 1, aim)
        assert (found.points, found.clips, found.invite) == (4.0, 1.0, found.listeners)
        assert found.power == power(spread, 4.0, found.listeners, 1.0, 1) >= aim
        assert power(spread, 4.0, found.listeners - 1, 1.0, 1) < aim


def test_more_listeners_than_are_sought_and_aims_that_are_none():
    found = needed(known(-8.0, 8.0), 0.001, 0)
    assert (found.points, found.clips, found.listeners, found.invite) == (0.001, 1.0, None, None)
    assert 0 < found.power < 0.1
    for points, aim in ((0.0, 0.8), (5.0, 1.0), (5.0, 0.0), (math.nan, 0.8)):
        with pytest.raises(DatasetError) as told:
            needed(known(0.0), points, 0, aim)
        assert str(told.value) == (
            f"power: expected --difference above 0 and --aim between 0 and 1, got {points:g} and {aim:g}."
        )


def test_what_is_said_of_listeners_needed():
    found = [Needed(5.0, 4.0, 17, 20, 0.8123), Needed(0.25, 4.5, None, None, 0.3)]
    assert as_sheet(found, 0.8) == Sheet(
        "Listeners for a power of 0.8 (paired, two-sided, 5 %)",
        ("difference", "clips each", "listeners needed", "to invite", "power"),
        (("5", "4", "17", "20", "0.81"), ("0.25", "4.5", f"more than {MOST}", "", "0.30")),
    )
    spread = Pilot((("a", "b"), ("a", "c")), (np.zeros(3), np.zeros(3)), 4.25, 8.5, 3.5, 12, 0.125)
    assert as_json(spread, found, 0.8) == {
        "aim": 0.8,
        "pilot": {
            "listeners": 12,
            "pairs": [["a", "b"], ["a", "c"]],
            "clips": 3.5,
            "between_listeners_sd": 4.25,
            "within_listeners_sd": 8.5,
            "excluded": 0.125,
        },
        "needed": [
            {"points": 5.0, "clips": 4.0, "listeners": 17, "invite": 20, "power": 0.8123},
            {"points": 0.25, "clips": 4.5, "listeners": None, "invite": None, "power": 0.3},
        ],
    }
    assert sentence(spread) == (
        "Pilot: 12 listeners, 2 pairs, 3.5 clips each. Differences of a pair vary by 4.2 points (standard deviation) "
        "between listeners and by 8.5 from clip to clip; 12 % of the listeners were left out by screening. The clips "
        "are taken as they are: other clips may differ by more. A spread between 12 listeners is known to a factor of "
        "0.71 to 1.70 only, their number to one of 0.50 to 2.88."
    )


@pytest.mark.parametrize("kind", ["abx", "ab"])
def test_answers_that_are_no_scores_have_no_power_in_points(kind):
    with pytest.raises(DatasetError, match=f"got {kind}, whose answers are no scores"):
        pilot(made().assign(test_type=kind))
