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
from listening_test.analysis.power import needed, pilot, power
from listening_test.analysis.reliability import listeners, panel
from listening_test.analysis.shown_power import sentence
from tests.listening.analysis.made import panel as made
from tests.listening.analysis.made import rating


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


@pytest.mark.parametrize("kind", ["abx", "ab"])
def test_answers_that_are_no_scores_have_no_power_in_points(kind):
    with pytest.raises(DatasetError, match=f"got {kind}, whose answers are no scores"):
        pilot(made().assign(test_type=kind))
