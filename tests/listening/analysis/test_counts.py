"""The stimulus with the fewest ratings that count."""

from __future__ import annotations

import pandas as pd

from listening_test.analysis.analysed import analyse
from listening_test.analysis.counts import fewest, fewest_valid
from listening_test.analysis.frames import as_ratings, counted
from listening_test.analysis.screening import PRESETS
from listening_test.simulate import simulated_rows
from tests.listening.conftest import tiny_test


def test_fewer_ratings_of_a_stimulus_than_the_preset_asks_for_are_a_caution(tmp_path):
    test = tiny_test(tmp_path, preset="encodec_paper", rules={"screening": "none", "minimum_ratings": 10})
    ratings = as_ratings(simulated_rows(test, 10, seed=1))
    full = fewest(counted(ratings), test)
    assert (full.ratings, full.needed, full.enough) == (10, 10, True)
    assert not _told(ratings, test)
    one = (ratings["condition"] == "codec1@12000") & (ratings["clip"] == test.counted[1].clip)
    fewer = ratings.drop(ratings[one].index[0])
    assert _told(fewer, test) == [
        f"codec1@12000 on {test.counted[1].clip} has 9 ratings that count; "
        "the test asks for at least 10 of each stimulus."
    ]
    assert fewest(counted(ratings[~one]), test).ratings == 0


def test_only_ratings_that_pass_the_screening_are_counted(tmp_path):
    test = tiny_test(tmp_path, rules={"minimum_ratings": 3})
    ratings = as_ratings(simulated_rows(test, 4, seed=1))
    ratings["score"] = ratings["role"].map({"hidden_reference": 100.0, "mid_anchor": 40.0}).fillna(20.0)
    assert fewest_valid(ratings, test).ratings == 4
    deaf = (ratings["listener"] == ratings["listener"].iloc[0]) & (ratings["role"] == "hidden_reference")
    ratings.loc[deaf, "score"] = 0.0
    assert fewest_valid(ratings, test).ratings == 3
    assert fewest_valid(as_ratings(pd.DataFrame()), test).ratings == 0


def test_of_pairs_the_condition_under_test_is_counted(tmp_path):
    test = tiny_test(tmp_path, type="abx")
    assert fewest_valid(as_ratings(simulated_rows(test, 5, seed=1)), test).ratings == 5


def _told(ratings, test):
    analysis = analyse(ratings, PRESETS["none"], seed=1, draws=100, test=test)
    return [text for text in analysis.cautions if "asks for at least" in text and "ratings" in text]
